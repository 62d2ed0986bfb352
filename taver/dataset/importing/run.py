"""Makes a dataset of somebody else's corpus: all of it, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from taver import __version__
from taver.core import atomic
from taver.core.clock import NS_PER_S
from taver.core.errors import AlreadyThereError, DataError
from taver.core.frames import Modality
from taver.core.progress import Silent
from taver.core.storage import explained
from taver.dataset import create, marks, schema, split
from taver.dataset.importing import faces
from taver.dataset.importing.labels import DIMENSIONS, beyond, on_slots
from taver.dataset.importing.layouts import LAYOUTS, RATE_HZ, Found, find
from taver.faces.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from taver.core.progress import Progress
    from taver.faces.kit import Kit


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    path: Path
    recordings: int
    people: int
    slots: int
    notes: tuple[str, ...]


def run(
    folder: Path,
    out: Path,
    *,
    layout: str,
    scale: Sequence[float] | None = None,
    size_px: int = schema.SIZE_PX,
    rate_hz: int = schema.RATE_HZ,
    frames_hz: float = RATE_HZ,
    splits: split.SplitOptions | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Read every film of a corpus and write the dataset; nothing is there before all of it is."""
    progress = progress or Silent()
    with explained(out):
        if out.exists():
            raise AlreadyThereError(
                f"{out} exists already", fix="choose another --out, or move it away"
            )
    found = find(folder, layout, frames_hz)
    limits = tuple(scale) if scale is not None else LAYOUTS[layout].scale
    notes = _refuse_bad_labels(found, limits)
    films = [one for one in found if one.labels is not None]
    notes += dict.fromkeys(told for one in films for told in one.told)
    split.refuse_folds(len({one.participant for one in films}), splits)
    kit = _kit(films)
    progress.begin("Importing", len(films))
    people: dict[str, Any] = {}
    slots = 0
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing_folder(out) as beside:
            root = create.root(beside, _attributes(layout, size_px, rate_hz))
            for one in films:
                arousal, valence, told = _write(root, one, kit, limits, size_px, rate_hz)
                counts = split.histogram(arousal, valence)
                people[one.participant] = people.get(one.participant, 0) + counts
                slots += len(valence)
                notes += [f"{one.name}: {note}" for note in told]
                progress.advance()
            root.attrs["splits"] = split.splits(people, splits)
            schema.validate(root, str(out))
    return Imported(
        path=out, recordings=len(films), people=len(people), slots=slots, notes=tuple(notes)
    )


def _refuse_bad_labels(found: Sequence[Found], scale: Sequence[float]) -> list[str]:
    """Raise DataError for labels that cannot be used; return what is left out."""
    wrong = []
    for one in found:
        told = beyond(one.labels, scale) if one.labels is not None else None
        if told is not None:
            wrong.append(f"{one.name}: {told[0]} is {told[1]:g}")
    if wrong:
        raise DataError(
            f"Labels leave the scale of {scale[0]:g} to {scale[1]:g}",
            fix="say which scale they have with --scale LOWEST,HIGHEST",
            problems=wrong,
        )
    without = [one.name for one in found if one.labels is None]
    if len(without) == len(found):
        raise DataError(
            f"None of {len(found)} films has labels",
            fix="check --layout; where labels have to be stands in docs/reading.md",
        )
    return [f"{name}: left out, there are no labels" for name in without]


def _kit(films: Sequence[Found]) -> Kit | None:
    """Return what finds faces, unless every film brings the points of its faces."""
    if all(one.points for one in films):
        return None
    from taver.faces import kit

    return kit.kit(Options())


def _attributes(layout: str, size_px: int, rate_hz: int) -> dict[str, Any]:
    return {
        "modalities": [Modality.COLOR.value],
        "rate_hz": rate_hz,
        "size_px": size_px,
        "audience": "lab",
        "splits": {},
        "simulated": False,
        "made": {"by": f"taver {__version__}", "settings": {"imported": layout}},
    }


