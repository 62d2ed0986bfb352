"""What was seen: corners of the board by camera and view, and the depths measured on it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    from calibration.board import Board

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sighting:
    """The board as one camera saw it."""

    pixels: Floats  # (n, 2)
    corners: Numbers  # (n,) which corner of the board each is

    def turned(self, board: Board) -> Sighting:
        """Return it with the board's corners counted from the other end."""
        return dataclasses.replace(self, corners=board.corners - 1 - self.corners)

    def only(self, keep: npt.NDArray[Any]) -> Sighting:
        """Return it with these corners only."""
        return Sighting(pixels=self.pixels[keep], corners=self.corners[keep])


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Depths:
    """What the depth sensor told at pixels on the board; what it did not measure is not here."""

    pixels: Floats  # (m, 2)
    z_mm: Floats  # (m,) as told, without any shift
    counts: Floats | None = None  # (m,) how many pixels were averaged; None for one each


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class View:
    """One way the board was held, seen by all cameras at once."""

    name: str
    sightings: Mapping[str, Sighting]  # by camera
    depths: Depths | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Observations:
    """All that the solver needs to know; pictures are not among it."""

    board: Board
    sizes_px: Mapping[str, tuple[int, int]]  # width, height; the first camera is the reference
    views: tuple[View, ...]
    depth_camera: str = "ir"  # through which depth is measured

    @property
    def cameras(self) -> tuple[str, ...]:
        """The cameras, the reference first."""
        return tuple(self.sizes_px)

    def of(self, cameras: Iterable[str]) -> Observations:
        """Return what these cameras saw; depth stays if its camera is among them."""
        names = tuple(cameras)
        views = tuple(
            dataclasses.replace(
                view,
                sightings={c: s for c, s in view.sightings.items() if c in names},
                depths=view.depths if self.depth_camera in names else None,
            )
            for view in self.views
            if any(c in names for c in view.sightings)
        )
        sizes = {c: self.sizes_px[c] for c in names}
        return dataclasses.replace(self, sizes_px=sizes, views=views)

    def seen_by(self, camera: str) -> int:
        """Return in how many views `camera` saw the board."""
        return sum(camera in view.sightings for view in self.views)
