"""The thermal camera by PySpin, at its boundary: a stand-in is the SDK (tests/support/pyspin)."""

import sys
import time
from itertools import islice

import prompt
import pyspin
import pytest

from capture.drivers.a65_spinnaker import A65SpinnakerConfig, A65SpinnakerDriver
from taver.core.clock import HostClock
from taver.core.errors import BusyError, DeviceError, MissingExtraError, NotFoundError
from taver.core.frames import FrameStatus


@pytest.fixture
def sdk(monkeypatch):
    def install(*cameras):
        made = pyspin.module(*cameras)
        monkeypatch.setitem(sys.modules, "PySpin", made)
        return made

    return install


def driver(**config):
    return A65SpinnakerDriver(A65SpinnakerConfig(**config), HostClock())


def taken(held, count):
    held.start(time.monotonic_ns())
    frames = []
    for frame in held.frames():
        frames.append(frame)
        if len(frames) == count:
            held.stop()
    return frames


def test_without_the_sdk_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "PySpin", None)
    assert "Spinnaker SDK" in A65SpinnakerDriver.missing()
    assert A65SpinnakerDriver.discover() == []
    with pytest.raises(MissingExtraError) as caught:
        driver().open()
    assert "Spinnaker SDK" in caught.value.fix


def test_it_sets_the_same_nodes_and_keeps_every_picture(sdk):
    camera = pyspin.Camera()
    sdk(camera)
    held = driver(packet_size_bytes=8000)
    info = held.open()
    held.close()
    assert {name: camera.nodes[name].value for name in info.settings if name in camera.nodes} == {
        "PixelFormat": "Mono14",
        "CMOSBitDepth": "bit14bit",
        "SensorGainMode": "HighGainMode",
        "TemperatureLinearMode": "On",
        "TemperatureLinearResolution": "High",
        "NUCMode": "Automatic",
        "SyncMode": "SelfSync",
        "AcquisitionMode": "Continuous",
        "AcquisitionFrameRate": 30.0,
        "GevSCPSPacketSize": 8000,
    }
    assert (info.serial, info.address, info.firmware) == ("A65-S1", "169.254.1.5", "stand-in 1.0")
    assert (info.streams[0].width_px, info.streams[0].height_px) == (640, 512)
    assert (info.streams[0].unit, info.warnings) == ("0.04 K", ())
    assert camera.stream["StreamBufferHandlingMode"].value == "OldestFirst"
    assert camera.stream["StreamBufferCountManual"].value == 60
    assert camera.stream["StreamPacketResendEnable"].value is True


def test_a_node_that_is_refused_falls_back_with_a_warning(sdk):
    nodes = pyspin.a65()
    del nodes["TemperatureLinearMode"]
    nodes["SensorGainMode"] = pyspin.choice("LowGainMode", "LowGainMode", writable=False)
    sdk(pyspin.Camera(nodes=nodes))
    held = driver(rate_hz=10)
    info = held.open()
    held.close()
    told = "\n".join(info.warnings)
    assert info.streams[0].unit == "raw"
    assert "SensorGainMode stays LowGainMode" in told
    assert "AcquisitionFrameRate stays 30 Hz, it cannot be 10 Hz" in told


def test_losses_are_counted_and_incomplete_pictures_marked(sdk):
    sdk(pyspin.Camera(lost={3, 4, 8}, incomplete={5}))
    held = driver()
    held.open()
    frames = taken(held, 10)
    assert [frame.stamp.number for frame in frames] == [0, 1, 2, 5, 6, 7, 9, 10, 11, 12]
    marked = [f.stamp.number for f in frames if f.stamp.status & FrameStatus.INCOMPLETE]
    assert marked == [5]
    told = held.readings()
    assert (told["frames_delivered"], told["frames_lost"]) == (10, 3)
    assert told["housing_celsius"] == 36.5
    held.close()


def test_the_shutter_is_closed_when_told(sdk):
    camera = pyspin.Camera()
    sdk(camera)
    held = driver()
    held.open()
    held.set_shutter(automatic=False)
    held.close_shutter()
    assert (camera.nodes["NUCMode"].value, camera.nodes["NUCAction"].executed) == ("Manual", 1)
    held.close()


def test_a_camera_that_falls_silent_is_told_within_two_seconds(sdk):
    camera = pyspin.Camera()
    sdk(camera)
    held = driver()
    held.open()
    held.start(time.monotonic_ns())
    stream = held.frames()
    next(stream)
    camera.unplugged = True
    with prompt.within(2), pytest.raises(DeviceError, match="A65-S1"):
        list(stream)
    held.close()


def test_a_busy_an_unknown_and_a_double_camera_are_refused_and_the_sdk_is_let_go(sdk):
    busy = pyspin.Camera()
    busy.taken_elsewhere = True
    made = sdk(busy)
    with pytest.raises(BusyError, match="A65-S1"):
        driver().open()
    with pytest.raises(NotFoundError) as caught:
        driver(serial="A65-NONE").open()
    assert "A65-S1" in caught.value.problems[0]
    assert made.instances == []
    made = sdk(pyspin.Camera(), pyspin.Camera())
    with pytest.raises(DeviceError, match="2 cameras of the serial A65-S1"):
        driver(serial="A65-S1").open()
    assert made.instances == []


def test_only_thermal_cameras_are_listed(sdk):
    blackfly = pyspin.Camera("B1")
    blackfly.device["DeviceModelName"].value = "Blackfly S"
    sdk(pyspin.Camera(), blackfly, pyspin.Camera("X", vendor="Somebody"))
    assert [device.serial for device in A65SpinnakerDriver.discover()] == ["A65-S1"]


def test_pictures_rise_and_stay_as_they_were(sdk):
    sdk(pyspin.Camera())
    held = driver()
    held.open()
    held.start(0)
    first, *rest = islice(held.frames(), 5)
    assert first.pixels[0, 0] == 0
    assert [frame.pixels[0, 0] for frame in rest] == [1, 2, 3, 4]
    held.close()
