"""The driver against COM objects that behave as the SDK's do; it was never run on Windows."""

import itertools
import sys
import time

import kinect_sdk
import numpy as np
import pytest
from devicing import of, opening, taken
from kinect_sdk import PERIOD_TICKS, StandIn

from capture.drivers.kinect2_windows import Kinect2WindowsConfig, Kinect2WindowsDriver
from taver.core.clock import HostClock
from taver.core.errors import DeviceError
from taver.core.frames import Modality

EVERY = (Modality.COLOR, Modality.DEPTH, Modality.IR)


@pytest.fixture
def opened():
    def make(modalities=EVERY, serial="", mirrored=True, **behaviour):
        config = Kinect2WindowsConfig(modalities=modalities, serial=serial, mirrored=mirrored)
        return Kinect2WindowsDriver(config, HostClock(), sdk=StandIn(**behaviour))

    yield from opening(make)


def test_it_says_which_device_it_is_and_what_cannot_be_known(opened):
    _, info = opened(appears_after_s=0.2)
    assert (info.driver, info.model) == ("kinect2_windows", "Kinect v2")
    assert info.serial == kinect_sdk.SERIAL
    assert "numbers no frames" in info.warnings[0]


def test_pictures_are_put_right(opened):
    driver, _ = opened()
    frames = taken(driver, 12)
    color, depth, ir = (of(frames, modality)[-1].pixels for modality in EVERY)
    assert np.array_equal(color[0, :, 0], np.linspace(0, 255, 1920).astype(np.uint8))
    assert np.array_equal(color[:, 0, 1], np.linspace(0, 255, 1080).astype(np.uint8))
    for picture in (depth, ir):
        assert np.array_equal(picture[1], np.arange(500, 1012))


def test_they_are_left_as_they_are_where_the_sdk_does_not_mirror(opened):
    driver, info = opened((Modality.COLOR, Modality.DEPTH), mirrored=False)
    frames = taken(driver, 6)
    assert of(frames, Modality.COLOR)[-1].pixels[0, 0, 0] == 255
    assert np.array_equal(of(frames, Modality.DEPTH)[-1].pixels[1], np.arange(500, 1012)[::-1])
    assert info.settings == {"mirrored by the SDK": "false"}


def test_stamps_carry_the_devices_time_and_the_hosts(opened):
    driver, _ = opened()
    before_ns = time.monotonic_ns()
    frames = taken(driver, 15)
    for modality in EVERY:
        stamps = [frame.stamp for frame in of(frames, modality)]
        numbers = [stamp.number for stamp in stamps]
        assert numbers[0] == 0
        for stamp in stamps:
            assert before_ns < stamp.host_ns < time.monotonic_ns()
            assert stamp.device_ns % 100 == 0
        first = stamps[0].device_ns
        periods = [(s.device_ns - first) / 100 / PERIOD_TICKS for s in stamps]
        assert periods == pytest.approx(numbers, abs=1e-3)


def test_lost_frames_are_gaps_in_the_numbers(opened):
    driver, _ = opened((Modality.DEPTH,), lose_every=4, period_s=0.02)
    frames = taken(driver, 6)
    shown = [int(frame.pixels[0, 0]) for frame in frames]
    assert any(b - a > 1 for a, b in itertools.pairwise(shown))
    assert [frame.stamp.number for frame in frames] == [n - shown[0] for n in shown]


def test_colour_in_dim_light_is_slow_and_not_lost(opened):
    driver, _ = opened((Modality.COLOR,), dim=True, period_s=0.015)
    stamps = [frame.stamp for frame in taken(driver, 5)]
    since_ns = [stamp.device_ns - stamps[0].device_ns for stamp in stamps]
    assert since_ns == pytest.approx([66_666_600 * s.number for s in stamps], abs=1000)


def test_an_unplugged_device_is_an_error_that_says_so(opened):
    driver, _ = opened(unplug_after=3)
    driver.start(0)
    with pytest.raises(DeviceError, match="sends no color and no depth and no ir any more"):
        list(driver.frames())


def test_without_a_device_it_says_what_to_look_at(monkeypatch, opened):
    monkeypatch.setattr("capture.drivers.kinect2_windows._APPEARS_WITHIN_S", 0.2)
    with pytest.raises(DeviceError, match="No Kinect v2 answers") as raised:
        opened(plugged_in=False)
    assert "Configuration Verifier" in raised.value.fix


def test_another_serial_number_is_told_with_the_one_that_is_there(opened):
    with pytest.raises(DeviceError, match=f"Kinect 7 is not there .*{kinect_sdk.SERIAL}"):
        opened(serial="7")


def test_sensor_and_readers_are_let_go(opened):
    driver, _ = opened()
    taken(driver, 3)
    sensor = driver._sensor
    driver.close()
    assert not sensor.is_open
    assert driver.open().serial == kinect_sdk.SERIAL
    assert taken(driver, 3)


@pytest.mark.hardware
@pytest.mark.skipif(sys.platform != "win32", reason="the Kinect SDK is for Windows")
def test_a_real_kinect_delivers_for_two_seconds():
    driver = Kinect2WindowsDriver(Kinect2WindowsConfig(modalities=EVERY), HostClock())
    driver.open()
    try:
        driver.start(0)
        until_s = time.monotonic() + 2
        frames = list(itertools.takewhile(lambda _: time.monotonic() < until_s, driver.frames()))
    finally:
        driver.close()
    for modality in EVERY:
        assert len(of(frames, modality)) > 20
