"""Colour pictures as JPEG with restart markers, so that a reader can decode the face alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.extras import need

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

QUALITY = 95
# A marker after 15 blocks of 16 pixels: 8 tiles across 1920 pixels; no cost in size or time.
RESTART_BLOCKS = 15


def encode_color(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode a colour picture (height, width, 3) of RGB."""
    cv2 = need("cv2", extra="capture", to="store colour pictures")
    settings = [
        cv2.IMWRITE_JPEG_QUALITY,
        QUALITY,
        cv2.IMWRITE_JPEG_RST_INTERVAL,
        RESTART_BLOCKS,
    ]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    return bytes(data)
