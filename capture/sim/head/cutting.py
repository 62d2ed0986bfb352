"""Cuts a mesh along a line that runs across its triangles."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cut:
    """What is left of a mesh; its new vertices lie on edges of the old one."""

    triangles: Ints  # (T, 3)
    uv: Floats  # (T, 3, 2)
    edges: Ints  # (N, 2) from which vertex to which each new one lies
    shares: Floats  # (N,) how far along

    def points(self, vertices: Floats) -> Floats:
        """Return where the new vertices are, for values of the old ones."""
        start, end = vertices[self.edges[:, 0]], vertices[self.edges[:, 1]]
        return np.asarray(start + self.shares[:, None] * (end - start), np.float32)


def cut(triangles: Ints, uv: Floats, level: Floats, count: int) -> Cut:
    """Keep what has a `level` (V,) above 0; new vertices are numbered from `count` on."""
    above = level[triangles] > 0
    kept = above.all(axis=1)
    new_triangles, new_uv = [*triangles[kept]], [*uv[kept]]
    edges: dict[tuple[int, int], int] = {}
    shares: list[float] = []

    def between(start: int, end: int) -> tuple[int, float]:
        share = float(level[start] / (level[start] - level[end]))
        if (start, end) not in edges:
            edges[start, end] = len(edges)
            shares.append(share)
        return count + edges[start, end], share

    for t in np.flatnonzero(above.any(axis=1) & ~kept):
        alone = above[t].sum() == 1
        first = int(np.flatnonzero(above[t] == alone)[0])
        order = [first, (first + 1) % 3, (first + 2) % 3]
        (a, b, c), (p, q, r) = triangles[t][order].tolist(), uv[t][order]
        if alone:
            (ab, s), (ac, u) = between(a, b), between(a, c)
            new_triangles.append(np.array([a, ab, ac]))
            new_uv.append(np.array([p, p + s * (q - p), p + u * (r - p)]))
        else:
            (ba, s), (ca, u) = between(b, a), between(c, a)
            on_b, on_c = q + s * (p - q), r + u * (p - r)
            new_triangles += [np.array([b, c, ca]), np.array([b, ca, ba])]
            new_uv += [np.array([q, r, on_c]), np.array([q, on_c, on_b])]
    return Cut(
        triangles=np.array(new_triangles, np.int32),
        uv=np.array(new_uv, np.float32),
        edges=np.array(list(edges), np.int32).reshape(-1, 2),
        shares=np.array(shares, np.float32),
    )
