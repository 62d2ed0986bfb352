"""What every driver promises; a new driver of ours joins with one entry in MAKERS.

A real camera joins with `pytest -m hardware`, an installed driver of somebody else's alone with
`TAVER_DRIVER=its_name pytest tests/conformance -n 0`.
"""

import contextlib
import os
import sys
import threading
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import films
import gige
import kinect
import kinect_sdk
import msgspec
import needing
import numpy as np
import pyspin
import pytest
import soundcard
import studies

from capture import registry
from capture.drivers.a65_aravis import A65AravisConfig, A65AravisDriver
from capture.drivers.a65_spinnaker import A65SpinnakerConfig, A65SpinnakerDriver
from capture.drivers.genicam import GenicamConfig, GenicamDriver
from capture.drivers.kinect2_linux import Kinect2LinuxConfig, Kinect2LinuxDriver
from capture.drivers.kinect2_windows import Kinect2WindowsConfig, Kinect2WindowsDriver
from capture.drivers.microphone import MicrophoneConfig, MicrophoneDriver
from capture.drivers.pattern import PatternConfig, PatternDriver
from capture.drivers.replay import ReplayConfig, ReplayDriver
from capture.drivers.sim import SimConfig, SimDriver
from capture.drivers.webcam import WebcamConfig, WebcamDriver
from taver.core.clock import HostClock, VirtualClock
from taver.core.errors import DeviceError
from taver.core.frames import DeviceInfo, DriverType, Frame, Modality


def pattern(clock):
    return PatternDriver(PatternConfig(scale=0.05), clock)


def sim(clock):
    if SimDriver.missing() is not None:
        pytest.skip(f"needs the simulated rig; to have it: {SimDriver.missing()}")
    return SimDriver(SimConfig(), clock)


def a65_aravis(clock):  # a device has its own time, so that a clock that stands still is no use
    return A65AravisDriver(A65AravisConfig(address=gige.ADDRESS), HostClock())


def a65_spinnaker(clock):
    return A65SpinnakerDriver(A65SpinnakerConfig(), HostClock())


def genicam(clock):
    config = GenicamConfig(cti=str(THERE["cti"]), serial="1", modality=Modality.COLOR)
    return GenicamDriver(config, HostClock())


def sim_sound(clock):
    if SimDriver.missing() is not None:
        pytest.skip(f"needs the simulated rig; to have it: {SimDriver.missing()}")
    return SimDriver(SimConfig(modalities=(Modality.SOUND,)), clock)


def replay(clock):
    return ReplayDriver(ReplayConfig(session=str(THERE["session"]), loop=True), clock)


def kinect2_linux(clock):
    every = (Modality.COLOR, Modality.DEPTH, Modality.IR)
    config = Kinect2LinuxConfig(shim=str(THERE["shim"]), modalities=every)
    return Kinect2LinuxDriver(config, HostClock())


def kinect2_windows(clock):
    every = (Modality.COLOR, Modality.DEPTH, Modality.IR)
    config = Kinect2WindowsConfig(modalities=every)
    return Kinect2WindowsDriver(config, HostClock(), sdk=kinect_sdk.StandIn())


def webcam(clock):
    return WebcamDriver(WebcamConfig(serial=str(THERE["film"])), clock)


def microphone(clock):
    return MicrophoneDriver(MicrophoneConfig(serial=soundcard.NAME), HostClock())


