"""How a room's lamps light the vertices of a surface."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from capture.sim.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    Float32 = npt.NDArray[np.float32]
    Int32 = npt.NDArray[np.int32]

# How far light creeps round an edge in red, green and blue: skin lets red through the farthest.
SKIN_CREEP = (0.42, 0.24, 0.18)
PLAIN_CREEP = (0.15, 0.15, 0.15)


def lamps(yaw_deg: float) -> Float32:
    """Return the room's lamps (3, 4): the way towards each in the world, and how strong it is.

    A soft main light above the cameras, turned by `yaw_deg` about the vertical; light thrown back
    by the wall on the other side; a ceiling.
    """
    yaw = math.radians(yaw_deg)
    main = (0.30, -0.55, -0.78)
    turned = (
        main[0] * math.cos(yaw) - main[2] * math.sin(yaw),
        main[1],
        main[0] * math.sin(yaw) + main[2] * math.cos(yaw),
    )
    ways = np.array([turned, (-turned[0] * 1.5, -0.15, -0.8), (0.0, -1.0, -0.15)])
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return np.column_stack([ways, [0.56, 0.24, 0.14]]).astype(np.float32)


@compiled
def normals_of(points: Float32, triangles: Int32, normals: Float32) -> None:
    """Write the unit normals of the vertices, outwards."""
    normals[:] = np.float32(0)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = (
            points[c, 0] - points[a, 0],
            points[c, 1] - points[a, 1],
            points[c, 2] - points[a, 2],
        )
        vx, vy, vz = (
            points[b, 0] - points[a, 0],
            points[b, 1] - points[a, 1],
            points[b, 2] - points[a, 2],
        )
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in (a, b, c):
            normals[k, 0] += nx
            normals[k, 1] += ny
            normals[k, 2] += nz
    for i in range(normals.shape[0]):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        s = np.float32(1) / np.sqrt(x * x + y * y + z * z + np.float32(1e-20))
        normals[i, 0] = x * s
        normals[i, 1] = y * s
        normals[i, 2] = z * s


@compiled
def light_up(
    points: Float32,
    normals: Float32,
    openness: Float32,
    creep: Float32,
    gloss: Float32,
    lamps: Float32,
    light: Float32,
    facing: Float32,
) -> None:
    """Write what reaches each vertex: red, green, blue, and the shine that comes on top.

    Lambert's law with light creeping round edges for skin; Blinn's highlight, (n h)^16; folds and
    hollows get less, by `openness` (V,). `creep` is (V, 3), `gloss` (V,) in grey levels.
    """
    for i in range(points.shape[0]):
        px, py, pz = points[i, 0], points[i, 1], points[i, 2]
        s = np.float32(-1) / np.sqrt(px * px + py * py + pz * pz + np.float32(1e-6))
        ex, ey, ez = px * s, py * s, pz * s  # towards the cameras
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        facing[i] = max(nx * ex + ny * ey + nz * ez, np.float32(0.05))
        free = openness[i]
        around = np.float32(0.30) * free * (np.float32(0.8) - np.float32(0.2) * ny)
        red, green, blue, shine = around, around, around, np.float32(0)
        reached = np.float32(0.25) + np.float32(0.75) * min(np.float32(1.25) * free, np.float32(1))
        for k in range(lamps.shape[0]):
            lx, ly, lz = lamps[k, 0], lamps[k, 1], lamps[k, 2]
            t = nx * lx + ny * ly + nz * lz
            strength = lamps[k, 3] * reached
            w = creep[i, 0]
            red += strength * max((t + w) / (np.float32(1) + w), np.float32(0))
            w = creep[i, 1]
            green += strength * max((t + w) / (np.float32(1) + w), np.float32(0))
            w = creep[i, 2]
            blue += strength * max((t + w) / (np.float32(1) + w), np.float32(0))
            if gloss[i] > np.float32(0):
                hx, hy, hz = lx + ex, ly + ey, lz + ez
                h = (nx * hx + ny * hy + nz * hz) / np.sqrt(
                    hx * hx + hy * hy + hz * hz + np.float32(1e-6)
                )
                if h > np.float32(0):
                    h *= h
                    h *= h
                    h *= h
                    h *= h
                    shine += strength * h * gloss[i]
        light[i, 0] = red
        light[i, 1] = green
        light[i, 2] = blue
        light[i, 3] = shine


def lit(
    points: Float32,
    triangles: Int32,
    *,
    openness: Float32,
    creep: Float32,
    gloss: Float32,
    lamps: Float32,
) -> tuple[Float32, Float32]:
    """Return the light (V, 4) on the vertices, and how far they face the cameras (V,)."""
    normals = np.empty_like(points)
    normals_of(points, triangles, normals)
    light = np.empty((len(points), 4), np.float32)
    facing = np.empty(len(points), np.float32)
    light_up(points, normals, openness, creep, gloss, lamps, light, facing)
    return light, facing
