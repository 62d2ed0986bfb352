"""Who a session is about, found out by a few looks; and that others are not missed by them."""

import dataclasses

import faced
import numpy as np
import pytest
import rigged

from capture.sim.scenario import Person
from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.faces import scout
from taver.faces.kit import kit
from taver.faces.options import Options
from taver.faces.streams import Streams

FRAMES = 10
PARTICIPANT, OTHER = 12, 4  # of the simulated people, two whom the network tells apart
PLACES = scout.places(FRAMES, 10.0)


@pytest.fixture(scope="module")
def the_kit():
    return kit(Options())


@pytest.fixture(scope="module")
def pictures():
    """Each of the two at the same place, in the same pose."""
    renderer, scene = rigged.renderer(), rigged.scene(3)
    drawn = {}
    for identity in (PARTICIPANT, OTHER):
        actor = dataclasses.replace(scene.actors[0], identity=identity)
        shown = dataclasses.replace(scene, actors=(actor,))
        drawn[identity] = renderer.render(shown, [Modality.COLOR]).color
    return drawn


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A session in which frames are to be put."""
    return faced.study_of(
        tmp_path_factory.mktemp("looks"),
        Person(identity=PARTICIPANT),
        seconds=FRAMES / 10,
        calibrated=False,
        modalities=(Modality.COLOR,),
    )


def looked(study, the_kit, pictures, shown):
    """Return who is the participant where these are shown, one after the other."""
    frames = iter([pictures[one] for one in shown])
    faced.repainted(study, lambda _: next(frames))
    with Streams(study, find(study, "s01")) as streams:
        return scout.look_through(streams, the_kit, lambda *_: float("nan"))


def test_who_is_alone_is_known_by_three_portraits(recorded, the_kit, pictures):
    home = looked(recorded, the_kit, pictures, [PARTICIPANT] * FRAMES)
    assert home.steadiness == 1.0
    assert not home.others
    assert len(home.identities.participant) == 3


@pytest.mark.parametrize("look", [0, 2])
def test_somebody_else_at_the_same_place_is_told_apart(recorded, the_kit, pictures, look):
    shown = [PARTICIPANT] * FRAMES
    shown[PLACES[look]] = OTHER
    home = looked(recorded, the_kit, pictures, shown)
    assert [one.frame for one in home.others] == [PLACES[look]]
    assert home.steadiness == pytest.approx(1 - 1 / len(PLACES))
    strangers = home.identities.others
    assert len(strangers) == 1
    assert len(home.identities.participant) == len(PLACES) - 1


def test_more_looks_are_taken_where_one_shows_nobody(recorded, the_kit, pictures, monkeypatch):
    monkeypatch.setattr(scout, "_FEW_LOOKS", 3)  # as in a long session: not all at once
    shown = [PARTICIPANT] * FRAMES
    shown[PLACES[1]] = OTHER  # not among the first, the middle and the last
    pictures = {**pictures, None: np.full_like(pictures[OTHER], 90)}
    assert not looked(recorded, the_kit, pictures, shown).others
    shown[PLACES[2]] = None
    home = looked(recorded, the_kit, pictures, shown)
    assert [one.frame for one in home.others] == [PLACES[1]]
    assert home.steadiness == pytest.approx(3 / 5)


def test_a_long_session_is_looked_at_no_more_often_than_a_short_one_at_first():
    for minutes in (1, 5, 60):
        planned = scout.places(minutes * 600, 10.0)
        few = scout._spread(planned, scout._FEW_LOOKS)
        assert len(few) <= 8
        assert {few[0], few[-1]} == {planned[0], planned[-1]}
        assert len(set(few)) == len(few)
