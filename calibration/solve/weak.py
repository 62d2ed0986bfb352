"""Tells in words what the views do not show well enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.rows import DEPTH

if TYPE_CHECKING:
    from calibration.observations import Observations
    from calibration.solve.adjust import Solution
    from calibration.solve.covariance import Covariance

FEW_VIEWS: Final = 10
_SPREAD: Final = 1.35  # farthest over nearest
_TILTED_DEG: Final = 15.0
_TILTS: Final = 4
_FOCAL: Final = 0.004  # of the focal length: 4 mm at a metre
_PRINCIPAL: Final = 0.01  # of the picture's width
_SHIFT_MM: Final = 5.0
_PER_M_MM: Final = 8.0
_PER_RADIUS_MM: Final = 8.0
_SURE: Final = 4.0  # deviations


def warnings(
    observations: Observations, solution: Solution, known: Covariance, cameras: tuple[str, ...]
) -> list[str]:
    """Return what a person should know before trusting the result."""
    told = []
    for source in solution.sources:
        if source.name != DEPTH and source.camera in cameras:
            told += _of_views(observations, solution, source.camera)
    told += _of_lenses(observations, solution, known, cameras)
    told += _of_depth(solution, known)
    return told


def _of_views(observations: Observations, solution: Solution, camera: str) -> list[str]:
    state = solution.state
    source = next(s for s in solution.sources if s.name == camera)
    views = [view for view, part in source.parts if (source.weights[part] > 0).any()]
    told = []
    if len(views) < FEW_VIEWS:
        told.append(f"{camera}: {len(views)} views are few; {FEW_VIEWS} to 20 are usual")
    turn, offset = state.rotations[camera], state.translations_mm[camera]
    middle = observations.board.points_mm.mean(axis=0)
    centres = state.board_rotations[views] @ middle + state.board_translations_mm[views]
    far = np.linalg.norm(centres @ turn.T + offset, axis=1)
    normals = state.board_rotations[views][:, :, 2] @ turn.T
    tilts = np.degrees(np.arccos(np.clip(np.abs(normals[:, 2]), 0.0, 1.0)))
    if len(far) and far.max() < _SPREAD * far.min():
        told.append(
            f"{camera}: all views are from about one distance ({far.min():.0f} to {far.max():.0f} "
            "mm); show the board near and far"
        )
    if (tilts > _TILTED_DEG).sum() < min(_TILTS, len(tilts)):
        told.append(
            f"{camera}: {int((tilts > _TILTED_DEG).sum())} views are tilted by more than "
            f"{_TILTED_DEG:g} degrees; without tilts focal length and distance look alike"
        )
    return told


def _of_lenses(
    observations: Observations, solution: Solution, known: Covariance, cameras: tuple[str, ...]
) -> list[str]:
    told = []
    sigma = np.sqrt(np.maximum(np.diag(known.shared), 0.0))
    for camera in cameras:
        at = solution.layout.lens_at[camera]
        lens, loose = solution.state.lenses[camera], sigma[at]
        share = float(loose[0] / lens[0])
        if share > _FOCAL:
            told.append(
                f"{camera}: the focal length is loose, {lens[0]:.1f} +- {loose[0]:.1f} px; show "
                "the board nearer, more tilted, and at different distances"
            )
        width = observations.sizes_px[camera][0]
        if max(loose[2:4]) > _PRINCIPAL * width:
            told.append(
                f"{camera}: the principal point is loose, +- {max(loose[2:4]):.1f} px; show tilted "
                "boards at the edges of the picture, or hold it fixed"
            )
    return told


def _of_depth(solution: Solution, known: Covariance) -> list[str]:
    if not any(source.name == DEPTH for source in solution.sources):
        return []
    at = solution.layout.shift_at.start
    told = []
    sigma_mm = float(np.sqrt(max(known.shared[at, at], 0.0)))
    if sigma_mm > _SHIFT_MM:
        told.append(f"depth: the shift is loose, +- {sigma_mm:.1f} mm; show more tilted views")
    for slope, loose, limit, what in (
        (known.slopes[0], known.slopes_sigma[0], _PER_M_MM, "with a metre more of distance"),
        (known.slopes[1], known.slopes_sigma[1], _PER_RADIUS_MM, "towards the picture's edge"),
    ):
        if abs(slope) > max(limit, _SURE * loose):
            told.append(
                f"depth: the shift changes by {slope:+.1f} +- {loose:.1f} mm {what}; one number "
                "does not hold for the whole picture"
            )
    return told
