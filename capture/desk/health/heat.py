"""Is there a person in the thermal picture, and does the picture live."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from capture.desk.health.finding import Finding, Level, graded
from capture.units import ZERO_CELSIUS_K, kelvin_a_count
from taver.core.clock import NS_PER_S
from taver.core.frames import FrameStatus

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.glimpse import Glimpse

WARMTH: Final = "temperature"
STANDSTILL: Final = "thermal picture"
SKIN_CELSIUS: Final = (28.0, 42.0)
_GOOD_SHARE, _BAD_SHARE = 0.008, 0.004  # of the picture; a face a metre away takes 2 to 4 %
_HOT_SHARE: Final = 0.01
_FROZEN_AFTER_S: Final = 2.0  # a shutter is closed for less than a second


def judged(counts: npt.NDArray[Any], unit: str) -> Finding | None:
    """Say whether something in the picture is as warm as skin; None where counts are no kelvin."""
    each_k = kelvin_a_count(unit)
    if each_k is None or not counts.size:
        return None
    celsius = counts.astype(np.float32) * each_k - ZERO_CELSIUS_K
    low, high = SKIN_CELSIUS
    warm = celsius[(celsius >= low) & (celsius <= high)]
    hot = float((celsius > high).mean())
    share = warm.size / celsius.size
    level = graded(share, good=_GOOD_SHARE, bad=_BAD_SHARE)
    middle = float(np.median(celsius))
    if not -40 <= middle <= 60:
        return Finding(
            about=WARMTH,
            level=Level.BAD,
            text=f"the thermal picture reads {middle:.0f} °C in its middle: no room is like that",
            fix="the camera is not in its temperature-linear mode of "
            f"{each_k:g} K a count; see its settings with: taver devices",
        )
    if hot >= _HOT_SHARE:
        return Finding(
            about=WARMTH,
            level=Level.BAD,
            text=f"{hot:.0%} of the thermal picture is hotter than any skin",
            fix="take lamps, heaters, cups and screens out of its view",
        )
    if level is not Level.BAD:
        skin = float(np.percentile(warm, 75))
        return Finding(about=WARMTH, level=level, text=f"skin at about {skin:.1f} °C")
    warmest = float(np.percentile(celsius, 99.5))
    return Finding(
        about=WARMTH,
        level=level,
        text=f"nothing as warm as skin in the thermal picture; the warmest is {warmest:.1f} °C",
        fix="turn the thermal camera to the face, take its cap off, and let it warm up",
    )


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the thermal picture has not changed by a single count."""

    digest: bytes
    number: int
    since_ns: int
    now_ns: int

    def after(self, glimpse: Glimpse) -> Standing:
        """Return how it stands with one more glimpse; a closed shutter begins anew."""
        fresh = standing(glimpse)
        if glimpse.number == self.number:
            return self
        if fresh.digest != self.digest or glimpse.status & FrameStatus.FROZEN:
            return fresh
        return msgspec.structs.replace(self, number=fresh.number, now_ns=fresh.now_ns)

    def judged(self) -> Finding:
        """Say whether the picture stands still."""
        still_s = (self.now_ns - self.since_ns) / NS_PER_S
        if still_s < _FROZEN_AFTER_S:
            return Finding(about=STANDSTILL, level=Level.GOOD, text="the thermal picture lives")
        return Finding(
            about=STANDSTILL,
            level=Level.BAD,
            text=f"the thermal picture has not changed for {still_s:.0f} s",
            fix="press s to close the shutter once; if it stays, unplug the camera's power and "
            "plug it in again: the recording goes on without it and takes it up again",
        )


def standing(glimpse: Glimpse) -> Standing:
    """Return how it stands with the first glimpse."""
    digest = hashlib.blake2b(glimpse.pixels.tobytes(), digest_size=16).digest()
    return Standing(
        digest=digest, number=glimpse.number, since_ns=glimpse.host_ns, now_ns=glimpse.host_ns
    )
