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

SECONDS, QUICK_SECONDS = 60, 8
SEEKS, QUICK_SEEKS = 60, 10
HANDS = ("w", "ArrowUp", "w", "ArrowDown", "s", "ArrowUp", "s", "ArrowDown")

# Which picture was on the screen at each key, and when each picture came: by looking at it.
WATCH = """
window.seen = { keys: [], pictures: [] };
addEventListener("keydown", (event) => {
  if (event.repeat) return;
  seen.keys.push(event.timeStamp);
}, true);
{
  let last = -1;
  let looked_ms = 0;
  setInterval(() => {
    const film = document.getElementById("film");
    if (film.paused) return;
    const now_ms = performance.now();  // it is this moment's picture, however long reading takes
    const number = frameOnScreen(film);
    if (number > last && looked_ms) seen.pictures.push([looked_ms, now_ms, number]);
    last = number;
    looked_ms = now_ms;
  }, 4);
}
undefined;
"""
# How long from a key to the picture that shows it; looking at the film would be in its way.
PAINTS = """
window.paints = [];
window.pressed = 0;
addEventListener("keydown", (event) => (pressed += !event.repeat), true);
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.name === "keydown") paints.push(entry.duration);
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
    """Rate a clip with real keys, jump about in it, and rate it without being looked at."""
    seconds = QUICK_SECONDS if quick else SECONDS
    frames = 10 * seconds
    film = webm.barcode(folder / "film.webm", frames=frames, width_px=1408, height_px=792)
    with sat.desk(folder) as desk, browsing.browser() as browser:
        user = desk.annotator()
        clip = desk.clip(film=film, frames=frames)
        assignment = desk.given(user, clip)
        page = desk.open(desk.page(browser, user), assignment)
        page.evaluate(webm.READER)
        page.evaluate(WATCH)
        sat.begin(page)
        _press(page, seconds - 1)
        page.wait_for_selector("body[data-phase=over]")
        sat.saved(page)
        seen = page.evaluate("seen")
        chance = random.Random(7)
        seeks = [
            page.evaluate(SEEK, chance.randrange(frames))
            for _ in range(QUICK_SEEKS if quick else SEEKS)
        ]
        page.context.close()
        told = [
            row for row in desk.events(assignment)
            if row.kind in {"arousal", "valence"} and not row.body
        ]  # fmt: skip
        other = desk.annotator()
        page = desk.open(desk.page(browser, other), desk.given(other, clip))
        page.evaluate(PAINTS)
        sat.begin(page)
        _press(page, seconds / 2)
        pressed, slow = page.evaluate("[pressed, paints]")
    # The browser lists only what took 16 ms or more.
    paints = [16.0] * max(0, pressed - len(slow)) + slow
    return {
        **_stamps(seen, told),
        "seek_p95_ms": float(np.percentile(seeks, 95)),
        "input_to_paint_p95_ms": float(np.percentile(paints, 95)),
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
    # Each picture came between the last look that saw the one before and the first that saw it.
    looks = np.array(seen["pictures"])
    came_ms = looks[:, :2].mean(axis=1)
    places = np.searchsorted(came_ms, keys, side="right") - 1
    seen_then = [(key, row, p) for key, row, p in zip(keys, told, places, strict=True) if p >= 0]
    right = np.array([abs(row.frame - looks[place, 2]) <= 1 for _, row, place in seen_then])
    errors = [
        abs(row.media_ns / 1e6 - (100 * looks[place, 2] + key - came_ms[place]))
        for key, row, place in seen_then
    ]
    assert len(errors) > 0.8 * len(keys)
    return {"frame_right": float(right.mean()), "stamp_error_ms": float(np.median(errors))}
