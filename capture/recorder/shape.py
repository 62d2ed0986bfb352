"""What a frame of a stream has to look like, by what its device announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.frames import Modality

if TYPE_CHECKING:
    from taver.core.frames import Pixels, StreamInfo


def fits(info: StreamInfo, pixels: Pixels) -> bool:
    """Tell whether a frame has the size and the kind of values that were announced."""
    if info.modality is Modality.SOUND:
        return pixels.ndim == 2 and pixels.shape[1] == info.channels and pixels.dtype == "i2"
    size = (info.height_px, info.width_px)
    if info.modality is Modality.COLOR:
        return pixels.shape == (*size, 3) and pixels.dtype == "u1"
    return pixels.shape == size and pixels.dtype == "u2"


def raw_bytes(info: StreamInfo) -> int:
    """Return how much memory one frame takes."""
    if info.modality is Modality.SOUND:
        return round(2 * info.channels * info.samples_hz / info.rate_hz)
    return info.width_px * info.height_px * (3 if info.modality is Modality.COLOR else 2)
