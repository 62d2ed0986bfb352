"""Hair with a volume and an outline: locks laid from the crown over the skull.

Each lock is one column of a sheet that starts at the crown and ends ragged at the hairline, or
lower where the hair is long.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.head import grain
from capture.sim.head.identity import HairStyle
from capture.sim.head.nearest import nearest
from capture.sim.render.raster import PLANE, raster

if TYPE_CHECKING:
    import numpy.typing as npt

    from capture.sim.head.anatomy import Anatomy
    from capture.sim.head.identity import Identity

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

_LOCKS, _STEPS = 168, 22
_MIDDLE_MM = np.array([0.0, -28.0, 80.0])  # of the skull
_GRID = 128


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hair:
    """The sheet of locks, on the shared mesh; it moves with the skin it grows from."""

    vertices_mm: Floats  # (V, 3)
    triangles: Ints
    uv: Floats  # (T, 3, 2)
    grows_from: Ints  # (V,) the nearest vertex of the skull
    color: npt.NDArray[np.uint8]  # (h, w, 3)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Cut:
    top_mm: float  # how thick it lies on the crown
    side_mm: float  # and above the ears
    edge_mm: float  # and at the hairline
    ragged_mm: float
    to_mm: float | None = None  # how far below the eyes long hair ends


_CUTS = {
    HairStyle.CROPPED: _Cut(top_mm=6, side_mm=3.5, edge_mm=1.5, ragged_mm=2.0),
    HairStyle.SHORT: _Cut(top_mm=13, side_mm=4.5, edge_mm=1.6, ragged_mm=3.0),
    HairStyle.PARTED: _Cut(top_mm=17, side_mm=5.5, edge_mm=1.8, ragged_mm=3.0),
    HairStyle.BOB: _Cut(top_mm=13, side_mm=10, edge_mm=2.2, ragged_mm=5.0, to_mm=96),
    HairStyle.LONG: _Cut(top_mm=12, side_mm=9, edge_mm=2.2, ragged_mm=12.0, to_mm=196),
}


def grow(anatomy: Anatomy, who: Identity) -> Hair | None:
    """Return the person's hair, or None where there is too little to have a volume."""
    cut = _CUTS.get(who.style)
    if cut is None:
        return None
    rng = np.random.default_rng([who.seed, 0x4A18])
    turn = np.linspace(-np.pi, np.pi, _LOCKS, endpoint=False)  # 0 in front
    points = _laid(_skull(anatomy), turn, cut, who, rng)
    skull = np.unique(anatomy.triangles["skin"])
    at = anatomy.vertices_mm[skull]
    plain = (at[:, 1] < 60) & ~((np.abs(at[:, 0]) > 66) & (at[:, 1] > -35))  # without ears
    skull, at = skull[plain], at[plain]
    flat = points.reshape(-1, 3)
    grows_from = skull[nearest(flat, at)]
    triangles, uv = _sheet()
    return Hair(
        vertices_mm=flat.astype(np.float32),
        triangles=triangles,
        uv=uv,
        grows_from=grows_from.astype(np.int32),
        color=_strands(who, rng),
    )


