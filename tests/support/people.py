"""Draws docs/images/people.jpg, which shows how simulated people look; no test compares it.

python tests/support/people.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from capture.sim.render.sheet import sheet
from capture.sim.rig import standard_rig

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "people.jpg"
WIDE_PX = 1280
QUALITY = 82


def main(path: Path) -> None:
    """Draw it."""
    drawn = sheet(standard_rig())
    high_px = round(drawn.shape[0] * WIDE_PX / drawn.shape[1])
    small = cv2.resize(drawn, (WIDE_PX, high_px), interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    path.write_bytes(jpeg.tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
