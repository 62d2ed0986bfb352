"""Minutes that people are paid by, and their data given out and erased."""

import csv
import io
import json

import annotating
import pytest
import sqlalchemy as sa

from annotate_web.assign import change
from annotate_web.auth import accounts
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.db.tables import Role
from annotate_web.events import intake, sittings
from annotate_web.people import audit, minutes, personal
from annotate_web.people.minutes import Moment, worked
from annotate_web.settings import Limits
from annotate_web.traces import ratings_of
from taver.core.errors import InputError
from taver.labels.trace import Dimension

NOW = 1_800_000_000_000_000_000
SECOND = 1_000_000_000
LIMITS = Limits()
event = annotating.event


@pytest.fixture
def database(tmp_path):
    made = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield made
    made.close()


def rated(database, name="ann", clip_name="clip", *, lasting_s=12):
    """Let somebody rate a clip; return their number."""
    (user,) = annotating.add_people(database, name)
    clip = annotating.add_clip(database, clip_name)
    key = annotating.assign(database, clip, user)
    client = "7e57ab1e-0000-4000-8000-000000000001"
    sitting = sittings.open_one(database, key, user, client, NOW, LIMITS)
    at = [NOW + second * SECOND for second in (0, 1, lasting_s - 1, lasting_s)]
    batch = [
        event(1, "play", 0, client_ns=at[0]),
        event(2, "arousal", 5, 6, client_ns=at[1]),
        event(3, "comment", 6, body={"text": "my friend Eva smiles"}, client_ns=at[1]),
        event(4, "stop", 99, client_ns=at[2]),
        event(5, "done", client_ns=at[3]),
    ]
    intake.take(database, sitting, user, batch, at[3], LIMITS)
    return user


def at(*moments):
    """Return moments of (kind, second, frame, value)."""
    return [
        Moment(kind, rest[0] if rest else None, rest[1] if len(rest) > 1 else None,
               round(second * SECOND))
        for kind, second, *rest in moments
    ]  # fmt: skip


PERIOD_NS = SECOND // 10


def test_time_counts_in_full_while_the_film_plays():
    made = worked(at(("play", 0, 0), ("stop", 300, 2999)), 3000, PERIOD_NS)
    assert made == (300 * SECOND, 300 * SECOND)


def test_a_pause_counts_for_a_minute_at_most():
    made = worked(at(("play", 0, 0), ("stop", 10, 99), ("play", 500, 100), ("stop", 510, 199)),
                  3000, PERIOD_NS)  # fmt: skip
    assert made == (80 * SECOND, 20 * SECOND)


def test_a_page_left_playing_counts_up_to_the_end_of_the_film():
    made = worked(at(("play", 0, 0), ("stop", 9000, 99)), 100, PERIOD_NS)
    assert made.active_ns == 20 * SECOND  # ten of film, and ten that it may have stood


def test_at_half_the_speed_the_film_lasts_twice_as_long():
    made = worked(at(("rate", 0, None, 50), ("play", 1, 0), ("stop", 21, 99)), 100, PERIOD_NS)
    assert made == (21 * SECOND, 20 * SECOND)


def test_a_clock_that_goes_back_takes_no_time_away_and_gives_none():
    made = worked(at(("play", 100, 0), ("arousal", 0, 10, 3), ("stop", 10, 99)), 3000, PERIOD_NS)
    assert made.active_ns == 10 * SECOND


def test_nothing_done_is_no_time():
    assert worked([], 100, PERIOD_NS) == (0, 0)


def test_a_line_for_each_annotator_and_clip_that_was_opened(database):
    rated(database)
    rated(database, "bob", "other")
    annotating.assign(database, 1, 2)  # not opened
    with database.reading() as connection:
        text = minutes.written(minutes.table(connection))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["annotator"], row["clip"], row["state"]) for row in rows] == [
        ("ann", "clip", "done"), ("bob", "other", "done"),
    ]  # fmt: skip
    assert float(rows[0]["active_minutes"]) == 0.2
    assert float(rows[0]["played_minutes"]) == pytest.approx(11 / 60, abs=0.01)
    assert rows[0]["first"].startswith("2027-01-15T")


def test_a_browser_that_says_it_was_there_for_days_is_paid_for_what_the_server_saw(database):
    user = rated(database)
    with database.writing() as connection:
        connection.execute(
            sa.update(tables.events)
            .where(tables.events.c.seq > 1)
            .values(client_ns=tables.events.c.client_ns + 10**15)
        )
    with database.reading() as connection:
        (row,) = minutes.table(connection)
    assert user
    assert row.active_minutes < 0.5


def test_all_that_is_on_file_of_somebody_is_given_to_them_and_nothing_of_others(database):
    user = rated(database)
    rated(database, "bob", "other")
    with database.writing() as connection:
        accounts.describe(connection, user, age=31, gender="woman")
    with database.reading() as connection:
        told = personal.exported(connection, user)
    data = json.loads(told)
    assert data["person"]["age"] == 31
    (assignment,) = data["assignments"]
    assert len(assignment["sittings"][0]["events"]) == 5
    assert "Eva" in told
    assert "bob" not in told
    assert "argon2" not in told


def everything(database):
    with database.reading() as connection:
        return "".join(
            repr(connection.execute(sa.select(table)).all())
            for table in tables.metadata.sorted_tables
        )


