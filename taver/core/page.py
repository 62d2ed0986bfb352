"""One self-contained HTML page in the house's look: every report and web page is made of these.

What is given as text is escaped; what these functions return is markup and is not escaped again.
Nothing is fetched from anywhere: pictures and style stand in the page. It follows the reader's
choice of light or dark, and prints.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, NewType

from taver.core import look, plot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Markup = NewType("Markup", str)

_STYLE = """
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .6rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .4rem; }
p { max-width: 44rem; margin: .5rem 0; }
a { color: var(--accent); }
.simulated { display: inline-block; padding: .1rem .6rem; border: 2px solid var(--bad);
  border-radius: .3rem; color: var(--bad); font-weight: 700; letter-spacing: .06em; }
.note { border-left: .3rem solid var(--accent); background: var(--card); padding: .6rem .9rem;
  margin: .75rem 0; border-radius: 0 .3rem .3rem 0; }
.note.good { border-color: var(--good); } .note.warn { border-color: var(--warn); }
.note.bad { border-color: var(--bad); }
.scroll { overflow-x: auto; }
table { margin: .5rem 0; } td.right, td.word { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .5rem 0; }
dt { color: var(--faint); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
figure { margin: .75rem 0; } figcaption { color: var(--faint); font-size: .9rem; }
img, svg { max-width: 100%; height: auto; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; } .row > * { flex: 1 1 18rem; min-width: 0; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } }
"""
STYLE = look.PALETTE + look.LETTERS + _STYLE + plot.STYLE
_A_WORD = 24  # letters; a longer one is broken where it can be
# Whatever is written into a page, it runs no script and fetches nothing.
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


def page(
    title: str, *parts: Markup, simulated: bool = False, about: str = "", style: str = ""
) -> str:
    """Return a whole page; one made from simulated data says so at its head."""
    banner = '<p><span class="simulated">SIMULATED</span></p>' if simulated else ""
    lead = f'<p class="faint">{escaped(about)}</p>' if about else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{STYLE}{style}</style></head>\n"
        f"<body><main><h1>{escaped(title)}</h1>{banner}{lead}\n{join(parts)}\n</main></body></html>\n"
    )


def escaped(text: object) -> Markup:
    """Return text as it can stand between tags and in quoted attributes."""
    return Markup(html.escape(str(text)))


def join(parts: Iterable[Markup]) -> Markup:
    """Return the parts one below the other."""
    return Markup("\n".join(parts))


def section(heading: str, *parts: Markup) -> Markup:
    """Return a part of the page under its heading."""
    return Markup(f"<section><h2>{escaped(heading)}</h2>\n{join(parts)}</section>")


def text(words: str) -> Markup:
    """Return a paragraph."""
    return Markup(f"<p>{escaped(words)}</p>")


def note(words: str, kind: str = "") -> Markup:
    """Return a sentence that should not be overlooked; kind is `good`, `warn`, `bad` or nothing."""
    return Markup(f'<div class="note {escaped(kind)}" role="note">{escaped(words)}</div>')


def facts(pairs: Mapping[str, object]) -> Markup:
    """Return what is known, name by name."""
    told = {name: "none" if value is None else value for name, value in pairs.items()}
    rows = "".join(f"<dt>{escaped(k)}</dt><dd>{escaped(v)}</dd>" for k, v in told.items())
    return Markup(f"<dl>{rows}</dl>")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: str = "") -> Markup:
    """Return a table; columns whose place in `right` holds 'r' are right-aligned."""
    classes = [
        ' class="right"' if right[place : place + 1] == "r" else "" for place in range(len(columns))
    ]
    head = "".join(  # a heading that says nothing is none, to a screen reader
        f'<th scope="col"{c}>{escaped(column)}</th>' if column else "<td></td>"
        for c, column in zip(classes, columns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(_cell(str(cell), c) for c, cell in zip(classes, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return Markup(
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(words: str, kind: str) -> str:
    """Return a cell; a name is not broken at its hyphens."""
    if not kind and len(words) <= _A_WORD and " " not in words:
        kind = ' class="word"'
    return f"<td{kind}>{escaped(words)}</td>"


def picture(data: bytes, caption: str, *, kind: str = "png", width_px: int | None = None) -> Markup:
    """Return a picture with its caption, which is also what a screen reader says."""
    source = f"data:image/{escaped(kind)};base64,{base64.b64encode(data).decode('ascii')}"
    width = f' width="{width_px}"' if width_px else ""
    return Markup(
        f'<figure><img src="{source}" alt="{escaped(caption)}"{width}>'
        f"<figcaption>{escaped(caption)}</figcaption></figure>"
    )


def drawing(svg: str, caption: str) -> Markup:
    """Return an inline SVG, which is taken as markup, with its caption; also a screen reader's."""
    tag, closed, rest = svg.partition(">")
    if 'role="img"' in tag and "aria-label" not in tag:
        svg = f'{tag} aria-label="{escaped(caption)}"{closed}{rest}'
    return Markup(f"<figure>{svg}<figcaption>{escaped(caption)}</figcaption></figure>")


def side_by_side(*parts: Markup) -> Markup:
    """Return the parts beside each other where there is room."""
    return Markup(f'<div class="row">{join(parts)}</div>')
