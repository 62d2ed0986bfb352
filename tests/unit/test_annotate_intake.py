"""Events taken in: each once, in any order; what cannot be is told and kept aside."""

import random

import annotating
import pytest
import sqlalchemy as sa

from annotate_web.auth.roles import NotAllowedError
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.events import intake, sittings
from annotate_web.events.tracks import replayed
from annotate_web.people import personal
from annotate_web.settings import Limits
from taver.core.errors import InputError, NotFoundError
from taver.labels.trace import Dimension

LIMITS = Limits()
NOW = 1_800_000_000_000_000_000
TAB = "7e57ab1e-0000-4000-8000-000000000001"
event = annotating.event


@pytest.fixture
def database(tmp_path):
    made = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield made
    made.close()


@pytest.fixture
def ann(database):
    return annotating.add_people(database, "ann")[0]


@pytest.fixture
def assignment(database, ann):
    return annotating.assign(database, annotating.add_clip(database), ann)


@pytest.fixture
def sitting(database, ann, assignment):
    return sittings.open_one(database, assignment, ann, TAB, NOW, LIMITS)


@pytest.fixture
def send(database, ann, sitting):
    def send(*batch, now_ns=NOW, by=ann):
        return intake.take(database, sitting, by, list(batch), now_ns, LIMITS)

    return send


def kept(database):
    with database.reading() as connection:
        rows = connection.execute(sa.select(tables.events).order_by(tables.events.c.seq)).all()
    return {row.seq: row for row in rows}


def test_a_batch_is_acknowledged_up_to_its_last_number(send, database):
    taken = send(event(1, "play", 0), event(2, "arousal", 3, 4), event(3, "stop", 9))
    assert (taken.acknowledged, taken.refused, taken.state) == (3, (), "working")
    assert [row.kind for row in kept(database).values()] == ["play", "arousal", "stop"]


def test_what_is_sent_twice_is_there_once(send, database):
    batch = [event(1, "play", 0), event(2, "arousal", 3, 4)]
    send(*batch)
    assert send(*batch).acknowledged == 2
    assert send(*batch, *batch, event(3, "stop", 5)).acknowledged == 3
    assert len(kept(database)) == 3


def test_only_numbers_without_a_gap_before_them_are_acknowledged(send):
    assert send(event(2, "arousal", 3, 4), event(4, "stop", 9)).acknowledged == 0
    assert send(event(1, "play", 0)).acknowledged == 2
    assert send(event(3, "valence", 3, 4)).acknowledged == 4


def test_batches_may_come_in_any_order_and_often(send, database, assignment):
    whole = [event(1, "play", 0)]
    whole += [event(n, "arousal", n, n % 21 - 10) for n in range(2, 60)]
    whole += [event(60, "stop", 70)]
    chance = random.Random(7)
    parts = [whole[start : start + 7] for start in range(0, 60, 5)] * 2
    chance.shuffle(parts)
    for part in parts:
        acknowledged = send(*chance.sample(part, len(part))).acknowledged
    assert acknowledged == 60
    assert len(kept(database)) == 60
    with database.reading() as connection:
        values = replayed(connection, assignment).values[Dimension.AROUSAL]
    assert values[2:60].tolist() == [n % 21 - 10 for n in range(2, 60)]


WRONG = {
    "above the scale": {"value": 11},
    "below the scale": {"value": -11},
    "a broken number": {"value": 2.5},
    "a number with a point": {"value": 3.0},
    "a text": {"value": "3"},
    "yes": {"value": True},
    "no value": {"value": None},
    "an unknown frame": {"frame": 100},
    "a frame before the first": {"frame": -1},
    "no frame": {"frame": None},
    "a broken frame": {"frame": 1.5},
    "an unknown kind": {"kind": "joy"},
    "a kind of ours": {"kind": "refused"},
    "no kind": {"kind": None},
    "no clock": {"client_ns": None},
    "a clock before 1970": {"client_ns": -1},
    "a clock beyond 64 bits": {"client_ns": 2**63},
    "a time beyond 64 bits": {"media_ns": 2**63},
    "a delay of years": {"delay_us": 10**15},
    "a body that is none": {"body": [1]},
    "a body without end": {"body": {"x": "y" * 30_000}},
    "a body with a zero": {"body": {"x": "\0"}},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_what_cannot_be_is_refused_alone_and_set_aside(send, database, wrong):
    bad = {**event(2, "arousal", 3, 4), **wrong}
    taken = send(event(1, "play", 0), bad, event(3, "stop", 9))
    assert [refused.seq for refused in taken.refused] == [2]
    assert taken.refused[0].error
    assert taken.refused[0].fix
    assert taken.acknowledged == 3  # what follows is not held up
    row = kept(database)[2]
    assert (row.kind, row.value, row.frame) == ("refused", None, None)
    assert row.body["why"] == taken.refused[0].error
    assert '"seq": 2' in row.body["came"]
    again = send(bad)
    assert ([r.seq for r in again.refused], again.acknowledged) == ([2], 3)


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "a\0b", None, 7])
def test_a_comment_has_to_say_something_and_not_too_much(send, text):
    assert send(event(1, "comment", 3, body={"text": text})).refused


