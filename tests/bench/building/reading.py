"""How fast clips are read; whether other programs read the same values; whom one forgets."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import built
import datasets
import forgetting
import numpy as np
import zarr
from building import others, shares

import taver.dataset
from taver.core.consent import Audience
from taver.core.progress import Silent
from taver.dataset import planes, schema
from taver.dataset.build.run import build
from taver.dataset.config import BuildConfig
from taver.dataset.forget import person
from taver.dataset.forget.scan import scan
from taver.dataset.forget.who import look_for

if TYPE_CHECKING:
    from pathlib import Path


def measured(quick: bool, folder: Path) -> dict[str, float | bool]:
    """Return the figures of reading; the pictures are crops of a simulated session."""
    store = folder / "reading.zarr"
    _tiled(_crops(folder), store, people=2 if quick else 4, slots=1024)
    try:
        figures = shares.measured(store, folder, rounds=5 if quick else 15)
        return {
            **figures,
            "peer_reads_equal": peers_agree(store),
            "forgotten_traces": traces_left(folder),
        }
    finally:
        shutil.rmtree(store)


def _crops(folder: Path) -> dict[str, np.ndarray]:
    """Return real crops: of what the other part built, or of a short session of our own."""
    store = folder.parent / "build" / "whole.zarr"
    if not store.is_dir():
        study = built.study_of(folder / "crops", seconds=6.4)
        built.with_faces(study, "s01")
        built.label(study)
        store = folder / "crops.zarr"
        build(study, str(store), BuildConfig(), audience=Audience.LAB)
    (recording,) = taver.dataset.open(store).recordings.values()
    slots = np.arange(recording.slots)
    return {str(m): recording.pictures(m, slots) for m in recording.modalities}


def _tiled(crops: dict[str, np.ndarray], store: Path, *, people: int, slots: int) -> None:
    """Write a dataset larger than any cache: the crops over and over, half of them mirrored."""
    datasets.make_dataset(store, people=people, seconds=slots / schema.RATE_HZ)
    root = zarr.open_group(store, mode="r+")[schema.RECORDINGS]
    for _, group in root.groups():
        for modality, pictures in crops.items():
            both = np.concatenate([pictures, pictures[:, :, ::-1]])
            planes.writer(group[modality])[...] = both[np.arange(slots) % len(both)]


def peers_agree(store: Path) -> bool:
    """Tell whether tensorstore, zarrs and zarr-python read what our own reader reads."""
    data = taver.dataset.open(store)
    recordings = list(data.recordings.values())
    stores = others.tensorstores(store, recordings)
    equal = True
    for recording in recordings:
        for name in (*recording.columns(), *recording.modalities):
            ours = (
                recording.pictures(name, np.arange(recording.slots))
                if name in schema.PICTURES
                else recording.column(name)
            )
            theirs = [recording.group[name][...]]
            if name in schema.PICTURES:
                theirs.append(stores[recording.name, name].read().result())
            with zarr.config.set({"codec_pipeline.path": others.ZARRS}):
                place = f"{schema.RECORDINGS}/{recording.name}/{name}"
                theirs.append(zarr.open_array(store, path=place, mode="r")[...])
            for other in theirs:
                equal &= np.array_equal(ours, other, equal_nan=ours.dtype.kind == "f")
    return bool(equal)


def traces_left(folder: Path) -> int:
    """Return in how many places a person is found who was in all of them and was forgotten.

    Beforehand the same scan has to find them in each kind of place.
    """
    study = forgetting.full_study(folder / "étude")
    who = look_for(study, forgetting.GONE)
    before = "\n".join(scan(study, who, Silent()).traces)
    kinds = ("participants/", "session.json", "color.mcap", "zarr.json", "table clips", "run.json")
    if not all(kind in before for kind in kinds):
        return len(kinds)
    person.forget(study, person.plan(study, forgetting.GONE))
    return len(scan(study, who, Silent()).traces)
