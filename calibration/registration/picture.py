"""The colour picture that registered depth fits: cut, and undistorted where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.vision import vision
from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.registration.engine import Registration
    from calibration.rig import Crop
    from taver.core.camera import Camera


class Cutter:
    """Cuts recorded colour pictures as `registration` registers depth onto them."""

    def __init__(self, color: Camera, crop: Crop, registration: Registration) -> None:
        self._size = (color.height_px, color.width_px)
        self._part = np.s_[
            crop.top_px : crop.top_px + crop.height_px, crop.left_px : crop.left_px + crop.width_px
        ]
        self._places: npt.NDArray[np.float32] | None = None
        if registration.onto == "undistorted" and color.distortion.coefficients:
            camera = registration.camera
            v, u = np.mgrid[: camera.height_px, : camera.width_px]
            places = color.project(camera.rays(np.stack([u, v], axis=-1)))
            self._places = np.nan_to_num(places, nan=-1e4).astype(np.float32)

    def cut(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the crop of a picture as recorded; black where an undistorted one has nothing."""
        if picture.shape[:2] != self._size:
            size = " x ".join(map(str, picture.shape[1::-1]))
            raise InputError(
                f"A colour picture of {size}, for a camera of {self._size[1]} x {self._size[0]} px",
                fix="give the recorded picture, uncut and not resampled, or calibrate this mode",
            )
        if self._places is None:
            return np.ascontiguousarray(picture[self._part])
        cv2: Any = vision()
        made = cv2.remap(picture, self._places, None, cv2.INTER_LINEAR)
        return np.asarray(made, np.uint8)
