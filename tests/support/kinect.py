"""A stand-in for libfreenect2, built and installed as the real one is, under the real shim."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from needing import needs

from capture.kinect2 import build

SOURCE = Path(__file__).parent / "freenect2"
SERIAL = "012345678912"


def install(folder: Path, version: str = "0.2.0") -> None:
    """Compile the library into `folder`, with what pkg-config knows of it."""
    needs(
        sys.platform.startswith("linux") and shutil.which("g++") and shutil.which("pkg-config"),
        "a C++ compiler and pkg-config on Linux",
        install="apt-get install g++ pkg-config",
    )
    library = folder / "lib" / "libfreenect2.so"
    library.parent.mkdir(parents=True, exist_ok=True)
    if not library.exists():
        command = ["g++", "-std=c++11", "-O2", "-fPIC", "-shared", f"-I{SOURCE / 'include'}"]
        source = SOURCE / "freenect2.cpp"
        subprocess.run([*command, source, "-o", library, "-pthread"], check=True, timeout=110)
    (folder / "freenect2.pc").write_text(
        f"libdir={_quoted(library.parent)}\n"
        "Name: freenect2\n"
        "Description: a stand-in\n"
        f"Version: {version}\n"
        "Libs: -L${libdir} -lfreenect2\n"
        f"Cflags: -I{_quoted(SOURCE / 'include')}\n",
        encoding="utf-8",
    )


@contextlib.contextmanager
def known(folder: Path):
    """Let pkg-config find the library in `folder`, and nowhere else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PKG_CONFIG_LIBDIR", str(folder))
        patch.delenv("PKG_CONFIG_PATH", raising=False)
        yield


def shim(folder: Path) -> Path:
    """Return the shim to the library in `folder`."""
    with known(folder):
        return build.shim(folder / "cache")


def _quoted(path: Path) -> str:
    return str(path).replace(" ", "\\ ").replace("'", "\\'")
