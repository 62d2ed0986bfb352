"""Lays a rigid shape over what is seen of it, frame by frame, with the least error in the picture.

By the method of Levenberg and Marquardt, from where the shape was a frame before. The picture is
that of a pinhole at distance 1; a turn is varied by a small one after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.faces.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.faces.points import Floats

_MOST_STEPS: Final = 30
_STILL: Final = 1e-9  # radians, and shares of the distance: a smaller step is the last
_DAMPED: Final = 1e-3  # at first


@compiled
def fitted(
    shape: Floats,
    seen: Floats,
    known: npt.NDArray[np.bool_],
    turn: Floats,
    place: Floats,
    turns: Floats,
    places: Floats,
) -> None:
    """Write turn (frames, 3, 3) and place (frames, 3) of the shape (n, 3), where it is known.

    `seen` (frames, n, 2) is where its points are; `turn` and `place` are about where it is in the
    first of the frames, and then where it is in the last.
    """
    next_turn, next_place = np.empty((3, 3)), np.empty(3)
    normal, right, step = np.empty((6, 6)), np.empty(6), np.empty(6)
    lower = np.empty((6, 6))
    for frame in range(seen.shape[0]):
        if not known[frame]:
            continue
        damped = _DAMPED
        error = _lean(shape, seen[frame], turn, place, normal, right)
        for _ in range(_MOST_STEPS):
            _solve(normal, right, damped, lower, step)
            _turned(turn, step, next_turn)
            for axis in range(3):
                next_place[axis] = place[axis] + step[3 + axis]
            if not _error(shape, seen[frame], next_turn, next_place) <= error:
                damped *= 10.0
                continue
            turn[:], place[:] = next_turn, next_place
            moved = max(abs(step[3]), abs(step[4]), abs(step[5])) / abs(place[2])
            if max(abs(step[0]), abs(step[1]), abs(step[2]), moved) < _STILL:
                break
            damped /= 10.0
            error = _lean(shape, seen[frame], turn, place, normal, right)
        turns[frame], places[frame] = turn, place


@compiled
def _error(shape: Floats, seen: Floats, turn: Floats, place: Floats) -> float:
    """Return the sum of the squares of how far off the points are; infinite behind the camera."""
    total = 0.0
    for n in range(shape.shape[0]):
        a, b, c = shape[n, 0], shape[n, 1], shape[n, 2]
        x = turn[0, 0] * a + turn[0, 1] * b + turn[0, 2] * c + place[0]
        y = turn[1, 0] * a + turn[1, 1] * b + turn[1, 2] * c + place[1]
        z = turn[2, 0] * a + turn[2, 1] * b + turn[2, 2] * c + place[2]
        if not z > 0.0:
            return np.inf
        off_x, off_y = x / z - seen[n, 0], y / z - seen[n, 1]
        total += off_x * off_x + off_y * off_y
    return total


@compiled
def _lean(
    shape: Floats, seen: Floats, turn: Floats, place: Floats, normal: Floats, right: Floats
) -> float:
    """Write the normal equations of a small turn and move; return the error before them."""
    normal[:], right[:] = 0.0, 0.0
    along, down = np.empty(6), np.empty(6)
    total = 0.0
    for n in range(shape.shape[0]):
        a, b, c = shape[n, 0], shape[n, 1], shape[n, 2]
        x = turn[0, 0] * a + turn[0, 1] * b + turn[0, 2] * c
        y = turn[1, 0] * a + turn[1, 1] * b + turn[1, 2] * c
        z = turn[2, 0] * a + turn[2, 1] * b + turn[2, 2] * c
        per = 1.0 / (z + place[2])
        u, v = (x + place[0]) * per, (y + place[1]) * per
        # A turn (p, q, r) moves (x, y, z) by (q z - r y, r x - p z, p y - q x).
        along[0], along[1], along[2] = -u * y * per, (z + u * x) * per, -y * per
        down[0], down[1], down[2] = -(z + v * y) * per, v * x * per, x * per
        along[3], along[4], along[5] = per, 0.0, -u * per
        down[3], down[4], down[5] = 0.0, per, -v * per
        off_x, off_y = seen[n, 0] - u, seen[n, 1] - v
        total += off_x * off_x + off_y * off_y
        for i in range(6):
            right[i] += along[i] * off_x + down[i] * off_y
            for j in range(i + 1):
                normal[i, j] += along[i] * along[j] + down[i] * down[j]
    return total


@compiled
def _solve(normal: Floats, right: Floats, damped: float, lower: Floats, step: Floats) -> None:
    """Write the damped step, by Cholesky's decomposition."""
    for i in range(6):
        for j in range(i + 1):
            total = normal[i, j] * (1.0 + damped) if i == j else normal[i, j]
            for k in range(j):
                total -= lower[i, k] * lower[j, k]
            lower[i, j] = np.sqrt(total) if i == j else total / lower[j, j]
    for i in range(6):
        total = right[i]
        for k in range(i):
            total -= lower[i, k] * step[k]
        step[i] = total / lower[i, i]
    for i in range(5, -1, -1):
        total = step[i]
        for k in range(i + 1, 6):
            total -= lower[k, i] * step[k]
        step[i] = total / lower[i, i]


@compiled
def _turned(turn: Floats, by: Floats, out: Floats) -> None:
    """Write the turn, turned on by a vector of radians (Rodrigues' formula)."""
    p, q, r = by[0], by[1], by[2]
    angle = np.sqrt(p * p + q * q + r * r)
    # Near 0 both are what their series begin with.
    first = np.sin(angle) / angle if angle > 1e-8 else 1.0
    second = (1.0 - np.cos(angle)) / (angle * angle) if angle > 1e-4 else 0.5
    for column in range(3):
        x, y, z = turn[0, column], turn[1, column], turn[2, column]
        side_x, side_y, side_z = q * z - r * y, r * x - p * z, p * y - q * x
        out[0, column] = x + first * side_x + second * (q * side_z - r * side_y)
        out[1, column] = y + first * side_y + second * (r * side_x - p * side_z)
        out[2, column] = z + first * side_z + second * (p * side_y - q * side_x)
