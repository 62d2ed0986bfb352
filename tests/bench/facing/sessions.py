"""Simulated sessions with a hand before the face, and somebody who leaves and comes back."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import rigged
import zarr

from capture.sim.scenario import Part, Person, Scenario, Walk
from capture.simulation import simulate
from taver.core.study import Study
from taver.faces import store
from taver.faces.schema import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

SEEN = 0.95  # of the inner points: then a face is to be seen
GONE = 0.4
INNER = slice(17, 68)
_NEAR = 0.15  # of the eye distance: points farther off on average are on something else


def record(folder: Path, identities: tuple[int, ...], seconds: float) -> tuple[Study, list[str]]:
    """Record a session of each person; the study has the rig's true calibration."""
    study = Study.create(folder / "study", "faces")
    rigged.calibrated().write(study.rig_file)
    names = []
    for number, identity in enumerate(identities):
        t = seconds / 24
        person = Person(
            identity=identity,
            valence=Walk(mean=0.2, spread=0.5, time_constant_s=3),
            arousal=Walk(spread=0.5, time_constant_s=3),
            hand=((4 * t, 4 * t + 2), (10 * t, 10 * t + 2)),
            away=((14 * t, 14 * t + 4),),
        )
        scenario = Scenario(
            seconds=seconds, seed=number, people=(person,), parts=(Part(name="interview"),)
        )
        names.append(f"s{number:02d}")
        simulate(study, scenario, names[-1])
    return study, names


def copied(study: Study, name: str, count: int) -> list[str]:
    """Copy a session, so that there is as much to do as in several."""
    names = []
    for number in range(count):
        names.append(f"{name}-{number}")
        folder = study.sessions_folder / names[-1]
        shutil.copytree(study.sessions_folder / name, folder)
        told = json.loads((folder / "session.json").read_text())
        told["name"] = names[-1]
        (folder / "session.json").write_text(json.dumps(told))
        for made in ("faces.zarr", "stages"):
            shutil.rmtree(folder / made, ignore_errors=True)
    return names


class Judged(NamedTuple):
    """How a session's rows compare with its truth."""

    seen: int  # frames in which the face is to be seen
    found: int  # of these, with points on it
    exact: bool  # whether there is one row a frame, and nothing says two things
    flagged_frames: list[int]  # how long after the face went a row says so, each time
    recovered_frames: list[int]  # and after it came back
    points: np.ndarray
    raw: np.ndarray
    truth: np.ndarray  # of the found frames


def judge(session) -> Judged:
    """Hold faces.zarr against truth.zarr."""
    rows = store.open_faces(session)
    truth = zarr.open_group(session.folder / "truth.zarr", mode="r")["color"]
    pixels, present = truth["landmarks_px"][:], truth["present"][:]
    share = np.where(present, truth["visible"][:, INNER].mean(axis=1), 0.0)
    points, raw, state = rows["landmarks"][:], rows["landmarks_raw"][:], rows["state"][:]
    eyes = np.linalg.norm(pixels[:, 36:42].mean(axis=1) - pixels[:, 42:48].mean(axis=1), axis=-1)
    with np.errstate(invalid="ignore"):
        off = np.linalg.norm(points - pixels, axis=-1)[:, INNER].mean(axis=1) / eyes
    seen, gone = share >= SEEN, share <= GONE
    found = seen & (state > 0) & (off < _NEAR)
    exact = (
        np.array_equal(rows["number"][:], truth["number"][:])
        and np.array_equal(rows["unix_ns"][:], truth["unix_ns"][:])
        and all(rows[name].shape[0] == len(pixels) for name in SCHEMA)
    )
    measured = found & np.isfinite(raw[:, 0, 0])
    return Judged(
        int(seen.sum()),
        int(found.sum()),
        bool(exact),
        [_until(state == 0, at) for at in _starts(gone)],
        [_until(state > 1, at) for at in _starts(seen) if at],
        points[measured].astype(np.float64),
        raw[measured].astype(np.float64),
        pixels[measured],
    )


def _starts(where):
    """Return where stretches of at least half a second begin."""
    padded = np.concatenate([[False], where, [False]])
    (edges,) = np.nonzero(padded[1:] != padded[:-1])
    return [a for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 5]


def _until(where, at):
    """Return how many frames from `at` on it takes until it is so."""
    (after,) = np.nonzero(where[at:])
    return int(after[0]) if len(after) else len(where) - at
