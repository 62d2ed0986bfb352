"""Clips before simulated raters, who rate them through the real server's API; then labels."""

from __future__ import annotations

import contextlib
import functools
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
import sqlalchemy as sa

from annotate_web.assign import deal, places
from annotate_web.auth import invitations
from annotate_web.db.open import address_of, open_database
from annotate_web.db.tables import Role, State, assignments, clips, users
from annotate_web.labelling import run as label
from annotate_web.media.add import Wanted, add
from annotate_web.settings import Limits
from taver.cli.story import rater
from taver.cli.story.browser import Browser
from taver.cli.story.names import LABELS_PAGE, Told, interviews
from taver.core.errors import TaverError
from taver.core.session.folder import find
from taver.labels.options import Options
from taver.labels.report import page as labels_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from annotate_web.db.open import Database
    from taver.cli.story.names import Size
    from taver.core.progress import Progress
    from taver.core.study import Study

_RATERS: Final = 6  # of whom three rate each clip, as in the paper
_OF_THEM: Final = 3
_SIDE_BY_SIDE: Final = 2  # films; each keeps one core busy
_AGES: Final = (20, 21, 22, 23, 24, 25)
_SERVER: Final = "from taver.cli.main import main; main()"


def annotated(study: Study, size: Size, progress: Progress) -> Told:
    """Let everybody rate what they were given and have not rated yet."""
    database = open_database(_address(study))
    try:
        _add_clips(study, size, database, progress)
        if _open(database) or _lacks_raters(database):
            with _served(study) as address:
                browsers = _people_of(database, address)
                deal.deal(database, None, time.time_ns(), seed=1)
                sent = _rate_all(study, database, browsers, progress)
        else:
            sent = 0
        done = _count(database, State.DONE)
    finally:
        database.close()
    told = f"{done} ratings by {_RATERS} simulated raters, {_OF_THEM} a clip"
    if sent:
        told += f"; {sent} events through the server, all acknowledged"
    return Told(told, fresh=bool(sent))


def labelled(study: Study, size: Size, progress: Progress) -> Told:
    """Make one ground truth of what the raters said."""
    outcomes = label(study, interviews(size), Options(), progress=progress)
    fresh = False
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        if outcome.made is None:
            raise TaverError(f"{outcome.session} has no labels", fix="run taver demo again")
        fresh |= not outcome.made.skipped
    page = study.folder / LABELS_PAGE
    if fresh or not page.is_file():
        labels_page.write([find(study, name) for name in interviews(size)], page)
    told = f"{len(outcomes)} sessions, mean of {_OF_THEM} raters; see {LABELS_PAGE}"
    return Told(told, fresh=fresh)


def _address(study: Study) -> str:
    return address_of(study.config.annotation.database, study.folder)


def _add_clips(study: Study, size: Size, database: Database, progress: Progress) -> None:
    """Put every interview before the raters that is not yet."""
    with database.reading() as connection:
        there = set(connection.execute(sa.select(clips.c.session)).scalars())
    missing = [name for name in interviews(size) if name not in there]
    wanted = Wanted(phase="interview", raters=_OF_THEM)
    progress.begin("films for the raters", len(missing))
    added: list[Future[object]] = []
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as threads:
        for name in missing:
            one = functools.partial(
                add, study, find(study, name), database, study.clips_folder, wanted,
                now_ns=time.time_ns(),
                # Who rates what is drawn from the clips' numbers: these must not hang on speed.
                wait_for=added[-1].result if added else None,
            )  # fmt: skip
            added.append(threads.submit(one))
        try:
            for each in added:
                each.result()
                progress.advance()
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def _lacks_raters(database: Database) -> bool:
    """Tell whether a clip waits for raters: an earlier run may have been stopped before."""
    with database.reading() as connection:
        return any(clip.free for clip in places.to_annotate(connection))


@contextlib.contextmanager
def _served(study: Study) -> Iterator[str]:
    """Run taver annotate serve, as anybody would, and yield its address."""
    command = [sys.executable, "-c", _SERVER, "annotate", "serve", "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(
        command, cwd=study.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    try:
        assert server.stdout is not None  # it was asked for above
        address = server.stdout.readline().strip()
        if not address.startswith("http"):
            server.terminate()
            _, told = server.communicate(timeout=30)
            raise TaverError(
                f"The annotation server did not start: {told.strip() or address}",
                fix="see what taver annotate serve says in the demo's folder",
            )
        yield address
    finally:
        server.terminate()
        try:
            server.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.communicate()


def _people_of(database: Database, address: str) -> dict[str, Browser]:
    """Invite raters and let them join by their links; who joined before gets a new password."""
    browsers = {}
    for number in range(1, _RATERS + 1):
        name = f"R{number}"
        with database.writing() as connection:
            known = connection.execute(sa.select(users.c.id).where(users.c.name == name)).scalar()
            token = invitations.invite(
                connection, None, Role.ANNOTATOR, time.time_ns(), Limits(), user_id=known
            )
        browser = Browser(address)
        gender = "f" if number % 2 else "m"
        browser.join(token, name, secrets.token_urlsafe(16), age=_AGES[number - 1], gender=gender)
        browsers[name] = browser
    return browsers


def _rate_all(
    study: Study, database: Database, browsers: dict[str, Browser], progress: Progress
) -> int:
    """Let each rater rate all clips that are open to them; return how many events that took."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(clips)).all()
    by_name = {row.name: row for row in rows}
    progress.begin("simulated raters", _open(database))
    sent = 0
    for number, browser in enumerate(browsers.values(), 1):
        for given in browser.assignments():
            if given["state"] == State.DONE or given["practice"]:
                continue
            clip = by_name[given["name"]]
            times = np.frombuffer(clip.frame_unix_ns, "<i8")
            felt = rater.truth_at(find(study, clip.session), times)
            events = rater.events(number, clip.id, felt)
            browser.rate(given["id"], events)
            sent += len(events)
            progress.advance()
        browser.close()
    return sent


def _open(database: Database) -> int:
    return _count(database, State.OPEN) + _count(database, State.WORKING)


def _count(database: Database, state: State) -> int:
    with database.reading() as connection:
        wanted = sa.select(sa.func.count()).where(assignments.c.state == state)
        return int(connection.execute(wanted).scalar_one())
