"""Small plots as SVG: lines, dots, bars and bands over two axes, in the house's colours.

Looks come from classes and CSS variables: a page decides on light and dark, and one that allows no
inline style can show them too. `taver.core.page` brings STYLE along; other pages have to serve it.
What can be pointed at says its values. NaN is nothing: a line stops there, a dot is left out.
"""

from taver.core.plot.draw import drawn, standalone
from taver.core.plot.shapes import (
    Axis,
    Band,
    Bars,
    Dots,
    Line,
    Rule,
    Shape,
    columns,
    histogram,
)
from taver.core.plot.style import COLOURS, STYLE

__all__ = [
    "COLOURS",
    "STYLE",
    "Axis",
    "Band",
    "Bars",
    "Dots",
    "Line",
    "Rule",
    "Shape",
    "columns",
    "drawn",
    "histogram",
    "standalone",
]
