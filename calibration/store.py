"""Opens and keeps rig.json: only for the cameras it was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calibration.rig import Rig
from taver.core.errors import DataError, NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from taver.core.frames import Modality


def read(path: Path, serials: Mapping[Modality, str] | None = None) -> Rig:
    """Read the rig at `path`; one made with other cameras than those of `serials` is refused."""
    with explained(path):
        if not path.is_file():
            raise NotFoundError(
                f"There is no calibration at {path}",
                fix="record a board, then: taver calibrate --session NAME",
            )
    rig = Rig.read(path)
    if serials is not None:
        require(rig, serials, str(path))
    return rig


def require(rig: Rig, serials: Mapping[Modality, str], name: str = "The rig") -> None:
    """Raise DataError unless every camera of `serials` that the rig knows is the same one.

    A camera whose serial is not known on either side cannot be told from another and passes.
    """
    problems = [
        f"{modality}: calibrated {rig.serials[modality]!r}, recorded {serial!r}"
        for modality, serial in serials.items()
        if serial and rig.serials.get(modality, serial) not in {serial, ""}
    ]
    if problems:
        raise DataError(
            f"{name} was made with another camera",
            fix="take the rig.json of these cameras, or calibrate them: "
            "taver calibrate --session NAME",
            problems=problems,
        )


def write(rig: Rig, path: Path) -> None:
    """Put `rig` at `path`, all at once."""
    with explained(path.parent):
        if not path.parent.is_dir():
            raise NotFoundError(
                f"There is no folder {path.parent}",
                fix="make that folder first, or name another place",
            )
    rig.write(path)
