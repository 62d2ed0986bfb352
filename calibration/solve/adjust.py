"""One robust least-squares adjustment of everything at once, by Levenberg and Marquardt."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.normal import HUBER, blocks_of, gathered, step
from calibration.solve.rows import residuals
from calibration.solve.state import Layout, moved

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from calibration.solve.rows import Source
    from calibration.solve.state import State

    Flags = npt.NDArray[np.bool_]

_MOST_STEPS: Final = 60
_ENOUGH: Final = 1e-9  # relative gain below which nothing changes that could be seen
_FARTHEST: Final = 1e8


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Solution:
    """The state that fits best, with what it needs to be judged."""

    state: State
    layout: Layout
    sources: tuple[Source, ...]
    free: Flags
    noise: Mapping[str, float]  # by source: px of one coordinate, or mm of one depth pixel
    cost: float
    steps: int


def cost_of(state: State, sources: tuple[Source, ...], noise: Mapping[str, float]) -> float:
    """Return half the sum of Huber's squares."""
    total = 0.0
    for source in sources:
        off = residuals(state, source)
        with np.errstate(over="ignore"):
            far = np.sqrt((off * off).sum(axis=1) * source.weights) / noise[source.name]
        far = np.where(np.isfinite(far), far, _FARTHEST)
        total += float(np.where(far < HUBER, 0.5 * far * far, HUBER * (far - 0.5 * HUBER)).sum())
    return total


def adjust(
    state: State,
    sources: tuple[Source, ...],
    free: Flags,
    noise: Mapping[str, float],
    *,
    layout: Layout | None = None,
    most_steps: int = _MOST_STEPS,
) -> Solution:
    """Return the state that fits best, starting from `state`; only `free` parameters are moved."""
    layout = layout or Layout.of(state)
    views = len(state.board_rotations)
    cost = cost_of(state, sources, noise)
    damping, steps = 1e-3, 0
    normal = gathered(blocks_of(state, layout, sources, noise), free, views)
    while steps < most_steps:
        steps += 1
        shared_step, own_step = step(normal, damping)
        shared = np.zeros(len(free))
        shared[free] = shared_step
        tried = moved(state, layout, shared, own_step)
        new = cost_of(tried, sources, noise) if _is_possible(tried) else np.inf
        if new < cost:
            gain = (cost - new) / max(cost, 1e-300)
            state, cost = tried, new
            damping = max(damping / 10.0, 1e-12)
            if gain < _ENOUGH:
                break
            normal = gathered(blocks_of(state, layout, sources, noise), free, views)
        elif damping > 1e8:
            break
        else:
            if new - cost < _ENOUGH * cost:  # as good as nothing was left to gain
                break
            damping *= 10.0
    return Solution(
        state=state,
        layout=layout,
        sources=sources,
        free=free,
        noise=noise,
        cost=cost,
        steps=steps,
    )


def _is_possible(state: State) -> bool:
    return all(
        bool(np.isfinite(lens).all()) and lens[0] > 1.0 and lens[1] > 1.0
        for lens in state.lenses.values()
    ) and bool(np.isfinite(state.board_translations_mm).all())
