"""recordings.csv and labels.csv: what a spreadsheet or a crawler can read of a dataset."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from taver.core.clock import NS_PER_S
from taver.dataset.about.info import about

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taver.dataset.read import Dataset

# A column's name, its kind by schema.org, and what it says.
RECORDINGS: Final = (
    ("recording", "sc:Text", "name of the recording, a group of the dataset"),
    ("participant", "sc:Text", "pseudonym"),
    ("part", "sc:Text", "of the default split: train, validation or test"),
    ("modalities", "sc:Text", "which pictures there are"),
    ("slots", "sc:Integer", "pictures of each modality"),
    ("seconds", "sc:Float", "how long it is"),
    ("raters", "sc:Integer", "how many people rated it"),
    ("labelled", "sc:Float", "share of slots with a label"),
)
LABELS: Final = (
    ("recording", "sc:Text", "name of the recording"),
    ("slot", "sc:Integer", "number of the picture, from 0"),
    ("time_s", "sc:Float", "seconds from the recording's start"),
    ("arousal", "sc:Float", "of all raters together, -1 to 1; empty where unknown"),
    ("valence", "sc:Float", "of all raters together, -1 to 1; empty where unknown"),
)


def recordings(data: Dataset) -> str:
    """Return recordings.csv."""
    part_of = {
        person: part for part, people in data.splits.get("default", {}).items() for person in people
    }
    rows = []
    for recording in data.recordings.values():
        one = about(recording)
        rows.append((
            one.name, one.participant, part_of.get(one.participant, ""), " ".join(one.modalities),
            one.slots, f"{one.seconds:g}", one.raters, f"{one.labelled:.4f}",
        ))  # fmt: skip
    return _written([name for name, _, _ in RECORDINGS], rows)


def labels(data: Dataset) -> str:
    """Return labels.csv."""

    def rows() -> Iterable[Sequence[Any]]:
        for recording in data.recordings.values():
            times = recording.column("time_ns") / NS_PER_S
            values = [recording.column(name) for name in ("arousal", "valence")]
            for slot, time_s in enumerate(times):
                yield (recording.name, slot, f"{time_s:.3f}", *(_number(v[slot]) for v in values))

    return _written([name for name, _, _ in LABELS], rows())


def _number(value: Any) -> str:
    return f"{value:.5f}" if np.isfinite(value) else ""


def _written(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()
