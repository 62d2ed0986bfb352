"""The normal equations: gathered by source and view, and solved with the views eliminated first.

Every view has six unknowns of its own and touches all shared ones, so what is left to factor has as
many rows as there are shared parameters, however many the views (Schur complement; Triggs et al.,
"Bundle adjustment - a modern synthesis", 2000, section 6).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.rows import slopes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from calibration.solve.rows import Source
    from calibration.solve.state import Layout, State

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

HUBER: Final = 3.0  # deviations, from where on an error counts linearly


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Block:
    """What one source tells about one view: the normal equations' share of it."""

    source: str
    view: int
    columns: Numbers  # of the shared parameters
    normal: Floats  # (columns + 6, columns + 6)
    gradient: Floats  # (columns + 6,)


def blocks_of(
    state: State, layout: Layout, sources: tuple[Source, ...], noise: Mapping[str, float]
) -> list[Block]:
    """Return the normal equations, robustly weighted, by source and view."""
    found = []
    for source in sources:
        off, slopes, columns = slopes_of(state, layout, source)
        scale = np.sqrt(source.weights * _robust(off, source, noise)) / noise[source.name]
        rows = slopes * scale[:, None, None]
        errors = off * scale[:, None]
        for view, part in source.parts:
            mine = rows[part].reshape(-1, rows.shape[2])
            found.append(
                Block(
                    source=source.name,
                    view=view,
                    columns=columns,
                    normal=mine.T @ mine,
                    gradient=mine.T @ errors[part].reshape(-1),
                )
            )
    return found


def _robust(off: Floats, source: Source, noise: Mapping[str, float]) -> Floats:
    """Return Huber's weight of each row."""
    far = np.sqrt((off * off).sum(axis=1) * source.weights) / noise[source.name]
    return np.asarray(np.minimum(1.0, HUBER / np.maximum(far, 1e-300)))


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Normal:
    """The normal equations, put together: shared, crossed and the views' own."""

    shared: Floats  # (p, p)
    crossed: Floats  # (views, p, 6)
    own: Floats  # (views, 6, 6)
    shared_gradient: Floats  # (p,)
    own_gradient: Floats  # (views, 6)


def gathered(blocks: list[Block], free: Flags, views: int) -> Normal:
    """Put the blocks together for the free parameters."""
    size = len(free)
    shared, crossed = np.zeros((size, size)), np.zeros((views, size, 6))
    own = np.zeros((views, 6, 6))
    shared_gradient, own_gradient = np.zeros(size), np.zeros((views, 6))
    for block in blocks:
        c = block.columns
        shared[np.ix_(c, c)] += block.normal[:-6, :-6]
        crossed[block.view, c] += block.normal[:-6, -6:]
        own[block.view] += block.normal[-6:, -6:]
        shared_gradient[c] += block.gradient[:-6]
        own_gradient[block.view] += block.gradient[-6:]
    return Normal(
        shared=shared[np.ix_(free, free)],
        crossed=crossed[:, free],
        own=own,
        shared_gradient=shared_gradient[free],
        own_gradient=own_gradient,
    )


def step(normal: Normal, damping: float) -> tuple[Floats, Floats]:
    """Return the step of the free shared parameters and of every view."""
    own = normal.own.copy()
    places = np.arange(6)
    own[:, places, places] *= 1.0 + damping
    own[:, places, places] += 1e-12
    eliminated = np.linalg.solve(own, np.swapaxes(normal.crossed, 1, 2))  # (views, 6, p)
    own_step = np.linalg.solve(own, normal.own_gradient[..., None])[..., 0]
    shared = normal.shared.copy()
    if len(shared):
        diagonal = np.arange(len(shared))
        shared[diagonal, diagonal] *= 1.0 + damping
        shared[diagonal, diagonal] += 1e-12
        shared -= np.einsum("vpi,viq->pq", normal.crossed, eliminated)
        right = normal.shared_gradient - np.einsum("vpi,vi->p", normal.crossed, own_step)
        step = -_solve_scaled(shared, right)
    else:
        step = np.zeros(0)
    return step, -own_step - np.einsum("vip,p->vi", eliminated, step)


def _solve_scaled(matrix: Floats, right: Floats) -> Floats:
    """Solve with every unknown in its own unit: focal lengths and k3 differ by millions."""
    scale = 1.0 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix * scale[:, None] * scale
    try:
        return np.asarray(scale * np.linalg.solve(scaled, scale * right))
    except np.linalg.LinAlgError:
        return np.asarray(scale * np.linalg.lstsq(scaled, scale * right, rcond=1e-12)[0])
