"""Rigid transforms: how a point's coordinates in one frame become those in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np

from taver.core.errors import InputError
from taver.core.vectors import as_floats, as_vectors

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.vectors import Floats

Row = tuple[float, float, float]

# Looser than rounding, so that a file with seven digits is read; a micrometre at a metre.
_ORTHOGONAL = 1e-6


class Pose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame `from` as seen in the frame `to`: X_to = R X_from + t.

    A camera's pose on the rig, with the rig as `from` and the camera as `to`, is what OpenCV calls
    its rvec and tvec: `camera.project(pose.apply(points_of_the_rig_mm))`.
    """

    rotation: tuple[Row, Row, Row] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    translation_mm: Row = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        r = as_floats(self.rotation, "entries of the rotation")
        t = as_floats(self.translation_mm, "entries of the translation")
        if r.shape != (3, 3) or t.shape != (3,):
            raise InputError(
                f"A rotation of the shape {r.shape} with a translation of the shape {t.shape}",
                fix="give three rows of three numbers, and three numbers",
            )
        if not (np.isfinite(r).all() and np.isfinite(t).all()):
            raise InputError(
                f"A pose that is not finite: rotation {r.tolist()}, translation {t.tolist()} mm",
                fix="calibrate the rig again; its solution did not converge",
            )
        with np.errstate(all="ignore"):  # what overflows is no rotation either
            off = float(np.abs(r @ r.T - np.eye(3)).max())
            determinant = float(np.linalg.det(r))
        if not (off <= _ORTHOGONAL and determinant > 0):
            raise InputError(
                f"No rotation: {r.tolist()} (its determinant is {determinant:.6g}, "
                f"and R times its transpose is off the identity by {off:.1e})",
                fix="give a rotation matrix with all its digits; a mirrored picture has to be "
                "flipped back, it cannot be undone by a pose",
            )
        first, second, third = (_row(row) for row in r)
        msgspec.structs.force_setattr(self, "rotation", (first, second, third))
        msgspec.structs.force_setattr(self, "translation_mm", _row(t))

    @classmethod
    def from_matrix(
        cls, rotation: npt.ArrayLike, translation_mm: npt.ArrayLike = (0, 0, 0)
    ) -> Pose:
        """Take a 3x3 rotation matrix R and a translation t, of any shape with three numbers."""
        r = as_vectors(rotation, 3, "rows of the rotation")
        t = as_floats(translation_mm, "entries of the translation").reshape(-1)
        # What these lists are long is checked when they are made plain tuples.
        return cls(
            rotation=cast("tuple[Row, Row, Row]", r.tolist()),
            translation_mm=cast("Row", t.tolist()),
        )

    @classmethod
    def from_rotation_vector(
        cls, rotation_vector: npt.ArrayLike, translation_mm: npt.ArrayLike = (0, 0, 0)
    ) -> Pose:
        """Take an axis whose length is the angle in radians (OpenCV's rvec), and a translation."""
        vector = as_floats(rotation_vector, "entries of the rotation vector").reshape(-1)
        if vector.shape != (3,):
            raise InputError(
                f"A rotation vector of {vector.size} numbers",
                fix="give three: the axis, as long as the angle in radians",
            )
        # Rodrigues' formula, R = I + sin(a)/a K + (1 - cos(a))/a² K², with K the cross product by
        # the vector; both quotients written as sinc, which is exact down to an angle of 0.
        with np.errstate(all="ignore"):  # what is not finite is told by the constructor
            turns = np.linalg.norm(vector) / np.pi
            x, y, z = vector
            k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
            r = np.eye(3) + np.sinc(turns) * k + 0.5 * np.sinc(turns / 2) ** 2 * (k @ k)
        return cls.from_matrix(r, translation_mm)

    @property
    def rotation_matrix(self) -> Floats:
        """Return R, 3x3."""
        return np.array(self.rotation)

    @property
    def rotation_vector(self) -> Floats:
        """Return the rotation as an axis whose length is the angle, 0 to pi, in radians."""
        (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = self.rotation
        # The quaternion (x, y, z, w) is the eigenvector of the largest eigenvalue (Bar-Itzhack,
        # "New method for extracting the quaternion from a rotation matrix", 2000): as exact near
        # 0 and pi, where the arc cosine of the trace is not.
        lower = [
            [xx - yy - zz, 0.0, 0.0, 0.0],
            [yx + xy, yy - xx - zz, 0.0, 0.0],
            [zx + xz, zy + yz, zz - xx - yy, 0.0],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
        quaternion = np.linalg.eigh(np.array(lower), UPLO="L").eigenvectors[:, -1]
        axis, w = quaternion[:3], float(quaternion[3])
        length = float(np.linalg.norm(axis))
        if w < 0:  # the same rotation, turned the short way round
            axis, w = -axis, -w
        if length == 0.0:
            return np.zeros(3)
        return np.asarray(axis * (2.0 * np.arctan2(length, w) / length))

    def apply(self, points_mm: npt.ArrayLike) -> Floats:
        """Return the points (..., 3), given in the frame `from`, in the frame `to`."""
        points = as_vectors(points_mm, 3, "points")
        with np.errstate(invalid="ignore"):  # a point at infinity has no place to turn to
            return np.asarray(points @ self.rotation_matrix.T + self.translation_mm)

    def inverse(self) -> Pose:
        """Return the transform back: X_from = R^T X_to - R^T t."""
        back = self.rotation_matrix.T
        return Pose.from_matrix(back, -back @ self.translation_mm)

    def then(self, other: Pose) -> Pose:
        """Return this transform followed by `other`, which starts where this one ends."""
        r = other.rotation_matrix
        return Pose.from_matrix(
            r @ self.rotation_matrix, r @ self.translation_mm + other.translation_mm
        )

    def __matmul__(self, first: Pose) -> Pose:
        """Return `first` followed by this transform, as the product of two matrices reads."""
        return first.then(self)


def _row(values: Floats) -> Row:
    x, y, z = values.tolist()
    return x, y, z