def test_an_erased_person_is_nowhere_and_the_ratings_stay(database, tmp_path):
    user = rated(database, "xanthippe")
    with database.writing() as connection:
        accounts.describe(connection, user, age=47, gender="gender-of-x")
    with database.writing() as connection:
        gone = personal.erase(connection, None, user, NOW, ratings=False)
    assert gone == (f"erased-{user}", (1, 0))
    told = everything(database)
    for trace in ("xanthippe", "gender-of-x", "Eva"):
        assert trace not in told
    (clip,) = ratings_of(database, "s01")
    assert [rating.rater for rating in clip.ratings] == [f"erased-{user}"]
    assert clip.ratings[0].traces[Dimension.AROUSAL].values.tolist()[:2] == [0, 6]
    database.forget()
    for path in tmp_path.glob("annotations.sqlite*"):  # nor in what SQLite has freed, nor its log
        assert b"xanthippe" not in path.read_bytes(), path.name
        assert b"gender-of-x" not in path.read_bytes(), path.name


@pytest.mark.parametrize("ratings", [False, True])
def test_words_of_others_about_an_erased_person_go_and_who_did_what_stays(database, ratings):
    user, (lena,) = rated(database, "xanthippe"), annotating.add_people(
        database, "lena", role=Role.LEAD
    )  # fmt: skip
    (bob,) = annotating.add_people(database, "bob")
    theirs = annotating.assign(database, 1, bob)
    change.exclude(database, lena, 1, "has the measles", NOW)
    change.reopen(database, lena, 1, "is well again", NOW)
    change.withdraw(database, lena, theirs, "XANTHIPPE가, not xanthippe-2, has it", NOW)
    with database.reading() as connection:
        before = audit.latest(connection)
        mine = personal.exported(connection, user)
    # What was written of them is on file of them, and so given to them.
    assert "measles" in mine
    assert "not xanthippe-2" not in mine
    with database.writing() as connection:
        gone = personal.erase(connection, lena, user, NOW, ratings=ratings)
    assert gone.words == (1, 2)
    told = everything(database)
    assert not [words for words in ("measles", "well again", "XANTHIPPE") if words in told]
    assert f"erased-{user}가, not xanthippe-2, has it" in told  # whose place it was stays told
    with database.reading() as connection:
        after = audit.latest(connection)[-len(before) :]
    assert [(e.at_ns, e.who, e.what, e.about) for e in after] == [
        (e.at_ns, e.who, e.what, e.about) for e in before
    ]
    assert [e.detail for e in after if e.about == "assignment 1" and "reason" in e.detail] == [
        {"from": "excluded", "reason": "(erased)"}, {"from": "done", "reason": "(erased)"},
    ]  # fmt: skip


def test_with_the_ratings_all_that_they_did_goes(database):
    user = rated(database)
    with database.writing() as connection:
        personal.erase(connection, None, user, NOW, ratings=True)
    with database.reading() as connection:
        for table in (tables.events, tables.sittings):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
    (clip,) = ratings_of(database, "s01")
    assert clip.ratings == ()


def test_an_erased_name_is_free_again(database):
    user = rated(database)
    with database.writing() as connection:
        personal.erase(connection, None, user, NOW, ratings=False)
    assert annotating.add_people(database, "ann") != [user]


def test_the_last_administrator_is_not_erased(database):
    (adam,) = annotating.add_people(database, "adam", role=Role.ADMINISTRATOR)
    with pytest.raises(InputError, match="last administrator"), database.writing() as connection:
        personal.erase(connection, None, adam, NOW, ratings=False)


def test_ratings_are_of_those_who_are_done_and_those_left_out_have_the_reason(database):
    from annotate_web.assign import change

    rated(database)
    (bob,) = annotating.add_people(database, "bob")
    annotating.assign(database, 1, bob)
    (clip,) = ratings_of(database, "s01")
    assert [(rating.rater, rating.excluded) for rating in clip.ratings] == [("ann", "")]
    assert clip.wanted == 3
    change.exclude(database, None, 1, "looked away", NOW)
    (clip,) = ratings_of(database, "s01")
    assert [(rating.rater, rating.excluded) for rating in clip.ratings] == [("ann", "looked away")]
    assert ratings_of(database, "nothing") == []


def test_the_audit_log_names_whom_and_what_its_numbers_are(database):
    ann, (lena,) = rated(database), annotating.add_people(database, "lena", role=Role.LEAD)
    change.exclude(database, lena, 1, "=looked away", NOW)
    with database.writing() as connection:
        accounts.set_role(connection, None, ann, Role.LEAD, NOW)
    with database.reading() as connection:
        role, left_out, *_ = entries = audit.latest(connection)
    assert (role.who, role.means) == (None, "ann")
    assert audit.in_words(role) == "from: annotator; to: lead"
    assert (left_out.who, left_out.means) == ("lena", "clip, ann")
    assert audit.in_words(left_out) == "from: done; reason: =looked away"
    rows = list(csv.DictReader(io.StringIO(audit.written(entries))))
    assert [row["what"] for row in rows] == ["role changed", "excluded", "assigned"]
    assert json.loads(rows[1]["detail"])["reason"] == "=looked away"
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]
