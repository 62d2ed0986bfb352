"""Small datasets whose content is known: each value can be computed by who tests."""

from __future__ import annotations

import numpy as np

from taver import __version__
from taver.core.clock import NS_PER_S
from taver.dataset import create, planes, schema

MODALITIES = ("color", "depth", "thermal")
NEUTRAL_K = 307.0
KELVIN = (0.04, 0.0)


def people_of(count):
    """Return the names P01, P02, ..."""
    return tuple(f"P{number + 1:02d}" for number in range(count))


def valence_of(person, slots, rate_hz=schema.RATE_HZ):
    """Return the valence planted for the person of this number, from 0: slow, in [-0.8, 0.8]."""
    seconds = np.arange(slots) / rate_hz
    return (0.8 * np.sin(2 * np.pi * seconds / (7 + person % 5) + person)).astype(np.float32)


def arousal_of(person, slots, rate_hz=schema.RATE_HZ):
    """Return the arousal planted for the person of this number."""
    seconds = np.arange(slots) / rate_hz
    return (0.6 * np.cos(2 * np.pi * seconds / (9 + person % 4) - person)).astype(np.float32)


def pictures_of(modality, person, slots, size_px, rate_hz=schema.RATE_HZ):
    """Return the planted pictures: smooth, each slot's own, brighter with what they carry.

    Colour carries valence, depth arousal, thermal valence again (in counts of 0.04 K).
    """
    valence, arousal = valence_of(person, slots, rate_hz), arousal_of(person, slots, rate_hz)
    y, x = np.mgrid[0:size_px, 0:size_px] / size_px
    round_ = np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.08)
    grain = np.random.default_rng(person).integers(0, 4, (slots, size_px, size_px), np.uint8)
    if modality == "color":
        light = 110 + 60 * round_ * (1 + valence[:, None, None]) + grain
        tint = np.array([1.0, 0.8, 0.7])
        return np.clip(light[..., None] * tint, 0, 255).astype(np.uint8)
    if modality == "depth":
        far = 900 - 120 * round_ * (1 + 0.3 * arousal[:, None, None]) + grain
        return far.astype(np.uint16)
    kelvin = NEUTRAL_K - 6 * (1 - round_) + 0.5 * valence[:, None, None]
    return (kelvin / KELVIN[0] + grain).astype(np.uint16)


def make_dataset(
    folder,
    *,
    people=6,
    seconds=20.0,
    modalities=MODALITIES,
    size_px=schema.SIZE_PX,
    rate_hz=schema.RATE_HZ,
    raters=("a1", "a2", "a3"),
    lost=(),
    splits=None,
    simulated=True,
    audience="lab",
):
    """Write a dataset of a recording a person into `folder`, and return the folder.

    `lost` are slots in which no face was found, in every recording. The split is the paper's in
    spirit: the last third tests, one of the others validates.
    """
    names = people_of(people)
    if splits is None:
        test = names[-max(1, people // 3) :] if people > 2 else names[-1:]
        training = [name for name in names if name not in test]
        splits = {
            "default": {
                "train": training[:-1] or training,
                "validation": training[-1:] if len(training) > 1 else [],
                "test": list(test),
            }
        }
    root = create.root(
        folder,
        {
            "modalities": list(modalities),
            "rate_hz": rate_hz,
            "size_px": size_px,
            "audience": audience,
            "splits": splits,
            "simulated": simulated,
            "made": {"by": f"taver {__version__}", "from": "planted"},
        },
    )
    recordings = root[schema.RECORDINGS]
    for number, name in enumerate(names):
        _add(recordings, number, name, round(seconds * rate_hz), modalities, size_px, rate_hz,
             raters, lost, simulated)  # fmt: skip
    return folder


def _add(recordings, number, name, slots, modalities, size_px, rate_hz, raters, lost, simulated):
    session = f"s{number + 1:02d}"
    group = recordings.create_group(
        f"{session}-interview",
        attributes={
            "participant": name,
            "session": session,
            "modalities": list(modalities),
            "simulated": simulated,
            "raters": list(raters),
            "scale": [-10, 10],
            "fusion": "mean",
            "relaxing_face_k": NEUTRAL_K if "thermal" in modalities else None,
            "thermal_kelvin": list(KELVIN) if "thermal" in modalities else None,
            "start_unix_ns": 1_790_000_000 * NS_PER_S + number * 3600 * NS_PER_S,
            "pictures": simulated,
            "made": {},
        },
    )
    values = columns_for(number, slots, modalities, size_px, rate_hz, len(raters), lost)
    for column, of_slots in values.items():
        create.array(group, column, slots=slots, size_px=size_px, raters=len(raters))
        planes.writer(group[column])[...] = of_slots


def columns_for(number, slots, modalities, size_px, rate_hz, raters, lost):
    """Return every array of a recording, by name."""
    period_ns = NS_PER_S // rate_hz
    time_ns = np.arange(slots, dtype=np.int64) * period_ns
    there = np.ones(slots, bool)
    there[[slot for slot in lost if slot < slots]] = False
    valence = valence_of(number, slots, rate_hz)
    arousal = arousal_of(number, slots, rate_hz)
    turn = np.arange(raters) - (raters - 1) / 2
    values = {
        "time_ns": time_ns,
        "face": np.where(there, 3, 0).astype(np.uint8),
        "landmarks": _landmarks(slots, size_px, there),
        "pose_deg": np.where(there[:, None], 1.0, np.nan) * np.ones((slots, 3), np.float32),
        "head_mm": np.where(there[:, None], 900.0, np.nan) * np.ones((slots, 3), np.float32),
        "valence": valence,
        "arousal": arousal,
        "valence_raters": (10 * valence[:, None] + turn).astype(np.float32),
        "arousal_raters": (10 * arousal[:, None] + turn).astype(np.float32),
    }
    for modality in modalities:
        pictures = pictures_of(modality, number, slots, size_px, rate_hz)
        pictures[~there] = 0
        values[modality] = pictures
        values[f"{modality}_valid"] = there
        values[f"{modality}_ns"] = time_ns + 1_000_000 * (1 + MODALITIES.index(modality))
    return {name: value.astype(schema.SCHEMA[name].dtype) for name, value in values.items()}


def _landmarks(slots, size_px, there):
    places = np.random.default_rng(7).uniform(0.2, 0.8, (schema.LANDMARKS, 2)) * size_px
    return np.where(there[:, None, None], places, np.nan).astype(np.float32)
