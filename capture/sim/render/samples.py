"""The buffers of samples that pictures are drawn in, kept from frame to frame."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.render.raster import PLANE

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]


class Samples:
    """Room for samples; whoever shades them leaves them clean."""

    @dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
    class Window:
        """The part of a picture in which there is something to see."""

        left: int  # pixels
        top: int
        fine: int  # samples a pixel, each way
        nearest: Float32
        seen: npt.NDArray[np.int32]
        planes: Float32

        def to_samples(self, pixels: Float32) -> Float32:
            """Return where pixels of the picture are among the samples."""
            corner = np.array([self.left, self.top], np.float32)
            half = np.float32(0.5)
            fine = np.float32(self.fine)
            return np.asarray((pixels - corner + half) * fine - half, np.float32)

    def __init__(self) -> None:
        self._nearest = np.zeros(0, np.float32)
        self._seen = np.zeros(0, np.int32)
        self._planes = np.zeros((0, PLANE), np.float32)

    def window(
        self, pixels: Float32, width_px: int, height_px: int, fine: int, triangles: int
    ) -> Window | None:
        """Return clean room for all that lies at these pixels, or None if all is outside."""
        inside = pixels[np.isfinite(pixels[:, 0])]
        if not len(inside):
            return None
        left, top = np.clip(np.floor(inside.min(axis=0)), 0, [width_px, height_px]).astype(int)
        right, bottom = np.clip(np.ceil(inside.max(axis=0)) + 1, 0, [width_px, height_px]).astype(
            int
        )
        wide, high = int(right - left) * fine, int(bottom - top) * fine
        if wide <= 0 or high <= 0:
            return None
        if self._seen.size < wide * high:
            self._nearest = np.zeros(wide * high, np.float32)
            self._seen = np.full(wide * high, -1, np.int32)
        if len(self._planes) < triangles:
            self._planes = np.zeros((triangles, PLANE), np.float32)
        return self.Window(
            left=int(left),
            top=int(top),
            fine=fine,
            nearest=self._nearest[: wide * high].reshape(high, wide),
            seen=self._seen[: wide * high].reshape(high, wide),
            planes=self._planes,
        )

    def forget(self, window: Window) -> None:
        """Clean a window that nothing was shaded from."""
        window.nearest[:] = 0
        window.seen[:] = -1
