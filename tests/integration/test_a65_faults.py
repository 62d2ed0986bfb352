"""A thermal camera that is unplugged, lacks nodes, or loses packets: each a camera of its own."""

import time

import gige
import numpy as np
import prompt
import pytest

from capture.drivers.a65_aravis import A65AravisConfig, A65AravisDriver
from taver.core.clock import HostClock
from taver.core.errors import DeviceError
from taver.core.frames import FrameStatus


def driver(**config):
    return A65AravisDriver(A65AravisConfig(address=gige.ADDRESS, **config), HostClock())


def test_a_camera_that_is_unplugged_is_told_within_two_seconds_and_comes_back():
    held = driver()
    with gige.camera() as camera:
        held.open()
        held.start(time.monotonic_ns())
        stream = held.frames()
        next(stream)
        camera.unplug()
        with prompt.within(2):
            with pytest.raises(DeviceError, match=gige.SERIAL) as caught:
                list(stream)
            held.close()
        assert "cable" in caught.value.fix
    with gige.camera():
        held.open()
        held.start(time.monotonic_ns())
        assert next(held.frames()).pixels.any()
        held.close()


def test_nodes_that_are_missing_are_told_and_the_unit_says_counts(tmp_path):
    described = gige.described(
        tmp_path,
        ("TemperatureLinearMode", "SomethingElse"),
        ("<Min>1.0</Min>", "<ImposedAccessMode>RO</ImposedAccessMode>\n    <Min>1.0</Min>"),
    )
    with gige.camera(description=described):
        held = driver()
        info = held.open()
        held.close()
    assert info.streams[0].unit == "raw"
    told = "\n".join(info.warnings)
    assert "TemperatureLinearMode: the camera has no such node" in told
    assert "no temperature can be read" in told
    assert "AcquisitionFrameRate stays 25 Hz, it cannot be 30 Hz" in told
    assert info.streams[0].rate_hz == pytest.approx(25)


def test_coarse_steps_are_told_by_the_unit(tmp_path):
    described = gige.described(tmp_path, ('Name="High"', 'Name="Finest"'))
    with gige.camera(description=described):
        held = driver()
        info = held.open()
        held.close()
    assert info.streams[0].unit == "0.4 K"
    assert any("0.4 K" in warning for warning in info.warnings)


def test_a_camera_without_16_bit_pixels_is_refused(tmp_path):
    described = gige.described(tmp_path, ('Name="Mono14"', 'Name="Mono9"'))
    with gige.camera(description=described), pytest.raises(DeviceError, match="Mono8"):
        driver().open()


def test_a_description_that_makes_no_sense_is_an_error_and_not_a_crash(tmp_path):
    broken = tmp_path / "broken.xml"
    broken.write_text("<RegisterDescription><Integer Name=", encoding="utf-8")
    empty = tmp_path / "empty.xml"
    empty.write_text("<RegisterDescription ModelName='x'></RegisterDescription>", encoding="utf-8")
    for described in (broken, empty):
        with gige.camera(description=described), pytest.raises(DeviceError):
            driver().open()


def test_every_frame_that_was_sent_is_delivered_or_counted():
    """The camera's own log is the judge: what it sent, and in which frames it left packets out."""
    with gige.camera(lost_per_1000=1) as camera:
        held = driver(rate_hz=60)
        held.open()
        held.start(time.monotonic_ns())
        stamps = []
        for frame in held.frames():
            stamps.append(frame.stamp)
            if len(stamps) == 200:  # its 16-bit block ids begin anew on the way
                held.stop()
        told = held.readings()
        held.close()
        sent, dropped = camera.sent(), camera.dropped()
    assert sent[0] == stamps[0].number
    assert len(sent) == 200 + told["frames_lost"] + told["frames_after_stop"]
    numbers = np.array([stamp.number for stamp in stamps])
    assert np.diff(numbers).sum() == len(numbers) - 1 + told["frames_lost"]
    places = {block: sent[0] + place for place, block in enumerate(sent)}
    incomplete = {stamp.number for stamp in stamps if stamp.status & FrameStatus.INCOMPLETE}
    damaged = {places[block] for _, block in dropped}
    assert incomplete == damaged & set(numbers.tolist())
    assert incomplete  # the test would show nothing if nothing had been lost
