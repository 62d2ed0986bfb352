"""States and confidence over time, as a drawing for a page."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.clock import NS_PER_S
from taver.faces.state import State

if TYPE_CHECKING:
    import numpy.typing as npt

_WIDE, _HIGH, _BAND = 1000, 130, 22
_LEFT: Final = 4
_TICK: Final = 40  # the room that a moment's name takes
_FILLS: Final = {
    State.DETECTED: "var(--good)",
    State.TRACKED: "var(--color)",
    State.INTERPOLATED: "var(--warn)",
    State.LOST: "var(--bad)",
}
_COLUMNS: Final = 500  # more would not be told apart


def drawn(
    state: npt.NDArray[np.uint8],
    confidence: npt.NDArray[np.float32],
    unix_ns: npt.NDArray[np.int64],
) -> str:
    """Return an SVG: confidence above, states below, seconds along."""
    length_s = max((int(unix_ns[-1]) - int(unix_ns[0])) / NS_PER_S, 1e-3)
    columns = min(len(state), _COLUMNS)
    edges = np.linspace(0, len(state), columns + 1).astype(int)
    wide = (_WIDE - 2 * _LEFT) / columns
    top = _HIGH - _BAND - 18
    worst = [float(confidence[a:b].min()) for a, b in itertools.pairwise(edges.tolist())]
    # A column tells of the worst of its frames: a lost one is not averaged away.
    states = [State(int(state[a:b].min())) for a, b in itertools.pairwise(edges.tolist())]
    line = " ".join(
        f"{_LEFT + (n + 0.5) * wide:.1f},{4 + (1 - value) * (top - 8):.1f}"
        for n, value in enumerate(worst)
    )
    bars = "".join(
        f'<rect x="{_LEFT + n * wide:.2f}" y="{top}" width="{wide + 0.2:.2f}" height="{_BAND}" '
        f'fill="{_FILLS[one]}"/>'
        for n, one in enumerate(states)
    )
    ends = "".join(
        f'<line x1="0" x2="{_WIDE}" y1="{y}" y2="{y}" stroke="var(--line)"/>' for y in (4, top - 4)
    )
    ticks = "".join(
        f'<text x="{_LEFT + s / length_s * (_WIDE - 2 * _LEFT):.1f}" y="{_HIGH - 4}" '
        f'font-size="11" fill="var(--faint)">{s:g} s</text>'
        for s in _seconds(length_s)
        if s / length_s * _WIDE < _WIDE - _TICK
    )
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" width="100%" role="img" '
        f'aria-label="confidence and state of every frame">'
        f'{ends}<polyline points="{line}" fill="none" stroke="var(--ink)" stroke-width="1.2"/>'
        f"{bars}{ticks}</svg>"
    )


def _seconds(length_s: float) -> list[float]:
    """Return about ten round moments."""
    step = next(s for s in (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 3600) if length_s / s < 12)
    return [n * step for n in range(int(length_s / step) + 1)]
