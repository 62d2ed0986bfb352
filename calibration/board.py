"""The board that is shown: how many inner corners it has, how far apart, and where they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

_SIZE = re.compile(r"\s*(\d{1,3})\s*[xX×]\s*(\d{1,3})\s*(?::\s*(DICT_\w+)\s*)?")  # noqa: RUF001
_MOST_CORNERS = 60
_SQUARES_MM = (2.0, 500.0)


class Board(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chessboard, or a ChArUco board where `dictionary` names its markers.

    Its frame: the origin at the first inner corner, x along a row, y down the rows, z into it.
    """

    columns: int = 5  # inner corners
    rows: int = 7
    square_mm: float = 30.0
    dictionary: str | None = None

    def __post_init__(self) -> None:
        problems = [
            f"{name} = {value} (wanted: {low:g} to {high:g})"
            for name, value, low, high in (
                ("columns", self.columns, 2, _MOST_CORNERS),
                ("rows", self.rows, 2, _MOST_CORNERS),
                ("square_mm", self.square_mm, *_SQUARES_MM),
            )
            if not low <= value <= high
        ]
        if max(self.columns, self.rows) < 3:
            problems.append("at least 3 corners one way are needed to tell a board from a window")
        if problems:
            raise InputError(
                f"No board can be like this: {'; '.join(problems)}",
                fix="count inner corners, where four squares meet: --board 5x7 --square-mm 30",
                problems=problems,
            )

    @classmethod
    def from_text(cls, text: str, square_mm: float = 30.0) -> Board:
        """Read `5x7`, or `5x7:DICT_4X4_50` for a ChArUco board."""
        found = _SIZE.fullmatch(text)
        if found is None:
            raise InputError(
                f"{text!r} describes no board",
                fix="give the inner corners across and down, such as 5x7, and for a ChArUco board "
                "its markers: 5x7:DICT_4X4_50",
            )
        return cls(
            columns=int(found[1]),
            rows=int(found[2]),
            square_mm=square_mm,
            dictionary=found[3],
        )

    def __str__(self) -> str:
        markers = f":{self.dictionary}" if self.dictionary else ""
        return f"{self.columns}x{self.rows}{markers}, {self.square_mm:g} mm"

    @property
    def corners(self) -> int:
        """How many inner corners it has."""
        return self.columns * self.rows

    @property
    def points_mm(self) -> npt.NDArray[np.float64]:
        """Return the inner corners (rows * columns, 3), row by row."""
        y, x = np.mgrid[: self.rows, : self.columns].reshape(2, -1) * self.square_mm
        return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.float64)

    @property
    def outline_mm(self) -> npt.NDArray[np.float64]:
        """Return the four outer corners (4, 3) of the printed squares, without any margin."""
        low, right, below = -1.0, float(self.columns), float(self.rows)
        corners = [(low, low, 0.0), (right, low, 0.0), (right, below, 0.0), (low, below, 0.0)]
        return np.array(corners) * self.square_mm
