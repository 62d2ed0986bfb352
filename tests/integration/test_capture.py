"""`taver capture` in real time: never a simulation unasked, and any driver that is installed."""

import os
import sys

import pytest

from capture import registry
from capture.desk.health import face
from taver.core.errors import DeviceError, InputError
from taver.core.session.folder import find, folders

STRANGER = """
from capture.drivers.pattern import PatternConfig, PatternDriver
import msgspec
from taver.core.clock import VirtualClock

class Config(PatternConfig, frozen=True, kw_only=True):
    scale: float = 0.05
    rate_hz: float = 50.0

class Driver(PatternDriver):
    Config = Config

    @classmethod
    def discover(cls):
        return [cls(Config(serial="found-7"), VirtualClock()).open()]
"""


@pytest.fixture(autouse=True)
def nothing_attached(monkeypatch):
    """Leave the webcam of whoever runs the tests alone, and the cameras that other tests made."""
    kept = ("pattern", "sim", "stranger")
    installed = registry.entries
    monkeypatch.setattr(
        registry, "entries", lambda: {n: e for n, e in installed().items() if n in kept}
    )


@pytest.fixture
def strangers_camera(tmp_path, monkeypatch):
    """Another package's driver, found by its entry point, with one device attached."""
    site = tmp_path / "site"
    info = site / "strangers_camera-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "strangers_camera.py").write_text(STRANGER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers_camera\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\nstranger = strangers_camera:Driver\n"
    )
    monkeypatch.syspath_prepend(site)
    # The agent that records it is another process.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *sys.path]))
    yield
    sys.modules.pop("strangers_camera", None)


def test_without_cameras_it_says_so_names_sim_and_records_nothing(cli, study):
    done = cli(study, "capture", "--session", "s01")
    assert done.code == DeviceError.exit_code
    assert "finds a camera" in done.err
    assert "--sim" in done.err
    assert folders(study) == []


def test_the_simulated_rig_is_recorded_live_and_says_that_it_is_simulated(cli, study):
    for seconds in (2, 6, 20):
        name = f"s{seconds:02}"
        length = ("--seconds", str(seconds))
        done = cli(study, "capture", "--session", name, "--sim", "--participant", "P90", *length)
        assert done.code == 0, done.err
        assert "SIMULATED" in done.err
        manifest = find(study, name).manifest
        assert manifest.simulated
        assert 0 <= manifest.length_s < seconds
        # A busy machine skips pictures that would come too late, at worst all of a short recording.
        if all(stream.frames for stream in manifest.streams.values()):
            break
    assert study.participants.get("P90").simulated
    for stream in manifest.streams.values():
        assert 0 < stream.frames + sum(stream.dropped.values()) <= 10 * seconds


def test_a_check_finds_the_simulated_person_ready_and_puts_nobody_on_file(cli, study, needs):
    needs(face.detector() is not None, "dlib", install="pip install 'taver[faces]'")
    done = cli(study, "capture", "--check", "--sim", "--participant", "P91")
    told = done.out
    for words in ("a face is found in", "of the face, 1.0", "skin at about 3", "picture lives"):
        assert f"{words}" in told
        (line,) = [line for line in told.splitlines() if words in line]
        assert line.startswith("ok")
    assert folders(study) == []
    assert study.participants.names() == ["P01"]


def test_a_simulation_is_never_recorded_under_a_real_persons_name(cli, study):
    done = cli(study, "capture", "--session", "s01", "--sim", "--participant", "P01")
    assert done.code == InputError.exit_code
    assert "real person" in done.err
    assert folders(study) == []


def test_a_strangers_driver_is_found_and_recorded_like_ours(cli, study, strangers_camera):
    for session, more, frames in (("s01", ["--keep-all"], 10), ("s02", [], 2)):
        done = cli(study, "capture", "--session", session, "--seconds", "0.2", *more)
        assert done.code == 0, done.err
        manifest = find(study, session).manifest
        assert [device.serial for device in manifest.devices] == ["found-7"]
        assert [stream.frames for stream in manifest.streams.values()] == [frames] * 3
