"""How long the colour camera exposes, and how slowly it finds out when the light changes."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    import numpy.typing as npt

DIM_LIGHT: Final = 0.35  # of a lit office; below it the Kinect v2 takes 15 pictures a second
_FAST_NS: Final = 33_333_333
_SLOW_NS: Final = 66_666_667
_LONGEST_OF_FRAME: Final = 0.5  # a lit office is taken with half of a fast frame's interval

_SETTLING_S: Final = 0.4
_METERED_EVERY_PX: Final = 24
MIDDLE: Final = 140.0  # the mean grey level the camera aims at ...
_INSISTENCE: Final = 0.35  # ... by this much: a white wall may stay bright
_PICTURE_STOPS: Final = 1.0  # a picture's content moves the exposure by no more
_MOST_STOPS: Final = 4.0  # more gain than this it has not; then the picture stays dark
GAMMA: Final = 2.2


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """What the camera does at one moment."""

    level: float  # grey levels are multiplied by this
    gain: float  # of the amplifier, over that in a lit office; noise comes with it
    interval_ns: int  # until the next picture
    open_ns: int  # how long the picture gathers light; what moves in it blurs


def frame_interval_ns(light: float) -> int:
    """Return the time from one picture to the next: dim light takes two of a bright one's."""
    return _SLOW_NS if light < DIM_LIGHT else _FAST_NS


def open_ns(light: float) -> int:
    """Return for how long a settled camera gathers light: at most the whole interval."""
    wanted = _FAST_NS * _LONGEST_OF_FRAME / max(light, 1e-3)
    return min(round(wanted), frame_interval_ns(light))


class AutoExposure:
    """Follows the light with a time constant of 0.4 s.

    What it does depends on the pictures before, so they are shown to it in the order taken; the
    same pictures at the same times give the same exposures. The first finds it settled.
    """

    def __init__(self) -> None:
        self._stops = 0.0
        self._at_ns: int | None = None

    def see(self, picture: npt.NDArray[np.uint8], light: float, t_ns: int) -> Exposure:
        """Expose this picture, which is as a lit office would show it, in the light there is."""
        light = max(light, 1e-3)
        wanted = min(_stops_for(picture) - math.log2(light), _MOST_STOPS)
        if self._at_ns is None:
            self._stops = wanted
        else:
            passed_s = max(t_ns - self._at_ns, 0) / NS_PER_S
            self._stops += (wanted - self._stops) * -math.expm1(-passed_s / _SETTLING_S)
        self._at_ns = t_ns
        opened_ns = open_ns(light)
        longer = opened_ns / (_FAST_NS * _LONGEST_OF_FRAME)
        return Exposure(
            level=(light * 2.0**self._stops) ** (1.0 / GAMMA),
            gain=max(2.0**self._stops / longer, 0.25),
            interval_ns=frame_interval_ns(light),
            open_ns=opened_ns,
        )


def _stops_for(picture: npt.NDArray[np.uint8]) -> float:
    """Return by how many stops the content alone would move the exposure."""
    # Whole numbers: their sum is the same in whichever order numpy takes it.
    seen = picture[::_METERED_EVERY_PX, ::_METERED_EVERY_PX, 1]
    mean = float(seen.sum(dtype=np.int64)) / seen.size
    stops = _INSISTENCE * GAMMA * math.log2(MIDDLE / max(mean, 1.0))
    return min(max(stops, -_PICTURE_STOPS), _PICTURE_STOPS)
