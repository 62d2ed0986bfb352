"""Frames as they are stored: colour as JPEG that can be read in part, all others without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taver.core.codec import encode_raster, encode_sound
from taver.core.extras import need
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from taver.core.frames import Pixels, StreamInfo

QUALITY = 95
# A marker after 5 blocks of 16 pixels: 24 tiles across 1920 pixels. Against one after 15 a picture
# is 1.5 % larger, and the tiles around a face are decoded in half the time.
RESTART_BLOCKS = 5


def of(stream: StreamInfo, pixels: Pixels) -> bytes:
    """Encode one frame of a stream, picture or sound."""
    if stream.modality is Modality.SOUND:
        return encode_sound(pixels, stream.samples_hz)  # type: ignore[arg-type]  # sound is int16
    return frame(stream.modality, pixels)


def frame(modality: Modality, pixels: Pixels) -> bytes:
    """Encode one picture."""
    if modality is Modality.COLOR:
        return color(pixels)  # type: ignore[arg-type]  # colour is always uint8
    return encode_raster(pixels)  # type: ignore[arg-type]  # and all others uint16


def color(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode a colour picture (height, width, 3) of RGB as JPEG with restart markers.

    Only OpenCV writes those; with them a reader can decode the tiles around a face alone.
    """
    cv2 = need("cv2", extra="capture", to="store colour pictures")
    settings = [
        cv2.IMWRITE_JPEG_QUALITY,
        QUALITY,
        cv2.IMWRITE_JPEG_RST_INTERVAL,
        RESTART_BLOCKS,
    ]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    return bytes(data)


def rehearse(modalities: Iterable[Modality]) -> None:
    """Find out before the first frame whether frames can be stored here at all."""
    for modality in modalities:
        if modality is Modality.COLOR:
            color(np.zeros((16, 16, 3), np.uint8))
        elif modality is Modality.SOUND:
            encode_sound(np.zeros((16, 1), np.int16), 16_000)
        else:
            encode_raster(np.zeros((16, 16), np.uint16))
