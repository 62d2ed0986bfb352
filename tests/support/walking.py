"""A walk through every page that people can see, with something to see on each."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import annotating
import leading
import sat
import sqlalchemy as sa

from annotate_web.auth import invitations
from annotate_web.db import tables
from annotate_web.db.tables import Role
from annotate_web.media import practice
from annotate_web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Stop(NamedTuple):
    """A page, who looks at it, and what they do first."""

    name: str
    who: str  # "" for nobody
    path: str
    do: Callable[[Any], None] = lambda _: None


def stops(desk: sat.Desk) -> tuple[dict[str, int], list[Stop]]:
    """Put people, clips and ratings on the server; return who there is, and the pages."""
    database = desk.database
    lead, admin = (
        annotating.add_people(database, f"the-{role.value}", role=role)[0]
        for role in (Role.LEAD, Role.ADMINISTRATOR)
    )
    raters = [desk.annotator(f"rater-{letter}") for letter in "abc"]
    new = desk.annotator("newcomer")
    with database.writing() as connection:
        connection.execute(
            sa.update(tables.users).where(tables.users.c.id == new).values(instructed_ns=None)
        )
        token = invitations.invite(connection, lead, Role.ANNOTATOR, time.time_ns(), Limits())
    practice.add(database, desk.server.media, now_ns=time.time_ns())
    with database.reading() as connection:
        exercise = connection.execute(
            sa.select(tables.clips.c.id).where(tables.clips.c.practice.is_(sa.true()))
        ).scalar_one()
    tried = _practised(desk, raters[0], exercise)
    for rater in raters[1:]:
        _practised(desk, rater, exercise)
    done = desk.clip(frames=300, sound=True)
    for seed, rater in enumerate(raters):
        curves = [leading.curve(300, seed=seed + add, lag=8 * seed) for add in (0, 9)]
        leading.rate(database, desk.given(rater, done), rater, *curves)
    at_work = desk.given(raters[0], desk.clip(frames=100))
    paused = desk.given(raters[1], desk.clip(frames=100))
    missing = desk.given(raters[2], desk.clip(frames=100))
    desk.given(raters[0], desk.clip(frames=200))
    people = {"new": new, "rater": raters[0], "second": raters[1], "third": raters[2],
              "lead": lead, "admin": admin}  # fmt: skip
    return people, [
        Stop("login", "", "/login"),
        Stop("login-failed", "", "/login", _log_in_wrongly),
        Stop("invite", "", f"/invite/{token}"),
        Stop("nothing", "", "/invite/nothing"),
        Stop("clips-new", "new", "/"),
        Stop("instructions-1", "new", "/instructions/1"),
        Stop("instructions-2", "rater", "/instructions/2"),
        Stop("instructions-3", "rater", "/instructions/3"),
        Stop("clips", "rater", "/"),
        Stop("practised", "rater", f"/practice/{tried}"),
        Stop("ready", "rater", f"/sitting/{at_work}", _ready),
        Stop("playing", "rater", f"/sitting/{at_work}", _play),
        Stop("commenting", "second", f"/sitting/{paused}", _comment),
        Stop("elsewhere", "third", f"/sitting/{missing}", _elsewhere),
        Stop("account", "rater", "/account/"),
        Stop("password", "rater", "/account/password"),
        Stop("nowhere", "rater", "/nowhere"),
        Stop("dashboard", "lead", "/lead/"),
        Stop("clip", "lead", f"/lead/clips/{done}"),
        Stop("people", "admin", "/people/"),
    ]


def walk(
    desk: sat.Desk, browser: Any, people: dict[str, int], way: list[Stop], **context: Any
) -> Iterator[tuple[Stop, Any]]:
    """Go from page to page; give each with its stop, ready to be looked at."""
    contexts = {}
    for stop in way:
        if stop.who not in contexts:
            contexts[stop.who] = browser.new_context(**context)
            if stop.who:
                desk.log_in(contexts[stop.who], people[stop.who])
        page = sat.watched(contexts[stop.who].new_page())
        answer = page.goto(desk.server.address + stop.path)
        assert answer.status < 500, (stop.path, page.inner_text("main"))
        stop.do(page)
        yield stop, page
        page.close()
    for made in contexts.values():
        made.close()


def _practised(desk: sat.Desk, user: int, clip: int) -> int:
    """Rate the practice clip well, half a second late."""
    assignment = desk.given(user, clip)
    wanted = practice.trace()
    late = [0] * 5
    curves = [
        [*late, *(round(v) for v in values[:-5])] for values in (wanted.arousal, wanted.valence)
    ]
    leading.rate(desk.database, assignment, user, *curves)
    return assignment


def _log_in_wrongly(page: Any) -> None:
    page.fill("#name", "somebody")
    page.fill("#password", "not the password")
    page.click("form.card button")
    page.wait_for_selector("[role=alert]")


def _ready(page: Any) -> None:
    page.wait_for_selector("body[data-phase=ready]")


def _play(page: Any) -> None:
    _ready(page)
    sat.begin(page)
    chance = random.Random(3)
    for key in ("w", "ArrowUp") * 3 + ("w", "ArrowDown", "ArrowUp", "s") * 4:
        page.keyboard.press(key)
        time.sleep(chance.uniform(0.05, 0.15))


def _comment(page: Any) -> None:
    _play(page)
    page.keyboard.press("f")
    page.keyboard.press("c")
    page.fill("#remark-text", "She laughs at something behind the camera.")


def _elsewhere(page: Any) -> None:
    _ready(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#trouble:not([hidden])")
    other.click("#trouble-do")
    other.wait_for_selector("body[data-phase=ready]")
    page.wait_for_selector("#trouble:not([hidden])")
    other.close()
