"""How right and quick a sitting is in a browser, by films whose pictures tell their number."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import browsing
import numpy as np
import sat
import webm

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ("frame_right", "stamp_error_ms", "seek_p95_ms", "input_to_paint_p95_ms")
SECONDS, QUICK_SECONDS = 60, 10
SEEKS, QUICK_SEEKS = 60, 20
HANDS = ("w", "ArrowUp", "w", "ArrowDown", "s", "ArrowUp", "s", "ArrowDown")

# Which picture was on the screen at each key, and when each picture came: by looking at it.
WATCH = """
window.seen = { keys: [], pictures: [], paints: [] };
addEventListener("keydown", (event) => {
  if (event.repeat) return;
  seen.keys.push([event.timeStamp, frameOnScreen(document.getElementById("film"))]);
}, true);
{
  let last = -1;
  setInterval(() => {
    const film = document.getElementById("film");
    if (film.paused) return;
    const number = frameOnScreen(film);
    if (number !== last) seen.pictures.push([performance.now(), number]);
    last = number;
  }, 4);
}
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.name === "keydown") seen.paints.push(entry.duration);
  }
}).observe({ type: "event", durationThreshold: 16, buffered: false });
undefined;
"""
SEEK = """async (frame) => {
  const film = document.getElementById("film");
  const began = performance.now();
  taverSitting.happen("seek", { frame });
  while (frameOnScreen(film) !== frame) {
    if (performance.now() - began > 5000) return 5000;
    await new Promise((done) => setTimeout(done, 2));
  }
  return performance.now() - began;
}"""


def measured(quick: bool, folder: Path) -> dict[str, Any]:
    """Rate a clip with real keys, and jump about in it."""
    frames = 10 * (QUICK_SECONDS if quick else SECONDS)
    with sat.desk(folder) as desk, browsing.browser() as browser:
        user = desk.annotator()
        film = webm.barcode(folder / "film.webm", frames=frames, width_px=1408, height_px=792)
        assignment = desk.given(user, desk.clip(film=film, frames=frames))
        page = desk.open(desk.page(browser, user), assignment)
        page.evaluate(webm.READER)
        page.evaluate(WATCH)
        sat.begin(page)
        _press(page, frames / 10 - 1)
        page.wait_for_selector("body[data-phase=over]", timeout=30_000)
        sat.saved(page)
        seen = page.evaluate("seen")
        chance = random.Random(7)
        seeks = [
            page.evaluate(SEEK, chance.randrange(frames))
            for _ in range(QUICK_SEEKS if quick else SEEKS)
        ]
        told = [
            row for row in desk.events(assignment)
            if row.kind in {"arousal", "valence"} and not row.body
        ]  # fmt: skip
    return {
        **_stamps(seen, told),
        "seek_p95_ms": float(np.percentile(seeks, 95)),
        "input_to_paint_p95_ms": _paints(seen),
    }


def _press(page: Any, seconds: float) -> None:
    chance = random.Random(5)
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        page.keyboard.press(HANDS[number % len(HANDS)])
        number += 1
        time.sleep(chance.uniform(0.02, 0.12))


def _stamps(seen: dict[str, Any], told: list[Any]) -> dict[str, float]:
    """Compare what events say with what was on the screen when the key went down."""
    keys = seen["keys"][1:]  # the first began the film
    assert len(keys) == len(told), (len(keys), len(told))
    pairs = [(key, row) for key, row in zip(keys, told, strict=True) if key[1] >= 0]
    right = np.array([abs(row.frame - key[1]) <= 1 for key, row in pairs])
    # When the film began on the page's clock, by the first look at each picture. A look can be
    # late, never early, so the early ones tell.
    begins = [at_ms - 100 * number for at_ms, number in seen["pictures"] if number > 0]
    begin_ms = float(np.percentile(begins, 10))
    errors = [abs(row.media_ns / 1e6 - (key[0] - begin_ms)) for key, row in pairs]
    return {"frame_right": float(right.mean()), "stamp_error_ms": float(np.median(errors))}


def _paints(seen: dict[str, Any]) -> float:
    """Return the 95th percentile of key to picture; the browser lists only what took 16 ms."""
    quick = [16.0] * max(0, len(seen["keys"]) - len(seen["paints"]))
    return float(np.percentile(quick + seen["paints"], 95))
