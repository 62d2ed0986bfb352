"""A stranger's `capture` beside ours, in front of ours or written over ours is named."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from taver.core import home

if TYPE_CHECKING:
    from pathlib import Path

LOOK = """
import sys, msgspec
from taver.cli.diagnosis import packages
from taver.core import home
sys.stdout.buffer.write(msgspec.json.encode(packages.findings(home.installed())))
"""


def install(
    folder: Path,
    name: str,
    files: dict[str, bytes | None],
    *,
    version: str = "1.0",
    metadata: str = "",
) -> None:
    """Put a distribution into `folder` as pip would; `files` are there already or are bytes."""
    record = []
    for path, content in files.items():
        if content is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        digest = hashlib.sha256((folder / path).read_bytes()).digest()
        record.append(f"{path},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},9")
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    header = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (info / "METADATA").write_text(header + metadata)
    (info / "RECORD").write_text("\n".join(record) + "\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that taver is installed in, with its record."""
    folder = tmp_path.resolve() / "site"
    for package in home.IMPORTED_AS:
        shutil.copytree(
            home.folder() / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    files = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    install(folder, "taver", dict.fromkeys(files), version="0.1.0")
    return folder


def look(tmp_path: Path, *path: Path) -> dict[str, dict[str, str]]:
    """Look at our packages from another process with this import path; findings by name."""
    told = subprocess.run(
        [sys.executable, "-B", "-c", LOOK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        check=True,
    )
    return {finding["name"]: finding for finding in json.loads(told.stdout)}


def states(found: dict[str, dict[str, str]]) -> list[str]:
    return [finding["state"] for finding in found.values()]


def test_an_installed_taver_is_ours(site: Path, tmp_path: Path) -> None:
    found = look(tmp_path, site)
    assert list(found) == list(home.IMPORTED_AS)
    assert states(found) == ["ok"] * 4
    assert str(site) in found["taver"]["detail"]


def test_a_checkout_on_the_path_is_ours_even_with_another_taver_installed(
    site: Path, tmp_path: Path
) -> None:
    checkout = tmp_path.resolve() / "checkout"
    for package in home.IMPORTED_AS:
        shutil.move(site / package, checkout / package)
    (checkout / "capture" / "__init__.py").write_text('"""Being worked on."""\n')
    assert states(look(tmp_path, checkout)) == ["ok"] * 4
    assert states(look(tmp_path, checkout, site)) == ["ok"] * 4


def test_one_changed_byte_is_found(site: Path, tmp_path: Path) -> None:
    file = site / "capture" / "registry.py"
    data = bytearray(file.read_bytes())
    data[4] ^= 1
    file.write_bytes(data)
    found = look(tmp_path, site)
    assert states(found) == ["ok", "wrong", "ok", "ok"]
    assert "1 file changed (capture/registry.py)" in found["capture"]["detail"]
    assert "--force-reinstall" in found["capture"]["install"]


def test_a_lost_file_is_found(site: Path, tmp_path: Path) -> None:
    (site / "calibration" / "py.typed").unlink()
    found = look(tmp_path, site)
    assert "1 file gone (calibration/py.typed)" in found["calibration"]["detail"]


def test_a_stranger_that_overwrote_ours_is_named_with_the_line_that_removes_it(
    site: Path, tmp_path: Path
) -> None:
    install(site, "screen-capture", {"capture/__init__.py": b"grab = print\n"}, version="0.3")
    found = look(tmp_path, site)
    assert states(found) == ["ok", "wrong", "ok", "ok"]
    told = found["capture"]
    assert "screen-capture 0.3" in told["detail"]
    assert "overwritten 1 file" in told["detail"]
    assert "fresh environment" in told["detail"]
    removed, again = told["install"].split(" && ")
    assert removed.endswith("pip uninstall screen-capture")
    assert "--force-reinstall --no-deps" in again


def test_a_stranger_that_we_overwrote_is_named_too(site: Path, tmp_path: Path) -> None:
    install(site, "camcal", {"calibration/extra.py": b"", "calibration/__init__.py": None})
    told = look(tmp_path, site)["calibration"]
    assert (told["state"], "camcal 1.0" in told["detail"]) == ("wrong", True)


def test_a_stranger_in_front_of_ours_is_named(site: Path, tmp_path: Path) -> None:
    other = tmp_path.resolve() / "other"
    install(other, "screen-capture", {"capture/__init__.py": b""})
    told = look(tmp_path, other, site)["capture"]
    assert told["state"] == "wrong"
    assert "screen-capture 1.0" in told["detail"]
    assert str(other / "capture") in told["detail"]
    assert "pip uninstall screen-capture" in told["install"]


def test_a_stranger_behind_ours_is_only_noted(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    install(other, "screen-capture", {"capture.py": b""})
    told = look(tmp_path, site, other)["capture"]
    assert told["state"] == "note"
    assert "screen-capture 1.0" in told["detail"]


def test_a_stranger_of_one_file_beside_ours_is_only_noted(site: Path, tmp_path: Path) -> None:
    install(site, "screen-capture", {"capture.py": b""})
    assert look(tmp_path, site)["capture"]["state"] == "note"


def test_a_file_called_capture_in_front_of_ours_is_named(site: Path, tmp_path: Path) -> None:
    examples = tmp_path.resolve() / "examples"
    examples.mkdir()
    (examples / "capture.py").write_text("import cv2\n")
    told = look(tmp_path, examples, site)["capture"]
    assert told["state"] == "wrong"
    assert f"rename or move {examples / 'capture.py'}" in told["install"]


def test_what_an_uninstall_of_the_stranger_leaves_is_wrong(site: Path, tmp_path: Path) -> None:
    (site / "capture" / "__init__.py").unlink()
    told = look(tmp_path, site)["capture"]
    assert told["state"] == "wrong"
    assert "ours is gone" in told["detail"]


def test_the_whole_command_survives_a_stranger_and_leaves_with_1(
    site: Path, tmp_path: Path
) -> None:
    install(site, "screen-capture", {"capture/registry.py": b"raise SystemExit('gone')\n"})
    told = subprocess.run(
        [sys.executable, "-c", "import sys; from taver.cli.main import main; main()", "doctor"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (1, "")
    assert "screen-capture" in told.stdout
    assert "2 wrong: capture, (all)" in told.stdout
