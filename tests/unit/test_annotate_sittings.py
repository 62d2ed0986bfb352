"""Sittings: kept over a reload, one window at a time, in the right order."""

import uuid

import annotating
import numpy as np
import pytest

from annotate_web.assign import change
from annotate_web.auth.roles import NotAllowedError
from annotate_web.db.open import open_database
from annotate_web.events import intake, sittings
from annotate_web.events.practice import judge
from annotate_web.media import practice as drawn
from annotate_web.settings import Limits
from taver.core.errors import InputError, NotFoundError
from taver.labels.trace import Dimension

LIMITS = Limits()
NOW = 1_800_000_000_000_000_000
SECOND = 1_000_000_000
event = annotating.event
HERE, THERE = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


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
def open_one(database, ann, assignment):
    def open_one(client=HERE, now_ns=NOW, of=assignment, by=ann, **more):
        return sittings.open_one(database, of, by, client, now_ns, LIMITS, **more)

    return open_one


def take(database, sitting, ann, *batch, now_ns=NOW):
    return intake.take(database, sitting, ann, list(batch), now_ns, LIMITS)


def test_a_page_that_is_loaded_again_keeps_its_sitting(database, ann, open_one):
    sitting = open_one()
    take(database, sitting, ann, event(1, "play", 0), event(2, "arousal", 4, 6))
    assert open_one(now_ns=NOW + 9 * SECOND) == sitting
    told = sittings.describe(database, sitting, ann)
    assert (told["acknowledged"], told["highest"]) == (2, 2)
    assert told["values"] == {"arousal": 6, "valence": 0}
    assert told["state"] == "working"
    assert told["clip"]["frames"] == 100
    assert told["clip"]["fps"] == 10


def test_a_second_window_is_told_that_another_is_at_work(database, ann, open_one):
    first = open_one()
    take(database, first, ann, event(1, "play", 0), now_ns=NOW + 5 * SECOND)
    with pytest.raises(sittings.OpenElsewhereError) as told:
        open_one(THERE, NOW + 10 * SECOND)
    assert "take it over" in told.value.fix


def test_a_window_that_was_silent_is_taken_over(database, ann, open_one):
    first = open_one()
    second = open_one(THERE, NOW + 16 * SECOND)
    assert second != first
    assert sittings.describe(database, first, ann)["ended"] == "taken"


def test_what_the_first_window_still_had_is_kept_and_it_learns_that_it_was_taken_over(
    database, ann, open_one
):
    first = open_one()
    open_one(THERE, NOW + SECOND, take_over=True)
    taken = take(database, first, ann, event(1, "play", 0), event(2, "stop", 3))
    assert (taken.acknowledged, taken.refused, taken.ended) == (2, (), "taken")


def test_a_new_window_goes_on_where_the_sliders_stood(database, ann, open_one):
    first = open_one()
    take(database, first, ann, event(1, "play", 0), event(2, "valence", 4, -3))
    second = open_one(THERE, take_over=True)
    assert sittings.describe(database, second, ann)["values"] == {"arousal": 0, "valence": -3}


def test_a_clip_that_is_done_is_not_opened_again_until_a_lead_reopens_it(
    database, ann, open_one, assignment
):
    sitting = open_one()
    take(database, sitting, ann, event(1, "play", 0), event(2, "stop", 3), event(3, "done"))
    with pytest.raises(sittings.DoneError):
        open_one()
    change.reopen(database, None, assignment, "the second half is missing", NOW)
    again = open_one()
    assert again != sitting
    assert take(database, again, ann, event(1, "play", 0), event(2, "done")).state == "done"


def test_nobody_opens_what_is_not_theirs(database, open_one):
    (bob,) = annotating.add_people(database, "bob")
    with pytest.raises(NotAllowedError):
        open_one(by=bob)
    with pytest.raises(NotFoundError):
        open_one(of=999)


def test_nobody_sees_somebody_elses_sitting(database, open_one):
    (bob,) = annotating.add_people(database, "bob")
    sitting = open_one()
    with pytest.raises(NotAllowedError):
        sittings.describe(database, sitting, bob)


@pytest.mark.parametrize("client", ["", "me", "1; drop table events", "x" * 99])
def test_a_window_is_named_by_a_uuid(open_one, client):
    with pytest.raises(InputError):
        open_one(client)


def test_the_instructions_come_first(database):
    from annotate_web.auth import accounts
    from annotate_web.db.tables import Role

    with database.writing() as connection:
        new = accounts.create(connection, "new", Role.ANNOTATOR, NOW, password_hash=None)
    key = annotating.assign(database, annotating.add_clip(database, "other"), new)
    with pytest.raises(sittings.ReadFirstError):
        sittings.open_one(database, key, new, HERE, NOW, LIMITS)


@pytest.fixture
def practice(database, ann):
    rising = [float(n // 10) for n in range(100)]
    clip = annotating.add_clip(
        database, "practice", practice=True, session="practice",
        reference={"arousal": rising, "valence": [0.0] * 100, "within": 1.0},
    )  # fmt: skip
    return annotating.assign(database, clip, ann)


def practise(database, ann, sitting, *, lag, sign=1):
    moves = [
        event(2 + n, "arousal", n * 10 + lag, sign * n) for n in range(10) if n * 10 + lag < 100
    ]
    last = len(moves) + 2
    take(
        database, sitting, ann, event(1, "play", 0), *moves,
        event(last, "stop", 99), event(last + 1, "done"),
    )  # fmt: skip


def test_practice_comes_before_the_first_clip(database, ann, open_one, practice):
    with pytest.raises(sittings.PractiseFirstError):
        open_one()
    practise(database, ann, open_one(of=practice), lag=20)
    assert open_one()


def test_whoever_was_two_seconds_late_and_right_has_passed(database, ann, open_one, practice):
    practise(database, ann, open_one(of=practice), lag=20)
    verdict = sittings.verdict(database, practice, ann)
    assert verdict.passed
    assert verdict.lag_s == pytest.approx(2.0, abs=0.2)
    assert verdict.distance < 0.2


def test_practice_that_went_wrong_is_repeated_and_only_the_last_time_counts(
    database, ann, open_one, practice
):
    practise(database, ann, open_one(of=practice), lag=0, sign=-1)
    verdict = sittings.verdict(database, practice, ann)
    assert not verdict.passed
    assert verdict.off["arousal"] > 4
    with pytest.raises(sittings.PractiseFirstError):
        open_one()
    practise(database, ann, open_one(THERE, of=practice), lag=0)
    assert sittings.verdict(database, practice, ann).passed


def test_practice_of_a_tenth_of_the_clip_tells_nothing(database, ann, open_one, practice):
    take(
        database, open_one(of=practice), ann,
        event(1, "play", 0), event(2, "stop", 9), event(3, "done"),
    )  # fmt: skip
    verdict = sittings.verdict(database, practice, ann)
    assert (verdict.passed, verdict.distance, verdict.covered) == (False, None, 0.1)


def test_only_a_practice_clip_is_judged(database, ann, assignment):
    with pytest.raises(InputError):
        sittings.verdict(database, assignment, ann)


def test_whoever_leaves_a_slider_alone_has_not_practised():
    reference = drawn.trace().at(drawn.SECONDS * 10, 10)
    times = np.arange(len(reference["arousal"])) * annotating.PERIOD_NS
    right = {d: np.round(reference[str(d)]) for d in Dimension}
    assert judge(reference, right, times).passed
    for still in Dimension:
        for value in range(-10, 11):
            rated = {**right, still: np.full(len(times), float(value))}
            assert not judge(reference, rated, times).passed
