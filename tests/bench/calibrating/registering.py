"""How fast depth and heat are brought onto colour, and how true what comes out is.

The simulated rig judges: 16 people, 0.8 to 1.2 m away, yaw +-25, pitch +-12, roll +-10 degrees.
Inside surfaces means: on the person, no jump of depth within 3 colour pixels (one depth pixel),
seen by the infrared camera.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import rigged

from calibration.registration.box import Box
from calibration.registration.engine import Registration
from calibration.thermal.warp import ThermalWarp
from calibration.transfer.engine import Transfer
from taver.core.frames import PICTURES, Modality

if TYPE_CHECKING:
    from collections.abc import Callable

FACE = Box(464, 156, 480, 480)
FIRST_CODE = """
import time
began = time.perf_counter()
import numpy as np
from calibration.registration.engine import Registration
from taver.core.camera import Camera
from taver.core.pose import Pose
from calibration.rig import Crop
size = {"width_px": 64, "height_px": 48, "cx_px": 31.5, "cy_px": 23.5}
ir, color = Camera(fx_px=40, fy_px=40, **size), Camera(fx_px=110, fy_px=110, **size)
crop = Crop(left_px=0, top_px=0, width_px=64, height_px=48)
Registration(ir=ir, color=color, ir_to_color=Pose(), crop=crop).get_ready()
print(time.perf_counter() - began)
"""


def measure(quick: bool) -> dict[str, float]:
    """Return the figures of the issue, and some beside them."""
    rig, renderer = rigged.calibrated(), rigged.renderer()
    scenes = [rigged.scene(number) for number in range(4 if quick else 24)]
    depths = [rigged.noisy_depth(renderer, scene, n) for n, scene in enumerate(scenes)]
    rounds = 40 if quick else 150
    return (
        _speed(Registration.from_rig(rig), depths[0], rounds)
        | _truth(Registration.from_rig(rig), renderer, scenes, depths)
        | _transfer(Transfer.from_rig(rig), renderer, scenes, depths)
        | _heat(ThermalWarp.from_rig(rig), renderer, scenes[0], 5 if quick else 25)
        | _first()
    )


def _speed(registration: Registration, depth: np.ndarray, rounds: int) -> dict[str, float]:
    """Time one thread; the copy is of the same picture, taken in turns with what it is held to."""
    whole = registration.register(depth, mode="dense").depth_mm
    part = registration.register(depth, mode="dense", box=FACE).depth_mm
    assert np.array_equal(part, whole[156:636, 464:944])
    copy = np.empty_like(whole)
    fast, copied, dense, box = _in_turns(
        rounds,
        lambda: registration.register(depth, mode="fast"),
        lambda: np.copyto(copy, whole),
        lambda: registration.register(depth, mode="dense"),
        lambda: registration.register(depth, mode="dense", box=FACE),
    )
    return {
        "register_fast_ms": fast.wall_ms,
        "register_fast_vs_memcpy": fast.wall_ms / copied.wall_ms,
        "register_dense_ms": dense.wall_ms,
        "register_dense_vs_memcpy": dense.wall_ms / copied.wall_ms,
        "register_dense_box_ms": box.wall_ms,
        # The same work by the thread's own clock, which stands still while others have the core.
        "register_fast_cpu_ms": fast.cpu_ms,
        "register_dense_cpu_ms": dense.cpu_ms,
        "register_dense_box_cpu_ms": box.cpu_ms,
    }


class Took(NamedTuple):
    """Medians of one piece of work."""

    wall_ms: float
    cpu_ms: float


def _in_turns(rounds: int, *works: Callable[[], object]) -> list[Took]:
    """Return how long each takes, run one after the other."""
    took: list[list[Took]] = [[] for _ in works]
    for _ in range(rounds):
        for work, mine in zip(works, took, strict=True):
            work()  # its own data comes back into the cache first
            began, began_cpu = time.perf_counter(), time.thread_time()
            work()
            cpu_ms = (time.thread_time() - began_cpu) * 1000
            mine.append(Took((time.perf_counter() - began) * 1000, cpu_ms))
    return [
        Took(*(statistics.median(column) for column in zip(*mine, strict=True))) for mine in took
    ]


def _truth(
    registration: Registration, renderer: object, scenes: list, depths: list
) -> dict[str, float]:
    found: dict[str, list[rigged.Judged]] = {"dense": [], "noisy": [], "fast": []}
    for scene, depth in zip(scenes, depths, strict=True):
        truth = rigged.truth(renderer, scene, registration.camera)
        clean = rigged.clean_depth(renderer, scene)
        for name, told in (
            ("dense", registration.register(clean)),
            ("noisy", registration.register(depth)),
            ("fast", registration.register(depth, mode="fast")),
        ):
            found[name].append(rigged.judged(told.depth_mm, truth))

    def mean(name: str, figure: str) -> float:
        return statistics.fmean(getattr(judged, figure) for judged in found[name])

    return {
        "dense_coverage": mean("dense", "coverage"),
        "dense_mae_mm": mean("dense", "mae_mm"),
        "noisy_coverage": mean("noisy", "coverage"),
        "noisy_mae_mm": mean("noisy", "mae_mm"),
        "background_through": mean("noisy", "through"),
        "background_through_anywhere": mean("noisy", "through_anywhere"),
        "fast_noisy_coverage": mean("fast", "coverage"),
        "fast_noisy_mae_mm": mean("fast", "mae_mm"),
        "fast_background_through": mean("fast", "through"),
    }


def _transfer(transfer: Transfer, renderer: object, scenes: list, depths: list) -> dict[str, float]:
    """Judge the inner landmarks with the true calibration: what depth alone does to them."""
    figures = {}
    inner = np.arange(68) >= 17
    corner = np.array([256, 144])
    for to, modality in (("depth", Modality.DEPTH), ("thermal", Modality.THERMAL)):
        off, sure = [], []
        for scene, depth in zip(scenes, depths, strict=True):
            truth = renderer.landmarks(scene)[0]
            found = transfer.points(truth.pixels[Modality.COLOR] - corner, depth, to=to)
            seen = truth.visible[Modality.COLOR] & truth.visible[modality] & inner & found.visible
            error = np.linalg.norm(found.pixels - truth.pixels[modality], axis=1)[seen]
            off.append(error)
            sure.append(error / np.sqrt(2) <= 2 * found.sigma_px[seen])
        figures[f"transfer_{to}_px"] = float(np.median(np.concatenate(off)))
        figures[f"transfer_{to}_two_sigma"] = float(np.concatenate(sure).mean())
    points = renderer.landmarks(scenes[0])[0].pixels[Modality.COLOR] - corner
    figures["transfer_ms"] = _in_turns(
        20, lambda: transfer.points(points, depths[0], to="thermal")
    )[0].wall_ms
    return figures


def _heat(warp: ThermalWarp, renderer: object, scene: object, rounds: int) -> dict[str, float]:
    ideal = renderer.render(scene, PICTURES)
    counts = warp.scale
    heat = np.rint(ideal.thermal_k / counts.kelvin_per_count).astype(np.uint16)
    depth = rigged.noisy_depth(renderer, scene)
    whole, box = _in_turns(
        rounds, lambda: warp.warp(heat, depth), lambda: warp.warp(heat, depth, box=FACE)
    )
    camera = warp.registration.camera
    truth = rigged.truth(renderer, scene, camera)
    v, u = np.mgrid[: camera.height_px, : camera.width_px]
    points = camera.unproject(np.stack([u, v], axis=-1), truth.z_mm)
    rig = rigged.calibrated()
    at = rig.thermal.project(rig.color_to_thermal.apply(points))
    told = warp.warp(heat, depth)
    off = np.abs(told.kelvin - rigged.bilinear(ideal.thermal_k, at))[truth.inside & truth.face]
    return {
        "thermal_warp_ms": whole.wall_ms,
        "thermal_warp_box_ms": box.wall_ms,
        "thermal_warp_k": float(np.nanmean(off)),
    }


def _first() -> dict[str, float]:
    """Return the seconds until a process can register, without and with what is kept on disk."""
    seconds = []
    with tempfile.TemporaryDirectory() as kept:
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-c", FIRST_CODE],
                capture_output=True,
                text=True,
                check=True,
                cwd=kept,  # beside this file lies another calibration.py
                env=os.environ | {"NUMBA_CACHE_DIR": kept},
            )
            seconds.append(float(done.stdout))
    return {"register_first_s": seconds[0], "register_first_warm_s": min(seconds[1:])}


if __name__ == "__main__":
    for key, value in measure(quick="--quick" in sys.argv).items():
        print(f"{key:<30}{value:>12.5f}")
