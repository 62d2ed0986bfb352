"""The part of Markdown that instructions need, as HTML; markup within it is shown, not obeyed.

Headings, paragraphs, lists, tables, notes (`> `), **bold**, *italic*, `keys`, [links](/address).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK: Final = re.compile(r"\n\s*\n")
_HEADING: Final = re.compile(r"(#{1,4})\s+(.*)")
_POINT: Final = re.compile(r"[-*]\s+(.*)")
_NUMBERED: Final = re.compile(r"\d+[.)]\s+(.*)")
_INLINE: Final = (
    (re.compile(r"`([^`]+)`"), r"<kbd>\1</kbd>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
    # Only pages of this server, and of the web.
    (re.compile(r"\[([^\]]+)\]\(((?:https?://|/(?!/))[^)\s]*)\)"), r'<a href="\2">\1</a>'),
)


def to_html(text: str) -> str:
    """Return the HTML of a Markdown text."""
    blocks = (block.strip("\n") for block in _BLANK.split(text.replace("\r\n", "\n")))
    return "\n".join(_block(block.splitlines()) for block in blocks if block.strip())


def title(text: str) -> str:
    """Return the first heading's words."""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            return heading[2].strip()
    return ""


def _block(lines: Sequence[str]) -> str:
    first = lines[0]
    if heading := _HEADING.match(first):
        level = len(heading[1])
        made = f"<h{level}>{_inline(heading[2])}</h{level}>"
        return made + ("\n" + _block(lines[1:]) if lines[1:] else "")
    if first.startswith(">"):
        inside = " ".join(line.lstrip("> ").strip() for line in lines)
        return f'<div class="note"><p>{_inline(inside)}</p></div>'
    if first.startswith("|"):
        return _table(lines)
    if _POINT.match(first):
        return _list("ul", _POINT, lines)
    if _NUMBERED.match(first):
        return _list("ol", _NUMBERED, lines)
    return f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>"


def _list(tag: str, mark: re.Pattern[str], lines: Sequence[str]) -> str:
    points: list[str] = []
    for line in lines:
        if point := mark.match(line):
            points.append(point[1].strip())
        else:  # a point goes on
            points[-1] += " " + line.strip()
    inside = "".join(f"<li>{_inline(point)}</li>" for point in points)
    return f"<{tag}>{inside}</{tag}>"


def _table(lines: Sequence[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>"
        for row in rows[1:]
        if not all(set(cell) <= set("-: ") for cell in row)
    )
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _inline(text: str) -> str:
    made = html.escape(text)
    for pattern, replacement in _INLINE:
        made = pattern.sub(replacement, made)
    return made
