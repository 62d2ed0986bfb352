"""Draws each shape in its place."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from taver.core.plot.shapes import Band, Bars, Dots, Line, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.plot.axes import Room
    from taver.core.plot.shapes import Shape


def shape_of(room: Room, shape: Shape) -> str:
    """Return the shape as SVG."""
    look = f"c-{html.escape(shape.colour)}"
    match shape:
        case Line():
            extra = " bold" * shape.bold + " dashed" * shape.dashed
            return f'<path class="line {look}{extra}" d="{_way(room, shape)}"/>'
        case Dots():
            return "".join(_dots(room, shape, look))
        case Bars():
            return "".join(_bars(room, shape, look))
        case Band():
            return f'<path class="band {look}" d="{_outline(room, shape)}"/>'
        case Rule(at=at, upright=upright):
            way = (
                f"M{room.x(at):.1f} {room.top:.1f}V{room.bottom:.1f}"
                if upright
                else f"M{room.left:.1f} {room.y(at):.1f}H{room.right:.1f}"
            )
            return f'<path class="line dashed {look}" d="{way}"/>'


def _way(room: Room, line: Line) -> str:
    """Return the path of a line; where many values share a pixel, their range is kept."""
    words: list[str] = []
    pen_up, last = True, 0.0
    for at, value in _thinned(room, line):
        if not (math.isfinite(at) and math.isfinite(value)):
            pen_up = True
            continue
        x, y = room.x(at), room.y(value)
        if pen_up:  # a value between two gaps is a dot
            words.append(f"M{x:.1f} {y:.1f}h.01")
        elif line.steps:
            words.append(f"H{x:.1f}" + (f"V{y:.1f}" if value != last else ""))
        else:
            words.append(f"L{x:.1f} {y:.1f}")
        pen_up, last = False, value
    return "".join(words)


def _thinned(room: Room, line: Line) -> Iterator[tuple[float, float]]:
    pairs = list(zip(line.x, line.y, strict=True))
    columns = int(room.right - room.left)
    if len(pairs) <= 4 * columns:
        yield from pairs
        return
    size = len(pairs) / columns
    for column in range(columns):
        first, behind = int(column * size), int((column + 1) * size)
        said = [n for n in range(first, behind) if math.isfinite(pairs[n][1])]
        keep = {first, behind - 1}
        if len(said) < behind - first:  # a gap stays one, however short
            keep.add(next(n for n in range(first, behind) if not math.isfinite(pairs[n][1])))
        if said:
            by_value = sorted(said, key=lambda n: pairs[n][1])
            keep |= {by_value[0], by_value[-1]}
        yield from (pairs[n] for n in sorted(keep))


def _outline(room: Room, band: Band) -> str:
    """Return the band's outline, a closed one for each stretch without gaps."""
    parts: list[str] = []
    run: list[tuple[float, float, float]] = []
    rows = list(zip(band.x, band.low, band.high, strict=True))
    for row in [*rows, (math.nan, math.nan, math.nan)]:
        if all(math.isfinite(value) for value in row):
            run.append(row)
            continue
        if run:
            there = [f"{room.x(at):.1f} {room.y(high):.1f}" for at, _, high in run]
            back = [f"{room.x(at):.1f} {room.y(low):.1f}" for at, low, _ in reversed(run)]
            parts.append(f"M{'L'.join([*there, *back])}Z")
        run = []
    return "".join(parts)


def _dots(room: Room, dots: Dots, look: str) -> Iterator[str]:
    sizes = list(dots.sizes)
    for n, (at, value) in enumerate(zip(dots.x, dots.y, strict=True)):
        if not (math.isfinite(at) and math.isfinite(value)):
            continue
        size = sizes[n] if sizes else 3.0
        words = dots.titles[n] if dots.titles else f"{dots.name}: {at:.4g}, {value:.4g}"
        yield (
            f'<circle class="dot {look}" cx="{room.x(at):.1f}" cy="{room.y(value):.1f}" '
            f'r="{size:.2g}"><title>{html.escape(words)}</title></circle>'
        )


def _bars(room: Room, bars: Bars, look: str) -> Iterator[str]:
    ground = min(max(0.0, room.ends_y[0]), room.ends_y[1])
    for n, (a, b, value) in enumerate(zip(bars.left, bars.right, bars.heights, strict=True)):
        if not math.isfinite(value):
            continue
        x, wide = room.x(a), max(room.x(b) - room.x(a) - 0.5, 0.5)
        y, foot = sorted((room.y(value), room.y(ground)))
        words = bars.titles[n] if bars.titles else f"{bars.name}: {value:.4g}"
        yield (
            f'<rect class="bar fill {look}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" '
            f'height="{max(foot - y, 0.5):.1f}"><title>{html.escape(words)}</title></rect>'
        )
