"""A camera behind a GenTL producer: the simulated one that the genicam wheel carries."""

import time
from importlib.util import find_spec
from pathlib import Path

import needing
import pytest
from devicing import run_of

from capture.drivers.genicam import GenicamConfig, GenicamDriver
from taver.core.clock import NS_PER_S, HostClock
from taver.core.errors import DeviceError, InputError, NotFoundError
from taver.core.frames import Modality


@pytest.fixture(scope="module")
def cti():
    lacks = GenicamDriver.missing()
    needing.needs(lacks is None, "harvesters and genicam", install=lacks or "")
    return str(Path(find_spec("genicam").origin).with_name("viky.cti"))


def driver(**config):
    return GenicamDriver(GenicamConfig(**config), HostClock())


def test_it_delivers_pictures_at_the_pace_it_says(cti):
    held = driver(cti=cti, serial="1", modality=Modality.COLOR)
    info = held.open()
    held.start(time.monotonic_ns())

    def are_at_its_pace(run):
        span_s = (run[-1].stamp.host_ns - run[0].stamp.host_ns) / NS_PER_S
        numbers = [frame.stamp.number - run[0].stamp.number for frame in run]
        told = span_s * info.streams[0].rate_hz
        return told == pytest.approx(19, abs=3) and numbers == list(range(20))

    frames = run_of(held.frames(), 20, are_at_its_pace)
    held.close()
    assert (info.serial, info.simulated) == ("1", True)
    assert info.settings["producer"] == "viky.cti"
    assert frames[0].pixels.shape == (400, 400, 3)
    assert (frames[0].pixels != frames[-1].pixels).any()


def test_an_unknown_serial_and_one_of_several_are_told_with_those_that_are_there(cti):
    with pytest.raises(NotFoundError, match="no camera 9") as unknown:
        driver(cti=cti, serial="9").open()
    with pytest.raises(DeviceError, match="3 cameras") as several:
        driver(cti=cti).open()
    assert len(unknown.value.problems) == len(several.value.problems) == 3


def test_a_camera_without_temperatures_is_no_thermal_one(cti):
    with pytest.raises(DeviceError, match="Mono14"):
        driver(cti=cti, serial="0").open()


def test_a_producer_has_to_be_named_be_there_and_be_one(cti, tmp_path, monkeypatch):
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(Path(cti).parent))
    with pytest.raises(InputError, match="No GenTL producer"):
        driver().open()  # the environment counts only if that is told
    with pytest.raises(NotFoundError, match="gone"):
        driver(cti=str(tmp_path / "gone.cti")).open()
    broken = tmp_path / "brok en ö.cti"
    broken.write_bytes(b"not a library")
    with pytest.raises(DeviceError, match="brok en ö"):
        driver(cti=str(broken)).open()
    found = driver(environment=True, serial="2", modality=Modality.COLOR)
    assert found.open().serial == "2"
    found.close()


def test_a_modality_that_no_camera_shows_is_refused():
    with pytest.raises(InputError, match="sound"):
        GenicamConfig(modality=Modality.SOUND)
