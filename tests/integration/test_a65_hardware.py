"""A real A65, by whichever driver can run: `pytest -m hardware`."""

import itertools
import time

import numpy as np
import pytest

from capture.drivers.a65_aravis import A65AravisConfig, A65AravisDriver
from capture.drivers.a65_spinnaker import A65SpinnakerConfig, A65SpinnakerDriver
from taver.core.clock import HostClock
from taver.core.frames import FrameStatus

DRIVERS = {
    "a65_aravis": (A65AravisDriver, A65AravisConfig),
    "a65_spinnaker": (A65SpinnakerDriver, A65SpinnakerConfig),
}


@pytest.mark.hardware
@pytest.mark.parametrize("name", DRIVERS)
def test_a_real_a65_tells_plausible_temperatures_and_closes_its_shutter(name):
    kind, config = DRIVERS[name]
    if kind.missing() is not None:
        pytest.skip(f"{name} cannot run here; to have it: {kind.missing()}")
    held = kind(config(), HostClock())
    info = held.open()
    try:
        held.set_shutter(automatic=False)
        held.start(time.monotonic_ns())
        stream = held.frames()
        frames = list(itertools.islice(stream, 30))
        held.close_shutter()
        after = list(itertools.islice(stream, 60))
        held.stop()
        told = held.readings()
    finally:
        held.close()
    print(info, told, sep="\n")
    assert not info.simulated
    assert info.streams[0].unit == "0.04 K"
    kelvin = float(np.median(frames[-1].pixels)) * 0.04
    assert 250 < kelvin < 350
    assert any(frame.stamp.status & FrameStatus.FROZEN for frame in after)
    assert told["frames_lost"] == 0
