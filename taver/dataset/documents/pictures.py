"""Pictures of a clip as PNG: colour as it is, depth and heat in the house's shades."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]

# From the lowest to the highest value: near is light where depth is shown, warm is light in heat.
_SHADES: Final = {
    "depth": ((232, 246, 228), (140, 209, 125), (58, 125, 68), (18, 52, 36)),
    "thermal": ((20, 10, 46), (122, 28, 92), (224, 123, 57), (255, 240, 190)),
}


_FACE_MM: Final = 180  # from the tip of the nose to the ears, and some


def strip(pictures: npt.NDArray[Any], modality: str) -> bytes:
    """Return pictures of one modality side by side, as a PNG; what is missing is transparent."""
    row = np.concatenate(list(pictures), axis=1)
    if modality == "color":
        seen = np.full(row.shape[:2], 255, np.uint8)
        return png(np.dstack([row, seen]))
    return png(_shaded(row, modality))


def _shaded(values: npt.NDArray[Any], modality: str) -> Bytes:
    known = values > 0
    anchors = np.array(_SHADES[modality], np.float64)
    # A face fills its picture; in the middle there is nothing of the wall behind it.
    middle = values[len(values) // 4 : -len(values) // 4]
    shown = middle[middle > 0]
    if modality == "depth" and shown.size:
        near = np.percentile(shown, 2)
        low, high = near, min(near + _FACE_MM, np.percentile(shown, 98))
    elif known.any():
        low, high = np.percentile(values[known], (1, 99))
    else:
        low, high = 0.0, 1.0
    share = np.clip((values - low) / max(high - low, 1e-9), 0, 1) * (len(anchors) - 1)
    places = np.arange(len(anchors))
    shades = [np.interp(share, places, anchors[:, channel]) for channel in range(3)]
    return np.dstack([*shades, np.where(known, 255, 0)]).astype(np.uint8)


def png(rgba: Bytes) -> bytes:
    """Return a picture of height x width x 4 as a PNG file."""
    height, width = rgba.shape[:2]
    rows = np.zeros((height, 1 + width * 4), np.uint8)  # each row says first: not filtered
    rows[:, 1:] = rgba.reshape(height, width * 4)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, body)
        for kind, body in (
            (b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""),
        )
    )  # fmt: skip


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
