"""How much of what a calibration needs has been shown, and which views are still missing.

A pure function of what was detected, so that it can be asked while a recording grows.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.vision import vision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from calibration.board import Board
    from calibration.observations import Observations, Sighting

    Floats = npt.NDArray[np.float64]

ENOUGH_VIEWS: Final = 15
# Roughly, in picture widths: enough to tell a tilt before anything is calibrated.
_FOCAL: Final = {"color": 0.563, "ir": 0.714, "thermal": 1.195}
_USUAL_FOCAL: Final = 0.8
# How much of its picture the narrowest camera must have seen the board in; the others see more
# than it does, so that a board which is whole for all cannot fill theirs.
_NARROW, _WIDE = 0.8, 0.45
_SIZES: Final = 1.8  # nearest over farthest
_TILTED_DEG: Final = 15.0
_PLACES: Final = (
    ("upper left", "above", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "below", "lower right"),
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """One camera's coverage, each from 0 to 1, and what it still has not seen."""

    camera: str
    views: int
    x: float
    y: float
    size: float
    tilt: float
    missing: tuple[str, ...]

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Look:
    """How the board lay in one picture."""

    middle: tuple[float, float]  # in shares of the picture
    low: tuple[float, float]
    high: tuple[float, float]
    size: float  # a square's side, in shares of the picture's width
    across_deg: float  # turned about the upright axis: positive, its right side is farther
    down_deg: float  # positive, its lower side is farther


def look_of(sighting: Sighting, board: Board, camera: str, size_px: tuple[int, int]) -> Look | None:
    """Return how the board lay, or None if its corners lie on one line."""
    cv2 = vision()
    width, height = size_px
    focal = _FOCAL.get(camera, _USUAL_FOCAL) * width
    centred = (sighting.pixels - ((width - 1) / 2, (height - 1) / 2)) / focal
    matrix, _ = cv2.findHomography(board.points_mm[sighting.corners][:, :2], centred, 0)
    if matrix is None:
        return None
    along, over = matrix[:, 0], matrix[:, 1]
    scale = (np.linalg.norm(along) + np.linalg.norm(over)) / 2.0
    if scale <= 0:
        return None
    normal = np.cross(along, over)
    normal /= max(float(np.linalg.norm(normal)), 1e-12)
    if normal[2] < 0:
        normal = -normal
    share = sighting.pixels / (width, height)
    low, high, middle = share.min(axis=0), share.max(axis=0), share.mean(axis=0)
    return Look(
        middle=(float(middle[0]), float(middle[1])),
        low=(float(low[0]), float(low[1])),
        high=(float(high[0]), float(high[1])),
        size=float(scale * board.square_mm * focal / abs(matrix[2, 2]) / width),
        across_deg=float(np.degrees(np.arctan2(-normal[0], normal[2]))),
        down_deg=float(np.degrees(np.arctan2(-normal[1], normal[2]))),
    )


def looks_of(observations: Observations, camera: str) -> list[Look]:
    """Return how the board lay in every view that this camera saw."""
    found = [
        look_of(view.sightings[camera], observations.board, camera, observations.sizes_px[camera])
        for view in observations.views
        if camera in view.sightings
    ]
    return [look for look in found if look is not None]


def meters(observations: Observations) -> list[Meter]:
    """Return every camera's coverage."""
    narrowest = max(
        observations.cameras, key=lambda camera: _FOCAL.get(camera, _USUAL_FOCAL), default=""
    )
    return [
        _meter(camera, looks_of(observations, camera), narrow=camera == narrowest)
        for camera in observations.cameras
    ]


def _meter(camera: str, looks: Sequence[Look], *, narrow: bool) -> Meter:
    missing = []
    if len(looks) < ENOUGH_VIEWS:
        more = ENOUGH_VIEWS - len(looks)
        missing.append(f"{more} more view{'s' if more > 1 else ''}")
    if not looks:
        return Meter(camera=camera, views=0, x=0, y=0, size=0, tilt=0, missing=tuple(missing))
    wanted = _NARROW if narrow else _WIDE
    low = np.min([look.low for look in looks], axis=0)
    high = np.max([look.high for look in looks], axis=0)
    reach = np.clip((high - low) / wanted, 0.0, 1.0)
    if narrow:
        missing += _empty_places(looks)
    else:
        if reach[0] < 1:
            missing.append("the board farther to the left and right")
        if reach[1] < 1:
            missing.append("the board farther up and down")
    sizes = np.array([look.size for look in looks])
    ratio = float(sizes.max() / sizes.min())
    size = float(np.clip((ratio - 1.0) / (_SIZES - 1.0), 0.0, 1.0))
    if size < 1:
        missing.append(f"the board both near and far (so far {ratio:.1f} to 1, wanted {_SIZES:g})")
    leans: Mapping[str, bool] = {
        "right side away": any(look.across_deg > _TILTED_DEG for look in looks),
        "left side away": any(look.across_deg < -_TILTED_DEG for look in looks),
        "lower side away": any(look.down_deg > _TILTED_DEG for look in looks),
        "upper side away": any(look.down_deg < -_TILTED_DEG for look in looks),
    }
    missing += [f"the board tilted, its {lean}" for lean, there in leans.items() if not there]
    return Meter(
        camera=camera,
        views=len(looks),
        x=float(reach[0]),
        y=float(reach[1]),
        size=size,
        tilt=sum(leans.values()) / len(leans),
        missing=tuple(missing),
    )


def _empty_places(looks: Sequence[Look]) -> list[str]:
    """Return the ninths of the picture that no board has reached."""
    missing = []
    for row, names in enumerate(_PLACES):
        for column, name in enumerate(names):
            left, top = column / 3, row / 3
            reached = any(
                look.low[0] < left + 0.25
                and look.high[0] > left + 0.08
                and look.low[1] < top + 0.25
                and look.high[1] > top + 0.08
                for look in looks
            )
            if not reached:
                missing.append(
                    f"the board in the picture's {name}".replace("'s above", "'s top").replace(
                        "'s below", "'s bottom"
                    )
                )
    return missing


def features(look: Look) -> Floats:
    """Return what tells two views apart: where, how large, how tilted, each about 0 to 1."""
    return np.array(
        [*look.middle, np.log(look.size) / 1.5, look.across_deg / 60.0, look.down_deg / 60.0]
    )


def most_different(looks: Sequence[Look | None], most: int) -> list[int]:
    """Return which views to keep: those that differ most from the others kept, in their order."""
    there = [at for at, look in enumerate(looks) if look is not None]
    if len(there) <= most:
        return list(range(len(looks)))
    places = np.array([features(look) for look in looks if look is not None])
    kept = [int(np.argmax(np.linalg.norm(places - places.mean(axis=0), axis=1)))]
    apart = np.linalg.norm(places - places[kept[0]], axis=1)
    while len(kept) < most:
        farthest = int(np.argmax(apart))
        kept.append(farthest)
        apart = np.minimum(apart, np.linalg.norm(places - places[farthest], axis=1))
    return sorted(there[at] for at in kept)
