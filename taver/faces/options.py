"""What a person can choose about how faces are found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from taver.core.errors import InputError
from taver.faces.align import POINTS

# Raised when the same settings give other points than before.
ENGINE: Final = 3
_BOX: Final = re.compile(r"(\d+),(\d+),(\d+),(\d+)(?:@(\d+))?\Z")


class ThermalBox(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the face is in one thermal frame, drawn by hand: from brows to chin, ear to ear."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    frame: int = 0

    @classmethod
    def parse(cls, text: str) -> ThermalBox:
        """Read LEFT,TOP,WIDTH,HEIGHT or LEFT,TOP,WIDTH,HEIGHT@FRAME."""
        found = _BOX.match(text.replace(" ", ""))
        numbers = [int(part or 0) for part in found.groups()] if found else []
        if not numbers or numbers[2] < 8 or numbers[3] < 8:
            raise InputError(
                f"{text!r} is no box",
                fix="give LEFT,TOP,WIDTH,HEIGHT of the face in whole thermal pixels (8 at least), "
                "and the frame after an @ if it is not the first: 270,190,96,110@40",
            )
        left, top, wide, high, frame = numbers
        return cls(left_px=left, top_px=top, width_px=wide, height_px=high, frame=frame)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How faces are found; everything in here stands in the output."""

    detector: str = "hog"
    shape_predictor: Path | None = None  # None: the installed one
    alignment: str = "rigid"
    gap_s: Annotated[float, msgspec.Meta(ge=0)] = 0.5  # shorter ones are interpolated
    thermal_box: ThermalBox | None = None

    def __post_init__(self) -> None:
        if self.alignment not in POINTS:
            raise InputError(
                f"There is no alignment {self.alignment!r}",
                fix=f"choose one of: {', '.join(POINTS)}",
            )
        if not 0 <= self.gap_s <= 10:
            raise InputError(
                f"A gap of {self.gap_s:g} s cannot be interpolated",
                fix="give 0 to 10 seconds; half a second is usual",
            )

    def told(self) -> dict[str, Any]:
        """Return them as they stand in the output; a model is told by its fingerprint instead."""
        plain: dict[str, Any] = msgspec.to_builtins(
            msgspec.structs.replace(self, shape_predictor=None)
        )
        plain.pop("shape_predictor")
        return {**plain, "engine": ENGINE}
