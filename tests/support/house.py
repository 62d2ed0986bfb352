"""docs/images/house.svg, drawn from the code's own imports: python tests/support/house.py

A test compares; after a new import between packages, run it and commit what it drew. The storeys
are those of the import contract in pyproject.toml, a package's sentence is that of its docstring.
"""

from __future__ import annotations

import ast
import html
import textwrap
import tomllib
from pathlib import Path

from taver.core import look

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "house.svg"
WIDE, HIGH, BETWEEN, EDGE = 1000, 78, 46, 24
# Where a package stands between left (0) and right (1); how wide it is. New ones need a place here.
PLACES = {
    "taver.training": (0.5, 300),
    "taver.dataset": (0.34, 300),
    "taver.view": (0.87, 230),
    "annotate_web": (0.13, 215),
    "taver.faces": (0.56, 230),
    "taver.labels": (0.26, 240),
    "calibration": (0.61, 230),
    "capture": (0.87, 230),
}
COLOURS = {
    "taver.training": "thermal",
    "taver.dataset": "accent",
    "taver.view": "ir",
    "annotate_web": "sound",
    "taver.faces": "depth",
}
SAID = 'aria-label="The packages of taver by storey, and who imports whom"'
STYLE = """
text { font: 13px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--faint); }
text.name { font-size: 16px; font-weight: 600; fill: var(--ink); }
.paper { fill: var(--paper); } .room { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
.import { fill: none; stroke-width: 2; stroke-linecap: round; }
"""


def storeys():
    """Return the packages from the roof down, as the first import contract has them."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = told["tool"]["importlinter"]["contracts"][0]["layers"]
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def imports():
    """Return who imports whom, package by package, as pairs."""
    rooms = [room for storey in storeys() for room in storey]
    found = set()
    for room in rooms:
        for path in (ROOT / room.replace(".", "/")).rglob("*.py"):
            for name in _imported(ast.parse(path.read_text("utf-8"))):
                found |= {(room, to) for to in rooms if f"{name}.".startswith(f"{to}.")}
    return {(one, other) for one, other in found if one != other}


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def picture():
    """Return the drawing: roof and ground imports in words, those between as arrows."""
    floors = storeys()
    (roof,), *between, (ground,) = floors
    rooms = [room for storey in between for room in storey]
    edges = imports()
    high = len(floors) * HIGH + (len(floors) - 1) * BETWEEN + 2 * EDGE
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{high}" '
        f'viewBox="0 0 {WIDE} {high}" role="img" {SAID}>'
    )
    parts = [
        head,
        f"<style>{look.PALETTE}{STYLE}</style>",
        f'<rect class="paper" width="{WIDE}" height="{high}"/>',
        *(_tip(one) for one in sorted(COLOURS)),
    ]
    boxes = {roof: _box(0, 0.5, WIDE - 2 * EDGE), ground: _box(-1, 0.5, WIDE - 2 * EDGE)}
    for number, storey in enumerate(between, 1):
        boxes |= {room: _box(number, *PLACES[room]) for room in storey}
    drawn = sorted((one, to) for one, to in edges if one in rooms and to in rooms)
    parts += [_arrow(one, to, boxes, drawn) for one, to in drawn]
    parts += [_room(room, *box, _about(room, edges, rooms)) for room, box in boxes.items()]
    return "\n".join([*parts, "</svg>\n"])


def _box(storey, place, wide):
    """Return left, top and width of a room."""
    storey = storey if storey >= 0 else len(storeys()) + storey
    left = min(max(place * WIDE - wide / 2, EDGE), WIDE - EDGE - wide)
    return left, EDGE + storey * (HIGH + BETWEEN), wide


def _about(room, edges, rooms):
    """Return a room's sentence, and of roof and ground whom no arrow tells of."""
    module = ast.parse((ROOT / room.replace(".", "/") / "__init__.py").read_text("utf-8"))
    said = [(ast.get_docstring(module) or "").splitlines()[0]]
    if room not in rooms:
        above = [one for one in rooms if (one, room) in edges]
        found = above or [to for to in rooms if (room, to) in edges]
        every = "every package between" if len(found) == len(rooms) else ", ".join(found)
        said.append(f"{every} imports it" if above else f"imports {every}")
    return said


def _room(room, left, top, wide, about):
    lines = [line for said in about for line in textwrap.wrap(said, round((wide - 24) / 6.3))]
    middle = left + wide / 2
    words = "".join(
        f'<text x="{middle:g}" y="{top + 40 + 15 * n:g}" text-anchor="middle">'
        f"{html.escape(line)}</text>"
        for n, line in enumerate(lines)
    )
    return (
        f'<rect class="room" x="{left:g}" y="{top:g}" width="{wide}" height="{HIGH}" rx="8"/>'
        f'<text class="name" x="{middle:g}" y="{top + 22:g}" text-anchor="middle">{room}</text>'
        f"{words}"
    )


def _arrow(one, to, boxes, drawn):
    """Return a curve from one room's floor to another's ceiling; ends share the room there is."""
    x0, y0 = _end(one, to, boxes, [b for a, b in drawn if a == one], bottom=True)
    x1, y1 = _end(to, one, boxes, [a for a, b in drawn if b == to], bottom=False)
    bend = (y1 - y0) * 0.45
    colour = f"var(--{COLOURS[one]})"
    return (
        f'<path class="import" stroke="{colour}" marker-end="url(#{COLOURS[one]})" '
        f'd="M{x0:g},{y0:g} C{x0:g},{y0 + bend:g} {x1:g},{y1 - bend:g} {x1:g},{y1 - 7:g}">'
        f"<title>{one} imports {to}</title></path>"
    )


def _end(room, other, boxes, others, *, bottom):
    left, top, wide = boxes[room]
    others = sorted(others, key=lambda one: (boxes[one][0] + boxes[one][2] / 2, one))
    x = left + wide * (others.index(other) + 1) / (len(others) + 1)
    return round(x), round(top + HIGH if bottom else top)


def _tip(room):
    colour = COLOURS[room]
    return (
        f'<marker id="{colour}" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="5" '
        f'markerHeight="5" orient="auto"><path d="M0,0 L8,4 L0,8 Z" fill="var(--{colour})"/>'
        f"</marker>"
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
