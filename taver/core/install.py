"""Lines that install something, to be copied and run as they stand."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from taver.core import home
from taver.core.shell import quoted


def with_extra(name: str) -> str:
    """Return the line that installs one of taver's extras."""
    held = _held(home.checkout() or home.built_from())
    return pip("install", *held, *_target(f"[{name}]", home.checkout()))


def taver() -> str:
    """Return the line that installs taver itself, with the packages it always needs."""
    held = _held(home.checkout() or home.built_from())
    return pip("install", *held, *_target("", home.checkout()))


def reinstall() -> str:
    """Return the line that puts taver's own files back, whatever was done to them."""
    source = home.checkout() or home.built_from()
    return pip("install", "--force-reinstall", "--no-deps", *_target("", source))


def pip(command: str, *words: str) -> str:
    """Return a pip command for the Python that runs now, not for whichever pip comes first."""
    return " ".join((*_pip(command), *(quoted(word) for word in words)))


def apt(*packages: str) -> str:
    """Return the line that installs Debian packages, or their names where there is no apt-get."""
    if shutil.which("apt-get") is None:
        return f"with this system's package manager (Debian's names): {' '.join(packages)}"
    return f"{sudo()}apt-get install {' '.join(packages)}"


def freenect2() -> str:
    """Return the line that builds and installs libfreenect2, of which Debian has no package."""
    folder = "libfreenect2"
    return (
        apt("git", "g++", "cmake", "pkg-config", "libusb-1.0-0-dev", "libturbojpeg0-dev")
        + f" && git clone https://github.com/OpenKinect/{folder}"
        # The library names a CMake of 2013 as the oldest it takes; today's refuses to be that old.
        f" && cmake -S {folder} -B {folder}/build -DCMAKE_POLICY_VERSION_MINIMUM=3.5"
        " -DCMAKE_INSTALL_PREFIX=/usr/local"
        f" && cmake --build {folder}/build && {sudo()}cmake --install {folder}/build"
        f" && {sudo()}cp {folder}/platform/linux/udev/90-kinect2.rules /etc/udev/rules.d/"
        f" && {sudo()}ldconfig"
    )


def sudo() -> str:
    """Return the word that makes a line run as root, if this user is not root."""
    return "" if sys.platform == "win32" or os.geteuid() == 0 else "sudo "


def _target(extras: str, source: Path | None) -> tuple[str, ...]:
    """Name what pip installs: a checkout that taver runs from, what it came from, or its name."""
    if source is None:
        return (f"{home.NAME}{extras}",)
    where = f"{'.' if source == Path.cwd() else source}{extras}"
    return ("-e", where) if source == home.checkout() else (where,)


def _held(source: Path | None) -> tuple[str, ...]:
    """Hold pip to the tested versions, where their list is at hand."""
    if source is None or not (source / "constraints.txt").is_file():
        return ()
    file = source / "constraints.txt"
    return ("-c", file.name if source == Path.cwd() else str(file))


def _pip(command: str) -> tuple[str, ...]:
    found = shutil.which("pip")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return ("pip", command)
    if find_spec("pip") is None and shutil.which("uv") is not None:
        return ("uv", "pip", command, "--python", quoted(sys.executable))
    return (quoted(sys.executable), "-m", "pip", command)
