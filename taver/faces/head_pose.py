"""How the head is turned and where it is, from the points and the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.core.camera import Camera
from taver.core.extras import need
from taver.faces.points import BROWS, LEFT_EYE, NOSE, RIGHT_EYE, mean_mm
from taver.faces.rigid import fitted

if TYPE_CHECKING:
    from taver.faces.points import Floats

# Jaw and lips move by themselves.
_POINTS: Final = (*BROWS, *NOSE, *LEFT_EYE, *RIGHT_EYE, 48, 54)


class HeadPoses(NamedTuple):
    """For each frame, from the head's frame (`points`) to the colour camera's; NaN where lost."""

    rotation: Floats  # (frames, 3, 3)
    head_mm: Floats  # (frames, 3): where the middle between the eyes is
    yaw_deg: Floats  # to the picture's left is above 0: R = Ry(yaw) Rx(pitch) Rz(roll)
    pitch_deg: Floats  # down is above 0
    roll_deg: Floats  # clockwise in the picture is above 0


def nominal(width_px: int, height_px: int) -> Camera:
    """Return a Kinect v2's colour camera as its data sheet says, for who has no calibration."""
    focal_px = 1081.4 * width_px / 1920.0
    return Camera(
        width_px=width_px,
        height_px=height_px,
        fx_px=focal_px,
        fy_px=focal_px,
        cx_px=(width_px - 1) / 2,
        cy_px=(height_px - 1) / 2,
    )


def poses(landmarks: Floats, camera: Camera) -> HeadPoses:
    """Return the head's pose in every frame, given the points (frames, 68, 2).

    The mean face is laid over the points with the least error in the picture. It has one size, so
    distances are wrong by as much as the face is larger or smaller; angles are not.
    """
    chosen = list(_POINTS)
    model = np.ascontiguousarray(mean_mm()[chosen])
    count = len(landmarks)
    rotation, head_mm = np.full((count, 3, 3), np.nan), np.full((count, 3), np.nan)
    # Rays on a plane at distance 1: the lens is taken out once, for all frames.
    flat = camera.rays(landmarks[:, chosen])[..., :2]
    known = np.asarray(np.isfinite(flat).all(axis=(1, 2)))
    for at in np.flatnonzero(known).tolist():
        about = _about(model, flat[at])
        if about is not None:
            seen = np.ascontiguousarray(flat[at:])
            fitted(model, seen, known[at:], *about, rotation[at:], head_mm[at:])
            break
    with np.errstate(invalid="ignore"):
        pitch = np.arcsin(np.clip(-rotation[:, 1, 2], -1.0, 1.0))
        yaw = np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2])
        roll = np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])
    return HeadPoses(rotation, head_mm, *(np.degrees(angle) for angle in (yaw, pitch, roll)))


def _about(model: Floats, seen: Floats) -> tuple[Floats, Floats] | None:
    """Return turn and place of a head of which nothing is known before; None if there are none."""
    cv2 = need("cv2", extra="faces", to="tell how heads are turned")
    pinhole, straight = np.eye(3), np.zeros(4)
    seen = np.ascontiguousarray(seen)
    done, turn, place = cv2.solvePnP(model, seen, pinhole, straight, flags=cv2.SOLVEPNP_SQPNP)
    return (np.array(cv2.Rodrigues(turn)[0]), place.reshape(3).copy()) if done else None


def expected_mm(found: HeadPoses) -> Floats:
    """Return how far each point of the mean face is from the camera plane: (frames, 68)."""
    return np.asarray(mean_mm() @ found.rotation[:, 2, :, None])[..., 0] + found.head_mm[:, 2:]