def test_half_a_letter_in_a_comment_spoils_no_file_that_it_goes_into(send, database, ann):
    taken = send(event(1, "comment", 3, body={"text": "well \ud83d", "\udc00": [1]}))
    assert (taken.acknowledged, taken.refused) == (1, ())
    with database.reading() as connection:
        assert "well \N{REPLACEMENT CHARACTER}" in personal.exported(connection, ann)
        personal.exported(connection, ann).encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_alone(send, database, number):
    taken = send(event(1, "comment", 3, body={"text": "x", "n": number}), event(2, "play", 0))
    assert (taken.acknowledged, len(taken.refused)) == (2, 1)
    assert kept(database)[1].kind == "refused"


def test_a_comment_is_kept_as_it_was_written(send, database):
    send(event(1, "comment", 3, body={"text": "웃음? 'ok' \u2014 \U0001f642"}))
    assert kept(database)[1].body == {"text": "웃음? 'ok' \u2014 \U0001f642"}


@pytest.mark.parametrize(
    "batch",
    [
        None, "x", {"seq": 1}, [1], [{"kind": "play"}], [event(0, "play", 0)],
        [event(1.5, "play", 0)], [{**event(1, "play", 0), "seq": "1"}], [event(True, "play", 0)],
        [event(10**9, "play", 0)], [event(1, "play", 0), None],
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_batch_of_numbered_events_is_refused_whole(database, ann, sitting, batch):
    with pytest.raises(InputError):
        intake.take(database, sitting, ann, batch, NOW, LIMITS)
    assert kept(database) == {}


def test_a_batch_that_is_too_long_is_refused_whole(send, database):
    with pytest.raises(InputError, match="1001 events"):
        send(*(event(n, "arousal", 1, 1) for n in range(1, 1002)))
    assert kept(database) == {}


def test_an_empty_batch_tells_how_far_it_is(send):
    send(event(1, "play", 0))
    assert send().acknowledged == 1


def test_two_events_of_one_number_do_not_replace_one_another(send, database):
    send(event(1, "play", 0), event(2, "arousal", 3, 4))
    taken = send(event(2, "arousal", 3, 5), event(3, "stop", 9))
    assert [(r.seq, "another event" in r.error) for r in taken.refused] == [(2, True)]
    assert taken.acknowledged == 3
    assert kept(database)[2].value == 4


def test_clocks_may_go_backwards(send, database, assignment):
    send(
        event(1, "play", 0, client_ns=900),
        event(2, "arousal", 3, 4, client_ns=500),
        event(3, "stop", 5, client_ns=100),
        now_ns=NOW,
    )
    assert send(event(4, "play", 6), event(5, "stop", 7), now_ns=NOW - 10**12).acknowledged == 5
    with database.reading() as connection:
        values = replayed(connection, assignment).values[Dimension.AROUSAL]
    assert values[:8].tolist() == [0, 0, 0, 4, 4, 4, 4, 4]


def test_a_sitting_after_another_comes_after_it_though_the_servers_clock_went_back(
    database, ann, assignment, send
):
    send(event(1, "play", 0), event(2, "arousal", 0, 4), event(3, "stop", 5))
    other = TAB.replace("1", "2")
    late = sittings.open_one(database, assignment, ann, other, NOW - 10**15, LIMITS, take_over=True)
    batch = [event(1, "play", 0), event(2, "arousal", 0, -6), event(3, "stop", 5)]
    intake.take(database, late, ann, batch, NOW - 10**15, LIMITS)
    with database.reading() as connection:
        values = replayed(connection, assignment).values[Dimension.AROUSAL]
    assert values[:6].tolist() == [-6] * 6


def test_nobody_writes_into_somebody_elses_sitting(database, send, ann):
    (bob,) = annotating.add_people(database, "bob")
    with pytest.raises(NotAllowedError):
        send(event(1, "play", 0), by=bob)
    with pytest.raises(NotFoundError):
        intake.take(database, "no-such", ann, [event(1, "play", 0)], NOW, LIMITS)
    assert kept(database) == {}


def test_the_clip_is_done_when_all_up_to_done_has_come(send):
    assert send(event(1, "play", 0), event(3, "done")).state == "working"
    taken = send(event(2, "stop", 9))
    assert (taken.state, taken.ended, taken.acknowledged) == ("done", "done", 3)


def test_after_done_there_is_nothing_but_what_was_late(send, database):
    send(event(2, "stop", 9), event(3, "done"))
    taken = send(event(4, "play", 0))
    assert [r.seq for r in taken.refused] == [4]
    assert set(kept(database)) == {2, 3}
    assert send(event(1, "play", 0)).state == "done"


def test_what_comes_late_to_a_rating_that_was_left_out_is_kept(send, database, assignment):
    from annotate_web.assign import change

    change.exclude(database, None, assignment, "looked away", NOW)
    taken = send(event(1, "play", 0), event(2, "done"))
    assert (taken.acknowledged, taken.state) == (2, "excluded")
    assert len(kept(database)) == 2
