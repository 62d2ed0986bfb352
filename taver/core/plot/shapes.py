"""What can be drawn: axes, lines, dots, bars, bands and rules, as values."""

from __future__ import annotations

import bisect
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Numbers = Iterable[float]  # numpy's arrays, too


class Axis(NamedTuple):
    """One axis; what is not given is found from the values."""

    label: str = ""
    low: float | None = None
    high: float | None = None
    names: Sequence[str] = ()  # of places 0, 1, 2, ... instead of numbers
    format: str = "g"
    unit: str = ""


class Line(NamedTuple):
    """Values in order of x."""

    name: str
    x: Numbers
    y: Numbers
    colour: str = "1"
    bold: bool = False
    dashed: bool = False
    steps: bool = False  # a value holds until the next


class Dots(NamedTuple):
    """Single points; `sizes` are their radii in pixels."""

    name: str
    x: Numbers
    y: Numbers
    colour: str = "1"
    titles: Sequence[str] = ()
    sizes: Numbers = ()


class Bars(NamedTuple):
    """Bars from zero up or down, each between a left and a right end."""

    name: str
    left: Numbers
    right: Numbers
    heights: Numbers
    colour: str = "1"
    titles: Sequence[str] = ()


class Band(NamedTuple):
    """What lies between two curves."""

    name: str
    x: Numbers
    low: Numbers
    high: Numbers
    colour: str = "1"


class Rule(NamedTuple):
    """A straight line across: at a height, or, if `upright`, at a place of x."""

    at: float
    name: str = ""
    colour: str = "faint"
    upright: bool = False


Shape = Line | Dots | Bars | Band | Rule


def columns(name: str, heights: Numbers, *, place: int = 0, of: int = 1, colour: str = "1") -> Bars:
    """Return a bar for each name of the axis; beside each other where there are several sets."""
    tall = listed(heights)
    wide = 0.8 / of
    left = [n - 0.4 + wide * place for n in range(len(tall))]
    return Bars(name, left, [one + wide * 0.94 for one in left], tall, colour)


def histogram(
    name: str, values: Numbers, edges: Sequence[float], *, colour: str = "1", share: bool = True
) -> Bars:
    """Return how often values fall between edges; the last bin holds its right edge, too."""
    counts = [0] * (len(edges) - 1)
    said = [value for value in listed(values) if math.isfinite(value)]
    for value in said:
        if edges[0] <= value <= edges[-1]:
            counts[min(bisect.bisect_right(edges, value) - 1, len(counts) - 1)] += 1
    scale = 100.0 / max(len(said), 1) if share else 1.0
    titles = [
        f"{a:g} to {b:g}: {n} ({100.0 * n / max(len(said), 1):.1f} %)"
        for (a, b), n in zip(pairwise(edges), counts, strict=True)
    ]
    return Bars(name, edges[:-1], edges[1:], [n * scale for n in counts], colour, titles)


def listed(values: Numbers) -> list[float]:
    """Return the values as plain numbers."""
    return [float(value) for value in values]


def read(shape: Shape) -> Shape:
    """Return the shape with lists in it, so that it can be walked more than once."""
    if isinstance(shape, Rule):
        return shape
    lists: dict[str, Any] = {
        name: listed(getattr(shape, name))
        for name in ("x", "y", "left", "right", "heights", "low", "high", "sizes")
        if name in shape._fields
    }
    return shape._replace(**lists)


def xs(shape: Shape) -> list[float]:
    """Return everything of a shape that lies along x."""
    if isinstance(shape, Rule):
        return [shape.at] if shape.upright else []
    return [*shape.left, *shape.right] if isinstance(shape, Bars) else list(shape.x)


def ys(shape: Shape) -> list[float]:
    """Return everything of a shape that lies along y."""
    match shape:
        case Rule():
            return [] if shape.upright else [shape.at]
        case Bars():
            return list(shape.heights)
        case Band():
            return [*shape.low, *shape.high]
    return list(shape.y)
