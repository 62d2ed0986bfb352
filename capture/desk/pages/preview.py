"""The page in front of the operator: the pictures as they come, and all that the screen tells."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from capture import shades, words
from capture.desk import figures
from capture.desk.health.flow import losses, streams
from capture.desk.phases import ends_by, what_is_next
from taver.core.errors import TaverError
from taver.core.frames import PICTURES, FrameStatus, Modality
from taver.core.look import LIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.desk.view import View
    from capture.glimpse import Glimpse

STYLE: Final = (
    LIVE
    + """
header { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: baseline; }
header .clock { margin-left: auto; font-variant-numeric: tabular-nums; font-size: 1.1rem; }
.sim { color: var(--bad); font-weight: 700; letter-spacing: .04em; }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; margin: .8rem 0; align-items: flex-start; }
figure { margin: 0; flex: 1 1 16rem; }
figure.wide { flex-grow: 1.6; flex-basis: 24rem; }
figure img {
  display: block; width: 100%; height: auto; background: var(--line); border-radius: .4rem;
}
figcaption { color: var(--faint); font-size: .875rem; padding-top: .25rem; }
.phase {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .7rem 1rem; margin: .8rem 0;
}
.phase b { font-size: 1.15rem; }
ul { list-style: none; margin: 0; padding: 0; }
#warnings li {
  background: var(--warn-soft); color: var(--ink); border-left: 4px solid var(--warn);
  border-radius: .3rem; padding: .45rem .8rem; margin: .4rem 0;
}
#events li { padding: .12rem 0; }
#events time { color: var(--faint); margin-right: .8rem; font-variant-numeric: tabular-nums; }
.warning { color: var(--warn); } .good { color: var(--good); }
#gone { color: var(--bad); font-weight: 600; }
[hidden] { display: none !important; }
"""
)
SCRIPT: Final = """
const by = id => document.getElementById(id);
const put = (id, text) => { by(id).textContent = text; by(id).hidden = !text; };
const numbers = {};
const made = (name, text, kind) => {
  const element = document.createElement(name);
  element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
function pictures(all) {
  for (const picture of all) {
    let figure = by("picture-" + picture.name);
    if (!figure) {
      figure = document.createElement("figure");
      figure.id = "picture-" + picture.name;
      figure.className = picture.name === "color" ? "wide" : "";
      const image = document.createElement("img");
      image.alt = "what the " + picture.name + " camera sees";
      image.width = picture.width; image.height = picture.height;
      figure.append(image, document.createElement("figcaption"));
      by("pictures").append(figure);
    }
    figure.querySelector("figcaption").textContent = picture.caption;
    const image = figure.querySelector("img");
    if (numbers[picture.name] === picture.number || (image.src && !image.complete)) continue;
    numbers[picture.name] = picture.number;
    image.src = picture.name + ".jpg?" + picture.number;
  }
}
function show(state) {
  put("session", state.session); put("who", state.who); by("simulated").hidden = !state.simulated;
  put("clock", state.clock); put("figures", state.figures); put("ending", state.ending);
  by("phase").hidden = !state.phase;
  if (state.phase) for (const [id, text] of Object.entries(state.phase)) put(id, text);
  pictures(state.pictures);
  by("streams").replaceChildren(...state.streams.map(cells => {
    const row = document.createElement("tr");
    row.append(...cells.map((text, at) => made("td", text, at ? "right" : "")));
    return row;
  }));
  by("warnings").replaceChildren(...state.warnings.map(([text, fix]) => {
    const item = made("li", "");
    item.append(made("strong", text), made("div", fix));
    return item;
  }));
  by("events").replaceChildren(...state.events.map(([time, text, tone]) => {
    const item = made("li", "", tone);
    item.append(made("time", time), text);
    return item;
  }));
}
let misses = 0;
async function go() {
  try {
    show(await (await fetch("state.json")).json());
    misses = 0; by("gone").hidden = true;
  } catch {
    misses += 1;
    by("gone").hidden = misses < 3;
  }
  setTimeout(go, misses < 3 ? 300 : 2000);
}
go();
"""
_BODY: Final = """
<main>
<header><h1 id="session">taver</h1><span id="who"></span>
<span id="simulated" class="sim" hidden>SIMULATED</span>
<span id="clock" class="clock"></span></header>
<p id="gone" role="alert" hidden>The recording has ended, or its program does not answer.</p>
<p id="ending"></p>
<div id="phase" class="phase" hidden><p><b id="phase-name"></b> <span id="phase-left"></span></p>
<p id="phase-tell"></p><p class="faint" id="phase-next"></p>
<p class="faint" id="phase-then"></p></div>
<div id="pictures" class="pictures"></div>
<ul id="warnings" aria-live="polite"></ul>
<h2>Streams</h2>
<table><thead><tr><th>stream</th><th class="right">rate</th><th class="right">stored</th>
<th class="right">lost</th><th class="right">queue</th><th class="right">to disk</th></tr></thead>
<tbody id="streams"></tbody></table>
<p id="figures" class="faint"></p>
<h2>What happened</h2><ul id="events"></ul>
</main>
"""
_EVENTS_SHOWN: Final = 8
_JPEG: Final = ".jpg"
_NO_PIXELS: Final = np.empty(0, np.uint16)


def page() -> bytes:
    """Return the page; it asks for all else itself."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>Recording</title><style>{STYLE}</style></head>"
        f"<body>{_BODY}<script>{SCRIPT}</script></body></html>"
    ).encode()


