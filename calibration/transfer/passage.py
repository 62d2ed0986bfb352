"""The way of a face's points from picture to picture, in two compiled calls.

A call with arrays takes longer than 68 points do, and step by step there were twenty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.compiled import compiled
from calibration.transfer.doubt import apart, between, depth_sigma_mm
from calibration.transfer.lens import moved, project, rays
from calibration.transfer.sample import sampled

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_ASIDE = 0.5  # a depth pixel may lie half its width beside where it is told


@compiled
def brought(
    picture: npt.NDArray[np.generic],
    corner: tuple[int, int],
    pixels: Floats,
    steps: Ints,
    distorted: bool,
    brown: Floats,
    pinhole: Floats,
    limits: Floats,
    seen: Floats,
    shrink: Floats,
    turn: Floats,
    move: Floats,
    to_distorted: bool,
    to_brown: Floats,
    to_pinhole: Floats,
    to_limits: Floats,
    to_seen: Floats,
    to_shrink: Floats,
    told: Floats,
    directions: Floats,
    points: Floats,
    there: Floats,
    found: Floats,
) -> None:
    """Write what the picture tells of each pixel, the point there, seen from either, and its pixel.

    `told` is depth, spread and doubt as `sample` tells them; `picture` begins at the corner (left,
    top). First the camera that sees the pixels, then the way to the other one, and that one.
    """
    count = pixels.shape[0]
    inside = np.empty((count, 2))
    for i in range(count):
        inside[i, 0], inside[i, 1] = pixels[i, 0] - corner[0], pixels[i, 1] - corner[1]
    sampled(picture, inside, steps, told[0], told[1], told[2])
    rays(pixels, distorted, brown, pinhole, limits, seen, shrink, directions)
    _at(directions, told[0], 0.0, points)
    moved(points, turn, move, there)
    project(there, to_distorted, to_brown, to_pinhole, to_limits, to_seen, to_shrink, found)


@compiled
def doubted(
    told: Floats,
    directions: Floats,
    turn: Floats,
    move: Floats,
    to_distorted: bool,
    to_brown: Floats,
    to_pinhole: Floats,
    to_limits: Floats,
    to_seen: Floats,
    to_shrink: Floats,
    sigma_px: Floats,
) -> None:
    """Write what the depth's noise, its slope and an edge do to each other pixel, a coordinate."""
    count = sigma_px.shape[0]
    points, there = np.empty((count, 3)), np.empty((count, 3))
    near, far = np.empty((count, 2)), np.empty((count, 2))
    for by_mm, pixels in ((-0.5, near), (0.5, far)):
        _at(directions, told[0], by_mm, points)
        moved(points, turn, move, there)
        project(there, to_distorted, to_brown, to_pinhole, to_limits, to_seen, to_shrink, pixels)
    sigma_mm = np.empty(count)
    for i in range(count):
        noise_mm = np.hypot(depth_sigma_mm(told[0, i]), _ASIDE * told[1, i])
        sigma_mm[i] = np.hypot(noise_mm, told[2, i] / 2.0)
    apart(near, far, sigma_mm, sigma_px)


@compiled
def more_doubted(
    variance: Floats,
    scale: Floats,
    told: Floats,
    directions: Floats,
    distorted: bool,
    brown: Floats,
    pinhole: Floats,
    limits: Floats,
    seen: Floats,
    shrink: Floats,
    sigma_px: Floats,
) -> None:
    """Add to the deviation of each other pixel what the calibration's covariance makes of it."""
    count = sigma_px.shape[0]
    pixels, more_px = np.empty((count, 2)), np.empty(count)
    project(directions, distorted, brown, pinhole, limits, seen, shrink, pixels)
    between(variance, pixels, told[0], scale, more_px)
    for i in range(count):
        sigma_px[i] = np.hypot(sigma_px[i], more_px[i])


@compiled
def _at(directions: Floats, z_mm: Floats, more_mm: float, points: Floats) -> None:
    """Write the point in each direction, so far away and a little more."""
    for i in range(points.shape[0]):
        for axis in range(3):
            points[i, axis] = directions[i, axis] * (z_mm[i] + more_mm)
