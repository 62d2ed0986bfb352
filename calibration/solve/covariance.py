"""How well each parameter is known, and how noisy each camera is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.normal import blocks_of, gathered
from calibration.solve.rows import DEPTH, residuals

if TYPE_CHECKING:
    import numpy.typing as npt

    from calibration.solve.adjust import Solution
    from calibration.solve.normal import Block

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

_FINEST: Final = {DEPTH: 0.05}  # mm; of corners 0.002 px: no data is better than this
_FINEST_PX: Final = 0.002


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Covariance:
    """Covariances at a solution; parameters that were held fixed have none."""

    shared: Floats  # (parameters, parameters), over the whole layout
    own: Floats  # (views, 6, 6)
    crossed: Floats  # (views, parameters, 6)
    slopes: Floats  # (2,) by metre and by radius, as one further step would have them
    slopes_sigma: Floats  # (2,)


def covariance(solution: Solution) -> Covariance:
    """Return the covariance of everything, and what freeing the shift's slopes would find."""
    blocks = blocks_of(solution.state, solution.layout, solution.sources, solution.noise)
    views = len(solution.state.board_rotations)
    shared, crossed, own = _inverse(blocks, solution.free, views)
    slopes, sigma = np.zeros(2), np.full(2, np.inf)
    free = solution.free.copy()
    at = solution.layout.shift_at
    if any(source.name == DEPTH for source in solution.sources) and free[at.start]:
        free[at] = True
        normal = gathered(blocks, free, views)
        solved = np.linalg.solve(normal.own, np.swapaxes(normal.crossed, 1, 2))
        reduced = normal.shared - np.einsum("vpi,viq->pq", normal.crossed, solved)
        right = normal.shared_gradient - np.einsum("vip,vi->p", solved, normal.own_gradient)
        wide = _inverted(reduced)
        slopes = -(wide @ right)[-2:]
        sigma = np.sqrt(np.maximum(np.diag(wide)[-2:], 0.0))
    return Covariance(shared=shared, own=own, crossed=crossed, slopes=slopes, slopes_sigma=sigma)


def _inverse(blocks: list[Block], free: Flags, views: int) -> tuple[Floats, Floats, Floats]:
    normal = gathered(blocks, free, views)
    own_alone = np.linalg.inv(normal.own + 1e-12 * np.eye(6))
    solved = own_alone @ np.swapaxes(normal.crossed, 1, 2)  # (views, 6, p)
    reduced = normal.shared - np.einsum("vpi,viq->pq", normal.crossed, solved)
    small = _inverted(reduced)
    size = len(free)
    shared = np.zeros((size, size))
    shared[np.ix_(free, free)] = small
    crossed = np.zeros((views, size, 6))
    crossed[:, free] = -np.einsum("pq,viq->vpi", small, solved)
    own = own_alone + np.einsum("vip,pq,vjq->vij", solved, small, solved)
    return shared, crossed, own


def _inverted(matrix: Floats) -> Floats:
    if not len(matrix):
        return matrix
    scale = 1.0 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    inverse = np.linalg.pinv(matrix * scale[:, None] * scale, rcond=1e-14, hermitian=True)
    return np.asarray(inverse * scale[:, None] * scale)


def freedoms(solution: Solution) -> dict[str, float]:
    """Return how many parameters each source pays for: the trace of its part of the hat matrix."""
    blocks = blocks_of(solution.state, solution.layout, solution.sources, solution.noise)
    views = len(solution.state.board_rotations)
    shared, crossed, own = _inverse(blocks, solution.free, views)
    paid = dict.fromkeys((source.name for source in solution.sources), 0.0)
    for block in blocks:
        c = block.columns
        p = len(c)
        paid[block.source] += float(
            (shared[np.ix_(c, c)] * block.normal[:p, :p]).sum()
            + 2.0 * (crossed[block.view][c] * block.normal[:p, p:]).sum()
            + (own[block.view] * block.normal[p:, p:]).sum()
        )
    return paid


def measured_noise(solution: Solution, *, robust: bool) -> dict[str, float]:
    """Return each source's deviation of one coordinate, or of one depth pixel.

    `robust` takes the median, which outliers do not move; without it the mean square, which is
    three times as sure once they are gone.
    """
    paid = freedoms(solution)
    found = {}
    for source in solution.sources:
        kept = source.weights > 0
        off = residuals(solution.state, source)[kept] * np.sqrt(source.weights[kept])[:, None]
        count = off.size
        share = count / max(count - paid[source.name], 0.1 * count, 1.0)
        if robust:
            sigma = 1.4826 * float(np.median(np.abs(off))) if count else 0.0
        else:
            sigma = float(np.sqrt(np.mean(off * off))) if count else 0.0
        found[source.name] = max(sigma * np.sqrt(share), _FINEST.get(source.name, _FINEST_PX))
    return found


def rms_px(solution: Solution) -> dict[str, float]:
    """Return each camera's root mean square distance, as OpenCV tells it: over both coordinates."""
    found = {}
    for source in solution.sources:
        if source.name != DEPTH:
            off = residuals(solution.state, source)[source.weights > 0]
            found[source.name] = float(np.sqrt((off * off).sum(axis=1).mean())) if len(off) else 0.0
    return found
