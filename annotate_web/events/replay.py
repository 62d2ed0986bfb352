"""Events played again: what each frame was given, however they arrived.

A pass runs from "play" to "stop". Each frame that it passes is given what the sliders say then;
a later pass goes over an earlier one. Frames that none passed are NaN, and those while the face
was marked as not visible. Sittings are replayed in the order in which they began, events in that
of their numbers, so the outcome does not depend on when or how often anything was delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from annotate_web.db.tables import Kind
from taver.labels.trace import Dimension, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

_SLIDERS: Final = {Kind.AROUSAL: Dimension.AROUSAL, Kind.VALENCE: Dimension.VALENCE}
_FACE: Final = (Kind.UNSEEN, Kind.SEEN)
# They change no value, and tell how far the film had come if the page dies later.
_PASSING: Final = (Kind.RATE, Kind.LAG, Kind.DROPPED)


class Told(NamedTuple):
    """What replay needs of an event."""

    seq: int
    kind: str
    frame: int | None
    value: int | None
    body: Mapping[str, Any] | None = None  # of what was imported


class Sat(NamedTuple):
    """One sitting: where its sliders stood when it began, and its events in any order."""

    start: Mapping[Dimension, int]
    events: Iterable[Told]


class Replayed(NamedTuple):
    """What one annotator gave each frame of a clip."""

    values: Mapping[Dimension, npt.NDArray[np.float64]]  # NaN: nothing
    passed: npt.NDArray[np.int32]  # how often each frame was passed
    standing: Mapping[Dimension, int]  # where the sliders stand in the end


class _Sitting:
    """The sliders, and the pass that runs."""

    def __init__(self, start: Mapping[Dimension, int], into: Replayed) -> None:
        self.into = into
        self.now = dict(start)
        self.unseen = False
        self.at: int | None = None  # the next frame that the running pass has to give

    def play(self, frame: int) -> None:
        self.at = frame

    def reach(self, frame: int) -> None:
        """Give all frames before `frame` what the sliders say; from there on it may change."""
        if self.at is None:
            return
        if frame > self.at:
            here = slice(self.at, frame)
            for dimension, value in self.now.items():
                self.into.values[dimension][here] = np.nan if self.unseen else value
            self.into.passed[here] += 1
            self.at = frame
        elif frame < self.at - 1:
            self.at = frame  # it went back without a stop: that is a pass of its own

    def stop(self, frame: int) -> None:
        """End the pass with `frame`."""
        self.reach(frame + 1)
        self.at = None


def replay(sittings: Iterable[Sat], frames: int) -> Replayed:
    """Return what each of a clip's frames was given in sittings, in the order they began."""
    into = Replayed(
        {dimension: np.full(frames, np.nan) for dimension in Dimension},
        np.zeros(frames, dtype=np.int32),
        dict.fromkeys(Dimension, 0),
    )
    standing: Mapping[Dimension, int] = into.standing
    for sat in sittings:
        sitting = _Sitting(sat.start, into)
        last: int | None = None  # the newest frame known to be on the screen in this pass
        for event in sorted(sat.events, key=lambda told: told.seq):
            last = _apply(sitting, event, last)
        if sitting.at is not None and last is not None:
            sitting.stop(last)  # the page was closed, or died: up to there it is known
        standing = dict(sitting.now)
    return into._replace(standing=standing)


def _apply(sitting: _Sitting, event: Told, last: int | None) -> int | None:
    kind, frame = event.kind, event.frame
    if kind == Kind.IMPORTED and event.body is not None:
        _take_over(sitting.into, event.body)
    if frame is None:
        return last
    if kind == Kind.PLAY:
        if sitting.at is not None and last is not None:
            sitting.stop(last)
        sitting.play(frame)
        return frame
    if kind == Kind.SEEK:
        if sitting.at is not None and last is not None:
            sitting.stop(last)
            sitting.play(frame)
        return frame
    if kind == Kind.STOP:
        sitting.stop(frame)
        return None
    if kind in _PASSING:
        return frame if last is None else max(last, frame)
    if kind not in _SLIDERS and kind not in _FACE:
        return last
    sitting.reach(frame)
    if kind in _FACE:
        sitting.unseen = kind == Kind.UNSEEN
    elif event.value is not None:
        sitting.now[_SLIDERS[Kind(kind)]] = event.value
    return frame


def _take_over(into: Replayed, body: Mapping[str, Any]) -> None:
    """Give frames what another tool's trace says of them: runs of [value or null, how many]."""
    values = into.values[Dimension(body["dimension"])]
    first = 0
    for value, count in body["runs"]:
        if value is not None:
            values[first : first + count] = value
            into.passed[first : first + count] += 1
        first += count


def trace(values: npt.NDArray[np.float64], frame_unix_ns: npt.NDArray[np.int64]) -> Trace:
    """Return values at frames as a trace: one entry wherever they change."""
    places = changes(values)
    if len(places) and np.isnan(values[places[0]]):
        places = places[1:]  # nothing said before the first value goes without saying
    return Trace(frame_unix_ns[places], values[places])


def changes(values: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return where each stretch of one value, or of none, begins."""
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    return np.flatnonzero(np.concatenate([[True], ~same]))[: len(values)]
