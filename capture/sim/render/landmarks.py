"""Which of a face's landmarks each camera sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.sim.ideal import Landmarks
from capture.sim.render.lens import Lens
from capture.sim.render.view import seen_through
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from capture.sim.render.samples import Samples
    from capture.sim.render.shape import Solid
    from capture.sim.rig import Rig

ALL: Final = (Modality.COLOR, Modality.DEPTH, Modality.IR, Modality.THERMAL)
# Modalities that look through the same lens.
_LENSES: Final = ((Modality.COLOR,), (Modality.DEPTH, Modality.IR), (Modality.THERMAL,))
_BEHIND_MM = 6.0  # a point this far behind the surface that is seen there is still on it


def seen(
    rig: Rig,
    world_mm: npt.NDArray[np.float64],
    solid: Solid,
    samples: Samples,
    modalities: Iterable[Modality] = ALL,
) -> Landmarks:
    """Return the landmarks at these places among everything in the scene, to these cameras."""
    wanted = set(modalities)
    pixels, visible = {}, {}
    for cameras in _LENSES:
        if wanted.isdisjoint(cameras):
            continue
        camera = rig.of(cameras[0])
        mine = camera.from_color.apply(world_mm)
        at = camera.camera.project(mine)
        inside = camera.camera.contains(at)
        nearest = _nearest_mm(Lens(camera), solid, samples)
        column, row = np.rint(np.where(inside[:, None], at, 0)).astype(np.int64).T
        there = inside & (mine[:, 2] <= nearest[row, column] + _BEHIND_MM)
        pixels.update(dict.fromkeys(cameras, at))
        visible.update(dict.fromkeys(cameras, there))
    return Landmarks(world_mm=world_mm, pixels=pixels, visible=visible)


def _nearest_mm(lens: Lens, solid: Solid, samples: Samples) -> npt.NDArray[np.float32]:
    """Return how far the nearest surface is at each pixel; farther than anything where is none."""
    far = np.full((lens.height_px, lens.width_px), np.inf, np.float32)
    window = seen_through(lens, solid, samples, 1)
    if window is None:
        return far
    high, wide = window.seen.shape
    part = far[window.top : window.top + high, window.left : window.left + wide]
    hit = window.nearest > 0
    part[hit] = 1 / window.nearest[hit]
    samples.forget(window)
    return far
