"""Measures what the bench of faces tells."""

from __future__ import annotations

import functools
import statistics
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import simplejpeg
from facing import posed, sessions
from facing.errors import crop_px, rmse_px, tremble_px

from taver.core.frames import Modality
from taver.core.session.folder import find
from taver.faces import align, crops
from taver.faces.chips import around
from taver.faces.home import Home
from taver.faces.kit import kit
from taver.faces.options import Options
from taver.faces.points import eye_distance
from taver.faces.smooth import smoothed
from taver.faces.track import Tracker
from taver.faces.view import Stored

if TYPE_CHECKING:
    from pathlib import Path

WIDE, HIGH = 1920, 1080
CROP = np.s_[144:936, 256:1664]  # 1408 x 792: where depth is
NOBODY = Home((0.0, 0.0), 0.0, 0.0)
IDENTITIES = (101, 105, 110, 113)


@functools.cache
def the_kit():
    """Return the detector and predictor for all measurements."""
    return kit(Options())


def tracker() -> Tracker:
    """Return a tracker that knows nobody yet."""
    return Tracker(the_kit().chips, the_kit().detector, NOBODY)


def followed(shots) -> np.ndarray:
    """Return the points in every frame."""
    follower = tracker()
    rows = []
    for number, shot in enumerate(shots):
        step = follower.step(Stored(shot.jpeg, WIDE, HIGH), number * posed.PERIOD_NS)
        rows.append(np.full((68, 2), np.nan) if step.points is None else step.points)
    return np.array(rows)


def three_crops(shot, picture, matrix, matrices) -> list[crops.Crop]:
    """Cut the face out of colour, depth and heat."""
    return [
        crops.color(picture, matrix),
        crops.depth(shot.depth, matrices[Modality.DEPTH]),
        crops.heat(shot.thermal, matrices[Modality.THERMAL]),
    ]


def speeds(shots) -> tuple[float, float]:
    """Return our share of the limit, and how much faster we are than a full detection each time."""
    limit_s, ours_s, landmarks_s, full_s = [], [], [], []
    follower, detector, chips = tracker(), the_kit().detector, the_kit().chips
    for number, shot in enumerate(shots):
        matrices = {m: align.matrix(p) for m, p in shot.truth.items()}
        began_s = time.process_time()
        whole = simplejpeg.decode_jpeg(shot.jpeg, colorspace="RGB")
        wanted = three_crops(shot, whole, matrices[Modality.COLOR], matrices)
        limit_s.append(time.process_time() - began_s)

        began_s = time.process_time()
        view = Stored(shot.jpeg, WIDE, HIGH)
        step = follower.step(view, number * posed.PERIOD_NS)
        landmarks_s.append(time.process_time() - began_s)
        assert step.points is not None
        part = view.color(around(step.points, (0.3, 0.3, 0.3)))
        matrix = align.matrix(step.points - (part.left_px, part.top_px))
        made = three_crops(shot, part.pixels, matrix, matrices)
        ours_s.append(time.process_time() - began_s)

        # What was made so much faster is the same face.
        off = np.linalg.norm(step.points - shot.truth[Modality.COLOR], axis=-1)[17:].mean()
        assert off < 0.1 * eye_distance(step.points), (number, off)
        both = made[0].valid & wanted[0].valid
        unlike = np.abs(made[0].values.astype(int) - wanted[0].values)[both].mean()
        assert unlike < 12, (number, unlike)

        if number % 4 == 0:
            began_s = time.process_time()
            grey = simplejpeg.decode_jpeg(shot.jpeg, colorspace="GRAY")[..., 0]
            found = detector.find(np.ascontiguousarray(grey[CROP]))
            if found:
                chips.in_box(view, found[0].box)
            full_s.append(time.process_time() - began_s)
    share = sum(limit_s[1:]) / sum(ours_s[1:])
    return share, statistics.median(full_s) / statistics.median(landmarks_s[1:])


def two_processes(study, name: str, count: int) -> float:
    """Return how much sooner two processes have done several sessions than one."""
    from taver.faces.jobs import run

    names = sessions.copied(study, name, count)
    took_s: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for jobs, took in took_s.items():
            began_s = time.perf_counter()
            outcomes = run(study, names, Options(), jobs=jobs, again=True)
            took.append(time.perf_counter() - began_s)
            assert all(one.made is not None and not one.made.skipped for one in outcomes)
    return statistics.median(took_s[1]) / statistics.median(took_s[2])


