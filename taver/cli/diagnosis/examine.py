"""Looks at everything, in the order it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.cli.diagnosis import (
    disk,
    drivers,
    extras,
    gpus,
    libraries,
    models,
    packages,
    python,
)
from taver.cli.diagnosis.report import Report
from taver.core import home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def examine(start: Path, needs: Sequence[str] = ()) -> Report:
    """Look at this machine from the folder `start`; unknown extras in `needs` are refused first."""
    installed = home.installed()
    wanted = extras.checked(installed, needs)
    return Report(
        needs=wanted,
        findings=(
            *python.findings(installed),
            *packages.findings(installed),
            *extras.findings(installed, wanted),
            *drivers.findings(),
            *libraries.findings(),
            *models.findings(),
            *gpus.findings(),
            *disk.findings(start),
        ),
    )