def state(view: View | None, glimpses: Mapping[Modality, Glimpse]) -> bytes:
    """Return all that the page shows besides the pictures' pixels."""
    if view is None:
        return msgspec.json.encode(_nothing_yet())
    status = view.status
    told: dict[str, Any] = {
        "session": status.session,
        "who": view.participant or "nobody",
        "simulated": view.simulated,
        "clock": f"{words.clock(status.elapsed_s)} of {words.clock(status.planned_s)}",
        "ending": f"{view.ending}; files are being finished." if view.ending else "",
        "figures": ", ".join(figures.said(status)),
        "phase": _phase(view),
        "pictures": [_picture(glimpses[m]) for m in PICTURES if m in glimpses],
        "streams": [
            [
                str(modality),
                f"{s.rate_hz:.1f} Hz",
                str(s.stored),
                str(sum(losses(s).values())),
                f"{s.queued}/{s.queue_size}" if s.queue_size else str(s.queued),
                f"{s.write_p99_ms:.0f} ms" if s.write_p99_ms else "-",
            ]
            for modality, s in streams(status).items()
        ],
        "warnings": [
            *figures.gone(status),
            *((finding.text, finding.fix) for finding in view.warnings),
        ],
        "events": [
            [words.time_of_day(e.unix_ns), e.text, e.tone.value]
            for e in reversed(view.events[-_EVENTS_SHOWN:])
        ],
    }
    return msgspec.json.encode(told)


def picture(name: str, glimpses: Mapping[Modality, Glimpse]) -> bytes | None:
    """Return the picture of that file name as JPEG, or None where there is none."""
    for modality in PICTURES:
        if name == modality + _JPEG and modality in glimpses:
            return _made(glimpses[modality])
    return None


@functools.lru_cache(maxsize=len(PICTURES))
def _made(glimpse: Glimpse) -> bytes | None:
    """Draw a glimpse, once however many look at it."""
    if glimpse.modality is Modality.COLOR:
        return glimpse.data  # a JPEG already
    try:
        pixels = glimpse.pixels
        within = shades.bounds(glimpse.modality, glimpse.unit, pixels)
        return shades.jpeg(shades.shown(glimpse.modality, pixels, within))
    except TaverError:
        return None


def _picture(glimpse: Glimpse) -> dict[str, Any]:
    caption = str(glimpse.modality)
    if glimpse.modality is not Modality.IR:
        said = shades.bounds(glimpse.modality, glimpse.unit, _NO_PIXELS).said
        caption += f", {said}" if said else ""
    if glimpse.status & FrameStatus.FROZEN:
        caption += " (shutter closed)"
    return {
        "name": str(glimpse.modality),
        "number": glimpse.number,
        "width": glimpse.width_px,
        "height": glimpse.height_px,
        "caption": caption,
    }


def _phase(view: View) -> dict[str, str] | None:
    phase = view.phase
    if phase is None:
        return None
    until = ends_by(phase, keys=view.keys)
    return {
        "phase-name": phase.name,
        "phase-left": f"{phase.number} of {phase.count}, {words.clock(phase.left_s)} left"
        + (f", {until}" if until else ""),
        "phase-tell": phase.tell,
        "phase-next": f"Next: {what_is_next(phase)}",
        "phase-then": phase.then,
    }


def _nothing_yet() -> dict[str, Any]:
    return {
        "session": "taver", "who": "", "simulated": False, "clock": "", "figures": "",
        "ending": "Getting ready.", "phase": None, "pictures": [], "streams": [],
        "warnings": [], "events": [],
    }  # fmt: skip
