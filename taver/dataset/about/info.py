"""What a dataset holds: people, recordings, splits, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from taver.dataset import schema, split
from taver.dataset.stores import local_folder

if TYPE_CHECKING:
    from taver.dataset.read import Dataset, Recording


class About(msgspec.Struct, frozen=True, kw_only=True):
    """One recording in figures."""

    name: str
    participant: str
    modalities: tuple[str, ...]
    slots: int
    seconds: float
    seen: dict[str, float]  # share of slots whose picture shows the face, by modality
    labelled: float  # share of slots with a valence
    raters: int
    simulated: bool


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset in figures."""

    where: str
    version: int
    audience: str
    simulated: bool
    modalities: tuple[str, ...]
    size_px: int
    rate_hz: float
    people: int
    slots: int
    hours: float
    raw_bytes: int  # of all pictures and columns as they are in memory
    stored_bytes: int | None  # None where nobody can tell
    splits: dict[str, dict[str, int]]
    recordings: tuple[About, ...]
    imported: str = ""  # the layout of the corpus that it was brought in from

    def lines(self) -> list[tuple[str, str]]:
        """Return what there is to say of the whole, name by name."""
        stored = "unknown"
        if self.stored_bytes is not None:
            share = self.stored_bytes / max(self.raw_bytes, 1)
            stored = f"{self.stored_bytes / 1e6:.1f} MB ({share:.0%} of {self.raw_bytes / 1e6:.1f})"
        return [
            ("dataset", self.where + (" (SIMULATED)" if self.simulated else "")),
            ("version", f"{schema.FORMAT} {self.version}"),
            ("audience", self.audience),
            ("pictures", f"{', '.join(self.modalities)}; {self.size_px}x{self.size_px} px"),
            ("people", str(self.people)),
            ("recordings", f"{len(self.recordings)}, {self.hours * 60:.1f} minutes"),
            ("slots", f"{self.slots} at {self.rate_hz:g} a second"),
            ("stored", stored),
            *self._split_lines(),
        ]

    def _split_lines(self) -> list[tuple[str, str]]:
        """Return a line a split; those that leave one person out, one each, share a line."""
        alone = [name for name in self.splits if name.startswith(split.WITHOUT)]
        lines = [
            (f"split {name}", ", ".join(f"{count} {part}" for part, count in sizes.items()))
            for name, sizes in self.splits.items()
            if name not in alone
        ]
        if alone:
            lines.append(
                (f"splits {split.WITHOUT}*", f"{len(alone)}: each leaves one person to test")
            )
        return lines


def info(data: Dataset) -> Info:
    """Return a dataset in figures."""
    recordings = tuple(about(recording) for recording in data.recordings.values())
    slots = sum(one.slots for one in recordings)
    return Info(
        where=data.where,
        version=data.attributes["version"],
        audience=data.attributes["audience"],
        simulated=data.simulated or any(one.simulated for one in recordings),
        modalities=tuple(modality.value for modality in data.modalities),
        size_px=data.size_px,
        rate_hz=data.rate_hz,
        people=len(data.people),
        slots=slots,
        hours=slots / data.rate_hz / 3600,
        raw_bytes=sum(_raw_bytes(recording) for recording in data.recordings.values()),
        stored_bytes=_stored_bytes(data.root),
        splits={
            name: {part: len(who) for part, who in split.items()}
            for name, split in data.splits.items()
        },
        recordings=recordings,
        imported=data.attributes["made"].get("settings", {}).get("imported", ""),
    )


def about(recording: Recording) -> About:
    """Return a recording in figures."""
    return About(
        name=recording.name,
        participant=recording.participant,
        modalities=tuple(modality.value for modality in recording.modalities),
        slots=recording.slots,
        seconds=recording.slots / recording.rate_hz,
        seen={
            modality.value: _share(recording.column(f"{modality}_valid"))
            for modality in recording.modalities
        },
        labelled=_share(np.isfinite(recording.column("valence"))),
        raters=len(recording.raters),
        simulated=recording.simulated,
    )


def _share(of: Any) -> float:
    return float(np.mean(of)) if len(of) else 0.0


def _raw_bytes(recording: Recording) -> int:
    return sum(
        int(np.prod(array.shape)) * np.dtype(array.dtype).itemsize
        for _, array in recording.group.arrays()
    )


def _stored_bytes(root: Any) -> int | None:
    folder = local_folder(root)
    if folder is None:
        return None
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
