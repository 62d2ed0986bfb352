"""Pictures of the board with the corners that were found, and where the rig says they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.detect.prepare import forth
from calibration.solve.rows import DEPTH, residuals
from calibration.vision import vision

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.make import Made

    Floats = npt.NDArray[np.float64]

_QUALITY: Final = 72
_FOUND: Final = (80, 200, 90)  # BGR
_LEFT_OUT: Final = (60, 80, 235)
_SAID: Final = (235, 190, 60)
MOST: Final = 6


def overlays(made: Made) -> list[tuple[str, bytes, str]]:
    """Return camera, JPEG and caption, of the views with the largest errors and some others."""
    cv2 = vision()
    observations, solution = made.result.observations, made.result.solution
    by_view: dict[int, dict[str, tuple[Floats, Floats, npt.NDArray[np.bool_]]]] = {}
    for source in solution.sources:
        if source.name == DEPTH:
            continue
        off = residuals(solution.state, source)
        for view, part in source.parts:
            by_view.setdefault(view, {})[source.camera] = (
                source.pixels[part],
                off[part],
                source.weights[part] > 0,
            )
    worst = sorted(by_view, key=lambda v: -max(_rms(o) for _, o, _ in by_view[v].values()))
    chosen = [*worst[: MOST // 2], *worst[MOST // 2 :: max(1, len(worst) // MOST)]][:MOST]
    found = []
    for view in chosen:
        name = observations.views[view].name
        for camera, (pixels, off, good) in by_view[view].items():
            thumb = made.looked.thumbs.get((name, camera))
            if thumb is None:
                continue
            corner = np.array([thumb.left_px, thumb.top_px])
            picture = cv2.cvtColor(thumb.picture, cv2.COLOR_GRAY2BGR)
            for seen, said, kept in zip(
                forth(pixels - corner, thumb.scale),
                forth(pixels + off - corner, thumb.scale),
                good,
                strict=True,
            ):
                _ring(picture, seen, _FOUND if kept else _LEFT_OUT)
                _cross(picture, said)
            done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            if done:
                left = "" if good.any() else ", left out"
                found.append(
                    (camera, data.tobytes(), f"{name}, {camera}: {_rms(off):.2f} px{left}")
                )
    return found


def _rms(off: Floats) -> float:
    return float(np.sqrt((off**2).sum(axis=1).mean()))


def _ring(picture: object, at: Floats, color: tuple[int, int, int]) -> None:
    cv2 = vision()
    centre = tuple(int(v) for v in np.rint(at * 8))
    cv2.circle(picture, centre, 5 * 8, color, 1, cv2.LINE_AA, 3)


def _cross(picture: object, at: Floats) -> None:
    cv2 = vision()
    x, y = (int(v) for v in np.rint(at * 8))
    for a, b in (((x - 24, y), (x + 24, y)), ((x, y - 24), (x, y + 24))):
        cv2.line(picture, a, b, _SAID, 1, cv2.LINE_AA, 3)
