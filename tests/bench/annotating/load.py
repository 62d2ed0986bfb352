"""Many people at once: how long until a batch of events is acknowledged, and whether all arrive."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import annotating
import numpy as np
import sqlalchemy as sa

from annotate_web.db import tables

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = 20  # a second, and a batch
FRAMES = 2400


class Writer:
    """One person's page: a connection, a sitting, and a batch each second."""

    def __init__(self, server: annotating.Server, user: int, assignment: int) -> None:
        browser = server.as_user(user)
        self.sitting = browser.open(assignment)
        self.cookie, self.token = browser.cookies["taver"], browser.token
        browser.close()
        self.where = urlsplit(server.address)
        self.seq = 0
        self.acknowledged = 0
        self.took_ms: list[float] = []
        self.errors: list[str] = []

    def batch(self) -> bytes:
        kinds = ("arousal", "valence")
        made = []
        for _ in range(EVENTS):
            self.seq += 1
            frame = self.seq // 2 % FRAMES
            if self.seq == 1:
                made.append(annotating.event(1, "play", 0))
            else:
                made.append(
                    annotating.event(self.seq, kinds[self.seq % 2], frame, self.seq % 21 - 10)
                )
        return json.dumps({"batch": made}).encode()

    async def write(self, batches: int, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        reader, writer = await asyncio.open_connection(self.where.hostname, self.where.port)
        due_s = time.perf_counter()
        for _ in range(batches):
            body = self.batch()
            head = (
                f"POST /api/sittings/{self.sitting}/events HTTP/1.1\r\n"
                f"Host: {self.where.netloc}\r\nCookie: taver={self.cookie}\r\n"
                f"X-CSRFToken: {self.token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            began_s = time.perf_counter()
            writer.write(head.encode() + body)
            status, answer = await _answer(reader)
            self.took_ms.append(1000 * (time.perf_counter() - began_s))
            if status != 200:
                self.errors.append(f"{status} {answer[:200]!r}")
            else:
                self.acknowledged = json.loads(answer)["acknowledged"]
            due_s += 1
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return int(head.split(" ", 2)[1]), await reader.readexactly(size)


def measured(quick: bool, folder: Path) -> dict[str, Any]:
    """Let 30 people write, then 200."""
    few, errors = _load(folder / "few", 30, 3 if quick else 20)
    many, more = _load(folder / "many", 200, 3 if quick else 20)
    return {"ack_p95_ms": few, "ack_p95_200_ms": many, "load_errors": errors + more}


def _load(folder: Path, people: int, batches: int) -> tuple[float, int]:
    folder.mkdir()
    with annotating.served(folder) as server:
        users = annotating.add_people(server.database, *(f"p{n}" for n in range(people)))
        clip = annotating.add_clip(server.database, frames=FRAMES, wanted=people)
        writers = [
            Writer(server, user, annotating.assign(server.database, clip, user)) for user in users
        ]

        async def all_of_them() -> None:
            # Each in a place of its own within the second, as people are.
            await asyncio.gather(*(w.write(batches, n / people) for n, w in enumerate(writers)))

        asyncio.run(all_of_them())
        with server.database.reading() as connection:
            kept = dict(
                connection.execute(
                    sa.select(tables.events.c.sitting_id, sa.func.count()).group_by(
                        tables.events.c.sitting_id
                    )
                ).all()
            )
    wrong = sum(len(w.errors) for w in writers)
    wrong += sum(kept.get(w.sitting, 0) != w.seq or w.acknowledged != w.seq for w in writers)
    for told in {e for w in writers for e in w.errors}:
        print(told)
    took = np.concatenate([w.took_ms[1:] for w in writers])  # not the opening of connections
    return float(np.percentile(took, 95)), wrong
