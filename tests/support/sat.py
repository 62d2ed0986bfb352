"""People who sit before a clip: a served annotator, films on its disk, and Chromium logged in."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import annotating
import webm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMES = 60


@contextlib.contextmanager
def desk(folder: Path, **more: Any) -> Iterator[Desk]:
    """Serve for the length of the block."""
    with annotating.served(folder, **more) as server:
        yield Desk(server)


class Desk:
    """A server and what is on it."""

    def __init__(self, server: annotating.Server) -> None:
        self.server = server
        self.database = server.database
        self._made = 0

    def annotator(self, name: str = "") -> int:
        self._made += 1
        return annotating.add_people(self.database, name or f"rater{self._made}")[0]

    def clip(self, *, film: Path | None = None, frames: int = FRAMES, **more: Any) -> int:
        """Put a barcode clip, or another film, on the server."""
        self._made += 1
        name = f"clip{self._made}"
        path = self.server.media / f"{name}.webm"
        if film is not None:
            path.write_bytes(film.read_bytes())
        else:
            webm.barcode(path, frames=frames, sound_s=frames / 10 if more.get("sound") else 0)
        return annotating.add_clip(self.database, name, frames=frames, **more)

    def given(self, user: int, clip: int | None = None, **more: Any) -> int:
        """Give a clip to a user; return the assignment."""
        return annotating.assign(self.database, clip or self.clip(**more), user)

    def log_in(self, context: Any, user: int) -> None:
        """Let a browser context be this user's."""
        known = self.server.as_user(user)
        known.close()
        context.add_cookies(
            [{"name": k, "value": v, "url": self.server.address} for k, v in known.cookies.items()]
        )

    def page(self, browser: Any, user: int, **more: Any) -> Any:
        """Return a page of a fresh browser context in which this user has logged in."""
        context = browser.new_context(**more)
        self.log_in(context, user)
        return watched(context.new_page())

    def open(self, page: Any, assignment: int) -> Any:
        """Open a clip and wait until it may begin."""
        page.goto(f"{self.server.address}/sitting/{assignment}")
        page.wait_for_selector("body[data-phase=ready]")
        return page

    def events(self, assignment: int) -> list[Any]:
        """Return what the server has of an assignment, in order."""
        import sqlalchemy as sa

        from annotate_web.db.tables import events, sittings

        with self.database.reading() as connection:
            return list(
                connection.execute(
                    sa.select(events)
                    .join(sittings, sittings.c.id == events.c.sitting_id)
                    .where(sittings.c.assignment_id == assignment)
                    .order_by(sittings.c.made_ns, events.c.seq)
                ).all()
            )

    def told(self, assignment: int, *kinds: str) -> list[Any]:
        """Return what was told of these kinds by hand, not what a page tells by itself."""
        return [row for row in self.events(assignment) if row.kind in kinds and not row.body]

    def state(self, assignment: int) -> str:
        import sqlalchemy as sa

        from annotate_web.db.tables import assignments

        with self.database.reading() as connection:
            return connection.execute(
                sa.select(assignments.c.state).where(assignments.c.id == assignment)
            ).scalar_one()

    def track(self, assignment: int) -> Any:
        from annotate_web.events.tracks import replayed

        with self.database.reading() as connection:
            return replayed(connection, assignment)


def watched(page: Any) -> Any:
    """Collect what a page complains of; `page.complaints` has to stay empty."""
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda told: page.complaints.append(told.text) if told.type == "error" else None,
    )
    return page


def begin(page: Any, *, waiting: bool = False) -> None:
    """Begin, and wait until the film plays; nobody waits for the seconds that are counted."""
    page.keyboard.press("Space")
    if not waiting:
        page.evaluate('["tick", "tick", "tick"].forEach((tick) => taverSitting.happen(tick))')
    page.wait_for_selector("body[data-phase=playing]")


def saved(page: Any, seconds: float = 40.0) -> None:
    """Wait until all is on the server."""
    until(page, "window.taverSitting?.waiting === 0", seconds)


def until(page: Any, what: str, seconds: float = 40.0) -> None:
    """Wait until an expression is true; the page's own policy forbids it to wait for strings."""
    end = time.monotonic() + seconds
    while not page.evaluate(what):
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.05)


def values(page: Any) -> list[int]:
    """Return where the sliders stand: arousal, valence."""
    both = "[taverSitting.state.values.arousal, taverSitting.state.values.valence]"
    return list(page.evaluate(both))


def shown(page: Any, text: str) -> None:
    """Wait until a page says this."""
    page.get_by_text(text).first.wait_for(timeout=30_000)
