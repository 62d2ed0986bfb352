"""Who gets which clip: k of n, much the same to do for all, by seed, and changed by a lead."""

from collections import Counter

import annotating
import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate_web.assign import change, claim, deal, mine, places
from annotate_web.assign.places import Clip
from annotate_web.auth import accounts
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.db.tables import Role, State
from annotate_web.people import personal
from taver.core.errors import AlreadyThereError, InputError, NotFoundError

NOW = 1_800_000_000_000_000_000


@pytest.fixture
def database(tmp_path):
    made = open_database(f"sqlite:///{tmp_path / 'annotations.sqlite'}")
    yield made
    made.close()


@pytest.fixture
def people(database):
    return annotating.add_people(database, *(f"p{n}" for n in range(6)))


@pytest.fixture
def clips(database):
    return [annotating.add_clip(database, f"c{n}", session=f"s{n}") for n in range(10)]


def given_out(database, *columns):
    with database.reading() as connection:
        return [
            tuple(row)
            for row in connection.execute(
                sa.select(*(tables.assignments.c[name] for name in columns)).order_by(
                    tables.assignments.c.id
                )
            )
        ]


def state_of(database, key):
    with database.reading() as connection:
        return connection.execute(
            sa.select(tables.assignments.c.state).where(tables.assignments.c.id == key)
        ).scalar_one()


def test_three_of_six_for_each_clip_and_five_clips_for_each(database, people, clips):
    dealt = deal.deal(database, None, NOW, seed=1)
    assert (dealt.made, dealt.lacking) == (30, 0)
    pairs = given_out(database, "clip_id", "user_id")
    assert set(Counter(clip for clip, _ in pairs).values()) == {3}
    assert set(Counter(user for _, user in pairs).values()) == {5}


def test_the_same_seed_draws_the_same_and_another_something_else(people, clips):
    wanted = [Clip(key, 100, 3, 0, frozenset()) for key in clips]
    first = deal.draw(wanted, people, {}, 7)
    assert deal.draw(wanted, people, {}, 7) == first
    assert deal.draw(wanted, people, {}, 8) != first


def test_everybody_meets_the_clips_in_an_order_of_their_own(database, people, clips):
    with database.writing() as connection:
        connection.execute(sa.update(tables.clips).values(wanted_raters=6))
    deal.deal(database, None, NOW, seed=1)
    with database.reading() as connection:
        orders = [tuple(row.clip_id for row in mine.of(connection, user)) for user in people]
    assert all(sorted(order) == sorted(clips) for order in orders)
    assert len(set(orders)) == 6


def test_dealing_again_gives_only_what_is_lacking(database, people, clips):
    deal.deal(database, None, NOW, seed=1)
    before = given_out(database, "clip_id", "user_id", "position")
    assert deal.deal(database, None, NOW, seed=2).made == 0
    annotating.add_clip(database, "new", session="s99")
    assert deal.deal(database, None, NOW, seed=3).made == 3
    assert given_out(database, "clip_id", "user_id", "position")[: len(before)] == before


def test_places_that_nobody_is_left_for_are_told(database, clips):
    annotating.add_people(database, "only", "two")
    dealt = deal.deal(database, None, NOW, seed=1)
    assert (dealt.made, dealt.lacking) == (20, 10)


def test_whoever_is_disabled_or_leads_is_given_nothing(database, clips):
    one, two = annotating.add_people(database, "one", "two")
    annotating.add_people(database, "lena", role=Role.LEAD)
    with database.writing() as connection:
        accounts.set_disabled(connection, None, two, NOW, disabled=True)
    deal.deal(database, None, NOW, seed=1)
    assert {user for (user,) in given_out(database, "user_id")} == {one}


wanted_clips = st.lists(
    st.tuples(st.integers(50, 3000), st.integers(1, 5), st.integers(0, 4)), max_size=25
)


