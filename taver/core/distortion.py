"""Lens distortion after Brown, in OpenCV's order and formulas, with an exact inverse.

With s = x² + y² and the coefficients k1 k2 p1 p2 k3 [k4 k5 k6], a direction (x, y) = (X/Z, Y/Z)
is seen at

    x g(s) + 2 p1 x y + p2 (s + 2 x²)              1 + k1 s + k2 s² + k3 s³
    y g(s) + p1 (s + 2 y²) + 2 p2 x y       g(s) = ------------------------
                                                   1 + k4 s + k5 s² + k6 s³

(OpenCV's documentation of calib3d; without its thin prism and tilt). Far from the axis these
polynomials turn round and would fold what lies outside the picture back into it. This map is the
gradient of a potential, so its Jacobian J is symmetric; on a disc in which J is positive definite
the potential is convex, and no two directions are seen at one place. `max_radius` is the largest
such disc about the axis. Outside it there is no answer, in either direction: NaN.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from taver.core.errors import InputError
from taver.core.vectors import as_vectors, nan_as_a_whole

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.vectors import Floats

_COUNTS = (0, 5, 8)
# A pinhole model says nothing about directions at right angles to the axis, and no sensor reaches
# as far out as a pole of the rational model sends its surroundings.
_STEEPEST_RAD = math.radians(89.0)
_TABLE_LENGTH = 2048
# Points solved together: few enough that all intermediate values stay in the processor's cache.
_BLOCK = 8192
_TOLERANCE = 1e-12  # of the distorted place, relative to 1 + its radius
_MAX_STEPS = 60  # four are usual; the rest is for points close to the edge of the disc


class Distortion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None, or Brown's model with 5 coefficients, or the rational one with 8."""

    coefficients: tuple[float, ...] = ()  # k1 k2 p1 p2 k3 [k4 k5 k6]

    def __post_init__(self) -> None:
        plain = tuple(float(c) for c in self.coefficients)
        if len(plain) not in _COUNTS:
            raise InputError(
                f"A distortion of {len(plain)} coefficients",
                fix="give none, or 5 (k1 k2 p1 p2 k3), or 8 (k1 k2 p1 p2 k3 k4 k5 k6); "
                "fill up with zeros what was not estimated",
            )
        if not all(map(math.isfinite, plain)):
            raise InputError(
                f"The distortion {plain} holds what is no finite number",
                fix="calibrate this camera again; its solution did not converge",
            )
        msgspec.structs.force_setattr(self, "coefficients", plain)  # numpy's are not for JSON

    @property
    def max_radius(self) -> float:
        """Return up to which distance from the axis, at unit depth, the model is one-to-one."""
        return _disc_of(self.coefficients).radius

    @property
    def disc(self) -> Disc:
        """Return where the model is one-to-one, with a table to start its inverse from."""
        return _disc_of(self.coefficients)

    def distort(self, xy: npt.ArrayLike) -> Floats:
        """Return where the directions `xy` (..., 2) are seen; NaN outside the model's disc."""
        ideal = as_vectors(xy, 2, "directions")
        if not any(self.coefficients):
            return nan_as_a_whole(ideal)
        flat = ideal.reshape(-1, 2)
        seen = np.empty_like(flat)
        for first in range(0, len(flat), _BLOCK):
            seen[first : first + _BLOCK] = self._distorted(flat[first : first + _BLOCK])
        return seen.reshape(ideal.shape)

    def undistort(self, xy: npt.ArrayLike) -> Floats:
        """Return the directions (..., 2) that are seen at `xy`; NaN where there is none."""
        seen = as_vectors(xy, 2, "distorted directions")
        if not any(self.coefficients):
            return nan_as_a_whole(seen)
        flat = seen.reshape(-1, 2)
        ideal = np.full_like(flat, np.nan)
        for first in range(0, len(flat), _BLOCK):
            with np.errstate(all="ignore"):  # steps that are not taken may end in a pole
                self._solve(flat[first : first + _BLOCK], ideal[first : first + _BLOCK])
        return ideal.reshape(seen.shape)

    def _distorted(self, xy: Floats) -> Floats:
        x, y = xy[:, 0], xy[:, 1]
        with np.errstate(over="ignore", invalid="ignore"):  # what is that far off becomes NaN
            inside = _length(x, y) < _disc_of(self.coefficients).radius
        seen_x, seen_y, *_ = _brown(
            self.coefficients, np.where(inside, x, np.nan), np.where(inside, y, np.nan)
        )
        return np.stack([seen_x, seen_y], axis=-1)

    def _solve(self, seen: Floats, ideal: Floats) -> None:
        """Write the inverse at each of `seen` into `ideal`, which holds NaN, by Newton's method.

        The start is the inverse of the radial part from a table, so that only the tangential part
        is left to find. A step that leaves the disc, or ends farther from the goal, is halved: so
        none can land beyond a fold, where there are wrong solutions, and close to the fold, where
        J nearly vanishes and Newton's steps are wild, it still arrives.
        """
        disc = _disc_of(self.coefficients)
        far = _length(seen[:, 0], seen[:, 1])
        waiting = np.flatnonzero(far <= disc.seen_radius)
        goal, far = seen[waiting].T, far[waiting]
        start = np.minimum(far * np.interp(far, disc.table_seen, disc.table_shrink), disc.start)
        at = goal * (start / np.maximum(far, 1e-300))
        enough = _TOLERANCE * (1.0 + far)
        step = np.zeros_like(at)
        distance = np.full_like(far, np.inf)
        for tries in range(_MAX_STEPS):
            tried = at + step
            off_x, off_y, j_xx, j_xy, j_yy = _brown(self.coefficients, *tried)
            off_x -= goal[0]
            off_y -= goal[1]
            now = _length(off_x, off_y)
            nearer = (now < distance) & (_length(*tried) < disc.radius)
            determinant = j_xx * j_yy - j_xy * j_xy
            newton = np.stack([j_xy * off_y - j_yy * off_x, j_xy * off_x - j_xx * off_y])
            newton /= determinant
            if nearer.all():
                at, step, distance = tried, newton, now
            else:
                at = np.where(nearer, tried, at)
                step = np.where(nearer, newton, step / 2)
                distance = np.where(nearer, now, distance)
            done = distance <= enough
            # Most points need the same few steps: to single out the others earlier costs more.
            if done.all() or (tries > 3 and done.any()):
                ideal[waiting[done]] = at[:, done].T
                left = ~done
                waiting, distance, enough = waiting[left], distance[left], enough[left]
                goal, at, step = goal[:, left], at[:, left], step[:, left]
                if not len(waiting):
                    return


