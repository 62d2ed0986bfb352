"""Depth and heat as people look at them: in colours, between bounds that are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from capture.units import ZERO_CELSIUS_K, kelvin_a_count
from taver.core.extras import need
from taver.core.frames import Modality

if TYPE_CHECKING:
    import numpy.typing as npt

_DEPTH_MM: Final = (500.0, 2_000.0)  # somebody a metre away, and the wall behind them
_HEAT_CELSIUS: Final = (20.0, 40.0)
_NOTHING: Final = (127, 127, 127)  # where nothing was measured


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The counts at both ends of the colours, and how to say them; empty for plain colour."""

    low: float
    high: float
    said: str


def bounds(modality: Modality, unit: str, pixels: npt.NDArray[Any]) -> Bounds:
    """Return bounds that stay the same, so that a colour means one thing all session long.

    Of what has no unit (infrared) they are taken from the picture.
    """
    if modality is Modality.COLOR:
        return Bounds(low=0.0, high=255.0, said="")
    each_k = kelvin_a_count(unit)
    if each_k is not None:
        low, high = ((c + ZERO_CELSIUS_K) / each_k for c in _HEAT_CELSIUS)
        return Bounds(low=low, high=high, said=f"{_HEAT_CELSIUS[0]:g} to {_HEAT_CELSIUS[1]:g} °C")
    if unit == "mm":
        return Bounds(
            low=_DEPTH_MM[0],
            high=_DEPTH_MM[1],
            said=f"{_DEPTH_MM[0] / 1e3:g} to {_DEPTH_MM[1] / 1e3:g} m, near is bright",
        )
    valid = pixels[pixels > 0]
    low, high = np.percentile(valid, [1, 99]) if valid.size else (0.0, 1.0)
    return Bounds(low=float(low), high=max(float(high), float(low) + 1), said="")


def shown(modality: Modality, pixels: npt.NDArray[Any], within: Bounds) -> npt.NDArray[np.uint8]:
    """Return an RGB picture; what was not measured is grey."""
    if modality is Modality.COLOR:
        return pixels
    cv2 = need("cv2", extra="capture", to="show depth and heat in colours")
    scaled = (pixels.astype(np.float32) - within.low) / (within.high - within.low) * 255
    levels = np.clip(scaled, 0, 255).astype(np.uint8)
    if modality is Modality.DEPTH:
        levels = 255 - levels
    table = {
        Modality.DEPTH: cv2.COLORMAP_VIRIDIS,
        Modality.IR: cv2.COLORMAP_BONE,
        Modality.THERMAL: cv2.COLORMAP_INFERNO,
    }[modality]
    picture: npt.NDArray[np.uint8] = cv2.cvtColor(
        cv2.applyColorMap(levels, table), cv2.COLOR_BGR2RGB
    )
    picture[pixels == 0] = _NOTHING
    return picture


def jpeg(picture: npt.NDArray[np.uint8], quality: int = 85) -> bytes:
    """Return an RGB picture as a small JPEG, to be looked at."""
    cv2 = need("cv2", extra="capture", to="show pictures")
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return bytes(data)
