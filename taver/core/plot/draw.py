"""One plot as SVG: axes, shapes, a legend, and what is said of it aloud."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from taver.core.plot import axes, hover, marks
from taver.core.plot.axes import LETTER_PX, Room
from taver.core.plot.shapes import Axis, Bars, Line, Rule, read, xs, ys
from taver.core.plot.style import ALONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taver.core.plot.shapes import Shape

_TOP, _BOTTOM, _RIGHT, _ROW = 10.0, 26.0, axes.BESIDE_PX, 18.0


def drawn(
    shapes: Sequence[Shape],
    x: Axis | None = None,
    y: Axis | None = None,
    *,
    told: str,
    width_px: float = 720.0,
    height_px: float = 240.0,
    legend: bool = True,
) -> str:
    """Return the plot as SVG; `told` is what a screen reader says of it."""
    across, up = x or Axis(), y or Axis()
    shapes = [_titled(read(shape), across.names) for shape in shapes]
    rows = _rows(_named(shapes) if legend else [], width_px)
    top = _TOP + _ROW * len(rows) + (_ROW + 4) * bool(up.label)
    slanted = axes.slants(across.names, width_px - _RIGHT - 40)
    below = axes.depth_px(across.names) if slanted else _BOTTOM
    bottom = max(height_px - below - _ROW * bool(across.label), top + 40)
    bars = any(isinstance(shape, Bars) for shape in shapes)
    ends_x = axes.ends(across, [value for shape in shapes for value in xs(shape)])
    ends_y = axes.ends(up, [value for shape in shapes for value in ys(shape)], from_zero=bars)
    marks_y = axes.marks(up, ends_y, max(int((bottom - top) / 32), 2))
    left = 10.0 + LETTER_PX * max((axes.wide(words) for _, words in marks_y), default=1.0)
    if slanted:
        left = max(left, axes.overhang_px(across.names, width_px - _RIGHT - left))
    room = Room(left, width_px - _RIGHT, top, bottom, ends_x, ends_y)
    apart = axes.NAME_PX if slanted else 1.0 if across.names else 64.0
    marks_x = axes.marks(across, ends_x, max(int((room.right - room.left) / apart), 2))
    inside = [
        *axes.grid(room, across, up, marks_x, marks_y, height_px, slanted),
        *(marks.shape_of(room, shape) for shape in shapes),
        *hover.strips(room, shapes, across),
        *_legend(rows),
    ]
    frame = " ".join(f"{v:.6g}" for v in (room.left, room.right, room.top, room.bottom))
    ends = " ".join(f"{v:.9g}" for v in (*ends_x, *ends_y))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" '
        f'viewBox="0 0 {width_px:g} {height_px:g}" width="{width_px:g}" height="{height_px:g}" '
        f'data-frame="{frame}" data-axes="{ends}" aria-label="{html.escape(told)}">'
        f"{''.join(inside)}</svg>"
    )


def standalone(svg: str) -> str:
    """Return a plot as a file of its own: it brings its style along, and is light for printing."""
    head, rest = svg.split(">", 1)
    return (
        f"{head}><style>{html.escape(ALONE, quote=False)}</style>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{rest}\n'
    )


def _titled(shape: Shape, names: Sequence[str]) -> Shape:
    """Return bars that say whose they are when pointed at."""
    if not isinstance(shape, Bars) or not names or shape.titles:
        return shape
    middles = [round((a + b) / 2) for a, b in zip(shape.left, shape.right, strict=True)]
    return shape._replace(
        titles=[
            f"{names[middle] if 0 <= middle < len(names) else ''}, {shape.name}: {value:.4g}"
            for middle, value in zip(middles, shape.heights, strict=True)
        ]
    )


def _named(shapes: Sequence[Shape]) -> list[Shape]:
    """Return what a legend lists: each name once, if there is more than one."""
    first = {shape.name: shape for shape in reversed(shapes) if shape.name}
    listed = [shape for shape in shapes if shape.name and first[shape.name] is shape]
    return listed if len(listed) > 1 else []


def _rows(named: Sequence[Shape], width_px: float) -> list[list[tuple[float, Shape]]]:
    rows: list[list[tuple[float, Shape]]] = []
    at = width_px
    for shape in named:
        wide = 34.0 + LETTER_PX * axes.wide(shape.name)
        if at + wide > width_px:
            rows.append([])
            at = 4.0
        rows[-1].append((at, shape))
        at += wide
    return rows


def _legend(rows: list[list[tuple[float, Shape]]]) -> Iterator[str]:
    for n, row in enumerate(rows):
        y = _ROW * n + 10
        for at, shape in row:
            look = f"c-{html.escape(shape.colour)}"
            if isinstance(shape, Line | Rule):
                thick = " bold" if isinstance(shape, Line) and shape.bold else ""
                dashed = isinstance(shape, Rule) or shape.dashed
                yield (
                    f'<path class="line {look}{thick}{" dashed" * dashed}" '
                    f'd="M{at:.1f} {y:.1f}h16"/>'
                )
            else:
                yield (
                    f'<rect class="fill {look}" x="{at + 3:.1f}" y="{y - 5:.1f}" '
                    'width="10" height="10" rx="2"/>'
                )
            yield axes.text(at + 21, y + 4, shape.name, "start", "said")
