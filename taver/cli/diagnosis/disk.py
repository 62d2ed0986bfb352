"""How many minutes of recording fit on the disk that sessions go to."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core.errors import NotFoundError, TaverError
from taver.core.study import Study

if TYPE_CHECKING:
    from pathlib import Path

# One set of colour, depth and thermal is 7.31 MB raw; JPEG q95 and blosc lz4 bitshuffle store
# it 7.1 times smaller, in 1.03 MB (measured); ten sets are recorded a second.
RECORDING_BYTES_PER_S = 10 * 1_030_000

PLENTY_MIN = 60  # a session with its calibration takes less
TOO_LITTLE_MIN = 5


def findings(start: Path) -> list[Finding]:
    """Say how much can be recorded in the study that `start` is in, or else in `start`."""
    try:
        folder = Study.find(start).sessions_folder
    except NotFoundError:
        return [_space("here", start.resolve(), "no study here; ")]
    except TaverError as error:
        return [
            Finding(
                section=Section.DISK,
                name="study",
                state=State.WRONG,
                detail="; ".join((error.what, *error.problems)),
                install=error.fix,
            ),
            _space("here", start.resolve()),
        ]
    there = _nearest(folder)
    effective = os.access in os.supports_effective_ids
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=effective):
        return [
            Finding(
                section=Section.DISK,
                name="sessions",
                state=State.WRONG,
                detail=f"{there} cannot be written by this user",
                install="let its owner give you the right to write there",
            )
        ]
    return [_space("sessions", folder)]


def minutes(free_bytes: int) -> int:
    """Return the full minutes of recording that fit into so many bytes."""
    return free_bytes // (60 * RECORDING_BYTES_PER_S)


def state(fitting_min: int) -> State:
    """Judge so many minutes of recording."""
    if fitting_min < TOO_LITTLE_MIN:
        return State.WRONG
    return State.NOTE if fitting_min < PLENTY_MIN else State.OK


def _space(name: str, folder: Path, said: str = "") -> Finding:
    free_bytes = shutil.disk_usage(_nearest(folder)).free
    fitting_min = minutes(free_bytes)
    judged = state(fitting_min)
    hours = f" ({fitting_min // 60:,} h)" if fitting_min >= 120 else ""
    return Finding(
        section=Section.DISK,
        name=name,
        state=judged,
        detail=f"{said}{fitting_min:,} minutes{hours} of recording fit in {folder}:"
        f" {free_bytes / 1e9:,.1f} GB free",
        more=f"{free_bytes} bytes",
        install=""
        if judged is State.OK
        else "free some space, or set [sessions] folder in study.toml to a larger disk",
    )


def _nearest(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())
