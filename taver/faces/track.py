"""Follows one face from frame to frame: exactly one step for each frame, and it says how it went.

A face is followed by placing its points anew on a chip cut to where they were, moved on as they
moved. Whether it is a face that lies there is judged every time. If not, it is looked for near by,
then in the whole picture; of several, the one that fits what is known of the participant is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.faces import search
from taver.faces.chips import apart, middle, size_of
from taver.faces.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.faces.chips import Chips
    from taver.faces.finder import Detector, Found, Grey
    from taver.faces.home import Home
    from taver.faces.points import Floats
    from taver.faces.view import View

FACE: Final = 0.3  # what is judged below is none: half a face has 0.8, a wall less than -1
_KEPT: Final = 0.7  # of its speed a head keeps to the next frame
_FASTEST: Final = 0.5  # of a face's size between two frames
_FARTHEST: Final = 0.15  # of it from where it was expected
_WAITS: Final = 3  # frames, while somebody else is seen
_CHANGED: Final = 12  # grey levels of an eighth-size picture, above its noise
_STIRRED: Final = 0.002  # of its pixels changed: somebody moves
_SURE_S: Final = 1.0  # nobody changes places in less
_NEAR_FRAMES: Final = 10  # so long it is looked for where it was lost


class Step(NamedTuple):
    """What came of one frame."""

    state: State
    score: float  # of the judge; NaN where nothing was judged
    points: Floats | None = None
    chip: Grey | None = None  # what was judged
    other_person: bool = False  # a face is there, but not the participant's


class Memory(NamedTuple):
    """All a tracker knows from the frames before: it can be put down here and taken up again."""

    points: Floats | None  # where the face was when it was last seen
    moved_px: tuple[float, float]  # from the frame before to that one
    seen_ns: int
    lost_frames: int  # since then
    searched: Grey | None = None  # the last whole picture without the face, an eighth as large
    waits: int = 0  # frames before it is searched again: somebody else is in it


FRESH: Final = Memory(None, (0.0, 0.0), 0, 0)
_NOBODY: Final = Step(State.LOST, float("nan"))


class Tracker:
    """Follows the participant; frames are given in the order they were taken."""

    def __init__(
        self, chips: Chips, detector: Detector, home: Home, memory: Memory = FRESH
    ) -> None:
        self._chips, self._detector, self._home = chips, detector, home
        self.memory = memory

    def step(self, view: View, unix_ns: int) -> Step:
        """Return where the face is in the next frame."""
        before, moved, lost = self.memory.points, self.memory.moved_px, self.memory.lost_frames
        step = _NOBODY
        if before is not None and not lost:
            step = self._followed(view, before, moved)
        if step.points is None:
            step = self._found(view, unix_ns)
        if step.points is None:
            self.skip()
            return step
        if before is None or lost or step.state is not State.TRACKED:
            self.memory = Memory(step.points, (0.0, 0.0), unix_ns, 0)
        else:
            (x, y), (from_x, from_y) = middle(step.points), middle(before)
            self.memory = Memory(step.points, (x - from_x, y - from_y), unix_ns, 0)
        return step

    def skip(self) -> None:
        """Take note of a frame in which the face is not seen, or that cannot be looked at."""
        self.memory = self.memory._replace(
            lost_frames=self.memory.lost_frames + 1, moved_px=(0.0, 0.0)
        )

    def _followed(self, view: View, before: Floats, moved: tuple[float, float]) -> Step:
        size = size_of(before)
        on = [min(max(_KEPT * by, -_FASTEST * size), _FASTEST * size) for by in moved]
        start = before + np.array(on)
        points = self._chips.refined(view, start)
        if points is None or apart(points, start) > _FARTHEST * size:
            return _NOBODY  # what a chip did not hold is better found by the detector
        return self._judged(view, points, State.TRACKED)

    def _found(self, view: View, unix_ns: int) -> Step:
        """Return the step to a face that was found anew, near where it was or anywhere."""
        before, lost = self.memory.points, self.memory.lost_frames
        step = _NOBODY
        if before is not None and lost < _NEAR_FRAMES:
            step = self._best(view, search.near(view, self._detector, before), unix_ns)
            if step.points is not None:
                return step
        if self.memory.waits:
            self.memory = self.memory._replace(waits=self.memory.waits - 1)
            return step._replace(other_person=True)
        small = view.small()
        if not self._stirred(small):
            return step  # what did not hold the face does not hold it now
        smallest_px = self._home.smallest_px(self._detector.smallest_px)
        found = search.everywhere(view, self._detector, smallest_px)
        step = self._best(view, found, unix_ns)
        waits = _WAITS if step.other_person else 0
        self.memory = self.memory._replace(searched=small, waits=waits)
        return step

    def _stirred(self, small: Grey) -> bool:
        """Tell whether anything moved since the whole picture was last searched."""
        searched = self.memory.searched
        if searched is None or searched.shape != small.shape:
            return True
        changed = np.abs(small.astype(np.int16) - searched) > _CHANGED
        return float(changed.mean()) > _STIRRED

    def _best(self, view: View, found: Sequence[Found], unix_ns: int) -> Step:
        """Return the step to the participant's face, if it is among those found."""
        settled = [self._chips.in_box(view, one.box) for one in found]
        steps = [self._judged(view, face, State.DETECTED) for face in settled if face is not None]
        faces = [(step, step.points) for step in steps if step.points is not None]
        since_s = (unix_ns - self.memory.seen_ns) / NS_PER_S
        seen = bool(faces)
        if self._doubtful(len(found), since_s):
            faces = [(step, points) for step, points in faces if self._fits(view, points)]
        chosen = self._home.chosen([points for _, points in faces], self.memory.points, since_s)
        if chosen is None:
            return _NOBODY._replace(other_person=seen)
        return faces[chosen][0]

    def _doubtful(self, found: int, since_s: float) -> bool:
        """Tell whether a face that was found could be somebody else's."""
        alone = found < 2 and not self._home.others
        return self.memory.points is None or not alone or since_s > _SURE_S

    def _fits(self, view: View, points: Floats) -> bool:
        identities = self._home.identities
        return identities is None or identities.fits(self._chips.portrait(view, points))

    def _judged(self, view: View, points: Floats, state: State) -> Step:
        score, chip = self._chips.judged(view, points)
        return Step(state, score, points, chip) if score >= FACE else Step(State.LOST, score)
