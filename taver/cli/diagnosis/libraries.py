"""Which system libraries and programs are there, of those that this platform can use."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec

import msgspec

from taver.cli.diagnosis import aravis
from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core import install

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """Something that pip does not bring."""

    name: str
    needed: str  # for what, in a few words
    platforms: tuple[str, ...]
    find: Callable[[], str | None]  # says where it is, or None
    install: Callable[[], str]


def findings(platform: str = sys.platform) -> list[Finding]:
    """Say of each library that applies to `platform` whether it is there."""
    found = [aravis.finding()] if platform == "linux" else []
    return found + [_finding(library) for library in LIBRARIES if platform in library.platforms]


def shared(stem: str) -> str | None:
    """Return the file name of a shared library, if the loader can find it."""
    return ctypes.util.find_library(stem)


def _python_library() -> str | None:
    """Find the shared library of the Python that runs; it may be in the process already."""
    if sys.platform != "win32":
        name = f"lib{PYTHON}.so.1.0"
        try:
            ctypes.CDLL(name, mode=os.RTLD_NOLOAD)
        except OSError:
            return shared(PYTHON)
        return name
    return shared(PYTHON)


def _python_module(name: str) -> str | None:
    spec = find_spec(name)
    return spec.origin if spec else None


LIBRARIES = (
    Library(
        name="PySpin",
        needed="FLIR A65 through Spinnaker; Teledyne's SDK brings the wheel",
        platforms=("linux", "win32"),
        find=lambda: _python_module("PySpin"),
        install=lambda: install.pip("install") + " spinnaker_python-*.whl",
    ),
    Library(
        name="libfreenect2",
        needed="Kinect v2 on Linux",
        platforms=("linux",),
        find=lambda: shared("freenect2"),
        install=install.freenect2,
    ),
    Library(
        name="Kinect20.dll",
        needed="Kinect v2 on Windows; Microsoft's Kinect for Windows SDK 2.0 brings it",
        platforms=("win32",),
        find=lambda: shared("Kinect20"),
        install=lambda: "https://www.microsoft.com/download/details.aspx?id=44561",
    ),
    Library(
        name=f"lib{PYTHON}",
        needed="needed by genicam, of the extra flir",
        platforms=("linux",),
        find=_python_library,
        install=lambda: install.apt(f"lib{PYTHON}"),
    ),
    Library(
        name="PortAudio",
        needed="needed by the extra sound",
        platforms=("linux",),
        find=lambda: shared("portaudio"),
        install=lambda: install.apt("libportaudio2"),
    ),
    Library(
        name="Chromium",
        needed="needed only to test the browser annotator",
        platforms=("linux",),
        find=lambda: next(filter(None, map(shutil.which, CHROMIUMS)), None),
        install=lambda: install.apt("chromium"),
    ),
)


def _finding(library: Library) -> Finding:
    found = library.find()
    return Finding(
        section=Section.LIBRARIES,
        name=library.name,
        state=State.OK if found else State.MISSING,
        detail=f"{found}; {library.needed}" if found else library.needed,
        install="" if found else library.install(),
    )
