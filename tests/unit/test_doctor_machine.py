"""What the doctor says about the disk, the GPUs, the models and the libraries of a machine."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PathDistribution
from typing import TYPE_CHECKING

import pytest
from places import without_privileges

from taver.cli.diagnosis import disk, gpus, libraries, models
from taver.cli.diagnosis.finding import State
from taver.core import install
from taver.core.study import Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("free_bytes", "minutes", "state"),
    [
        (0, 0, State.WRONG),
        (5 * 618_000_000 - 1, 4, State.WRONG),
        (5 * 618_000_000, 5, State.NOTE),
        (60 * 618_000_000 - 1, 59, State.NOTE),
        (60 * 618_000_000, 60, State.OK),
    ],
)
def test_a_minute_of_recording_takes_618_mb(free_bytes: int, minutes: int, state: State) -> None:
    assert disk.minutes(free_bytes) == minutes
    assert disk.state(minutes) is state


def test_the_disk_is_that_of_the_study_one_is_in(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "one")
    (found,) = disk.findings(study.folder / "participants")
    assert found.name == "sessions"
    assert str(study.sessions_folder) in found.detail


def test_without_a_study_the_disk_is_that_of_the_folder_one_is_in(tmp_path: Path) -> None:
    (found,) = disk.findings(tmp_path)
    assert found.name == "here"
    free_bytes = int(found.more.removesuffix(" bytes"))
    said = int(found.detail.partition(" minutes")[0].split()[-1].replace(",", ""))
    assert "no study here" in found.detail
    assert said == free_bytes // 618_000_000


def test_a_study_that_cannot_be_read_is_wrong_and_the_disk_is_told_still(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("[study]\nnam = 'one'\n")
    study, here = disk.findings(tmp_path)
    assert study.state is State.WRONG
    assert "study.toml" in study.detail
    assert study.install
    assert here.name == "here"


def test_a_sessions_folder_that_cannot_be_written_is_wrong(open_folder: Path) -> None:
    study = Study.create(open_folder / "study", "one")
    (study.folder / "study.toml").chmod(0o644)
    study.sessions_folder.chmod(0o555)
    with without_privileges():
        (found,) = disk.findings(study.folder)
    assert found.state is State.WRONG


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Stand a program in for NVIDIA's."""
    if os.name == "nt":
        pytest.skip("a shell script stands in for nvidia-smi")

    def write(script: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return write


def test_each_gpu_is_told_with_its_memory_and_driver(nvidia_smi: Callable[[str], None]) -> None:
    nvidia_smi("echo 'NVIDIA H200, 143771 MiB, 570.86.15'; echo 'Quadro P400, 2048 MiB, 570.86.15'")
    cards = [f for f in gpus.findings() if f.name == "NVIDIA"]
    assert [(f.state, f.detail) for f in cards] == [
        (State.OK, "H200, 143771 MiB, driver 570.86.15"),
        (State.OK, "Quadro P400, 2048 MiB, driver 570.86.15"),
    ]


def test_a_failing_nvidia_smi_is_noted_in_its_own_words(nvidia_smi: Callable[[str], None]) -> None:
    nvidia_smi("echo 'Driver/library version mismatch'; exit 18")
    card = gpus.findings()[0]
    assert (card.state, "version mismatch" in card.detail) == (State.NOTE, True)


@pytest.mark.parametrize(
    ("version", "requires", "build"),
    [
        ("2.13.0+cpu", "", "CPU"),
        ("2.13.0+cu128", "", "CUDA"),
        ("2.13.0+rocm6.4", "", "ROCm"),
        ("2.13.0", "Requires-Dist: nvidia-nccl-cu13==2.29; sys_platform == 'linux'\n", "CUDA"),
        ("2.13.0", "Requires-Dist: sympy\n", "CPU"),
    ],
)
def test_what_torch_was_built_for_is_read_from_its_metadata(
    tmp_path: Path, version: str, requires: str, build: str
) -> None:
    info = tmp_path / "torch-2.13.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n{requires}"
    )
    assert gpus.build(PathDistribution(info)) == build


def test_the_face_model_is_found_in_its_package_or_in_debians_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian = tmp_path / "debian"
    debian.mkdir()
    (debian / models.FILE).write_bytes(bytes(2_000_000))
    package = tmp_path / "site" / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('was imported')\n")
    (package / "models" / models.FILE).write_bytes(bytes(1_000_000))
    monkeypatch.syspath_prepend(tmp_path / "site")
    (found,) = models.findings(debian)
    assert found.detail.startswith(f"{models.FILE}, 1 MB")
    assert found.more == f"in {package / 'models'}"
    assert "not for commercial" in found.detail
    (package / "models" / models.FILE).unlink()
    (found,) = models.findings(debian)
    assert found.detail.startswith(f"{models.FILE}, 2 MB")
    assert found.more == f"in {debian}"


def test_a_missing_face_model_tells_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "face_recognition_models", raising=False)
    (found,) = models.findings(tmp_path)
    assert found.state is State.MISSING
    assert "[faces]" in found.install


@pytest.mark.parametrize(
    ("platform", "told", "untold"),
    [
        (
            "linux",
            {"Aravis 0.8", "PySpin", "libfreenect2", "PortAudio", "Chromium"},
            {"Kinect20.dll"},
        ),
        ("win32", {"Kinect20.dll", "PySpin"}, {"Aravis 0.8", "libfreenect2", "PortAudio"}),
    ],
)
def test_only_libraries_of_this_platform_are_told(
    platform: str, told: set[str], untold: set[str]
) -> None:
    found = libraries.findings(platform)
    names = {finding.name for finding in found}
    assert told <= names
    assert not untold & names
    assert all(finding.install for finding in found if finding.state is State.MISSING)


@pytest.mark.skipif(sys.platform == "win32", reason="shells differ in how they quote")
def test_install_lines_are_for_the_python_that_runs_and_quoted_for_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install.pip("install", "PyGObject<3.51").endswith("-m pip install 'PyGObject<3.51'")
    assert install.pip("install", "x").startswith(sys.executable)
    assert "Debian's names" in install.apt("libportaudio2")