@given(wanted_clips, st.integers(0, 8), st.integers(0, 2**31))
@settings(max_examples=200, deadline=None)
def test_a_draw_never_gives_too_many_nor_anybody_a_clip_twice(clips, number, seed):
    people = list(range(1, number + 1))
    wanted = [
        Clip(key, frames, raters, min(taken, raters), frozenset(people[:taken]))
        for key, (frames, raters, taken) in enumerate(clips)
    ]
    drawn = deal.draw(wanted, people, {}, seed)
    counts = Counter(key for keys in drawn.values() for key in keys)
    for clip in wanted:
        able = len(set(people) - clip.known)
        assert counts[clip.key] == min(clip.free, able)
    for user, keys in drawn.items():
        assert len(set(keys)) == len(keys)
        assert not [clip for clip in wanted if clip.key in keys and user in clip.known]


@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 2**31))
@settings(max_examples=100, deadline=None)
def test_clips_of_one_length_are_dealt_evenly(number, raters, seed):
    people = list(range(8))
    wanted = [Clip(key, 100, raters, 0, frozenset()) for key in range(number)]
    counts = [len(keys) for keys in deal.draw(wanted, people, {}, seed).values()]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("seed", range(40))
def test_clips_that_were_taken_before_are_made_up_for(seed):
    chance = np.random.default_rng(seed)
    known = {key: set(chance.permutation(6)[: chance.integers(3)].tolist()) for key in range(12)}
    wanted = [Clip(key, 600, 3, len(who), frozenset(who)) for key, who in known.items()]
    before = Counter(user for who in known.values() for user in who)
    drawn = deal.draw(wanted, list(range(6)), {u: 600 * n for u, n in before.items()}, seed)
    assert [before[user] + len(keys) for user, keys in drawn.items()] == [6] * 6


def test_practice_comes_first_for_everybody_and_takes_no_place(database, people, clips):
    practice = annotating.add_clip(database, "practice", session="practice", practice=True)
    deal.deal(database, None, NOW, seed=1)
    with database.reading() as connection:
        for user in people:
            assert mine.of(connection, user)[0].clip_id == practice


def test_an_annotator_with_nothing_left_takes_what_lacks_most(database, people, clips):
    first = claim.claim(database, people[0], NOW)
    assert claim.claim(database, people[0], NOW) == first  # it is to be done before another
    with database.writing() as connection:
        connection.execute(sa.update(tables.assignments).values(state=State.DONE))
    second = claim.claim(database, people[0], NOW)
    assert second not in {first, None}
    deal.deal(database, None, NOW, seed=1)
    with database.writing() as connection:
        connection.execute(sa.update(tables.assignments).values(state=State.DONE))
    assert [claim.claim(database, user, NOW) for user in people] == [None] * 6


def test_a_rating_that_is_left_out_frees_its_place_for_somebody_else(database, people, clips):
    deal.deal(database, None, NOW, seed=1)
    (key, clip, user), *_ = given_out(database, "id", "clip_id", "user_id")
    change.exclude(database, None, key, "a flat line", NOW)
    assert state_of(database, key) == "excluded"
    dealt = deal.deal(database, None, NOW, seed=2)
    assert dealt.made == 1
    assert given_out(database, "clip_id")[-1] == (clip,)
    assert given_out(database, "user_id")[-1] != (user,)
    with pytest.raises(InputError, match="all its raters"):
        change.reopen(database, None, key, "it was right after all", NOW)


def test_reassigning_takes_from_one_and_gives_to_another_at_once(database, people, clips):
    key = annotating.assign(database, clips[0], people[0])
    made = change.reassign(database, None, key, people[1], "ill", NOW)
    assert (state_of(database, key), state_of(database, made)) == ("withdrawn", "open")
    with pytest.raises(InputError):
        change.reassign(database, None, key, people[2], "ill", NOW)
    with pytest.raises(AlreadyThereError):
        change.reassign(database, None, made, people[0], "well again", NOW)
    assert state_of(database, made) == "open"


def test_only_annotators_are_given_clips(database, people, clips):
    (lena,) = annotating.add_people(database, "lena", role=Role.LEAD)
    key = annotating.assign(database, clips[0], people[0])
    for nobody in (lena, 999):
        with pytest.raises(NotFoundError):
            change.reassign(database, None, key, nobody, "ill", NOW)
    assert state_of(database, key) == "open"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
