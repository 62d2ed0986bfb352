"""A small picture of what a camera sees now, with true values: for health checks and previews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from capture import encode
from taver.core.codec import decode, encode_raster
from taver.core.frames import FrameStatus, Modality

if TYPE_CHECKING:
    from taver.core.frames import Frame, Pixels

_LARGEST_PX: Final = 480


class Glimpse(msgspec.Struct, frozen=True, kw_only=True):
    """Every `step`-th pixel of a frame in each direction, encoded as recordings are."""

    modality: Modality
    host_ns: int
    number: int
    status: FrameStatus
    width_px: int
    height_px: int
    step: int
    unit: str
    data: bytes

    @property
    def pixels(self) -> Pixels:
        """Return the pixels; of depth, infrared and heat these are values as measured."""
        return decode(self.modality, self.data, self.height_px, self.width_px)


def of(frame: Frame, unit: str) -> Glimpse:
    """Take a glimpse of a picture: about 480 pixels wide at most."""
    step = -(-frame.pixels.shape[1] // _LARGEST_PX)
    small = np.ascontiguousarray(frame.pixels[::step, ::step])
    colored = frame.modality is Modality.COLOR
    data = encode.color(small) if colored else encode_raster(small)  # type: ignore[arg-type]
    return Glimpse(
        modality=frame.modality,
        host_ns=frame.stamp.host_ns,
        number=frame.stamp.number,
        status=frame.stamp.status,
        width_px=small.shape[1],
        height_px=small.shape[0],
        step=step,
        unit=unit,
        data=data,
    )
