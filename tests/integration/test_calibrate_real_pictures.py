"""The thirteen stereo pairs that come with OpenCV's documentation, and what is published of them.

Debian's package opencv-doc has them; the squares are taken as 25 mm, as everybody does.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.board import Board
from calibration.detect import chessboard
from calibration.detect.detector import find
from calibration.observations import Observations, Sighting, View
from calibration.solve.joint import joint

FOLDER = Path("/usr/share/doc/opencv-doc/examples/data")
BOARD = Board(columns=9, rows=6, square_mm=25.0)
NUMBERS = (*range(1, 10), *range(11, 15))


@pytest.fixture
def pictures(needs):
    needs(
        (FOLDER / "left01.jpg").is_file(),
        "the pictures of OpenCV's documentation",
        install="apt-get install opencv-doc",
    )
    return {
        (side, number): cv2.imread(str(FOLDER / f"{side}{number:02d}.jpg"), cv2.IMREAD_GRAYSCALE)
        for side in ("left", "right")
        for number in NUMBERS
    }


def observations(pictures, detect):
    views = []
    for number in NUMBERS:
        sightings = {}
        for side in ("left", "right"):
            corners = detect(pictures[side, number])
            if corners is not None:
                sightings[side] = Sighting(pixels=corners, corners=np.arange(54))
        views.append(View(name=f"{number:02d}", sightings=sightings))
    sizes = {"left": (640, 480), "right": (640, 480)}
    return Observations(board=BOARD, sizes_px=sizes, views=tuple(views))


def baseline_mm(result):
    return float(np.linalg.norm(result.solution.state.translations_mm["right"]))


def everything_px(result, camera):
    """The error over all corners, those too that were left out."""
    from calibration.solve.rows import residuals

    source = next(s for s in result.solution.sources if s.name == camera)
    off = residuals(result.solution.state, source)
    return float(np.sqrt((off**2).sum(axis=1).mean()))


def test_the_sector_based_detector_reaches_what_is_published(pictures):
    def detect(picture):
        found = find(picture, "color", BOARD)
        return None if found is None else found.sighting.pixels

    seen = observations(pictures, detect)
    alone = joint(seen.of(["left"]))
    assert alone.rms_px["left"] <= 0.26
    assert everything_px(alone, "left") <= 0.26
    both = joint(seen)
    assert baseline_mm(both) == pytest.approx(83.0, abs=1.0)
    stereo = np.sqrt((everything_px(both, "left") ** 2 + everything_px(both, "right") ** 2) / 2)
    assert stereo <= 0.27
    assert seen.seen_by("left") == seen.seen_by("right") == 13


def test_the_classic_detector_does_too_and_its_outlier_is_told(pictures):
    """As OpenCV's own example calls it; in view 2 it is drawn away from an outer column."""

    def detect(picture):
        corners = chessboard.classic(picture, BOARD)
        if corners is None:
            return None
        moved = cv2.cornerSubPix(
            picture,
            corners.astype(np.float32).reshape(-1, 1, 2),
            (11, 11),
            (-1, -1),
            (3, 30, 0.1),
        )
        return moved.reshape(-1, 2).astype(np.float64)

    seen = observations(pictures, detect)
    alone = joint(seen.of(["left"]))
    assert alone.rms_px["left"] <= 0.41
    assert any(reason.startswith("02, left") for reason in alone.rejected)
    assert baseline_mm(joint(seen)) == pytest.approx(83.0, abs=1.0)
