"""Where the parts of a head lie in their textures.

The skin's texture is the head unrolled about the vertical axis through its middle, wider in front
where the features are. MakeHuman's own layout gives an eye some thirty texels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from capture.sim.render.raster import PLANE, raster
from taver.core.extras import need

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from capture.sim.head.anny_files import BaseMesh

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]

SKIN_SIZE = 1024
AXIS_Z_MM = 85.0
TOP_MM, BOTTOM_MM = -140.0, 250.0
EYE_SPAN_DEG = 110.0  # from one side of an eye's texture to the other
_FRONT = 1.6  # how much wider than on average the front is


def uv_of(part: str, vertices_mm: Floats, triangles: Ints) -> Floats:
    """Return where the corners of a part's triangles lie in its texture, (T, 3, 2)."""
    if part == "skin":
        return skin_uv(vertices_mm)[triangles] + _across_the_seam(vertices_mm, triangles)
    if part == "eyes":
        return _eye_uv(vertices_mm, triangles)
    points = vertices_mm[triangles]
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    flat = (points - low) / np.maximum(high - low, 1e-6)
    return np.asarray(flat[..., :2], np.float32)


def skin_uv(points_mm: Floats) -> Floats:
    """Return where points of the head are in the skin's texture."""
    x, y, z = points_mm[..., 0], points_mm[..., 1], points_mm[..., 2]
    turned = np.arctan2(x, AXIS_Z_MM - z) / np.pi
    u = 0.5 + 0.5 * np.sign(turned) * (1 - (1 - np.abs(turned)) ** _FRONT)
    v = (y - TOP_MM) / (BOTTOM_MM - TOP_MM)
    return np.stack([u, v], axis=-1).astype(np.float32)


def _across_the_seam(vertices_mm: Floats, triangles: Ints) -> Floats:
    """Return by how much to move corners of triangles that reach round the back of the head."""
    u = skin_uv(vertices_mm)[triangles][..., 0]
    apart = (u.max(axis=1) - u.min(axis=1) > 0.5)[:, None]
    moved = np.zeros((*u.shape, 2), np.float32)
    moved[..., 0] = np.where(apart & (u < 0.5), 1.0, 0.0)
    return moved


def _eye_uv(vertices_mm: Floats, triangles: Ints) -> Floats:
    """Lay each eyeball out flat round the direction it looks in, angles kept."""
    points = vertices_mm[triangles]
    uv = np.zeros((len(triangles), 3, 2), np.float32)
    for side in (-1, 1):
        mine = points[:, 0, 0] * side > 0
        ball = points[mine].reshape(-1, 3)
        away = points[mine] - (ball.min(axis=0) + ball.max(axis=0)) / 2
        away = away / np.linalg.norm(away, axis=-1, keepdims=True)
        angle = np.degrees(np.arccos(np.clip(-away[..., 2], -1, 1)))
        across = np.maximum(np.hypot(away[..., 0], away[..., 1]), 1e-9)
        spread = (angle / across / EYE_SPAN_DEG)[..., None]
        uv[mine] = np.clip(0.5 + away[..., :2] * spread, 0.0, 1.0)
    return uv


def skin_map(
    data: Path, old_uv: Floats, vertices_mm: Floats, triangles: Ints
) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Return for each texel of the skin where on the head it is, and how much of a lip."""
    size = SKIN_SIZE
    uv = uv_of("skin", vertices_mm, triangles)
    corners = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
    xy = (uv.reshape(-1, 2) * size - 0.5).astype(np.float32)
    points = vertices_mm[triangles]
    outwards = np.hypot(points[..., 0], points[..., 2] - AXIS_Z_MM).reshape(-1) + 10
    nearest = np.zeros((size, size), np.float32)
    seen = np.full((size, size), -1, np.int32)
    planes = np.zeros((len(triangles), PLANE), np.float32)
    both = np.full(len(triangles), 2, np.uint8)
    raster(xy, outwards.astype(np.float32), corners, both, nearest, seen, planes)
    row, column = np.nonzero(seen >= 0)
    t = seen[row, column]
    weights = _weights(uv[t] * size - 0.5, column, row)
    map_mm = np.full((size, size, 3), np.nan, np.float32)
    map_mm[row, column] = np.einsum("nc,ncd->nd", weights, points[t])
    picture = _picture(data, "lips")
    old = np.einsum("nc,ncd->nd", weights, old_uv[t])
    lips = np.zeros((size, size), np.uint8)
    lips[row, column] = _sampled(picture, old)
    return map_mm, lips


def inside_mouth(data: Path, base: BaseMesh) -> npt.NDArray[np.bool_]:
    """Tell which vertices line the mouth's inside."""
    inside = np.zeros(len(base.vertices), np.bool_)
    values = _sampled(_picture(data, "inside-mouth"), base.body_uv.reshape(-1, 2))
    inside[base.triangles["body"].reshape(-1)[values > 127]] = True
    return inside


def _weights(corners: Floats, x: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> Floats:
    """Return the barycentric weights (N, 3) of points in triangles (N, 3, 2)."""
    (x0, y0), (x1, y1), (x2, y2) = (corners[:, i].T.astype(np.float64) for i in range(3))
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    second = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / area
    third = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / area
    return np.stack([1 - second - third, second, third], axis=1)


def _picture(data: Path, name: str) -> npt.NDArray[np.uint8]:
    image = need("PIL.Image", extra="sim", to="simulate people")
    with image.open(data / f"mpfb2/textures/mpfb_{name}.jpg") as file:
        return np.asarray(file.convert("L"), np.uint8)


def _sampled(picture: npt.NDArray[np.uint8], uv: Floats) -> npt.NDArray[np.uint8]:
    """Return the picture's values at places whose y runs upwards, as MakeHuman's do."""
    height, width = picture.shape
    x = np.clip((uv[:, 0] * width).astype(np.int64), 0, width - 1)
    y = np.clip(((1 - uv[:, 1]) * height).astype(np.int64), 0, height - 1)
    return np.asarray(picture[y, x])
