"""A film stands in for the camera: OpenCV opens both in one way."""

import itertools
import time

import films
import numpy as np
import pytest
import studies

from capture.drivers.webcam import WebcamConfig, WebcamDriver
from taver.core.clock import HostClock, VirtualClock
from taver.core.errors import DeviceError, InputError


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films") / studies.STRANGE_NAME
    folder.mkdir()
    films.write(folder / "le film.avi", frames=12)
    return folder / "le film.avi"


@pytest.fixture
def opened(film):
    made = []

    def call(clock=None, **config):
        driver = WebcamDriver(WebcamConfig(serial=str(film), **config), clock or VirtualClock())
        made.append(driver)
        return driver, driver.open()

    yield call
    for driver in made:
        driver.close()


@pytest.fixture
def cameras(tmp_path, monkeypatch):
    """Cameras as Linux lists them: three, of which two have the same name."""
    listed, devices = tmp_path / "video4linux", tmp_path / "dev"
    devices.mkdir()
    for number, name, index in ((0, "Desk", 0), (1, "Desk", 1), (2, "Lamp", 0), (10, "Desk", 0)):
        entry = listed / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "name").write_text(f"{name}\n")
        (entry / "index").write_text(f"{index}\n")
    monkeypatch.setattr("capture.drivers.webcam._LISTED", listed)
    monkeypatch.setattr("capture.drivers.webcam._DEVICES", devices)
    return devices


def test_it_says_what_it_is_and_that_nobody_sat_before_it(opened):
    _, info = opened()
    (stream,) = info.streams
    assert (info.driver, info.model, info.serial) == ("webcam", "film", "le film.avi")
    assert (stream.width_px, stream.height_px, stream.rate_hz) == (*films.SIZE_PX, films.RATE_HZ)
    assert info.simulated
    assert info.settings["backend"]


def test_every_frame_comes_in_order_and_the_end_is_the_end(opened):
    driver, _ = opened()
    driver.start(0)
    frames = list(driver.frames())
    assert [frame.stamp.number for frame in frames] == list(range(12))
    assert [frame.stamp.host_ns for frame in frames] == [100_000_000 * k for k in range(12)]
    for number, frame in enumerate(frames):
        assert frame.stamp.device_ns is None
        right = frame.pixels[5:-5, 40:60].mean()
        assert right == pytest.approx(6 * number, abs=4)
    red, _, blue = frames[0].pixels[5:-5, 4:24].reshape(-1, 3).mean(axis=0)
    assert red > 240
    assert blue < 20


def test_a_film_is_played_at_its_own_rate(opened):
    driver, _ = opened(HostClock())
    began_ns = time.monotonic_ns()
    driver.start(began_ns)
    frames = list(itertools.islice(driver.frames(), 6))
    assert time.monotonic_ns() - began_ns > 490_000_000
    steps = np.diff([frame.stamp.host_ns for frame in frames])
    # A busy machine shows one late, and the next soon behind it.
    assert np.median(steps) == pytest.approx(100_000_000, abs=90_000_000)


def test_what_it_was_asked_and_does_not_do_is_a_warning(opened):
    _, info = opened(width_px=1280, height_px=720, rate_hz=60.0)
    assert any("1280x720, it gives 64x48" in warning for warning in info.warnings)
    assert any("60 Hz, it says 10 Hz" in warning for warning in info.warnings)


def test_cameras_are_found_by_what_linux_lists(cameras):
    found = WebcamDriver.discover()
    assert [(name(device.serial), device.model) for device in found] == [
        ("video0", "Desk"),
        ("video2", "Lamp"),
        ("video10", "Desk"),
    ]


def name(path):
    return path.rpartition("/")[2]


def test_a_name_that_two_cameras_have_is_not_enough(cameras):
    with pytest.raises(DeviceError, match="2 webcams are called 'Desk'") as raised:
        WebcamDriver(WebcamConfig(serial="Desk"), HostClock()).open()
    assert "video10" in raised.value.fix


@pytest.mark.parametrize("serial", ["7", "Camera of nobody", "/dev/video77"])
def test_a_camera_that_is_not_there_is_told_with_those_that_are(cameras, serial):
    with pytest.raises(DeviceError, match=r"no webcam .*video2 \(Lamp\)"):
        WebcamDriver(WebcamConfig(serial=serial), HostClock()).open()


def test_a_camera_that_cannot_be_opened_is_an_error(cameras):
    (cameras / "video2").touch()  # there, and no camera
    with pytest.raises(DeviceError, match="is there, but cannot be opened"):
        WebcamDriver(WebcamConfig(serial="Lamp"), HostClock()).open()


def test_a_file_that_is_no_film_is_an_error(tmp_path):
    path = tmp_path / "notes.avi"
    path.write_text("no film")
    with pytest.raises(DeviceError, match="is no film that OpenCV can read"):
        WebcamDriver(WebcamConfig(serial=str(path)), HostClock()).open()


@pytest.mark.parametrize("wrong", [{"serial": ""}, {"width_px": -1}, {"rate_hz": float("nan")}])
def test_what_no_webcam_can_do_is_refused(wrong):
    with pytest.raises(InputError, match="No webcam can be asked for"):
        WebcamConfig(**wrong)


@pytest.mark.hardware
def test_a_real_webcam_delivers():
    driver = WebcamDriver(WebcamConfig(), HostClock())
    info = driver.open()
    driver.start(0)
    frames = list(itertools.islice(driver.frames(), 20))
    driver.close()
    assert not info.simulated
    assert len({frame.stamp.host_ns for frame in frames}) == 20
