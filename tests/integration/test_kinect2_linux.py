"""The driver, its shim and ctypes against a stand-in for libfreenect2; see tests/support/kinect."""

import itertools
import os
import shutil
import time

import kinect
import msgspec
import numpy as np
import prompt
import pytest
import studies
from devicing import each_of, of, opening, taken

from capture.drivers.kinect2_linux import Kinect2LinuxConfig, Kinect2LinuxDriver
from capture.kinect2 import build
from capture.kinect2.library import Library
from capture.recorder import Source
from taver.core.camera import Camera
from taver.core.clock import HostClock
from taver.core.errors import DeviceError, MissingExtraError
from taver.core.frames import FACTORY, FrameStatus, Modality
from taver.core.session.footage import Footage

EVERY = (Modality.COLOR, Modality.DEPTH, Modality.IR)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("freenect2") / studies.STRANGE_NAME
    kinect.install(folder)
    return folder


@pytest.fixture(scope="module")
def shim(installed):
    return kinect.shim(installed)


@pytest.fixture
def opened(shim, monkeypatch):
    def make(behaviour="", **config):
        monkeypatch.setenv("KINECT2_STANDIN", f"period_ms=10 {behaviour}")
        return Kinect2LinuxDriver(Kinect2LinuxConfig(shim=str(shim), **config), HostClock())

    yield from opening(make)


def test_it_says_which_device_it_is(opened):
    _, info = opened()
    assert (info.driver, info.model, info.serial) == ("kinect2_linux", "Kinect v2", kinect.SERIAL)
    assert info.firmware == "4.0.3916.0"
    assert not info.simulated
    assert [str(s.modality) for s in info.streams] == ["color", "depth"]


