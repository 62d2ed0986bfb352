"""Depth pictures that cannot be registered, and what to do with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from taver.core.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.camera import Camera

_METRES = 30.0  # no depth camera of ours sees that far in metres, nor so near in millimetres


def as_depth(picture: Any, camera: Camera) -> npt.NDArray[np.uint16]:
    """Return the depth picture as the compiled functions take it, or say what is wrong with it."""
    depth = np.asarray(picture)
    _refuse_shape(depth, camera)
    _refuse_kind(depth)
    # Read-only pictures, such as decoded ones, would be compiled for anew.
    return np.require(depth, np.uint16, ["C", "W"])


def refuse_mirrored(mirrored: bool | None, calibrated: bool) -> None:
    """Raise InputError if pictures are the other way round than those of the calibration."""
    if mirrored is None or mirrored == calibrated:
        return
    these = "mirrored left to right" if mirrored else "not mirrored"
    those = "mirrored" if calibrated else "as the world is"
    raise InputError(
        f"The picture is {these}, but the rig was calibrated with pictures {those}",
        fix="flip it first (picture[:, ::-1]), or calibrate with recordings made the same way: "
        "the baseline points the other way in a mirrored picture",
    )


def _refuse_shape(depth: npt.NDArray[Any], camera: Camera) -> None:
    wanted = (camera.height_px, camera.width_px)
    if depth.shape == wanted:
        return
    size = " x ".join(map(str, depth.shape[::-1])) or "a single number"
    what = f"A depth picture of {size}, for a depth camera of {wanted[1]} x {wanted[0]} px"
    if depth.shape == wanted[::-1]:
        fix = "it is turned on its side: give it as (height, width), picture.T"
    elif depth.ndim != 2:
        fix = "give one picture as (height, width), without channels and without a stack of frames"
    elif depth.shape[0] * wanted[1] == depth.shape[1] * wanted[0]:
        fix = (
            "it was resampled, or recorded in another mode: give the pictures as recorded, or "
            "calibrate this mode (depth cannot be resampled without inventing surfaces)"
        )
    else:
        fix = "give the depth camera's own pictures, uncut, of the rig this calibration is for"
    raise InputError(what, fix=fix)


def _refuse_kind(depth: npt.NDArray[Any]) -> None:
    if depth.dtype.kind == "u" and depth.dtype.itemsize == 2:
        return
    what = f"A depth picture of {depth.dtype}"
    fix = "give unsigned 16 bit, one count a millimetre, 0 where nothing was measured"
    if depth.dtype == np.uint8:
        fix = "8 bits hold 25 cm: this is a preview; give the recorded depth, uint16 millimetres"
    elif np.issubdtype(depth.dtype, np.floating):
        most = float(np.max(depth, initial=0.0, where=np.isfinite(depth)))
        factor = "1000 * depth" if most < _METRES else "depth"
        unit = "metres" if most < _METRES else "millimetres"
        what += f", in {unit} by the look of it (up to {most:.4g})"
        fix = (
            f"give np.rint(np.nan_to_num({factor})).astype(np.uint16): whole millimetres, 0 a hole"
        )
    raise InputError(what, fix=fix)