def _length(x: Floats, y: Floats) -> Floats:
    """Return what `np.hypot` does in a third of its time; its care for 1e200 is not needed."""
    return np.asarray(np.sqrt(x * x + y * y))


def _radial(coefficients: tuple[float, ...], s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return g(s), its derivative by s, and its denominator."""
    k1, k2, _, _, k3, *rational = coefficients
    top = 1.0 + s * (k1 + s * (k2 + s * k3))
    top_slope = k1 + s * (2.0 * k2 + s * (3.0 * k3))
    if not rational:
        return top, top_slope, np.ones_like(s)
    k4, k5, k6 = rational
    under = 1.0 + s * (k4 + s * (k5 + s * k6))
    under_slope = k4 + s * (2.0 * k5 + s * (3.0 * k6))
    g = top / under
    return g, (top_slope - g * under_slope) / under, under


def _brown(
    coefficients: tuple[float, ...], x: Floats, y: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return the distorted x and y, and the Jacobian's xx, xy (equal to yx) and yy."""
    p1, p2 = coefficients[2:4]
    xx, xy, yy = x * x, x * y, y * y
    s = xx + yy
    g, slope, _ = _radial(coefficients, s)
    slope *= 2.0
    along = 2.0 * (p1 * y + p2 * x)
    seen_x = x * (g + along) + p2 * s
    seen_y = y * (g + along) + p1 * s
    j_xx = g + along + xx * slope + (4.0 * p2) * x
    j_xy = xy * slope + 2.0 * (p1 * x + p2 * y)
    j_yy = g + along + yy * slope + (4.0 * p1) * y
    return seen_x, seen_y, j_xx, j_xy, j_yy


class Disc(NamedTuple):
    """Where one set of coefficients is one-to-one, and its radial inverse there as a table."""

    radius: float
    start: float  # as far out as a search may start: off the edge, where J vanishes
    seen_radius: float  # nothing inside the disc is seen farther from the axis
    table_seen: Floats  # increasing distances at which it is seen ...
    table_shrink: Floats  # ... and by what to multiply them to undo the radial part


@functools.lru_cache(maxsize=64)
def _disc_of(coefficients: tuple[float, ...]) -> Disc:
    if not any(coefficients):
        return Disc(math.inf, math.inf, math.inf, np.zeros(1), np.ones(1))
    radii = np.tan(np.linspace(0.0, _STEEPEST_RAD, _TABLE_LENGTH))
    unusable = np.flatnonzero(~_usable(coefficients, radii))
    if len(unusable):
        good, bad = radii[unusable[0] - 1], radii[unusable[0]]
        for _ in range(60):
            middle = (good + bad) / 2
            if _usable(coefficients, np.array([middle]))[0]:
                good = middle
            else:
                bad = middle
        radii = good * np.linspace(0.0, 1.0, _TABLE_LENGTH)
    g = _radial(coefficients, radii**2)[0]
    p1, p2 = coefficients[2:4]
    radius = float(radii[-1])
    seen_radius = radius * float(g[-1]) + 3.0 * math.hypot(p1, p2) * radius**2
    return Disc(radius, 0.999 * radius, seen_radius, radii * g, 1.0 / g)


def _usable(coefficients: tuple[float, ...], r: Floats) -> npt.NDArray[np.bool_]:
    """Tell for each radius whether J is positive definite all round the circle, on a sensor.

    Along the radius and across it, with T = |(p1, p2)| and c the cosine of the angle between
    (x, y) and (p2, p1), J is [[a + 3 u c, u d], [u d, g + u c]]; a = g + 2 s g'(s), u = 2 r T and
    d² = 1 - c². Its determinant is a quadratic in c with one minimum, its trace linear in c.
    """
    p1, p2 = coefficients[2:4]
    with np.errstate(all="ignore"):  # poles of the rational model give inf and NaN: unusable
        g, slope, under = _radial(coefficients, r**2)
        a = g + 2.0 * r**2 * slope
        u = 2.0 * r * math.hypot(p1, p2)
        c = np.clip(-(a + 3.0 * g) / np.maximum(8.0 * u, 1e-300), -1.0, 1.0)
        determinant = (a + 3.0 * u * c) * (g + u * c) - u**2 * (1.0 - c**2)
        on_sensor = (under > 0.0) & (r * g <= math.tan(_STEEPEST_RAD))
        return on_sensor & (determinant > 0.0) & (a + g - 4.0 * u > 0.0)
