"""A film to practise on that shows nobody: a drawn face whose feelings are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from annotate_web.media import video
from annotate_web.media.add import Added
from annotate_web.media.enter import enter, files_of, film_name, packed, refuse_taken
from annotate_web.media.make import Made
from annotate_web.media.reference import Reference
from annotate_web.media.slots import PERIOD_NS, RATE_HZ
from taver.core import atomic
from taver.core.digest import sha256_of
from taver.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from annotate_web.db.open import Database
    from taver.core.progress import Progress

    Floats = npt.NDArray[np.float64]
    Drawn = npt.NDArray[np.float32]
    Shape = Callable[[Drawn, Drawn], Drawn]  # how far inside a point is, in pixels

NAME: Final = "practice"
SECONDS: Final = 40
WITHIN: Final = 2.5  # points of the scale, on average; a slider left alone is 3.6 away
_WIDE, _HIGH = 400, 300
# What the face feels at these seconds; between them it changes smoothly.
_AT_S: Final = (0, 4, 9, 13, 18, 22, 27, 31, 36, 40)
_AROUSAL: Final = (0, 0, 6, 6, -5, -5, 8, 8, 0, 0)
_VALENCE: Final = (0, 0, 7, 7, 3, 3, -7, -7, 0, 0)

_PAPER, _SKIN, _INK, _MOUTH = (250, 249, 247), (236, 200, 160), (40, 40, 44), (160, 60, 60)
_WHITE = (255, 255, 255)


def trace() -> Reference:
    """Return what the drawn face feels, ten times a second."""
    moments = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    return Reference(moments, _eased(moments, _AROUSAL), _eased(moments, _VALENCE), WITHIN)


def add(database: Database, media: Path, *, now_ns: int, progress: Progress | None = None) -> Added:
    """Draw the film and enter it as a practice clip."""
    feels = trace()
    path = media / film_name(NAME)
    frames = len(feels.seconds)
    times = now_ns // PERIOD_NS * PERIOD_NS + np.arange(frames, dtype=np.int64) * PERIOD_NS
    row = {
        "name": NAME, "session": NAME, "phase": None, "from_unix_ns": int(times[0]),
        "until_unix_ns": int(times[-1]) + 1, "width_px": _WIDE, "height_px": _HIGH,
        "frame_unix_ns": packed(times), "frames": frames, "media": path.name, "sound": False,
        "simulated": False, "wanted_raters": 1, "practice": True,
        "reference": feels.at(frames, RATE_HZ), "added_ns": now_ns,
    }  # fmt: skip
    refuse_taken(database, NAME)
    told = progress or Silent()
    told.begin("drawing a face", frames)
    with files_of(media) as made_here:
        with atomic.replacing(path) as beside:
            video.write(beside, _told(pictures(feels), told), title=NAME)
            digest = sha256_of(beside)
        made_here.append(path)
        enter(database, NAME, [{**row, "media_sha256": digest}])
    return Added(NAME, frames, Made(digest, sound=False, notes=()))


def pictures(feels: Reference) -> Iterator[npt.NDArray[np.uint8]]:
    """Draw the face: the mouth tells valence; wide eyes and restless movement tell arousal."""
    turn = 0.0
    for arousal, valence in zip(feels.arousal / 10, feels.valence / 10, strict=True):
        turn += (0.6 + 1.6 * max(0.0, arousal + 0.4)) / RATE_HZ * 2 * np.pi
        energy = 2 + 9 * max(0.0, arousal + 0.3)
        sheet = _Sheet(energy * np.sin(turn), 0.5 * energy * np.sin(2 * turn))
        _face(sheet, float(arousal), float(valence))
        yield sheet.pixels.astype(np.uint8)


def _told(
    drawn: Iterator[npt.NDArray[np.uint8]], progress: Progress
) -> Iterator[npt.NDArray[np.uint8]]:
    for picture in drawn:
        progress.advance()
        yield picture


class _Sheet:
    """A picture that is drawn on around a middle, in units of a 640 x 480 picture's pixels."""

    def __init__(self, right: float, down: float) -> None:
        self.pixels = np.full((_HIGH, _WIDE, 3), _PAPER, np.float32)
        unit = 640 / _WIDE
        self._x = ((np.arange(_WIDE) + 0.5) * unit - 320 - right).astype(np.float32)
        self._y = ((np.arange(_HIGH) + 0.5) * unit - 240 - down).astype(np.float32)

    def paint(
        self, rgb: tuple[int, int, int], box: tuple[float, float, float, float], inside: Shape
    ) -> None:
        """Paint in the box (left, top, right, bottom) where the shape is above 0, softly edged."""
        left, right = np.searchsorted(self._x, (box[0], box[2]))
        top, bottom = np.searchsorted(self._y, (box[1], box[3]))
        x, y = self._x[None, left:right], self._y[top:bottom, None]
        share = np.clip(inside(x, y) + 0.5, 0, 1)[..., None]
        part = self.pixels[top:bottom, left:right]
        part += (np.array(rgb, np.float32) - part) * share


def _face(sheet: _Sheet, arousal: float, valence: float) -> None:
    sheet.paint(_SKIN, (-200, -200, 200, 200), lambda x, y: 190 - np.hypot(x / 0.86, y))
    opening = 17 + 14 * arousal
    for side in (-68, 68):
        near = (side - 40, -90, side + 40, -5)
        pupil = min(12.0, max(4.0, opening - 2))
        sheet.paint(_WHITE, near, _ellipse(side, -45, 34, max(5.0, opening)))
        sheet.paint(_INK, near, _ellipse(side, -45, 12, pupil))
        slope = 0.16 * np.sign(side) * min(0.0, valence)
        sheet.paint(
            _INK, (side - 38, -130, side + 38, -60),
            lambda x, y, side=side, slope=slope: (  # type: ignore[misc]  # bound to this turn
                4 - np.abs(y + 92 + 14 * arousal + slope * (x - side))
            ),
        )  # fmt: skip

    def mouth(x: Drawn, y: Drawn) -> Drawn:
        # A parabola through the corners of the mouth; it opens when the face is excited.
        bow = 1 - (x / 82) ** 2
        middle = 88 + 46 * valence * bow - 23 * valence
        return np.asarray(4 + 16 * max(0.0, arousal) * bow - np.abs(y - middle))

    sheet.paint(_MOUTH, (-82, 30, 82, 150), mouth)


def _ellipse(right: float, down: float, wide: float, high: float) -> Shape:
    def inside(x: Drawn, y: Drawn) -> Drawn:
        return np.asarray((1 - np.hypot((x - right) / wide, (y - down) / high)) * min(wide, high))

    return inside


def _eased(moments: Floats, values: tuple[int, ...]) -> Floats:
    """Go from value to value without corners."""
    place = np.clip(np.searchsorted(_AT_S, moments, side="right") - 1, 0, len(_AT_S) - 2)
    at, level = np.array(_AT_S, float), np.array(values, float)
    share = (moments - at[place]) / (at[place + 1] - at[place])
    eased: Floats = level[place] + (level[place + 1] - level[place]) * (3 - 2 * share) * share**2
    return eased
