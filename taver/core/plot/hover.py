"""Strips over the lines that say what each is worth where the pointer is, without any script."""

from __future__ import annotations

import bisect
import html
import math
from typing import TYPE_CHECKING, Final

from taver.core.plot.shapes import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taver.core.plot.axes import Room
    from taver.core.plot.shapes import Axis, Shape

_WIDE_PX: Final = 5.0


def strips(room: Room, shapes: Sequence[Shape], across: Axis) -> Iterator[str]:
    """Yield strips that say what each line is worth where the pointer is."""
    lines = [(shape, *_usable(shape)) for shape in shapes if isinstance(shape, Line)]
    if not any(at for _, at, _ in lines):
        return
    count = max(int((room.right - room.left) / _WIDE_PX), 1)
    low, high = room.ends_x
    for n in range(count):
        middle = low + (n + 0.5) / count * (high - low)
        reach = (high - low) / count
        said = []
        for line, at, values in lines:
            place = _nearest(at, middle)
            if place is not None and abs(at[place] - middle) <= reach:
                said.append(f"{line.name or across.label}: {values[place]:.4g}")
        if said:
            words = "\n".join([f"{middle:.4g}{across.unit} {across.label}".strip(), *said])
            yield (
                f'<rect class="hover" x="{room.x(middle) - _WIDE_PX / 2:.1f}" '
                f'y="{room.top:.1f}" width="{_WIDE_PX:g}" height="{room.bottom - room.top:.1f}">'
                f"<title>{html.escape(words)}</title></rect>"
            )


def _usable(line: Line) -> tuple[list[float], list[float]]:
    pairs = [
        (at, value)
        for at, value in zip(line.x, line.y, strict=True)
        if math.isfinite(at) and math.isfinite(value)
    ]
    return [at for at, _ in pairs], [value for _, value in pairs]


def _nearest(ordered: Sequence[float], value: float) -> int | None:
    if not ordered:
        return None
    below = max(bisect.bisect_right(ordered, value) - 1, 0)
    above = min(below + 1, len(ordered) - 1)
    return min((below, above), key=lambda n: abs(ordered[n] - value))
