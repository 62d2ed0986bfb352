"""Makes a picture of any camera one in which a detector for photographs finds the board.

Pictures that are enlarged keep their outer edges, so a place x in the enlarged one is
(x + 0.5) / scale - 0.5 in the one it was made from; leaving out the halves is a quarter of a pixel
off at double size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from calibration.vision import vision

if TYPE_CHECKING:
    import numpy.typing as npt

    Grey = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float64]

_SHARES: Final = (0.5, 99.5)  # percentiles that become black and white
_CONTRAST: Final = 60.0  # grey levels a local deviation
_CALM: Final = 0.5  # counts: noise alone is not stretched to a pattern


def colour(pixels: npt.NDArray[Any]) -> Grey:
    """Return an RGB or grey picture as grey of 8 bit."""
    picture = eight_bit(pixels)
    if picture.ndim == 3:
        cv2 = vision()
        picture = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
    return picture


def infrared(pixels: npt.NDArray[Any]) -> Grey:
    """Return an infrared picture with the light's fall with distance evened out."""
    cv2 = vision()
    picture = colour(pixels) if pixels.ndim == 3 else pixels
    value = np.asarray(picture, np.float32)
    low, high = np.percentile(value, _SHARES)
    even = np.sqrt(np.clip((value - low) / max(float(high - low), 1e-6), 0.0, 1.0))
    stretched: Grey = (even * 255.0).astype(np.uint8)
    return np.asarray(cv2.createCLAHE(2.0, (4, 4)).apply(stretched))


def linear(pixels: npt.NDArray[Any]) -> Grey:
    """Return a picture stretched as a whole and evenly: corners are measured where light adds up.

    CLAHE and square roots bend edges, and their bend moves a corner by a twentieth of a pixel.
    """
    picture = colour(pixels) if pixels.ndim == 3 else pixels
    value = np.asarray(picture, np.float32)
    bright = max(float(np.percentile(value, _SHARES[1])), 1e-6)
    return np.asarray((np.clip(value / bright, 0.0, 1.0) * 255.0).astype(np.uint8))


def heat(pixels: npt.NDArray[Any], sigma_px: float) -> Grey:
    """Return a thermal picture as deviations from its neighbourhood, in local deviations.

    A heated board's squares differ by less than the board's own uneven warmth, and than the room:
    a stretch of the whole picture loses them.
    """
    cv2 = vision()
    value = np.asarray(colour(pixels) if pixels.ndim == 3 else pixels, np.float32)
    off = value - cv2.GaussianBlur(value, (0, 0), sigma_px)
    spread = np.sqrt(cv2.GaussianBlur(off * off, (0, 0), sigma_px))
    scaled = 128.0 + _CONTRAST * off / (spread + _CALM)
    return np.asarray(np.clip(scaled, 0.0, 255.0).astype(np.uint8))


def eight_bit(pixels: npt.NDArray[Any]) -> Grey:
    """Return a picture of 8 bit; deeper ones are stretched between their percentiles."""
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, np.uint8)
    value = np.asarray(pixels, np.float32)
    low, high = np.percentile(value, _SHARES)
    scaled = np.clip((value - low) / max(float(high - low), 1e-6), 0.0, 1.0) * 255.0
    return np.asarray(scaled.astype(np.uint8))


def enlarged(picture: Grey, scale: float) -> Grey:
    """Return the picture resampled by `scale`."""
    cv2 = vision()
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way))


def back(pixels: Floats, scale: float) -> Floats:
    """Return places of the resampled picture in the one it was made from."""
    return (pixels + 0.5) / scale - 0.5


def forth(pixels: Floats, scale: float) -> Floats:
    """Return places of a picture in the resampled one."""
    return (pixels + 0.5) * scale - 0.5
