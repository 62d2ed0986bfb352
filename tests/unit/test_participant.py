"""The people of a study: nobody is overwritten, no form is lost."""

import datetime as dt
import json
import os

import children
import pytest
import studies

from taver.core.consent import Audience, Scope
from taver.core.errors import (
    AlreadyThereError,
    ConsentError,
    DataError,
    InputError,
    NotFoundError,
)
from taver.core.participant import Participant, Participants

# Signs twenty forms, one after the other, beside another program that does the same.
_SIGN = """
import sys, studies, msgspec
from pathlib import Path
from taver.core.participant import Participants
people = Participants(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(20):
    people.sign("P01", msgspec.structs.replace(studies.form(), form=f"{sys.argv[2]}-{number}"))
"""
_ADD = """
import sys, studies
from pathlib import Path
from taver.core.errors import AlreadyThereError
from taver.core.participant import Participant, Participants
people = Participants(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(20):
    try:
        people.add(Participant(name=f"P{number}", gender=sys.argv[2]))
    except AlreadyThereError:
        continue
    print(f"P{number}")
"""


@pytest.fixture
def people(tmp_path):
    people = Participants(tmp_path / "participants")
    people.add(Participant(name="P01", age_years=24, language="ko", glasses=True))
    return people


def test_who_was_added_is_there_with_all_that_was_said(people):
    person = people.get("P01")
    assert (person.age_years, person.language, person.glasses) == (24, "ko", True)
    assert person.gender is None
    assert person.consent is None
    assert people.all() == [person]


def test_nobody_is_there_before_the_first_was_added(tmp_path):
    assert Participants(tmp_path / "participants").all() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["P01", "p01"])
def test_a_name_that_is_taken_is_refused_and_who_has_it_stays(people, name):
    with pytest.raises(AlreadyThereError, match="P01"):
        people.add(Participant(name=name, age_years=99))
    assert people.get("P01").age_years == 24


@pytest.mark.parametrize("name", ["", "..", "../P02", "a/b", "nul", "Anna Müller"])
def test_a_name_that_is_none_is_refused_everywhere_and_nothing_is_made(people, name):
    for use in (people.get, lambda n: people.add(Participant(name=n))):
        with pytest.raises(InputError):
            use(name)
    with pytest.raises(InputError):
        people.sign(name, studies.form())
    with pytest.raises(InputError):
        people.withdraw(name, dt.date(2026, 4, 1))
    assert sorted(p.name for p in people.folder.parent.iterdir()) == ["participants"]
    assert [p.name for p in people.folder.glob("*.json")] == ["P01.json"]


def test_who_is_not_there_is_told_with_those_who_are(people):
    with pytest.raises(NotFoundError, match=r"P02.*there are: P01") as caught:
        people.get("P02")
    assert "participant add P02" in caught.value.fix


@pytest.mark.parametrize("age", [0, -3, 121])
def test_an_age_nobody_has_is_refused(people, age):
    with pytest.raises(InputError, match=str(age)):
        people.add(Participant(name="P02", age_years=age))
    assert len(people.all()) == 1


def test_the_last_form_is_in_force_and_the_earlier_ones_stay(people):
    first, second = studies.form(audience=Audience.PUBLIC), studies.form(scopes=[Scope.DEPTH])
    people.sign("P01", first)
    person = people.sign("P01", second)
    assert person.consent == second
    assert person.consents == (first, second)
    assert people.get("P01") == person
    assert person.age_years == 24


def test_a_form_that_agrees_to_nothing_is_refused(people):
    with pytest.raises(InputError, match="nothing"):
        people.sign("P01", studies.form(scopes=[]))
    assert people.get("P01").consents == ()


def test_a_withdrawal_ends_the_form_and_keeps_it_on_file(people):
    people.sign("P01", studies.form())
    person = people.withdraw("P01", dt.date(2026, 4, 1))
    assert not any(person.consent.allows(scope) for scope in Scope)
    assert person.consent.scopes == studies.form().scopes
    assert person.consent.withdrawn_on == dt.date(2026, 4, 1)


def test_a_new_form_after_a_withdrawal_is_in_force(people):
    people.sign("P01", studies.form())
    people.withdraw("P01", dt.date(2026, 4, 1))
    person = people.sign("P01", studies.form(scopes=[Scope.DEPTH]))
    assert person.consent.allows(Scope.DEPTH)
    assert [form.withdrawn_on is None for form in person.consents] == [False, True]


def test_nobody_withdraws_what_was_never_signed_or_twice_or_before_signing(people):
    with pytest.raises(ConsentError, match="signed no form"):
        people.withdraw("P01", dt.date(2026, 4, 1))
    people.sign("P01", studies.form())
    with pytest.raises(InputError, match="before signing"):
        people.withdraw("P01", dt.date(2026, 3, 30))
    people.withdraw("P01", dt.date(2026, 4, 1))
    with pytest.raises(ConsentError, match="2026-04-01"):
        people.withdraw("P01", dt.date(2026, 4, 2))
    assert people.get("P01").consent.withdrawn_on == dt.date(2026, 4, 1)


def test_a_copy_of_somebodys_file_is_nobody_and_harms_nobody(people):
    people.sign("P01", studies.form())
    (people.folder / "P02.json").write_bytes((people.folder / "P01.json").read_bytes())
    before = (people.folder / "P01.json").read_bytes()
    with pytest.raises(DataError, match=r"P02\.json is on 'P01'"):
        people.sign("P02", studies.form(scopes=[Scope.DEPTH]))
    assert (people.folder / "P01.json").read_bytes() == before


def test_a_name_in_a_file_cannot_lead_a_change_out_of_the_folder(people):
    path = people.folder / "P01.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": "../P01"}))
    with pytest.raises(DataError):
        people.sign("P01", studies.form())
    assert not (people.folder.parent / "P01.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_only_the_owner_may_look_at_people(people):
    assert people.folder.stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o077 == 0 for p in people.folder.iterdir())


def test_two_programs_that_sign_at_once_lose_no_form(people):
    children_of(people, _SIGN)
    signed = {form.form for form in people.get("P01").consents}
    assert signed == {f"{who}-{number}" for who in "ab" for number in range(20)}


def test_two_programs_that_add_the_same_people_add_each_once(people):
    added = children_of(people, _ADD)
    assert sorted(added["a"] + added["b"]) == sorted(f"P{n}" for n in range(20))
    for who in "ab":
        assert all(people.get(name).gender == who for name in added[who])


def children_of(people, code):
    """Run `code` in two programs at once; return the lines each printed."""
    folder = people.folder
    with (
        children.started(code, folder, "a", cwd=folder) as a,
        children.started(code, folder, "b", cwd=folder) as b,
    ):
        for child in (a, b):
            child.stdin.write("go\n")
            child.stdin.flush()
        said = {who: child.communicate(timeout=100) for who, child in (("a", a), ("b", b))}
        assert (a.returncode, b.returncode) == (0, 0), said
    return {who: out.splitlines() for who, (out, _) in said.items()}
