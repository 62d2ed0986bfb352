"""Names of sessions and participants: a folder everywhere, and never outside."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from taver.core import names
from taver.core.errors import AlreadyThereError, InputError


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../s01",
        "s01/..",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "C:",
        "C:s01",
        "s01:stream",
        "s01\0",
        "s01\n",
        "s01.",
        "s01 ",
        " s01",
        ".s01",
        "-rf",
        "_s01",
        "s 01",
        "~",
        "$HOME",
        "s*",
        "a" * 65,
        "s\N{ARABIC-INDIC DIGIT ZERO}\N{ARABIC-INDIC DIGIT ONE}",
        "\N{CYRILLIC SMALL LETTER DZE}01",  # looks like s
        "\N{FULLWIDTH LATIN SMALL LETTER S}01",
        "é",
        "얼굴",
        "s01\u202e",  # turns the text around
        "\udcff",  # what is left of a byte that is no UTF-8
        "CON",
        "con",
        "Nul.txt",
        "aux.mcap",
        "COM1",
        "lpt9.x",
    ],
)
def test_what_cannot_be_a_folder_everywhere_or_leads_elsewhere_is_refused(name):
    with pytest.raises(InputError) as caught:
        names.checked(name, "session")
    assert caught.value.fix
    assert not names.fits(name)


@pytest.mark.parametrize(
    "name", ["s01", "P07", "a", "0", "a" * 64, "2026-03-31_P07.b", "a..b", "CONSENT", "com10", "s_"]
)
def test_ordinary_names_are_taken_as_they_are(name):
    assert names.checked(name, "session") == name
    assert names.fits(name)


@given(st.text(st.sampled_from("sS0.-_/\\: \0~CONaux1é"), max_size=70) | st.text(max_size=70))
@example("con.fig")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_name_that_is_accepted_becomes_a_folder_inside_its_parent(tmp_path, name):
    try:
        names.checked(name, "participant")
    except InputError:
        return
    parent = tmp_path / "parent"
    folder = parent / name
    folder.mkdir(parents=True, exist_ok=True)
    assert [found.name for found in parent.iterdir()] == [name]
    assert folder.resolve().parent == parent.resolve()
    folder.rmdir()


@pytest.mark.parametrize("taken", ["s01", "S01"])
def test_letters_of_either_case_count_as_the_same_name(taken):
    with pytest.raises(AlreadyThereError, match=taken):
        names.refuse_taken("s01", ["s00", taken], "session")


def test_a_name_that_only_begins_like_a_taken_one_is_free():
    others = ["s0", "s011", "s01.b"]
    names.refuse_taken("s01", others, "session")
    with pytest.raises(AlreadyThereError):
        names.refuse_taken("s01", [*others, "s01"], "session")