def _laid(
    skull: Floats, turn: np.ndarray, cut: _Cut, who: Identity, rng: np.random.Generator
) -> np.ndarray:
    """Return where the locks run, (locks, steps, 3)."""
    edge = _hairline_mm(turn, who) if cut.to_mm is None else _long_line_mm(turn, who, cut.to_mm)
    uneven = rng.normal(0, 0.55, _LOCKS) + 0.45 * np.resize([1.0, -1.0], _LOCKS)
    edge = edge + cut.ragged_mm * uneven * 0.8
    s = np.linspace(0, 1, _STEPS)
    wave = grain.noise((_LOCKS, 1), (26, 1), rng, 2)[:, 0]
    tuft = grain.noise((_LOCKS, 1), (60, 1), rng, 1)[:, 0]
    points = np.zeros((_LOCKS, _STEPS, 3))
    equator = 12.0  # below this height hair hangs instead of lying on the head
    for i, angle in enumerate(turn):
        # Down the skull by height: finely near the crown where it is flat.
        lowest = min(edge[i], equator)
        crown = skull[:, i]
        heights = crown[:, 1]
        k = int(np.searchsorted(heights, lowest))
        k = max(3, min(k, len(heights) - 1))
        share = s if edge[i] <= equator else np.minimum(s / 0.6, 1)
        along = np.interp(share * k, np.arange(k + 1), np.arange(k + 1))
        lie = np.stack(
            [np.interp(along, np.arange(len(crown)), crown[:, axis]) for axis in range(3)], 1
        )
        lie[share >= 1, 1] = lowest
        outwards = lie - _MIDDLE_MM
        outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
        top = np.clip(-outwards[:, 1], 0, 1) ** 1.3
        thick = cut.side_mm + (cut.top_mm - cut.side_mm) * top
        thick = thick * (1 + (0.12 * wave[i] + 0.07 * tuft[i]) * np.minimum(2.5 * s, 1))
        if who.style is HairStyle.PARTED:
            thick = thick * _parted(lie, who.parting)
        # In front hair is combed back: it rises slowly from the hairline.
        rise_mm = 30 + 40 * np.clip(np.cos(angle), 0, 1) ** 2
        near_edge = np.clip((edge[i] - lie[:, 1]) / rise_mm, 0, 1) ** 0.8
        if edge[i] > equator:
            near_edge = np.ones_like(near_edge)
        thick = cut.edge_mm + (thick - cut.edge_mm) * near_edge
        lie = lie + outwards * thick[:, None]
        if edge[i] > equator:
            lie = _hanging(lie, share, s, equator, float(edge[i]), float(wave[i]), angle)
        points[i] = lie
    return points


def _hanging(
    lie: np.ndarray,
    share: np.ndarray,
    s: np.ndarray,
    start: float,
    end: float,
    wave: float,
    angle: float,
) -> np.ndarray:
    """Let a lock fall straight from where it leaves the head, slightly inwards at its end."""
    down = np.clip((s - 0.6) / 0.4, 0, 1)
    out = np.array([np.sin(angle), 0.0, -np.cos(angle)])
    # Over the ears the lock stands off the head.
    lifted = np.clip(share, 0, 1) ** 2 * (9.0 * np.abs(np.sin(angle)) + 2)
    fallen = lie + out * lifted[:, None]
    hang = s > 0.6
    fallen[hang] = fallen[hang] + np.outer(down[hang] * (end - start), [0.0, 1.0, 0.0])
    sway = (3.0 * np.sin(3.2 * down + 2 * wave) + 4 * wave * down) * (down > 0)
    tuck = -13.0 * down**2
    return np.asarray(fallen + out * (sway + tuck)[:, None])


def _parted(lie: np.ndarray, parting: float) -> np.ndarray:
    """Return how the volume rises away from the line where the hair is parted."""
    off = (lie[:, 0] - parting * 45) * -np.sign(parting)
    groove = 1 - 0.6 * np.exp(-((off / 5) ** 2)) * (lie[:, 2] < 110)
    rise = 1 + 0.28 * np.tanh(off / 24) * (lie[:, 2] < 100)
    return np.asarray(groove * rise)


def _hairline_mm(turn: np.ndarray, who: Identity) -> np.ndarray:
    """Return how high above (-) or below the eyes short hair begins, all round the head."""
    off = np.degrees(np.abs(turn))
    receding = 9.0 * max(who.age - 0.3, 0) * who.male
    height = np.interp(
        off,
        [0, 22, 34, 45, 55, 62, 68, 73, 78, 84, 96, 108, 122, 140, 180],
        [-80, -78, -70, -48, -31, -17, -9, -7, -9, -16, -20, 8, 52, 74, 80],
    )
    corner = np.exp(-(((off - 34) / 11) ** 2))
    if who.style is HairStyle.PARTED:
        # The long side sweeps over the temple.
        swept = np.exp(-(((np.degrees(turn) * -np.sign(who.parting) - 34) / 20) ** 2))
        height = height + 10 * swept
    return np.asarray(height - corner * (6 * who.male + receding) + 3 * (1 - who.male))


def _long_line_mm(turn: np.ndarray, who: Identity, to_mm: float) -> np.ndarray:
    off = np.degrees(np.abs(turn))
    front = np.interp(off, [0, 20, 36, 46, 52, 180], [-80, -76, -62, -38, 0, 0])
    hangs = np.clip((off - 50) / 8, 0, 1)
    front = front + 6 * np.exp(-(((np.degrees(turn) - 12 * np.sign(who.parting)) / 24) ** 2))
    return np.asarray(np.where(hangs > 0, (to_mm - 40) + 40 * np.minimum(hangs, 1), front))


