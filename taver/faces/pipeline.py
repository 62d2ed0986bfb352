"""The faces of one session: found, followed, filled, smoothed, aligned, carried, written."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core import atomic, lock, receipt
from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.core.progress import Silent
from taver.core.receipt import Stage
from taver.core.session.folder import find
from taver.core.session.manifest import software
from taver.faces import align, carry, follow, head_pose, schema, store
from taver.faces.basis import basis_of, same
from taver.faces.by_hand import ByHand
from taver.faces.gaps import filled
from taver.faces.points import box_of
from taver.faces.scout import look_through
from taver.faces.seen import page
from taver.faces.signals import eye_opening, mouth_opening, occlusion
from taver.faces.smooth import smoothed
from taver.faces.state import State
from taver.faces.streams import Streams
from taver.faces.table import table_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from calibration.rig import Rig
    from taver.core.camera import Camera
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study
    from taver.faces.basis import Basis
    from taver.faces.home import Home
    from taver.faces.kit import Kit
    from taver.faces.options import Options
    from taver.faces.points import Floats

    Columns = dict[str, npt.NDArray[Any]]

# How a score becomes a confidence: a half at what half a covered face has, 0.9 at a whole one.
_HALF_SURE: Final = 0.8
_SURER: Final = 1.8
_EVEN_MM: Final = 10.0  # of a face's shape; people differ from the mean face by less
_FITS: Final = 0.5  # of the frames; in fewer the calibration is not of these pictures


class Made(NamedTuple):
    """What came of a session."""

    session: str
    frames: int
    by_state: dict[str, int]
    took_s: float
    skipped: bool = False  # nothing had changed since it was made
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """In how many frames there is no face."""
        return self.by_state.get(State.LOST.name.lower(), 0)


def make(
    study: Study,
    name: str,
    options: Options,
    kit: Kit,
    *,
    again: bool = False,
    progress: Progress | None = None,
) -> Made:
    """Write faces.zarr, .csv and .html of a session, unless they are there and nothing changed."""
    session = find(study, name)
    began_s = time.monotonic()
    with lock.held(session.folder, f"Session {name}"), Streams(study, session) as streams:
        if not len(streams.color):
            raise DataError(
                f"The color stream of session {name} has no frames", fix="choose another session"
            )
        models = {name: model.sha256 for name, model in kit.models.items()}
        made_of = basis_of(study, streams, options, models)
        if not again:
            made = _unchanged(study, session, made_of)
            if made is not None:
                return made
        rig, inputs, settings = made_of
        columns, warm, notes, home = _columns(
            streams, options, kit, rig, _key(inputs, settings), progress or Silent()
        )
        rows = table_of(columns, warm, session.manifest.simulated)
        told = _attributes(streams, settings, kit, inputs, notes, home)
        path = store.write(session, columns, {**told, "table": hashlib.sha256(rows).hexdigest()})
        table = session.folder / schema.TABLE_FILE
        atomic.write_bytes(table, rows)
        shown = page.write(study, streams, store.open_faces(session), warm)
        receipt.write(
            study,
            session,
            Stage.FACES,
            inputs=inputs,
            outputs=[path, table, shown],
            settings=settings,
        )
        follow.forget(session.folder)
    return Made(
        name, len(columns["state"]), _counts(columns["state"]), time.monotonic() - began_s,
        notes=tuple(notes),
    )  # fmt: skip


def _columns(
    streams: Streams,
    options: Options,
    kit: Kit,
    rig: Rig | None,
    key: str,
    progress: Progress,
) -> tuple[Columns, Columns, list[str], Home]:
    """Return everything the output holds."""
    name, frames = streams.session.name, len(streams.color)
    times = streams.color.unix_ns
    notes = list(streams.notes)
    by_rig = carry.ByRig(rig) if rig is not None and streams.depth is not None else None
    home = look_through(streams, kit, _distances(streams, by_rig))
    if not home.known:
        notes.append("no face was found in any of the frames looked at first")
    progress.begin(f"{name}: following the face", frames)
    rows = follow.follow(streams, kit, home, streams.session.folder, key, progress)
    whole, states = filled(rows["points"], rows["state"], times, options.gap_s)
    points = smoothed(whole, times)
    way: carry.Way | None = by_rig
    if rig is None and options.thermal_box is not None:
        way = ByHand(streams, points, options.thermal_box)
        notes.append(
            "thermal landmarks: from a box drawn by hand and followed from there, without a "
            "calibration; how far off they may be is not known"
        )
    elif rig is None:
        notes.append("no calibration: no landmarks in depth and heat")
    elif by_rig is None:
        notes.append("no depth: without it there is no way to the thermal picture")
    progress.begin(f"{name}: carrying it to depth and heat", frames)
    flaws = rows["flaws"]
    carried, warm = carry.carry(streams, points, way, flaws, progress)
    poses = head_pose.poses(points, _camera(streams, rig))
    expected = head_pose.expected_mm(poses)
    uneven_mm = carry.unevenness_mm(carried, expected)
    if by_rig is not None and carry.fits(carried, expected) < _FITS:
        notes.append(
            "the calibration does not fit these pictures: the depth where the face should be is "
            "not a face's (another rig's, or mirrored pictures); depth and heat are left out"
        )
        carried, warm = carry.carry(streams, points, None, flaws, Silent())
    elif uneven_mm > _EVEN_MM:
        notes.append(
            f"the depth at the landmarks is off a face's shape by {uneven_mm:.0f} mm: the pictures "
            "may be mirrored, or a camera was moved since the calibration (taver calibrate --check)"
        )
    found = states != State.LOST
    columns: Columns = {
        "number": rows["number"],
        "unix_ns": times,
        "state": states,
        "score": rows["score"],
        "confidence": _confidence(rows["score"], states),
        "flaws": flaws,
        "box": np.where(found[:, None], box_of(np.nan_to_num(points)), np.nan),
        "landmarks_raw": rows["points"],
        "landmarks": points,
        "similarity": align.matrix(points, options.alignment),
        "yaw_deg": poses.yaw_deg,
        "pitch_deg": poses.pitch_deg,
        "roll_deg": poses.roll_deg,
        "head_mm": poses.head_mm,
        "eye_opening": eye_opening(points),
        "mouth_opening": mouth_opening(points),
        "sharpness": rows["sharpness"],
        "exposure": rows["exposure"],
        "clipped": rows["clipped"],
        "occlusion": occlusion(carried["depth_mm"], expected),
        **carried,
        "depth_similarity": _of_seen(carried, "depth", options),
        "thermal_similarity": _of_seen(carried, "thermal", options),
    }
    return columns, warm, notes, home


def _of_seen(carried: Columns, name: str, options: Options) -> Floats:
    """Return the similarity from another picture, by the points that its camera sees."""
    seen = carried[f"{name}_visible"][..., None]
    return align.matrix(np.where(seen, carried[f"{name}_landmarks"], np.nan), options.alignment)


def _confidence(scores: Floats, states: npt.NDArray[np.uint8]) -> Floats:
    """Return how sure a row is, 0 to 1, by what its picture was judged."""
    sure = 1.0 / (1.0 + np.exp(-_SURER * (np.nan_to_num(scores, nan=-9.0) - _HALF_SURE)))
    sure[states == State.LOST] = 0.0
    return np.asarray(sure)


def _camera(streams: Streams, rig: Rig | None) -> Camera:
    header = streams.color.header
    if rig is not None:
        return rig.color
    return head_pose.nominal(header.width_px, header.height_px)


def _distances(streams: Streams, way: carry.ByRig | None) -> Any:
    """Return what tells how far the points of a colour frame are; NaN without a calibration."""
    frames = streams.with_color(streams.depth)

    def distance_mm(number: int, points: Floats) -> float:
        taken = streams.take(Modality.DEPTH, int(frames[number]))
        if way is None or taken.pixels is None:
            return float("nan")
        return way.distance_mm(points, taken.pixels)

    return distance_mm


def _key(inputs: list[Path], settings: dict[str, Any]) -> str:
    marks = [receipt.fingerprint(path) for path in inputs]
    told = json.dumps([marks, settings], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _unchanged(study: Study, session: Session, made_of: Basis) -> Made | None:
    """Return what was made before, if it is whole and would be the same again."""
    if not all((session.folder / name).is_file() for name in (schema.TABLE_FILE, page.FILE)):
        return None
    root = same(study, session, made_of)
    if root is None:
        return None
    states = root["state"][:]
    notes = tuple(root.attrs["notes"])
    return Made(session.name, len(states), _counts(states), 0.0, skipped=True, notes=notes)


def _counts(states: npt.NDArray[np.uint8]) -> dict[str, int]:
    return {state.name.lower(): int((states == state).sum()) for state in State}


def _attributes(
    streams: Streams,
    settings: dict[str, Any],
    kit: Kit,
    inputs: list[Path],
    notes: list[str],
    home: Home,
) -> dict[str, Any]:
    manifest = streams.session.manifest
    return {
        "session": streams.session.name,
        "participant": manifest.participant,
        "simulated": manifest.simulated,
        "states": {state.name.lower(): int(state) for state in State},
        "flaw_bits": {flaw.name.lower(): int(flaw) for flaw in schema.Flaw if flaw.name},
        "settings": settings,
        "models": {
            name: {
                "file": model.path.name,
                "sha256": model.sha256,
                "licence": model.licence,
                "own": model.own,
            }
            for name, model in kit.models.items()
        },
        "canonical": {"size_px": align.SIZE_PX, "template_px": align.template().round(3).tolist()},
        "inputs": {path.name: receipt.fingerprint(path) for path in inputs},
        "software": software(),
        "notes": notes,
        "steadiness": home.steadiness,
        "others": [
            {
                "frame": one.frame,
                "box_px": box_of(one.points).round(1).tolist(),
                "z_mm": None if np.isnan(one.z_mm) else round(one.z_mm),
            }
            for one in home.others
        ],
    }