@pytest.mark.parametrize("what", [change.exclude, change.withdraw, change.reopen])
def test_every_change_has_a_reason(database, people, clips, reason, what):
    key = annotating.assign(database, clips[0], people[0])
    with database.writing() as connection:
        connection.execute(sa.update(tables.assignments).values(state=State.DONE))
    with pytest.raises(InputError):
        what(database, None, key, reason, NOW)
    assert state_of(database, key) == "done"


def test_nothing_is_reopened_for_somebody_who_may_not_log_in(database, people, clips):
    disabled = annotating.assign(database, clips[0], people[0])
    erased = annotating.assign(database, clips[1], people[1])
    for key in (disabled, erased):
        change.exclude(database, None, key, "looked away", NOW)
    with database.drawing() as connection:
        accounts.set_disabled(connection, None, people[0], NOW, disabled=True)
        personal.erase(connection, None, people[1], NOW, ratings=False)
    for key in (disabled, erased):
        with pytest.raises(InputError, match="may not log in"):
            change.reopen(database, None, key, "once more", NOW)
        assert state_of(database, key) == State.EXCLUDED


def test_places_of_somebody_who_will_not_come_back_are_told_and_freed(database, people, clips):
    practice = annotating.add_clip(database, "practice", session="practice", practice=True)
    done, begun, _ = (annotating.assign(database, clip, people[0]) for clip in clips[:3])
    mine = annotating.assign(database, practice, people[0])
    with database.writing() as connection:
        for key, state in ((done, State.DONE), (begun, State.WORKING)):
            found = tables.assignments.c.id == key
            connection.execute(sa.update(tables.assignments).where(found).values(state=state))
        assert places.held(connection) == []  # they may log in
        accounts.set_disabled(connection, None, people[0], NOW, disabled=True)
    with database.reading() as connection:
        (held,) = places.held(connection)
    assert held == (people[0], "p0", {clips[1]: "c1", clips[2]: "c2"})
    lacking = deal.deal(database, None, NOW, seed=1)
    assert lacking.made == 27
    with pytest.raises(InputError, match="A reason has"):
        change.free(database, None, people[0], " ", NOW)
    assert change.free(database, None, people[0], "has left", NOW) == 2
    with pytest.raises(InputError, match="no clip left"):
        change.free(database, None, people[0], "has left", NOW)
    assert (state_of(database, done), state_of(database, mine)) == ("done", "open")
    with database.reading() as connection:
        assert places.held(connection) == []
    assert deal.deal(database, None, NOW, seed=2).made == 2


@pytest.mark.parametrize("seed", [-1, 2**63, 10**40])
def test_a_seed_that_cannot_be_kept_deals_nothing(database, people, clips, seed):
    with pytest.raises(InputError, match="A seed is"):
        deal.deal(database, None, NOW, seed=seed)
    assert not given_out(database, "id")


def test_every_change_is_in_the_audit_log(database, people, clips):
    (lena,) = annotating.add_people(database, "lena", role=Role.LEAD)
    key = annotating.assign(database, clips[0], people[0])
    change.exclude(database, lena, key, "a flat line", NOW)
    change.reopen(database, lena, key, "it was right", NOW)
    deal.deal(database, lena, NOW, seed=3)
    with database.reading() as connection:
        rows = connection.execute(sa.select(tables.audit).order_by(tables.audit.c.id)).all()
    told = [(row.user_id, row.what, row.about) for row in rows if row.user_id == lena]
    assert told == [
        (lena, "excluded", f"assignment {key}"),
        (lena, "reopened", f"assignment {key}"),
        *((lena, "assigned", f"assignment {key + n}") for n in range(1, 30)),
        (lena, "dealt", "all clips"),
    ]
    assert rows[2].detail == {"from": "excluded", "reason": "it was right"}
    assert rows[-1].detail == {"seed": 3, "made": 29, "lacking": 0}


def test_what_one_must_not_see_yet_is_what_one_has_not_done(database, people, clips):
    key = annotating.assign(database, clips[0], people[0])
    annotating.assign(database, clips[1], people[1])
    with database.reading() as connection:
        assert mine.blind_to(connection, people[0]) == {clips[0]}
    with database.writing() as connection:
        connection.execute(
            sa.update(tables.assignments)
            .where(tables.assignments.c.id == key)
            .values(state=State.DONE)
        )
    with database.reading() as connection:
        assert mine.blind_to(connection, people[0]) == set()