def test_pictures_are_put_right(opened):
    driver, _ = opened(modalities=EVERY)
    color, depth, ir = (frame.pixels for frame in each_of(driver, EVERY))
    across = np.arange(1920) * 255 // 1919
    assert np.array_equal(color[5, :, 0], across)  # red rises to the right
    assert np.array_equal(color[:, 3, 1], np.arange(1080) * 255 // 1079)  # green downwards
    assert (color[..., 2] == 7).all()
    assert not depth[:5].any()  # NaN, 0, infinite, negative, too far: not measured
    assert np.array_equal(depth[5:], np.tile(500 + np.arange(512), (419, 1)))
    assert (ir[0] == 65535).all()
    assert np.array_equal(ir[1:], np.tile(100 * np.arange(512), (423, 1)))


def test_colour_with_red_first_is_the_same_picture(opened):
    driver, _ = opened("rgbx=1", modalities=(Modality.COLOR,))
    pixels = taken(driver, 1)[0].pixels
    assert np.array_equal(pixels[5, :, 0], np.arange(1920) * 255 // 1919)
    assert (pixels[..., 2] == 7).all()


def test_each_stream_has_its_own_numbers_and_the_devices_time(opened):
    driver, _ = opened(modalities=EVERY)
    before_ns = time.monotonic_ns()
    frames = taken(driver, 15)
    for modality, first, ticks in (
        (Modality.COLOR, 11, 80_000),
        (Modality.DEPTH, 500, 80_048),
        (Modality.IR, 500, 80_048),
    ):
        stamps = [frame.stamp for frame in of(frames, modality)]
        since = [s.number - first for s in stamps]
        assert since == list(range(since[0], since[0] + len(stamps)))
        assert [s.device_ns for s in stamps] == [(ticks + 266 * k) * 125_000 for k in since]
        assert all(before_ns < s.host_ns < time.monotonic_ns() for s in stamps)


def test_its_clock_goes_on_where_32_bits_end(opened):
    driver, _ = opened(f"first_ticks={2**32 - 20 * 266}", modalities=(Modality.DEPTH,))
    stamps = [frame.stamp.device_ns for frame in taken(driver, 25)]
    assert stamps[-1] > 2**32 * 125_000
    assert {b - a for a, b in itertools.pairwise(stamps)} == {266 * 125_000}


def test_lost_frames_are_gaps_and_bad_ones_are_marked(opened):
    driver, _ = opened("lose=4 bad=5", modalities=(Modality.DEPTH,))
    stamps = [frame.stamp for frame in taken(driver, 20)]
    since = [s.number - 500 for s in stamps]
    assert since == [k for k in range(since[0], since[-1] + 1) if k % 4 != 3]
    for stamp in stamps:
        bad = (stamp.number - 500) % 5 == 4
        assert stamp.status is (FrameStatus.INCOMPLETE if bad else FrameStatus.OK)


def test_in_dim_light_it_tells_how_slowly_colour_comes(opened):
    driver, _ = opened("dim=1")
    taken(driver, 12)
    assert driver.readings()["color_hz"] == pytest.approx(15.04, abs=0.01)
    assert driver.readings()["color_exposure"] == 12.5


def test_only_what_is_wanted_comes(opened):
    driver, info = opened(modalities=(Modality.IR,))
    assert {frame.modality for frame in taken(driver, 6)} == {Modality.IR}
    assert [str(s.unit) for s in info.streams] == ["ir"]


def test_a_session_holds_what_came_and_counts_what_did_not(study, shim, monkeypatch):
    monkeypatch.setenv("KINECT2_STANDIN", "period_ms=33 lose=5")
    clock = HostClock()
    config = Kinect2LinuxConfig(shim=str(shim), modalities=EVERY)
    source = Source(Kinect2LinuxDriver(config, clock), clock)
    session = studies.record_pattern(study, "s01", source, seconds=1.5)
    (device,) = session.manifest.devices
    assert (device.serial, device.firmware) == (kinect.SERIAL, "4.0.3916.0")
    for modality in EVERY:
        stream = session.manifest.streams[modality]
        with Footage(session, modality) as footage:
            numbers = [stored.stamp.number for stored in footage]
        assert len(numbers) == stream.frames > 5
        gone = numbers[-1] - numbers[0] + 1 - len(numbers)
        assert gone > 0
        assert stream.dropped["lost by the device"] >= gone


def test_a_reader_that_stalls_loses_frames_and_knows_how_many(opened):
    driver, _ = opened(modalities=(Modality.DEPTH,))
    driver.start(0)
    stream = driver.frames()
    numbers = [next(stream).stamp.number]
    for _ in range(10):  # on a busy machine the device, too, is slower than it says
        time.sleep(1.6)  # longer than the queue, and longer than a device may be silent
        numbers += [frame.stamp.number for frame in itertools.islice(stream, 100)]
        if numbers[-1] - numbers[0] > len(numbers):
            break
    assert numbers[-1] - numbers[0] > len(numbers)
    assert numbers == sorted(set(numbers))


def test_an_unplugged_device_is_an_error_that_says_so(opened):
    driver, _ = opened("unplug_after=25")
    driver.start(0)
    told = r"no (color|depth).*LIBUSB_ERROR_NO_DEVICE"
    with prompt.within(3), pytest.raises(DeviceError, match=told):
        list(driver.frames())
    driver.close()
    assert driver.open().serial == kinect.SERIAL  # plugged in again


def test_a_device_in_use_cannot_be_opened_twice(opened):
    opened()
    with pytest.raises(DeviceError, match=r"cannot be opened: .*LIBUSB_ERROR_BUSY"):
        opened()


def test_without_a_device_it_says_what_to_look_at(opened):
    with pytest.raises(DeviceError, match="No Kinect v2 is found") as raised:
        opened("devices=0")
    assert "USB 3" in raised.value.fix


def test_a_serial_number_that_is_not_there_is_told_with_those_that_are(opened):
    with pytest.raises(DeviceError, match=f"Kinect 999 is not there .*{kinect.SERIAL}"):
        opened(serial="999")


def test_a_pipeline_that_was_not_built_is_refused(opened):
    with pytest.raises(DeviceError, match="without the pipeline warp"):
        opened(pipeline="warp")
    assert opened(pipeline="cpu")[1].settings["pipeline"] == "cpu"


def test_a_device_that_does_not_start_says_why(opened):
    with pytest.raises(DeviceError, match=r"does not start: .*failed to submit"):
        opened("refuse=1")
    opened()  # and it was let go


def test_the_devices_own_calibration_comes_with_it(opened):
    driver, info = opened()
    cameras = driver.factory_cameras()
    for modality in (Modality.COLOR, Modality.IR):
        told = info.settings[f"{FACTORY}{modality}"]
        assert msgspec.json.decode(told, type=Camera) == cameras[modality]
    assert cameras[Modality.COLOR].fx_px == pytest.approx(1081.4, abs=1e-3)
    assert cameras[Modality.DEPTH].cx_px == pytest.approx(511 - 254.9, abs=1e-3)
    driver.close()
    with pytest.raises(DeviceError, match="not opened"):
        driver.factory_cameras()


def test_the_shim_is_built_once_and_again_for_another_library(installed, tmp_path, monkeypatch):
    folder = tmp_path / studies.STRANGE_NAME
    shutil.copytree(installed / "lib", folder / "lib")
    kinect.install(folder)
    cache = tmp_path / "cache"
    with kinect.known(folder):
        first = build.shim(cache)
        written_ns = first.stat().st_mtime_ns
        assert build.shim(cache) == first
        assert first.stat().st_mtime_ns == written_ns
        kinect.install(folder, version="0.2.1")
        newer = build.shim(cache)
        os.utime(folder / "lib" / "libfreenect2.so", ns=(5, 5))  # built again, of that version
        rebuilt = build.shim(cache)
    assert len({first, newer, rebuilt}) == 3
    assert "0.2.1" in newer.name
    assert sorted(cache.iterdir()) == sorted([first, newer, rebuilt])  # and nothing half-made
    monkeypatch.setenv("KINECT2_STANDIN", "devices=2")
    assert Library(newer).serials() == [kinect.SERIAL, "012345678913"]


def test_devices_are_found_through_a_shim_of_its_own(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("KINECT2_STANDIN", "devices=2")
    with kinect.known(installed):
        assert Kinect2LinuxDriver.missing() is None
        found = Kinect2LinuxDriver.discover()
    assert [device.serial for device in found] == [kinect.SERIAL, "012345678913"]
    assert list((tmp_path / "taver").glob("kinect2-0.2.0-*.so"))


def test_without_the_library_its_install_lines_are_told(tmp_path):
    with kinect.known(tmp_path):
        assert "github.com/OpenKinect/libfreenect2" in Kinect2LinuxDriver.missing()
        assert Kinect2LinuxDriver.discover() == []
        with pytest.raises(MissingExtraError, match="needs libfreenect2") as raised:
            Kinect2LinuxDriver(Kinect2LinuxConfig(), HostClock()).open()
    assert "cmake --install" in raised.value.fix


def test_without_a_compiler_its_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "g++ pkg-config" in Kinect2LinuxDriver.missing()


def test_a_library_that_is_not_whole_is_told_with_the_compilers_word(installed, tmp_path):
    folder = tmp_path / "half"
    shutil.copytree(installed / "lib", folder / "lib")
    kinect.install(folder)
    told = folder / "freenect2.pc"
    text = told.read_text(encoding="utf-8").splitlines()
    told.write_text("\n".join(line for line in text if "Cflags" not in line) + "\n")
    with (
        kinect.known(folder),
        pytest.raises(MissingExtraError, match=r"cannot be built: .*libfreenect2/config\.h"),
    ):
        build.shim(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("content", [None, b"no library"])
def test_a_shim_that_is_none_is_an_error(tmp_path, content):
    path = tmp_path / "shim.so"
    if content is not None:
        path.write_bytes(content)
    driver = Kinect2LinuxDriver(Kinect2LinuxConfig(shim=str(path)), HostClock())
    with pytest.raises((DeviceError, MissingExtraError), match=r"shim\.so|no shim"):
        driver.open()


@pytest.mark.hardware
def test_a_real_kinect_delivers_for_two_seconds():
    driver = Kinect2LinuxDriver(Kinect2LinuxConfig(modalities=EVERY), HostClock())
    info = driver.open()
    try:
        driver.start(0)
        until_s = time.monotonic() + 2
        frames = list(itertools.takewhile(lambda _: time.monotonic() < until_s, driver.frames()))
    finally:
        driver.close()
    assert info.serial
    for modality in EVERY:
        assert len(of(frames, modality)) > 20
    assert np.median(of(frames, Modality.DEPTH)[-1].pixels) > 0
