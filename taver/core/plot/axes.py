"""Where the axes lie in the drawing, from where to where they go, and what stands along them."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taver.core.plot.shapes import Axis

LETTER_PX: Final = 6.6  # about
BESIDE_PX: Final = 12.0  # to the right of the axes
NAME_PX: Final = 20.0  # that slanting names need
_SINE: Final = 0.574  # of 35 degrees
_COSINE: Final = 0.819
_LONGEST: Final = 18.0  # letters of a name that slants


class Room(NamedTuple):
    """Where the axes lie in the drawing, and what their ends are worth."""

    left: float
    right: float
    top: float
    bottom: float
    ends_x: tuple[float, float]
    ends_y: tuple[float, float]

    def x(self, value: float) -> float:
        """Return where a value of x is drawn; what is beyond an end, at that end."""
        low, high = self.ends_x
        return self.left + _share(value, low, high) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Return where a value of y is drawn; what is beyond an end, at that end."""
        low, high = self.ends_y
        return self.bottom - _share(value, low, high) * (self.bottom - self.top)


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def ends(axis: Axis, values: list[float], *, from_zero: bool = False) -> tuple[float, float]:
    """Return the ends of an axis: as given, or with a little room around the values."""
    if axis.names:
        return -0.6, len(axis.names) - 0.4
    finite = [value for value in values if math.isfinite(value)] + [0.0] * from_zero
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = (high - low) * 0.04
    low = axis.low if axis.low is not None else low - room * (low < 0 or not from_zero)
    high = axis.high if axis.high is not None else high + room * (high > 0 or not from_zero)
    return (low, high) if high > low else (low - 0.5 * (not from_zero), low + 0.5)


def marks(axis: Axis, reach: tuple[float, float], most: int) -> list[tuple[float, str]]:
    """Return round values along an axis, and what stands there."""
    if axis.names:
        every = -(-len(axis.names) // most)
        return [(n, name) for n, name in enumerate(axis.names) if n % every == 0]
    rough = (reach[1] - reach[0]) / most
    tens = 10.0 ** math.floor(math.log10(rough))
    step = next(tens * n for n in (1, 2, 5, 10) if tens * n >= rough * 0.999)
    first, last = math.ceil(reach[0] / step - 1e-9), math.floor(reach[1] / step + 1e-9)
    values = [round(n * step, 12) + 0.0 for n in range(first, last + 1)]
    return [(value, f"{value:{axis.format}}{axis.unit}") for value in values]


def grid(
    room: Room,
    across: Axis,
    up: Axis,
    marks_x: list[tuple[float, str]],
    marks_y: list[tuple[float, str]],
    height_px: float,
    slanted: bool,
) -> Iterator[str]:
    """Yield the axes with their numbers and names; names that are too long for a line slant."""
    for value, words in marks_y:
        y = room.y(value)
        yield f'<path class="grid" d="M{room.left:.1f} {y:.1f}H{room.right:.1f}"/>'
        yield text(room.left - 6, y + 4, words, "end")
    for value, words in marks_x:
        at = room.x(value)
        yield f'<path class="axis" d="M{at:.1f} {room.bottom:.1f}v4"/>'
        yield (
            _slanted(at, room.bottom + 12, words)
            if slanted
            else text(_inside(at, words, room), room.bottom + 17, words, "middle")
        )
    yield f'<path class="axis" d="M{room.left:.1f} {room.bottom:.1f}H{room.right:.1f}"/>'
    if across.label:
        yield text((room.left + room.right) / 2, height_px - 6, across.label, "middle")
    if up.label:
        yield text(2, room.top - 11, up.label, "start")


def _inside(x: float, words: str, room: Room) -> float:
    """Return where words have their middle so that the last are not cut off by the edge."""
    return min(x, room.right + BESIDE_PX - LETTER_PX * wide(words) / 2)


def slants(names: Sequence[str], width_px: float) -> bool:
    """Tell whether names are too long to stand beside each other."""
    return bool(names) and LETTER_PX * max(map(wide, names)) > width_px / len(names) - 6


def depth_px(names: Sequence[str]) -> float:
    """Return how far slanting names reach down."""
    return 18 + _SINE * LETTER_PX * min(max(map(wide, names)), _LONGEST)


def overhang_px(names: Sequence[str], width_px: float) -> float:
    """Return how far the first of slanting names reaches to the left of the axes."""
    return _COSINE * LETTER_PX * min(wide(names[0]), _LONGEST) - width_px / len(names) / 2


def _slanted(x: float, y: float, words: str) -> str:
    short = words if wide(words) <= _LONGEST else f"{words[: int(_LONGEST) - 1]}\u2026"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="end" '
        f'transform="rotate(-35 {x:.1f} {y:.1f})">{html.escape(short)}</text>'
    )


def text(x: float, y: float, words: str, anchor: str, look: str = "") -> str:
    """Return words that begin, end or have their middle there."""
    kind = f' class="{look}"' if look else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{html.escape(words)}</text>'


def wide(words: str) -> float:
    """Return how many letters of ours a text is wide; those of East Asia are twice as wide."""
    return sum(2.0 if ord(letter) > 0x2E7F else 1.0 for letter in words)
