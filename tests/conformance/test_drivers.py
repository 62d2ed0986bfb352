"""What every driver promises; a new driver joins with one entry in MAKERS.

A real camera joins with `pytest -m hardware`.
"""

import threading
from itertools import islice

import msgspec
import numpy as np
import pytest

from capture.drivers.pattern import PatternConfig, PatternDriver
from capture.drivers.sim import SimConfig, SimDriver
from taver.core.clock import HostClock, VirtualClock
from taver.core.errors import DeviceError
from taver.core.frames import DeviceInfo, DriverType, Frame, Modality


def pattern(clock):
    return PatternDriver(PatternConfig(scale=0.05), clock)


def sim(clock):
    if SimDriver.missing() is not None:
        pytest.skip(f"needs the simulated rig; to have it: {SimDriver.missing()}")
    return SimDriver(SimConfig(), clock)


MAKERS = {"pattern": (PatternDriver, pattern), "sim": (SimDriver, sim)}


@pytest.fixture(params=list(MAKERS))
def maker(request):
    return MAKERS[request.param]


@pytest.fixture
def driver(maker):
    driver = maker[1](VirtualClock())
    yield driver
    driver.close()


@pytest.fixture
def running(driver):
    driver.open()
    driver.start(0)
    return driver


def test_it_is_what_an_entry_point_may_name(maker):
    kind, _ = maker
    assert isinstance(kind, DriverType)
    assert issubclass(kind.Config, msgspec.Struct)
    missing = kind.missing()
    assert missing is None or missing.strip()
    assert all(isinstance(device, DeviceInfo) for device in kind.discover())


def test_its_config_refuses_keys_it_does_not_know(maker):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no_such_key": 1}, maker[0].Config)


def test_open_says_which_device_it_is_and_what_it_delivers(driver):
    info = driver.open()
    assert info.driver
    assert info.serial
    assert info.streams
    assert len({s.modality for s in info.streams}) == len(info.streams)
    assert all(s.width_px > 0 and s.height_px > 0 and s.rate_hz > 0 for s in info.streams)
    assert msgspec.convert(msgspec.to_builtins(info), DeviceInfo) == info


def test_frames_are_as_open_said(driver):
    info = driver.open()
    driver.start(0)
    size = {s.modality: (s.height_px, s.width_px) for s in info.streams}
    frames = list(islice(driver.frames(), 3 * len(size)))
    assert {frame.modality for frame in frames} == set(size)
    for frame in frames:
        assert isinstance(frame, Frame)
        assert frame.pixels.shape[:2] == size[frame.modality]
        if frame.modality is Modality.COLOR:
            assert (frame.pixels.dtype, frame.pixels.shape[2:]) == (np.uint8, (3,))
        else:
            assert (frame.pixels.dtype, frame.pixels.ndim) == (np.uint16, 2)


def test_stamps_rise_and_numbers_rise_in_every_stream(running):
    last = {}
    for frame in islice(running.frames(), 30):
        before = last.get(frame.modality)
        if before is not None:
            assert frame.stamp.host_ns > before.host_ns
            assert frame.stamp.number > before.number
            if frame.stamp.device_ns is not None:
                assert frame.stamp.device_ns > before.device_ns
        last[frame.modality] = frame.stamp


def test_no_frame_is_taken_before_the_start(driver):
    driver.open()
    driver.start(7_000_000_000)
    assert next(driver.frames()).stamp.host_ns >= 7_000_000_000


def test_pixels_of_one_frame_do_not_change_when_the_next_comes(running):
    stream = running.frames()
    first = next(stream)
    kept = first.pixels.copy()
    for _ in islice(stream, 6):
        pass
    assert np.array_equal(first.pixels, kept)


def test_stop_ends_the_stream_and_can_be_called_twice(running):
    stream = running.frames()
    next(stream)
    running.stop()
    running.stop()
    assert list(stream) == []


def test_stop_is_heard_from_another_thread_while_a_frame_is_awaited(maker):
    clock = HostClock()
    driver = maker[1](clock)
    driver.open()
    driver.start(clock.now_ns() + 3_600_000_000_000)  # nothing comes for an hour
    got = []
    thread = threading.Thread(target=lambda: got.extend(driver.frames()))
    thread.start()
    driver.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert got == []
    driver.close()


def test_close_can_be_called_twice_and_before_open(driver):
    driver.close()
    driver.close()
    assert driver.open().streams  # and it can still be opened


def test_using_it_in_the_wrong_order_is_a_device_error(driver):
    with pytest.raises(DeviceError):
        driver.start(0)
    driver.open()
    with pytest.raises(DeviceError):
        next(driver.frames())
