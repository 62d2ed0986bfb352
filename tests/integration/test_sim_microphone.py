import itertools

import numpy as np
import pytest

from capture.drivers.sim import SimConfig, SimDriver
from capture.sim import world as worlds
from capture.sim.scenario import Boards, Person, Scenario
from capture.sim.world import World
from taver.core.clock import VirtualClock
from taver.core.errors import InputError
from taver.core.frames import Modality

START_NS = 5_000_000_000


@pytest.fixture(autouse=True)
def rig(needs):
    needs(worlds.missing() is None, "the simulated rig", install=str(worlds.missing()))


def talking():
    return Scenario(seconds=4, people=[Person(identity=1, talking=[(0.5, 3.0)])])


def blocks(scenario, count):
    config = SimConfig(scenario=scenario, modalities=(Modality.SOUND,), serial="sim-microphone")
    driver = SimDriver(config, VirtualClock(START_NS))
    info = driver.open()
    driver.start(START_NS)
    frames = list(itertools.islice(driver.frames(), count))
    driver.close()
    return info, frames


def test_it_is_a_microphone_of_16_kilohertz():
    info, frames = blocks(talking(), 1)
    (stream,) = info.streams
    assert info.model == "microphone, simulated"
    assert info.simulated
    assert (stream.rate_hz, stream.unit, stream.samples_hz, stream.channels) == (
        10,
        "pcm16",
        16_000,
        1,
    )
    assert frames[0].pixels.shape == (1600, 1)


def test_blocks_are_the_voice_without_a_gap_stamped_with_their_first_sample():
    _, frames = blocks(talking(), 40)
    heard = np.concatenate([frame.pixels[:, 0] for frame in frames])
    assert np.array_equal(heard, World(talking()).voice(0, 64_000))
    assert heard.any()
    assert [frame.stamp.number for frame in frames] == list(range(40))
    assert [frame.stamp.host_ns for frame in frames] == [
        START_NS + 100_000_000 * k for k in range(40)
    ]


def test_where_nobody_is_it_is_silent():
    _, frames = blocks(Scenario(seconds=2, boards=Boards()), 3)
    assert not any(frame.pixels.any() for frame in frames)


def test_sound_and_pictures_are_of_different_devices():
    with pytest.raises(InputError, match="together"):
        SimConfig(modalities=(Modality.COLOR, Modality.SOUND))
