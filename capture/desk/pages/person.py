"""The page in front of the person: it waits, asks with figures when it is time, and thanks."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

import msgspec

from capture.desk.pages import manikin
from capture.desk.pages.manikin import STEPS, Dimension
from capture.desk.pages.wording import ENGLISH
from capture.desk.view import Answer
from capture.protocol.file import Kind
from taver.core.look import LIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.desk.pages.wording import Scale, Wording
    from capture.desk.view import Board, PhaseView

_STEPS: Final = frozenset(str(step) for step in range(1, STEPS + 1))
STYLE: Final = (
    LIVE
    + """
main.wait { min-height: 90vh; display: grid; place-content: center; text-align: center; }
main.wait h1 { font-size: 2rem; }
main.wait p { font-size: 1.15rem; color: var(--faint); }
h1 { font-size: 1.6rem; }
fieldset { border: 0; margin: 1.1rem 0 0; padding: 0; }
legend { font-size: 1.15rem; font-weight: 600; padding: 0; margin-bottom: .3rem; }
fieldset.now legend::before { content: "▸ "; color: var(--accent); }
.row { display: grid; grid-template-columns: repeat(9, 1fr); gap: .4rem; }
.ends { display: flex; justify-content: space-between; color: var(--faint); }
label { position: relative; display: block; cursor: pointer; touch-action: manipulation; }
label input { position: absolute; opacity: 0; inset: 0; width: 100%; height: 100%; margin: 0; }
label span {
  display: block; padding: .35rem; border: 2px solid var(--line); border-radius: .6rem;
  background: var(--card);
}
label svg { display: block; width: 100%; max-height: 20vh; min-height: 44px; }
label:hover span { border-color: var(--faint); }
label input:checked + span {
  border-color: var(--accent); background: var(--accent-soft); color: var(--accent);
  box-shadow: 0 0 0 2px var(--accent);
}
label input:focus-visible + span { outline: 3px solid var(--ink); outline-offset: 3px; }
button {
  margin-top: 1.4rem; font: inherit; font-size: 1.25rem; font-weight: 600; width: 100%;
  padding: .8rem; border: 0; border-radius: .6rem; background: var(--accent); color: var(--card);
  cursor: pointer;
}
button:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
.missing { color: var(--bad); font-weight: 600; font-size: 1.1rem; }
@media (max-width: 40rem) { .row { gap: .15rem; } label span { padding: .1rem; } }
"""
)
# Digits choose in the marked row and go on to the next; no figure has the focus before one is
# chosen, as that would suggest it. The page follows the phases.
SCRIPT: Final = """
const rows = [...document.querySelectorAll("fieldset")];
let at = -1;
const go = row => {
  at = row;
  rows.forEach((each, number) => each.classList.toggle("now", number === row));
};
if (rows.length) go(0);
rows.forEach((row, number) => {
  row.addEventListener("focusin", () => go(number));
  row.addEventListener("change", () => go(number));
});
addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
  if (!rows.length) return;
  rows[at].querySelector(`input[value="${event.key}"]`).checked = true;
  document.activeElement.blur();
  if (at + 1 < rows.length) go(at + 1); else document.querySelector("button").focus();
  event.preventDefault();
});
const stage = document.body.dataset.stage;
let misses = 0;
setInterval(async () => {
  try {
    const state = await (await fetch("state.json")).json();
    misses = 0;
    if (state.stage !== stage) location.replace("./");
  } catch {
    misses += 1;
    if (misses === 3) {
      const main = document.createElement("main");
      const told = document.createElement("h1");
      main.className = "wait";
      told.textContent = document.body.dataset.ended;
      main.append(told);
      document.querySelector("main").replaceWith(main);
    }
  }
}, 1000);
"""


def page(board: Board, given: Mapping[str, str] | None = None, wording: Wording = ENGLISH) -> bytes:
    """Return the page as it is now; `given` is a form that was sent incomplete."""
    phase = _asking(board)
    if phase is not None:
        inner = _form(phase, given, wording)
    elif board.answered():
        inner = _waiting(wording.thanks, wording.thanks_more)
    else:
        inner = _waiting(wording.waiting, wording.waiting_more)
    text = (
        f'<!doctype html><html lang="{wording.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{html.escape(wording.title)}</title><style>{STYLE}</style>"
        '<noscript><meta http-equiv="refresh" content="10"></noscript></head>'
        f'<body data-stage="{html.escape(_stage(board))}" '
        f'data-ended="{html.escape(wording.ended)}">{inner}'
        f"<script>{SCRIPT}</script></body></html>"
    )
    return text.encode()


def state(board: Board) -> bytes:
    """Return what the page has to know to follow."""
    return msgspec.json.encode({"stage": _stage(board)})


def take(board: Board, form: Mapping[str, str]) -> bool:
    """Hand in the form's answer; False where it is incomplete or not asked for."""
    steps = [form.get(dimension, "") for dimension in Dimension]
    if not all(step in _STEPS for step in steps):
        return False
    valence, arousal, dominance = map(int, steps)
    return board.answer(
        Answer(phase=form.get("phase", ""), valence=valence, arousal=arousal, dominance=dominance)
    )


def _asking(board: Board) -> PhaseView | None:
    """Return the self-report that is asked for now, or None."""
    view = board.view()
    phase = view.phase if view is not None and not view.ending else None
    if phase is None or phase.kind is not Kind.SELF_REPORT or phase.name in board.answered():
        return None
    return phase


def _stage(board: Board) -> str:
    """Name what the page shows now; when this changes, the page has to."""
    asked = _asking(board)
    if asked is not None:
        return f"ask {asked.name}"
    return f"thanks {len(board.answered())}" if board.answered() else "wait"


def _waiting(title: str, more: str) -> str:
    return f'<main class="wait"><h1>{html.escape(title)}</h1><p>{html.escape(more)}</p></main>'


def _form(phase: PhaseView, given: Mapping[str, str] | None, wording: Wording) -> str:
    missing = "" if given is None else f'<p class="missing" role="alert">{wording.incomplete}</p>'
    rows = "".join(
        _row(dimension, scale, (given or {}).get(dimension, ""), wording)
        for dimension, scale in (
            (Dimension.VALENCE, wording.valence),
            (Dimension.AROUSAL, wording.arousal),
            (Dimension.DOMINANCE, wording.dominance),
        )
    )
    return (
        f"<main><h1>{html.escape(wording.title)}</h1><p>{html.escape(wording.lead)}</p>{missing}"
        '<form method="post" action="answer">'
        f'<input type="hidden" name="phase" value="{html.escape(phase.name)}">'
        f"{rows}<button>{html.escape(wording.send)}</button></form></main>"
    )


def _row(dimension: Dimension, scale: Scale, chosen: str, wording: Wording) -> str:
    figures = []
    for step in range(1, STEPS + 1):
        said = wording.figure.format(number=step)
        said += {1: f", {scale.low}", STEPS: f", {scale.high}"}.get(step, "")
        checked = " checked" if chosen == str(step) else ""
        figures.append(
            f'<label><input type="radio" name="{dimension}" value="{step}" required '
            f'aria-label="{html.escape(said)}"{checked}>'
            f"<span>{manikin.drawn(dimension, step)}</span></label>"
        )
    return (
        f"<fieldset><legend>{html.escape(scale.question)}</legend>"
        f'<div class="row">{"".join(figures)}</div>'
        f'<div class="ends"><span>{html.escape(scale.low)}</span>'
        f"<span>{html.escape(scale.high)}</span></div></fieldset>"
    )
