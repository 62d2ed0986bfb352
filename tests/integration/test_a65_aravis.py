"""The thermal camera by GigE Vision, against Aravis' simulated camera with an A65's nodes."""

import itertools
import threading
import time

import gige
import gvcp
import numpy as np
import pytest
from devicing import run_of

from capture.drivers.a65_aravis import A65AravisConfig, A65AravisDriver
from taver.core.clock import NS_PER_S, HostClock
from taver.core.errors import BusyError, DeviceError, InputError, NotFoundError
from taver.core.frames import FrameStatus, Measured, Modality, Shuttered


def driver(**config):
    return A65AravisDriver(A65AravisConfig(address=gige.ADDRESS, **config), HostClock())


@pytest.fixture(scope="module")
def camera():
    with gige.camera() as running:
        yield running


@pytest.fixture
def opened(camera):
    made = driver()
    yield made, made.open()
    made.close()


def test_it_sets_the_nodes_of_an_a65_and_tells_how_they_stand(opened):
    _, info = opened
    assert info.settings == info.settings | {
        "SensorGainMode": "HighGainMode",
        "TemperatureLinearMode": "On",
        "TemperatureLinearResolution": "High",
        "PixelFormat": "Mono14",
        "CMOSBitDepth": "bit14bit",
        "NUCMode": "Automatic",
        "SyncMode": "SelfSync",
    }
    assert info.warnings == ()
    assert (info.serial, info.address, info.simulated) == (gige.SERIAL, gige.ADDRESS, True)
    assert info.firmware
    (stream,) = info.streams
    assert (stream.modality, stream.unit) == (Modality.THERMAL, "0.04 K")
    assert (stream.width_px, stream.height_px) == (640, 512)
    assert stream.rate_hz == pytest.approx(30, abs=0.01)
    assert gvcp.register(gige.ADDRESS, gige.FRAME_PERIOD_US) == pytest.approx(33_333, abs=1)


def test_frames_carry_the_camera_s_time_and_pixels_at_its_pace(opened):
    held, _ = opened
    held.start(time.monotonic_ns())

    def are_at_its_pace(run):
        told = [(frame.stamp.device_ns, frame.stamp.host_ns) for frame in run]
        apart_ns = np.median(np.diff(told, axis=0), axis=0)
        return apart_ns == pytest.approx(NS_PER_S / 30, rel=0.1)

    frames = run_of(held.frames(), 15, are_at_its_pace)
    assert {frame.stamp.status for frame in frames} == {FrameStatus.OK}
    # The simulated camera draws a ramp that moves on by a step with every frame.
    assert all((a.pixels != b.pixels).any() for a, b in itertools.pairwise(frames))


def test_it_waits_for_a_common_start(opened):
    held, _ = opened
    at_ns = time.monotonic_ns() + NS_PER_S // 2
    held.start(at_ns)
    first = next(held.frames()).stamp
    assert first.host_ns >= at_ns


def test_the_shutter_is_closed_when_told_while_frames_are_taken(opened):
    held, _ = opened
    assert isinstance(held, Shuttered)
    held.set_shutter(automatic=False)
    assert gvcp.register(gige.ADDRESS, gige.NUC_MODE) == 0
    assert gvcp.register(gige.ADDRESS, gige.NUC_ACTION) == 0
    held.start(time.monotonic_ns())
    stream = held.frames()
    next(stream)
    thread = threading.Thread(target=held.close_shutter)
    thread.start()
    assert len(list(itertools.islice(stream, 5))) == 5
    thread.join()
    assert gvcp.register(gige.ADDRESS, gige.NUC_ACTION) == 1
    held.set_shutter(automatic=True)
    assert gvcp.register(gige.ADDRESS, gige.NUC_MODE) == 1


def test_it_measures_its_housing_and_its_account(opened):
    held, _ = opened
    held.start(time.monotonic_ns())
    for frame in held.frames():
        if frame.stamp.number % 5 == 0:
            held.stop()
    assert isinstance(held, Measured)
    told = held.readings()
    assert told["housing_celsius"] == 36.5
    assert told["frames_delivered"] >= 1
    assert told["frames_lost"] == 0


def test_another_program_s_camera_is_busy(opened, camera):
    second = driver()
    with pytest.raises(BusyError, match="another program") as caught:
        second.open()
    assert gige.ADDRESS in caught.value.what
    assert "heartbeat" in caught.value.fix
    held, _ = opened
    held.start(time.monotonic_ns())
    assert next(held.frames()).pixels.any()  # and its holder has not noticed


def test_an_unknown_serial_is_told_with_those_that_are_there(camera):
    unknown = A65AravisDriver(A65AravisConfig(serial="A65-NONE"), HostClock())
    with pytest.raises(NotFoundError, match="A65-NONE") as caught:
        unknown.open()
    assert any(gige.SERIAL in problem for problem in caught.value.problems)
    assert "taver devices" in caught.value.fix


def test_another_camera_at_the_address_is_refused(camera):
    with pytest.raises(DeviceError, match=f"{gige.SERIAL}, not A65-T2"):
        driver(serial="A65-T2").open()


def test_an_address_where_nothing_is_has_an_error_of_its_own():
    nowhere = A65AravisDriver(A65AravisConfig(address="127.0.0.77"), HostClock())
    with pytest.raises(DeviceError, match=r"127\.0\.0\.77"):
        nowhere.open()


def test_two_cameras_of_one_serial_are_listed_and_refused(camera):
    with gvcp.second_camera(gige.SERIAL, "127.0.0.9"):
        listed = A65AravisDriver.discover()
        both = A65AravisDriver(A65AravisConfig(serial=gige.SERIAL), HostClock())
        with pytest.raises(DeviceError, match="2 GigE Vision cameras have the serial") as caught:
            both.open()
    assert sorted(device.address for device in listed) == [gige.ADDRESS, "127.0.0.9"]
    assert {device.serial for device in listed} == {gige.SERIAL}
    assert len(caught.value.problems) == 2
    assert "address" in caught.value.fix


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "camera.local"},
        {"rate_hz": 0},
        {"buffers": 1},
        {"packet_size_bytes": 99_999},
        {"silence_s": 0.0},
    ],
)
def test_a_config_that_cannot_work_is_refused_by_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        A65AravisConfig(**wrong)


def test_it_can_be_closed_by_another_thread_while_frames_are_taken(camera):
    closed = 0
    for _ in range(6):  # on a busy machine the simulated camera now and then begins to send nothing
        said = len(camera.sent())
        held = driver(silence_s=60)
        held.open()
        held.start(time.monotonic_ns())
        got = []
        thread = threading.Thread(target=lambda into=got, one=held: into.extend(one.frames()))
        thread.start()
        patience_s = time.monotonic() + 15
        while not got and time.monotonic() < patience_s:
            time.sleep(0.01)
        held.close()
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert got or len(camera.sent()) == said
        with pytest.raises(DeviceError, match="not opened"):
            held.readings()
        closed += bool(got)
        if closed == 3:
            return
    pytest.fail(f"frames came in {closed} of 6 rounds")
