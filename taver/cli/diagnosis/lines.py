"""Lines that install something, to be copied and run as they stand."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from taver.cli.diagnosis import home


def with_extra(name: str) -> str:
    """Return the line that installs one of taver's extras."""
    return _taver(f"[{name}]")


def taver() -> str:
    """Return the line that installs taver itself."""
    return _taver("")


def reinstall() -> str:
    """Return the line that puts taver's own files back, whatever was done to them."""
    return _taver("", "--force-reinstall", "--no-deps")


def pip(command: str, *words: str) -> str:
    """Return a pip command for the Python that runs now, not for whichever pip comes first."""
    return " ".join((*_pip(command), *(quoted(word) for word in words)))


def apt(*packages: str) -> str:
    """Return the line that installs Debian packages, or their names where there is no apt-get."""
    if shutil.which("apt-get") is None:
        return f"with this system's package manager (Debian's names): {' '.join(packages)}"
    return f"{sudo()}apt-get install {' '.join(packages)}"


def sudo() -> str:
    """Return the word that makes a line run as root, if this user is not root."""
    return "" if sys.platform == "win32" or os.geteuid() == 0 else "sudo "


def quoted(word: str) -> str:
    """Quote one word for the shell people use on this platform."""
    if sys.platform == "win32":
        return f'"{word}"' if set(word) & set(" []<>&|") else word
    return shlex.quote(word)


def _taver(extras: str, *options: str) -> str:
    source = home.checkout() or home.built_from()
    if source is None:
        return pip("install", *options, f"{home.NAME}{extras}")
    here = source == Path.cwd()
    editable = ("-e",) if source == home.checkout() else ()
    constraints = source / "constraints.txt"  # the tested versions, where their list is at hand
    held = ("-c", constraints.name if here else str(constraints)) if constraints.is_file() else ()
    return pip("install", *held, *options, *editable, f"{'.' if here else source}{extras}")


def _pip(command: str) -> tuple[str, ...]:
    found = shutil.which("pip")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return ("pip", command)
    if find_spec("pip") is None and shutil.which("uv") is not None:
        return ("uv", "pip", command, "--python", quoted(sys.executable))
    return (quoted(sys.executable), "-m", "pip", command)