def transfers(shots) -> tuple[float, float]:
    """Return how far exact landmarks land off in depth and in heat, in their pixels."""
    import rigged

    from taver.faces.carry import ByRig
    from taver.faces.streams import Packed

    way = ByRig(rigged.calibrated())
    off: dict[Modality, list[np.ndarray]] = {Modality.DEPTH: [], Modality.THERMAL: []}
    for number, shot in enumerate(shots):
        points = shot.truth[Modality.COLOR]
        for modality, carried in (
            (Modality.DEPTH, way.depth(points, shot.depth)),
            (Modality.THERMAL, way.thermal(points, shot.depth, Packed(number, None, None))),
        ):
            assert carried is not None
            mine = carried.visible & shot.visible
            assert mine[17:].mean() > 0.7, (number, modality)
            error = np.linalg.norm(carried.pixels - shot.truth[modality], axis=-1)
            off[modality].append(error[mine])
    return tuple(float(np.concatenate(errors).mean()) for errors in off.values())


def measured(quick: bool, folder: Path) -> dict[str, object]:
    """Return all figures."""
    cv2.setNumThreads(1)
    from capture.sim.render.renderer import Renderer
    from capture.sim.rig import standard_rig
    from taver.faces.jobs import run

    renderer = Renderer(standard_rig())
    people = IDENTITIES[:2] if quick else IDENTITIES
    moving = [posed.moving(renderer, one, 60 if quick else 120) for one in people]
    still = [posed.still(renderer, one, 20 if quick else 40, 65.0) for one in people]
    times = {len(s): np.arange(len(s)) * posed.PERIOD_NS for s in (*moving, *still)}

    share, faster = speeds(moving[0])
    raw_moving = [followed(shots) for shots in moving]
    raw_still = [followed(shots) for shots in still]
    calm = [smoothed(rows, times[len(rows)]) for rows in raw_moving]
    calm_still = [smoothed(rows, times[len(rows)]) for rows in raw_still]
    truth = [np.array([shot.truth[Modality.COLOR] for shot in shots]) for shots in moving]
    posed_found = [np.isfinite(rows[:, 0, 0]) for rows in raw_moving]

    study, names = sessions.record(folder, (12, 31) if quick else (12, 31, 50), 24.0)
    run(study, names, Options())
    judged = [sessions.judge(find(study, name)) for name in names]

    def all_rmse(rows, of_sessions):
        pairs = [(r[f], t[f]) for r, t, f in zip(rows, truth, posed_found, strict=True)]
        pairs += [(getattr(one, of_sessions), one.truth) for one in judged]
        return float(np.sqrt(np.mean([rmse_px(points, true) ** 2 for points, true in pairs])))

    smooth, raw = all_rmse(calm, "points"), all_rmse(raw_moving, "raw")
    assert smooth <= raw, (smooth, raw)
    depth_px, thermal_px = transfers(moving[1])
    seen = sum(one.seen for one in judged) + sum(map(len, posed_found))
    found = sum(one.found for one in judged) + sum(int(f.sum()) for f in posed_found)
    return {
        "share_of_limit": share,
        "vs_full_detection": faster,
        "two_process_speedup": two_processes(study, names[0], 2 if quick else 4),
        "found": found / seen,
        "rows_exact": all(one.exact for one in judged),
        "lost_flagged_frames": statistics.median(n for o in judged for n in o.flagged_frames),
        "recovered_frames": statistics.median(n for o in judged for n in o.recovered_frames),
        "jitter_raw_px": statistics.mean(tremble_px(rows[2:]) for rows in raw_still),
        "jitter_smooth_px": statistics.mean(tremble_px(rows[2:]) for rows in calm_still),
        "moving_rmse_px": smooth,
        "moving_rmse_raw_px": raw,
        "crop_error_px": statistics.mean(
            crop_px(rows[f], t[f]) for rows, t, f in zip(calm, truth, posed_found, strict=True)
        ),
        "depth_transfer_px": depth_px,
        "thermal_transfer_px": thermal_px,
        "frames": seen,
        "times_gone": sum(len(one.flagged_frames) for one in judged),
    }
