"""The simulated rig as a whole: what one frame shows does not depend on what else was asked for."""

from itertools import islice

import msgspec
import numpy as np
import pytest

from capture.drivers.sim import SimDriver
from capture.sim.scenario import Cameras, Fault, Faults, Passer, Place, interview
from capture.sim.world import World
from taver.core.frames import Modality

pytestmark = pytest.mark.skipif(
    SimDriver.missing() is not None, reason=f"needs the simulated rig: {SimDriver.missing()}"
)
ALL = (Modality.COLOR, Modality.DEPTH, Modality.THERMAL)
SCENARIO = interview(5.0)


def taken(count, modalities=ALL, **changed):
    """Return the first frames as a map from modality and number to pixels."""
    world = World(msgspec.structs.replace(SCENARIO, **changed))
    return {
        (shot.modality, shot.number): pixels
        for shot, pixels in islice(world.frames(modalities), count)
    }


@pytest.fixture(scope="module")
def together():
    return taken(15)


@pytest.mark.parametrize("modality", ALL)
def test_a_modality_is_the_same_alone_and_with_all_others(together, modality):
    for key, pixels in taken(4, (modality,)).items():
        assert np.array_equal(pixels, together[key]), key


def test_infrared_beside_it_changes_nothing_in_depth(together):
    with_infrared = taken(4, (Modality.DEPTH, Modality.IR))
    assert {modality for modality, _ in with_infrared} == {Modality.DEPTH, Modality.IR}
    for key, pixels in with_infrared.items():
        if key in together:
            assert np.array_equal(pixels, together[key])


def test_losing_frames_changes_nothing_in_those_that_arrive(together):
    losing = taken(10, faults=Faults(kinect=Fault(drop_every=2), thermal=Fault(drop_every=3)))
    shared = losing.keys() & together.keys()
    assert len(shared) >= 8
    assert all(np.array_equal(losing[key], together[key]) for key in shared)


def test_a_late_clock_changes_stamps_and_no_picture(together):
    late = taken(6, faults=Faults(kinect=Fault(jitter_ms=30.0), thermal=Fault(jitter_ms=30.0)))
    assert all(np.array_equal(late[key], together[key]) for key in late)


def test_another_seed_gives_other_noise_and_another_rig_another_view(together):
    key = (Modality.DEPTH, 0)
    assert not np.array_equal(taken(3, seed=99)[key], together[key])
    assert not np.array_equal(taken(3, rig_seed=1)[key], together[key])


def test_somebody_who_walks_through_is_seen_by_depth():
    walker = Passer(identity=5, start_s=0.0, seconds=2.0, distance_mm=1700.0)
    world = World(msgspec.structs.replace(SCENARIO, passers=(walker,)))
    alone = World(SCENARIO)
    there, without = (w.ideal(1.4, (Modality.DEPTH,)).depth_mm for w in (world, alone))
    nearer = there < without - 100
    assert 0.01 < nearer.mean() < 0.3
    assert np.median(there[nearer]) == pytest.approx(1700, abs=150)


def test_in_dim_light_colour_comes_fifteen_times_a_second():
    dim = msgspec.structs.replace(SCENARIO, room=Place(light=0.1), cameras=Cameras(kinect_hz=30))
    shots = [t.shot for t in islice(World(dim).frames((Modality.COLOR,)), 4)]
    steps = np.diff([shot.taken_ns for shot in shots])
    assert steps == pytest.approx(1e9 / 15, rel=1e-6)
