"""Which Python runs, and whether it has an environment of its own."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core.shell import quoted

if TYPE_CHECKING:
    from importlib.metadata import Distribution


def findings(of: Distribution | None) -> list[Finding]:
    """Say whether taver supports this Python, and where packages get installed."""
    return [_version(of), _environment()]


def _version(of: Distribution | None) -> Finding:
    wanted = ",".join(of.metadata.get_all("Requires-Python") or ()) if of is not None else ""
    fits = SpecifierSet(wanted).contains(platform.python_version(), prereleases=True)
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(
        section=Section.PYTHON,
        name="python",
        state=State.OK if fits else State.WRONG,
        detail=f"{said}, {sys.executable}" if fits else f"{said}; taver needs {wanted}",
        install="" if fits else f"make an environment with Python {wanted} and install taver there",
    )


def _environment() -> Finding:
    kind = None
    if sys.prefix != sys.base_prefix:
        kind = "virtual"
    elif (Path(sys.prefix) / "conda-meta").is_dir():
        kind = "conda"
    return Finding(
        section=Section.PYTHON,
        name="environment",
        state=State.OK if kind else State.NOTE,
        detail=f"{kind}, {sys.prefix}"
        if kind
        else "not a virtual environment: what other programs install here can clash with taver",
        install="" if kind else f"{quoted(sys.executable)} -m venv taver-env",
    )