MAKERS = {"pattern": (PatternDriver, pattern), "sim": (SimDriver, sim)}
MAKERS["sim_sound"] = (SimDriver, sim_sound)
MAKERS["replay"] = (ReplayDriver, replay)
MAKERS["kinect2_linux"] = (Kinect2LinuxDriver, kinect2_linux)
MAKERS["kinect2_windows"] = (Kinect2WindowsDriver, kinect2_windows)
MAKERS["webcam"] = (WebcamDriver, webcam)
MAKERS["microphone"] = (MicrophoneDriver, microphone)
MAKERS["a65_aravis"] = (A65AravisDriver, a65_aravis)
MAKERS["a65_spinnaker"] = (A65SpinnakerDriver, a65_spinnaker)
MAKERS["genicam"] = (GenicamDriver, genicam)
if installed := os.environ.get("TAVER_DRIVER"):
    theirs = registry.load(installed)
    MAKERS = {installed: (theirs, lambda _: theirs(theirs.Config(), HostClock()))}
# What stands in for the hardware of a driver, as long as the tests of this file run.
PEERS = {"a65_spinnaker": "spinnaker", "genicam": "producer"}
PEERS |= {"replay": "session", "kinect2_linux": "freenect2"}
PEERS |= {"webcam": "film", "microphone": "sound_card"}
# There is one such camera on a machine: it stands in for its driver's tests alone.
ONE_AT_A_TIME = {"a65_aravis": gige.camera}
# Where the peers that are files are.
THERE = {}


@pytest.fixture(scope="module")
def spinnaker():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "PySpin", pyspin.module(pyspin.Camera()))
        yield


@pytest.fixture(scope="module")
def producer():
    lacks = GenicamDriver.missing()
    needing.needs(lacks is None, "harvesters and genicam", install=lacks or "")
    THERE["cti"] = Path(find_spec("genicam").origin).with_name("viky.cti")


@pytest.fixture(scope="module")
def session(recorded_once):
    THERE["session"] = recorded_once.sessions_folder / "s01"


@pytest.fixture(scope="module")
def freenect2(tmp_path_factory):
    folder = tmp_path_factory.mktemp("freenect2") / studies.STRANGE_NAME
    kinect.install(folder)
    THERE["shim"] = kinect.shim(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINECT2_STANDIN", "period_ms=12")
        yield


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    THERE["film"] = tmp_path_factory.mktemp("film") / "le film.avi"
    films.write(THERE["film"])


@pytest.fixture(scope="module")
def sound_card(tmp_path_factory):
    with soundcard.plugged_in(tmp_path_factory.mktemp("sound")):
        yield


@pytest.fixture(scope="module", params=list(MAKERS))
def maker(request):
    if request.param in PEERS:
        request.getfixturevalue(PEERS[request.param])
    with ONE_AT_A_TIME.get(request.param, contextlib.nullcontext)():
        yield MAKERS[request.param]


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
    for stream in info.streams:
        assert stream.rate_hz > 0
        if stream.modality is Modality.SOUND:
            assert min(stream.samples_hz, stream.channels) > 0
        else:
            assert min(stream.width_px, stream.height_px) > 0
    assert msgspec.convert(msgspec.to_builtins(info), DeviceInfo) == info


def size_of(stream):
    if stream.modality is Modality.SOUND:  # a block: samples, channels
        return (round(stream.samples_hz / stream.rate_hz), stream.channels)
    return (stream.height_px, stream.width_px)


def test_frames_are_as_open_said(driver):
    info = driver.open()
    driver.start(0)
    size = {s.modality: size_of(s) for s in info.streams}
    frames = []
    # One stream may be ahead of another where the machine is busy.
    for frame in islice(driver.frames(), 50 * len(size)):
        frames.append(frame)
        if len(frames) >= 3 * len(size) and {frame.modality for frame in frames} == set(size):
            break
    assert {frame.modality for frame in frames} == set(size)
    for frame in frames:
        assert isinstance(frame, Frame)
        assert frame.pixels.shape[:2] == size[frame.modality]
        if frame.modality is Modality.COLOR:
            assert (frame.pixels.dtype, frame.pixels.shape[2:]) == (np.uint8, (3,))
        elif frame.modality is Modality.SOUND:
            assert (frame.pixels.dtype, frame.pixels.ndim) == (np.int16, 2)
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
    thread.join(timeout=30)
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
