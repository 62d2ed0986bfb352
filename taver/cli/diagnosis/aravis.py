"""Whether Aravis is there: its library, its typelib, and the gi package that reads the typelib."""

from __future__ import annotations

import ctypes.util
import os
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core import install

NEEDED = "FLIR A65; PySpin or the extra flir will do instead"
TYPELIB = "Aravis-0.8.typelib"
BUILD_NEEDS = ("gcc", "pkg-config", "python3-dev", "libgirepository1.0-dev", "libcairo2-dev")


def finding() -> Finding:
    """Say whether Aravis can be used from the Python that runs."""
    library = ctypes.util.find_library("aravis-0.8")
    typelib = _typelib()
    gi = find_spec("gi") is not None
    if library and typelib and gi:
        return _result(State.OK, f"{library}; FLIR A65")
    if library and typelib:
        return _result(
            State.MISSING,
            f"the library is there, but this Python has no package gi; {NEEDED}",
            f"{install.apt(*BUILD_NEEDS)} && {install.pip('install', 'PyGObject<3.51')}",
        )
    return _result(
        State.MISSING, NEEDED, install.apt("gir1.2-aravis-0.8", "python3-gi", "aravis-tools-cli")
    )


def _typelib() -> Path | None:
    """Look where GObject looks: the folders it is told of, then those of the system."""
    told = filter(None, os.environ.get("GI_TYPELIB_PATH", "").split(os.pathsep))
    system = chain.from_iterable(
        Path(root).glob(pattern)
        for root in ("/usr", "/usr/local")
        for pattern in ("lib/*/girepository-1.0", "lib/girepository-1.0", "lib64/girepository-1.0")
    )
    folders = chain(map(Path, told), system)
    return next((folder / TYPELIB for folder in folders if (folder / TYPELIB).is_file()), None)


def _result(state: State, said: str, install: str = "") -> Finding:
    return Finding(
        section=Section.LIBRARIES, name="Aravis 0.8", state=state, detail=said, install=install
    )
