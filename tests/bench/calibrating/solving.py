"""How fast and how right the solver is: on planted corners, and on boards that the rig renders."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
from boards import BOARD, SHIFT_MM, Rendered, cameras, planted

from calibration.make import make
from calibration.solve.joint import joint
from calibration.solve.sequential import sequential
from capture.sim.rig import rig_by_seed
from taver.core.pose import Pose

if TYPE_CHECKING:
    from calibration.rig import Rig as Calibrated
    from calibration.solve.joint import Result
    from capture.sim.rig import Rig

FACE_MM = 1000.0


def errors(result: Result, rig: Rig) -> dict[str, float]:
    """Return how far a solution is from the rig: the worse of colour and thermal."""
    state = result.solution.state
    places = (
        (state.pose("ir").inverse(), rig.ir.from_color.inverse()),
        (state.pose("thermal"), rig.thermal.from_color),
    )
    return {
        "translation_mm": max(
            float(np.linalg.norm(np.subtract(a.translation_mm, b.translation_mm)))
            for a, b in places
        ),
        "rotation_deg": max(
            float(np.degrees(np.linalg.norm((a @ b.inverse()).rotation_vector))) for a, b in places
        ),
        "shift_mm": abs(float(state.shift[0]) - SHIFT_MM),
        "transfer_px": transfer_px(result, rig),
    }


def transfer_px(result: Result, rig: Rig) -> float:
    """Return the worse of infrared -> colour and infrared -> thermal, of landmarks at a metre.

    The root mean square over points where a face is, their true depth being known.
    """
    sizes = result.observations.sizes_px
    state = result.solution.state
    x, y = np.meshgrid(np.linspace(-150, 150, 9), np.linspace(-150, 150, 9))
    points = np.stack([x.ravel(), y.ravel(), np.full(x.size, FACE_MM)], axis=1)
    in_ir = rig.ir.from_color.apply(points)
    pixels = rig.ir.camera.project(in_ir)
    back = (
        state.pose("ir")
        .inverse()
        .apply(state.camera("ir", sizes["ir"]).unproject(pixels, in_ir[:, 2]))
    )
    worst = 0.0
    for name, one in (("color", rig.color), ("thermal", rig.thermal)):
        there = back if name == "color" else state.pose("thermal").apply(back)
        seen = state.camera(name, sizes[name]).project(there)
        off = np.linalg.norm(seen - one.camera.project(one.from_color.apply(points)), axis=1)
        worst = max(worst, float(np.sqrt((off**2).mean())))
    return worst


def inside_two_sigma(result: Result, rig: Rig) -> tuple[int, int]:
    """Return how many true parameters lie inside two deviations, and of how many."""
    solution = result.solution
    layout, state = solution.layout, solution.state
    off = np.zeros(len(layout.names))
    for name, one in cameras(rig).items():
        camera = one.camera
        true = [camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px]
        true += camera.distortion.coefficients
        off[layout.lens_at[name]] = state.lenses[name] - true
        if name in layout.turn_at:
            pose = state.pose(name)
            turned = Pose.from_matrix(one.from_color.rotation_matrix @ pose.rotation_matrix.T)
            off[layout.turn_at[name]] = [
                *turned.rotation_vector,
                *np.subtract(one.from_color.translation_mm, pose.translation_mm),
            ]
    off[layout.shift_at.start] = state.shift[0] - SHIFT_MM
    sigma = np.sqrt(np.diag(result.covariance.shared))
    free = solution.free
    return int((np.abs(off[free]) <= 2 * sigma[free]).sum()), int(free.sum())


def seconds(count: int) -> float:
    """Return the least of three times for a solution of this many views by three cameras."""
    seen = planted(rig_by_seed(1), count, 1)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        result = joint(seen)
        took.append(time.perf_counter() - began)
    assert errors(result, rig_by_seed(1))["translation_mm"] < 2.0
    return min(took)


def end_to_end_px(rig: Rig, count: int, seed: int) -> float:
    """Return the error of landmarks carried from colour to heat by a rig found from pictures.

    As in use: a landmark seen in colour, its depth told by the sensor (with its shift), which the
    calibration corrects.
    """
    found: Calibrated = make([Rendered(rig, count, seed)], BOARD).rig
    assert found.color_to_thermal is not None
    assert found.thermal is not None
    x, y = np.meshgrid(np.linspace(-80, 80, 7), np.linspace(-100, 100, 9))
    face = np.stack([x.ravel(), y.ravel(), FACE_MM + 0.002 * (x**2 + y**2).ravel()], axis=1)
    told_mm = rig.ir.from_color.apply(face)[:, 2] - rig.depth_shift_mm
    seen = rig.color.camera.project(face)
    # The ray of the landmark, and the depth along the infrared camera's axis: one point.
    rays = found.color.rays(seen)
    to_ir = found.ir_to_color.inverse()
    axis = to_ir.rotation_matrix[2]
    far = (told_mm + found.depth_shift_mm - to_ir.translation_mm[2]) / (rays @ axis)
    carried = found.thermal.project(found.color_to_thermal.apply(rays * far[:, None]))
    true = rig.thermal.camera.project(rig.thermal.from_color.apply(face))
    return float(np.sqrt(((carried - true) ** 2).sum(axis=1).mean()))


def measure(quick: bool) -> dict[str, float]:
    """Return every figure of the solver."""
    cv2.setNumThreads(1)
    figures = {"solve_s_20": seconds(20), "solve_s_40": seconds(40)}
    ours, theirs = [], []
    inside = total = 0
    for seed in range(8 if quick else 24):
        rig = rig_by_seed(100 + seed)
        seen = planted(rig, 20, seed)
        result = joint(seen)
        ours.append(errors(result, rig))
        theirs.append(errors(sequential(seen), rig))
        hits, of = inside_two_sigma(result, rig)
        inside, total = inside + hits, total + of
    for key in ("translation_mm", "rotation_deg", "shift_mm", "transfer_px"):
        figures[key] = statistics.median(one[key] for one in ours)
        figures[f"iai_{key}"] = statistics.median(one[key] for one in theirs)
    figures["vs_iai_translation"] = figures["iai_translation_mm"] / figures["translation_mm"]
    figures["two_sigma"] = inside / total
    ends = [end_to_end_px(rig_by_seed(200 + n), 20, n) for n in range(1 if quick else 3)]
    figures["end_to_end_transfer_px"] = max(ends)
    return figures
