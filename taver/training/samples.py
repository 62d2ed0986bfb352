"""Clips of some people with their labels: what there is to train on, or to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec
import numpy as np

from taver.core.errors import DataError
from taver.dataset import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from taver.dataset.read import Recording
    from taver.dataset.select import Clip, ClipOptions, Counts

Label = Literal["mean", "last", "centre"]
TARGETS: Final = {
    "valence": ("valence",),
    "arousal": ("arousal",),
    "both": ("arousal", "valence"),
}


class Samples(NamedTuple):
    """Clips, the recordings they are of, and a label a clip and output."""

    recordings: dict[str, Recording]
    clips: list[Clip]
    labels: npt.NDArray[np.float32]  # (clips, outputs); NaN where unknown

    def people(self) -> tuple[str, ...]:
        """Return whose clips these are."""
        names = {clip.recording for clip in self.clips}
        return tuple(sorted({self.recordings[name].participant for name in names}))

    def person(self, clip: int) -> str:
        """Return whose clip this is."""
        return self.recordings[self.clips[clip].recording].participant

    def told(self, clip: int) -> str:
        """Say which clip this is, so that somebody can look at it."""
        one = self.clips[clip]
        return f"{one.recording}, slots {one.slots[0]} to {one.slots[-1]}"


def labelled(
    recordings: Iterable[Recording], options: ClipOptions, targets: Sequence[str], label: Label
) -> tuple[Samples, Counts]:
    """Return the clips whose labels and pictures are there, and what was left out."""
    recordings = list(recordings)
    options = msgspec.structs.replace(options, labels=tuple(targets))
    clips, counts = select.clips_of(recordings, options)
    by_name = {recording.name: recording for recording in recordings}
    labels = [_label(by_name[clip.recording], clip, targets, label) for clip in clips]
    return Samples(by_name, [held(clip) for clip in clips], _stacked(labels, targets)), counts


def around_each(
    recording: Recording, options: ClipOptions, targets: Sequence[str]
) -> tuple[Samples, npt.NDArray[np.int64]]:
    """Return a clip around every slot that has a face, with that slot's label; and the slots.

    Nothing is left out for a label that nobody gave: it is NaN.
    """
    clips = select.centred(recording, msgspec.structs.replace(options, labels=()))
    middle = options.length // 2
    seen = np.array([clip.valid[middle] for clip in clips], bool)
    kept = [held(clip) for clip, there in zip(clips, seen, strict=True) if there]
    slots = np.flatnonzero(seen).astype(np.int64)
    columns = [_finite_or_nan(recording, target)[slots] for target in targets]
    labels = np.stack(columns, axis=-1).astype(np.float32)
    return Samples({recording.name: recording}, kept, labels), slots


def held(clip: Clip) -> Clip:
    """Return the clip with every slot that cannot be used replaced by the nearest that can."""
    if clip.valid.all() or not clip.valid.any():
        return clip
    usable = np.flatnonzero(clip.valid)
    nearest = usable[np.abs(np.arange(len(clip.slots))[:, None] - usable).argmin(axis=1)]
    return clip._replace(slots=clip.slots[nearest])


def _label(
    recording: Recording, clip: Clip, targets: Sequence[str], label: Label
) -> npt.NDArray[np.float32]:
    columns = [_finite_or_nan(recording, target) for target in targets]
    if label == "mean":
        usable = clip.slots[clip.valid]
        found = [column[usable].mean(dtype=np.float64) for column in columns]
    else:  # of the frame that a frame-by-frame model looks at
        slots = held(clip).slots
        slot = slots[-1 if label == "last" else len(slots) // 2]
        found = [column[slot] for column in columns]
    return np.asarray(found, np.float32)


def _finite_or_nan(recording: Recording, target: str) -> npt.NDArray[np.float32]:
    values = recording.column(target)
    if np.abs(values[np.isfinite(values)]).max(initial=0.0) > 1.0 + 1e-6:
        raise DataError(
            f"{target} of the recording {recording.name} goes beyond -1 to 1",
            fix="build the dataset again with: taver build-dataset",
        )
    return values


def _stacked(
    labels: list[npt.NDArray[np.float32]], targets: Sequence[str]
) -> npt.NDArray[np.float32]:
    return np.stack(labels) if labels else np.empty((0, len(targets)), np.float32)
