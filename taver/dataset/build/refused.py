"""What is refused once it is known what the dataset will be: no room, and clips of no use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.errors import DataError, InputError, StorageError
from taver.dataset import schema
from taver.dataset.build.job import blocks_of
from taver.dataset.build.work import key_of
from taver.dataset.select import Counts, starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.dataset.build.kept import Kept
    from taver.dataset.build.places import Place
    from taver.dataset.build.plan import Plan
    from taver.dataset.build.recordings import Planned
    from taver.dataset.config import BuildConfig

_PACKS_TO: Final = 0.85  # of the raw pictures, at most; measured 0.72
_SPARE_BYTES: Final = 16 * 2**20


def refuse_full(place: Place, wanted: Plan, kept: Kept) -> None:
    """Raise StorageError where what is still to be cut cannot fit; links take next to nothing."""
    free = place.room_bytes()
    if free is None:
        return
    noted = place.noted()
    to_cut = [one for one in wanted.recordings if one.name not in kept.pictures]
    needed = _SPARE_BYTES + sum(_bytes_of(one, noted) for one in to_cut)
    if needed > free:
        raise StorageError(
            f"No room for {place.name}: it may take {needed / 2**20:.0f} MiB more, "
            f"{free / 2**20:.0f} are free",
            fix="free space on that disk, or give another --out; nothing was changed",
        )


def _bytes_of(one: Planned, noted: frozenset[str]) -> int:
    """Return how much the pictures of a recording may take that are not there yet."""
    blocks = blocks_of(one.cut, "", schema.SHARD_FRAMES)
    slots = sum(block.count for block in blocks if key_of(block) not in noted)
    raw = 0
    for modality in one.cut.modalities:
        column = schema.SCHEMA[modality.value]
        shape = schema.shape_of(column, slots=slots, size_px=one.cut.size_px, raters=0)
        raw += np.dtype(column.dtype).itemsize * math.prod(shape)
    return round(_PACKS_TO * raw)


def refuse_clips(wanted: Plan, config: BuildConfig) -> None:
    """Raise for clips that this dataset cannot give, before hours of cutting."""
    options = config.clips
    if options.length > 1 and options.rate_hz > config.rate_hz:
        raise InputError(
            f"Clips of {options.rate_hz:g} pictures a second cannot be taken of {config.rate_hz} "
            "slots a second",
            fix="lower rate_hz in [clips] of build.toml, or raise rate_hz above it",
        )
    slots_ns = [one.values["time_ns"] for one in wanted.recordings]
    if not any(starts(times_ns, options) for times_ns in slots_ns):
        refuse_useless(Counts(short=len(slots_ns)), config, wanted.notes)
    lacking = []
    for one in wanted.recordings:
        there = {modality.value for modality in one.cut.modalities}
        missing = [name for name in options.modalities or () if name not in there]
        if missing:
            lacking.append(f"{one.name} has no {', '.join(missing)}")
    if lacking:
        raise InputError(
            "Clips are asked for of modalities that are not in every recording",
            fix="correct modalities in [clips] of build.toml, or leave these sessions out by "
            "naming the others: --session NAME",
            problems=lacking,
        )


def _instead(counts: Counts) -> str:
    """Return what would give clips, by what most of them were lost to."""
    why = max(("lost", "gaps", "unlabelled", "short"), key=lambda name: getattr(counts, name))
    if why == "unlabelled":
        return "have more of it rated, or put up with it: labels = [] in [clips] of build.toml"
    if why == "short":
        return "ask for shorter clips in [clips] of build.toml: length, of frames at rate_hz"
    return (
        "see in faces.html of a session where its face is; shorter clips (length), or clips with "
        'some frames missing (missing = "mask"), are asked for in [clips] of build.toml'
    )


def refuse_useless(counts: Counts, config: BuildConfig, notes: Sequence[str]) -> None:
    """Raise DataError where not a single clip can be taken."""
    if counts.taken:
        return
    options = config.clips
    raise DataError(
        f"There is no usable clip of {options.length} frames at {options.rate_hz:g} a second: "
        f"{counts.in_words()}",
        fix=f"{_instead(counts)}. What was there before is as it was",
        problems=notes,
    )
