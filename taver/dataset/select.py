"""Clips of a recording: which slots they are made of, and which clips are left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import msgspec
import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import InputError
from taver.core.nearest import nearest
from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from taver.dataset.read import Recording

PER_CLIP: Final = 16
PER_SECOND: Final = 4.0
LABELS: Final = ("arousal", "valence")
_NEAR: Final = 0.5  # of a frame's time at the clip's rate: what is farther away is a gap


class ClipOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How clips are taken."""

    length: Annotated[int, msgspec.Meta(ge=1, le=4096)] = PER_CLIP
    rate_hz: Annotated[float, msgspec.Meta(gt=0)] = PER_SECOND
    stride: Annotated[int, msgspec.Meta(ge=1)] | None = None  # in frames; None: not overlapping
    missing: Literal["drop", "mask"] = "drop"
    # Of a masked clip's frames; a clip with more missing ones is dropped all the same.
    most_missing: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.25
    modalities: tuple[str, ...] | None = None  # whose pictures have to be there; None: all
    labels: tuple[str, ...] = ()  # columns that have to be known: ("valence",)

    def __post_init__(self) -> None:
        for name, given, known in (
            ("labels", self.labels, LABELS),
            ("modalities", self.modalities or (), schema.PICTURES),
        ):
            unknown = [one for one in given if str(one) not in known]
            if unknown:
                raise ValueError(
                    f"{name} are {', '.join(unknown)}; choose among {', '.join(known)}"
                )


class Clip(NamedTuple):
    """Some slots of one recording, in order; where `valid` is false nothing usable is there."""

    recording: str
    slots: npt.NDArray[np.int64]
    valid: npt.NDArray[np.bool_]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the clips that a recording could have given."""

    taken: int = 0
    masked: int = 0  # of those taken: with some frames missing
    lost: int = 0  # dropped, for pictures without a face
    gaps: int = 0  # dropped, for a time in which there is no slot
    unlabelled: int = 0  # dropped, for labels that nobody gave
    short: int = 0  # recordings too short for a single clip

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{
            name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__
        })  # fmt: skip

    def in_words(self) -> str:
        """Say it in one line."""
        dropped = {
            "without a face": self.lost,
            "over a gap": self.gaps,
            "without labels": self.unlabelled,
        }
        parts = [f"{count} {why}" for why, count in dropped.items() if count]
        said = f"{self.taken} clips"
        if self.masked:
            said += f" ({self.masked} with frames missing)"
        if parts:
            said += f"; left out {', '.join(parts)}"
        if self.short:
            said += f"; {self.short} recordings too short for a clip"
        return said


def clips(recording: Recording, options: ClipOptions) -> tuple[list[Clip], Counts]:
    """Return the clips of a recording from its beginning on, and what was left out."""
    period_ns = NS_PER_S / options.rate_hz
    times_ns = recording.column("time_ns")
    usable = _Usable(recording, options)
    begins = starts(times_ns, options)
    if not begins:
        return [], Counts(short=1)
    taken, counts = [], Counts()
    for start in begins:
        wanted_ns = times_ns[0] + np.rint((start + np.arange(options.length)) * period_ns)
        clip, what = usable.judged(wanted_ns.astype(np.int64))
        counts += what
        if clip is not None:
            taken.append(clip)
    return taken, counts


def starts(times_ns: npt.NDArray[np.int64], options: ClipOptions) -> range:
    """Return at which frames, at the clips' own rate, those of a recording begin."""
    if not len(times_ns):
        return range(0)
    # The last frame of a clip may lie behind the last slot by no more than is near.
    last = (int(times_ns[-1]) - int(times_ns[0])) / (NS_PER_S / options.rate_hz) + _NEAR
    return range(0, int(np.floor(last)) - options.length + 2, options.stride or options.length)


def clips_of(recordings: Iterable[Recording], options: ClipOptions) -> tuple[list[Clip], Counts]:
    """Return the clips of several recordings, and what was left out of all of them."""
    every: list[Clip] = []
    counts = Counts()
    for recording in recordings:
        some, what = clips(recording, options)
        every += some
        counts += what
    return every, counts


def centred(recording: Recording, options: ClipOptions) -> list[Clip]:
    """Return one clip around each slot, whatever is missing in it: to predict every slot.

    Before the beginning and behind the end the nearest slot stands, marked as not valid.
    """
    period_ns = NS_PER_S / options.rate_hz
    offsets_ns = np.rint((np.arange(options.length) - options.length // 2) * period_ns)
    usable = _Usable(recording, options)
    return [
        Clip(recording.name, *usable.nearest(time_ns + offsets_ns.astype(np.int64))[:2])
        for time_ns in recording.column("time_ns")
    ]


class _Usable:
    """Finds the slots nearest to some times, and knows what is wrong with them."""

    def __init__(self, recording: Recording, options: ClipOptions) -> None:
        self.name = recording.name
        self.options = options
        self.times_ns = recording.column("time_ns")
        # Nor further than the slot beside it: where clips are slower than slots, a recording's
        # last slot would stand for moments long after it.
        slot_ns = np.median(np.diff(self.times_ns)) if len(self.times_ns) > 1 else np.inf
        self.near_ns = min(_NEAR * NS_PER_S / options.rate_hz, float(slot_ns))
        self.seen = np.ones(len(self.times_ns), bool)
        self.labelled = np.ones(len(self.times_ns), bool)
        for modality in _modalities(recording, options):
            self.seen &= recording.column(f"{modality}_valid")
        for label in options.labels:
            self.labelled &= np.isfinite(recording.column(label))

    def nearest(
        self, wanted_ns: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return the nearest slot to each time, whether it can be used, and whether it is near.

        Of two that are equally near it is the earlier one.
        """
        slots = nearest(self.times_ns, wanted_ns)
        near = np.abs(self.times_ns[slots] - wanted_ns) <= self.near_ns
        return slots, near & self.seen[slots] & self.labelled[slots], near

    def judged(self, wanted_ns: npt.NDArray[np.int64]) -> tuple[Clip | None, Counts]:
        """Return the clip at these times if it can be used, and how it is counted."""
        slots, valid, near = self.nearest(wanted_ns)
        missing = 1 - valid.mean()
        if not missing:
            return Clip(self.name, slots, valid), Counts(taken=1)
        if self.options.missing == "mask" and missing <= self.options.most_missing:
            return Clip(self.name, slots, valid), Counts(taken=1, masked=1)
        if not near.all():
            return None, Counts(gaps=1)
        if not self.seen[slots].all():
            return None, Counts(lost=1)
        return None, Counts(unlabelled=1)


def _modalities(recording: Recording, options: ClipOptions) -> tuple[str, ...]:
    if options.modalities is None:
        return tuple(str(modality) for modality in recording.modalities)
    there = {str(modality) for modality in recording.modalities}
    lacking = [modality for modality in options.modalities if modality not in there]
    if lacking:
        raise InputError(
            f"The recording {recording.name} has no {', '.join(lacking)}",
            fix=f"choose among what it has: {', '.join(sorted(there))}",
        )
    return options.modalities
