"""What one camera sees of a solid: each sample's nearest triangle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture.sim.render.raster import raster

if TYPE_CHECKING:
    from capture.sim.render.lens import Lens
    from capture.sim.render.samples import Samples
    from capture.sim.render.shape import Solid


def seen_through(lens: Lens, solid: Solid, samples: Samples, fine: int) -> Samples.Window | None:
    """Return the samples, `fine` a pixel each way, in which `solid` is seen; None if nowhere."""
    pixels, inverse_z = lens.see(solid.vertices_mm)
    window = samples.window(pixels, lens.width_px, lens.height_px, fine, len(solid.shape.triangles))
    if window is None:
        return None
    raster(
        window.to_samples(pixels),
        inverse_z,
        solid.shape.triangles,
        solid.sides,
        window.nearest,
        window.seen,
        window.planes,
    )
    return window
