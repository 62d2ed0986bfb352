"""Browsers killed in a sitting, and one that is offline for a minute: what got lost."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import browsing
import psutil
import sat

from annotate_web.events.tracks import replayed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KILLS, QUICK_KILLS = 5, 1
OFFLINE_S, QUICK_OFFLINE_S = 60, 4
HANDS = ("w", "ArrowUp", "w", "ArrowDown", "s", "ArrowUp", "s", "ArrowDown")


def measured(quick: bool, folder: Path) -> dict[str, Any]:
    """Do both."""
    (folder / "killed").mkdir()
    (folder / "offline").mkdir()
    return {
        "browser_kill_lost": killed(folder / "killed", QUICK_KILLS if quick else KILLS),
        "offline_lost": offline(folder / "offline", QUICK_OFFLINE_S if quick else OFFLINE_S),
    }


def killed(folder: Path, kills: int) -> int:
    """Kill a browser that cannot reach the server; return how many kept events never arrive."""
    lost = 0
    with sat.desk(folder) as desk:
        user = desk.annotator()
        clip = desk.clip(frames=300)
        assignment = desk.given(user, clip)
        kept: dict[int, Any] = {}
        for number in range(kills):
            with _profile(desk, user, folder / "profile") as (page, kill):
                desk.open(page, assignment)
                sat.saved(page)
                page.context.set_offline(True)
                sat.begin(page)
                for key in HANDS[number % 2 :]:
                    page.keyboard.press(key)
                    time.sleep(0.02)
                told = page.evaluate(_KEPT)
                kill()
            kept |= {event["seq"]: event for event in told}
        with _profile(desk, user, folder / "profile") as (page, _):
            desk.open(page, assignment)
            sat.saved(page)
        arrived = {row.seq: row for row in desk.events(assignment)}
        for seq, event in kept.items():
            row = arrived.get(seq)
            same = row is not None and (row.kind, row.frame, row.value) == (
                event["kind"], event["frame"], event["value"],
            )  # fmt: skip
            lost += not same
        assert len(kept) >= kills * len(HANDS)
    return lost


def offline(folder: Path, seconds: float) -> int:
    """Rate offline, reload, come back to a net that doubles and reorders; count what differs."""
    with sat.desk(folder) as desk, browsing.browser() as browser:
        user = desk.annotator()
        frames = int(10 * (seconds / 2 + 4))
        assignment = desk.given(user, desk.clip(frames=frames))
        page = desk.open(desk.page(browser, user), assignment)
        page.context.route("**/events", _unruly())
        sat.begin(page)
        _press(page, 1.0)
        page.context.set_offline(True)
        began = time.monotonic()
        _press(page, seconds / 2)
        before = page.evaluate("taverSitting.kept")
        with contextlib.suppress(Exception):  # there is no page to be had
            page.reload(timeout=3000)
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
        page.context.set_offline(False)
        desk.open(page, assignment)
        assert page.evaluate("taverSitting.kept") >= before
        sat.begin(page)
        _press(page, 1.0)
        page.wait_for_selector("body[data-phase=over]", timeout=30_000)
        sat.saved(page, seconds=60)
        told = page.evaluate(_KEPT)
        arrived = {row.seq: row for row in desk.events(assignment)}
        lost = sum(
            (row := arrived.get(event["seq"])) is None
            or (row.kind, row.frame, row.value) != (event["kind"], event["frame"], event["value"])
            for event in told
        )
        other = _once_in_order(desk, told, frames)
        with desk.database.reading() as connection:
            one, two = (replayed(connection, key) for key in (assignment, other))
        same = all(one.values[name].tobytes() == two.values[name].tobytes() for name in one.values)
        assert page.complaints is not None
    return lost + (len(arrived) != len(told)) + (not same)


_KEPT = """async () => {
  const { openStore } = await import("/static/sitting/store.js");
  const store = await openStore();
  const [record] = await store.sittings();
  return store.events(record.sitting);
}"""


def _press(page: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        page.keyboard.press(HANDS[number % len(HANDS)])
        number += 1
        time.sleep(0.05)


def _unruly() -> Any:
    """Return a net that delivers a batch's end first, then all of it twice, and loses answers."""
    count = [0]
    stale: list[dict[str, Any]] = []

    def handle(route: Any) -> None:
        count[0] += 1
        batch = json.loads(route.request.post_data)["batch"]
        half = len(batch) // 2
        for part in (batch[half:], stale, batch[::-1]):
            if part:
                route.fetch(post_data=json.dumps({"batch": part}))
        stale[:] = batch
        if count[0] % 3 == 0:
            route.abort()  # it arrived; the page does not know
        else:
            route.continue_()

    return handle


def _once_in_order(desk: sat.Desk, told: list[dict[str, Any]], frames: int) -> int:
    """Send the same events, as they were made, to another sitting; return its assignment."""
    user = desk.annotator()
    assignment = desk.given(user, frames=frames)
    browser = desk.server.as_user(user)
    sitting = browser.open(assignment)
    for start in range(0, len(told), 100):
        batch = [
            {k: v for k, v in event.items() if k != "sitting" and (k != "body" or v)}
            for event in told[start : start + 100]
        ]
        assert browser.send(sitting, *batch).status == 200
    browser.close()
    return assignment


@contextlib.contextmanager
def _profile(desk: sat.Desk, user: int, folder: Path) -> Iterator[Any]:
    """Give a page of a browser that keeps its profile, and a way to kill it."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(folder), executable_path=path, args=["--no-sandbox"]
        )
        desk.log_in(context, user)
        page = sat.watched(context.pages[0])
        dead = []

        def kill() -> None:
            # Only processes of this very profile.
            ours = [
                process for process in psutil.process_iter(["cmdline"])
                if any(str(folder) in part for part in process.info["cmdline"] or ())
                and "chrom" in process.name()
            ]  # fmt: skip
            for process in ours:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(ours, timeout=10)
            for left in folder.glob("Singleton*"):
                left.unlink()
            dead.append(True)

        try:
            yield page, kill
        finally:
            with contextlib.suppress(Exception):
                context.close()
