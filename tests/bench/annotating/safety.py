"""A server killed under load, fifty who claim at once, every route asked by everybody."""

from __future__ import annotations

import concurrent.futures
import http.client
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import annotating
import routes
import sqlalchemy as sa

from annotate_web.db import tables

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 10
CLAIMS = 50
WANTED = 3
EVENTS = 20


def measured(quick: bool, folder: Path) -> dict[str, Any]:
    """Do all three; the quick way kills three times."""
    lost, doubled = _killed(folder / "killed", 3 if quick else KILLS, 8 if quick else 30)
    return {
        "server_kill_lost": lost,
        "server_kill_doubled": doubled,
        "overassigned": _overassigned(folder / "claims"),
        "access_holes": len(routes.holes(folder / "routes")),
    }


class Page:
    """Sends numbered events as a page does: again until they are acknowledged."""

    def __init__(self, server: annotating.Server, user: int, assignment: int) -> None:
        self.browser = server.as_user(user)
        self.sitting = self.browser.open(assignment)
        self.acknowledged = self.sent = 0

    def write(self, over: threading.Event) -> None:
        while not over.is_set():
            if self.acknowledged == self.sent:
                self.sent += EVENTS
            batch = [
                annotating.event(seq, "arousal", seq % 100, seq % 21 - 10)
                for seq in range(self.acknowledged + 1, self.sent + 1)
            ]
            try:
                answer = self.browser.send(self.sitting, *batch)
            except (http.client.HTTPException, OSError):
                time.sleep(0.05)
                continue
            assert answer.status in {200, 429}, answer.text
            if answer.status == 200:
                self.acknowledged = answer.json["acknowledged"]
            time.sleep(0.05)


def _killed(folder: Path, kills: int, people: int) -> tuple[int, int]:
    """Return how many acknowledged events are not there, and how many are there twice."""
    folder.mkdir()
    with annotating.served(folder) as server:
        users = annotating.add_people(server.database, *(f"p{n}" for n in range(people)))
        clip = annotating.add_clip(server.database, wanted=people)
        pages = [
            Page(server, user, annotating.assign(server.database, clip, user)) for user in users
        ]
        over = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(people) as pool:
            writing = [pool.submit(page.write, over) for page in pages]
            try:
                for _ in range(kills):
                    time.sleep(0.6)
                    server.kill()
                    server.start()
                time.sleep(0.6)
            finally:
                over.set()
            for one in writing:
                one.result()
        assert sum(page.acknowledged for page in pages) > kills * people
        with server.database.reading() as connection:
            kept = connection.execute(
                sa.select(tables.events.c.sitting_id, tables.events.c.seq, tables.events.c.value)
            ).all()
    times = Counter((row.sitting_id, row.seq) for row in kept)
    there = {(row.sitting_id, row.seq): row.value for row in kept}
    lost = sum(
        there.get((page.sitting, seq)) != seq % 21 - 10
        for page in pages
        for seq in range(1, page.acknowledged + 1)
    )
    return lost, sum(number - 1 for number in times.values())


def _overassigned(folder: Path) -> int:
    """Return how many raters a clip has too many, or too few, after fifty claimed it at once."""
    folder.mkdir()
    with annotating.served(folder) as server:
        users = annotating.add_people(server.database, *(f"p{n}" for n in range(CLAIMS)))
        clip = annotating.add_clip(server.database, wanted=WANTED)
        browsers = [server.as_user(user) for user in users]
        start = threading.Barrier(CLAIMS)

        def claim(browser: annotating.Browser) -> Any:
            start.wait()
            return browser.post("/api/assignments/claim").json["assignment"]

        with concurrent.futures.ThreadPoolExecutor(CLAIMS) as pool:
            given = [key for key in pool.map(claim, browsers) if key is not None]
        with server.database.reading() as connection:
            rows = connection.execute(
                sa.select(sa.func.count()).where(tables.assignments.c.clip_id == clip)
            ).scalar_one()
    return abs(rows - WANTED) + abs(len(given) - WANTED)
