"""A small film that can be told frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

SIZE_PX = (64, 48)
RATE_HZ = 10.0


def write(path: Path, frames: int = 40) -> None:
    """Write a film of Motion JPEG; frame k has the brightness 6 k, and red in its left half."""
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE_HZ, SIZE_PX)
    assert film.isOpened()
    for number in range(frames):
        picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 6 * number % 256, np.uint8)
        picture[:, : SIZE_PX[0] // 2] = (0, 0, 255)  # blue, green, red
        film.write(picture)
    film.release()