def _skull(anatomy: Anatomy) -> Floats:
    """Return the skull's surface without ears, (rows from the crown down, locks, 3).

    Seen from the skull's middle, in steps of direction: the outermost surface, smoothed.
    """
    triangles = anatomy.triangles["skin"]
    points = anatomy.vertices_mm[triangles].astype(np.float64)
    ear = (np.abs(points[..., 0]) > 64) & (points[..., 1] > -32) & (points[..., 1] < 45)
    points[..., 0] = np.where(ear, np.sign(points[..., 0]) * 64, points[..., 0])
    away = points - _MIDDLE_MM
    radius = np.linalg.norm(away, axis=-1)
    turn = np.arctan2(away[..., 0], -away[..., 2])
    fall = np.arccos(np.clip(-away[..., 1] / radius, -1, 1))  # 0 at the crown
    wraps = np.ptp(turn, axis=1) > np.pi
    turn = np.where(wraps[:, None] & (turn < 0), turn + 2 * np.pi, turn)
    corners = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
    nearest = np.zeros((_GRID, _LOCKS), np.float32)
    for shift in (0.0, -2 * np.pi):
        x = (turn + shift + np.pi) / (2 * np.pi) * _LOCKS
        y = fall / (0.72 * np.pi) * (_GRID - 1)
        xy = np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float32)
        raster(
            xy,
            radius.reshape(-1).astype(np.float32),
            corners,
            np.full(len(corners), 2, np.uint8),
            nearest,
            np.full((_GRID, _LOCKS), -1, np.int32),
            np.zeros((len(corners), PLANE), np.float32),
        )
    filled = nearest.astype(np.float64)
    filled[0] = filled[1:4].max()
    for row in range(1, _GRID):
        filled[row] = np.where(filled[row] > 30, filled[row], filled[row - 1])
    for _ in range(3):
        filled = (np.roll(filled, 1, 1) + filled * 2 + np.roll(filled, -1, 1)) / 4
        filled[1:-1] = (filled[:-2] + 2 * filled[1:-1] + filled[2:]) / 4
    angle = np.linspace(-np.pi, np.pi, _LOCKS, endpoint=False)[None, :]
    down = np.linspace(0, 0.72 * np.pi, _GRID)[:, None]
    out = np.stack(
        [np.sin(down) * np.sin(angle), -np.cos(down) + 0 * angle, -np.sin(down) * np.cos(angle)], -1
    )
    return np.asarray(out * filled[..., None] + _MIDDLE_MM, np.float32)


def _sheet() -> tuple[Ints, Floats]:
    """Return the triangles between neighbouring locks, and where they lie in the texture."""
    lock, step = np.meshgrid(np.arange(_LOCKS), np.arange(_STEPS - 1), indexing="ij")
    after = (lock + 1) % _LOCKS
    a, b = lock * _STEPS + step, after * _STEPS + step
    corners = np.stack([a, b, a + 1, b, b + 1, a + 1], -1).reshape(-1, 3).astype(np.int32)
    u0, u1 = lock / _LOCKS, (lock + 1) / _LOCKS
    v0, v1 = step / (_STEPS - 1), (step + 1) / (_STEPS - 1)
    uv = np.stack(
        [np.stack(p, -1) for p in ((u0, v0), (u1, v0), (u0, v1), (u1, v0), (u1, v1), (u0, v1))], -2
    )
    return corners, uv.reshape(-1, 3, 2).astype(np.float32)


def _strands(who: Identity, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return the texture: streaks along the locks, darker in between, a band of shine."""
    shape = (128, 1024)
    fine = grain.noise(shape, (3, 420), rng, 1)
    coarse = grain.noise(shape, (2, 90), rng, 2)
    along = np.linspace(0, 1, shape[0])[:, None]
    light = 0.96 + 0.20 * fine + 0.20 * coarse
    light += 0.22 * np.exp(-(((along - 0.34 - 0.03 * coarse) / 0.09) ** 2))
    light *= 1 - 0.22 * np.clip((along - 0.8) / 0.2, 0, 1)
    rgb = light[..., None] * np.array(who.hair)
    return np.asarray(np.clip(rgb + 4, 0, 255), np.uint8)
