"""Whether Aravis is there: its library is all that is needed of it."""

from __future__ import annotations

import ctypes.util

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core import install

NEEDED = "FLIR A65; PySpin or the extra flir will do instead"


def finding() -> Finding:
    """Say whether Aravis can be used; any Python can call its library."""
    library = ctypes.util.find_library("aravis-0.8")
    if library:
        return _result(State.OK, f"{library}; FLIR A65")
    return _result(State.MISSING, NEEDED, install.apt("libaravis-0.8-0"))


def _result(state: State, said: str, install: str = "") -> Finding:
    return Finding(
        section=Section.LIBRARIES, name="Aravis 0.8", state=state, detail=said, install=install
    )