def _write(
    root: Any, one: Found, kit: Kit | None, scale: Sequence[float], size_px: int, rate_hz: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[str]]:
    """Write one recording; return its labels, and what there is to note."""
    followed = faces.follow(one.film, one.points, kit, rate_hz=rate_hz, size_px=size_px)
    slots = len(followed.state)
    time_ns = np.rint(np.arange(slots) * NS_PER_S / rate_hz).astype(np.int64)
    labels = one.labels
    if labels is None or not slots:
        raise DataError(f"{one.film.path} has no pictures", fix="leave it out")
    by_rater = on_slots(labels, time_ns, round(NS_PER_S / rate_hz / 2))
    raters = labels.raters
    attributes = {
        "participant": one.participant, "session": one.name,
        "modalities": [Modality.COLOR.value], "simulated": False, "raters": list(raters),
        "scale": list(scale), "fusion": "mean", "relaxing_face_k": None, "thermal_kelvin": None,
        "start_unix_ns": None, "pictures": False, "made": {"by": f"taver {__version__}"},
    }  # fmt: skip
    group = create.recording(root[schema.RECORDINGS], one.name, attributes)
    for name in schema.columns_of([Modality.COLOR]):
        create.array(group, name, slots=slots, size_px=size_px, raters=len(raters))
    valid, digests = _cut(group["color"], one, followed, rate_hz, size_px)
    fused = {name: _fused(by_rater[name], scale) for name in DIMENSIONS}
    columns = {
        "time_ns": time_ns, "color_valid": valid, "color_ns": followed.frame_ns,
        "face": followed.state, "landmarks": followed.landmarks, "pose_deg": followed.pose_deg,
        "head_mm": followed.head_mm, **fused,
        **{f"{name}_raters": by_rater[name] for name in DIMENSIONS},
    }  # fmt: skip
    every = {"color": digests}
    for name, values in columns.items():
        group[name][...] = values.astype(schema.SCHEMA[name].dtype)
        every[name] = marks.of_column(name, values)
    group.attrs.put({**attributes, marks.ATTRIBUTE: marks.ordered(every)})
    notes = _notes(followed, fused, int(labels.times_ns[-1]) - int(time_ns[-1]))
    return fused["arousal"], fused["valence"], notes


def _cut(
    array: Any, one: Found, followed: faces.Followed, rate_hz: int, size_px: int
) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Write the crops, a shard at a time; return which slots have one, and each shard's digest."""
    digests: list[str] = []
    valid = np.zeros(len(followed.state), bool)
    held = np.zeros((schema.SHARD_FRAMES, size_px, size_px, 3), np.uint8)
    first = 0

    def put() -> None:
        count = min(len(valid) - first, len(held))
        array[first : first + count] = held[:count]
        digests.append(marks.mark([held[:count]]))
        held[...] = 0

    for slot, crop in faces.cut(one.film, followed, rate_hz=rate_hz, size_px=size_px):
        while slot >= first + len(held):
            put()
            first += len(held)
        held[slot - first] = crop
        valid[slot] = True
    while first < len(valid):
        put()
        first += len(held)
    return valid, digests


def _fused(values: npt.NDArray[np.float64], scale: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the mean of all raters, brought to -1 to 1."""
    said = np.isfinite(values)
    count = said.sum(axis=1)
    mean = np.where(said, values, 0.0).sum(axis=1) / np.where(count, count, np.nan)
    return np.asarray((mean - scale[0]) / (scale[1] - scale[0]) * 2 - 1)


def _notes(followed: faces.Followed, fused: dict[str, npt.NDArray[Any]], over_ns: int) -> list[str]:
    notes = []
    lost = int((followed.state == 0).sum())
    if lost:
        notes.append(f"no face in {lost} of {len(followed.state)} slots")
    for name, values in fused.items():
        nothing = int((~np.isfinite(values)).sum())
        if nothing:
            notes.append(f"no {name} in {nothing} of {len(values)} slots")
    if over_ns > NS_PER_S:
        notes.append(f"its labels go on for {over_ns / NS_PER_S:.1f} s behind the film's end")
    return notes
