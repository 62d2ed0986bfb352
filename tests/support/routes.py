"""Every route of the annotator and who may use it, asked by everybody.

The table is written by hand: a route that is not in it is a hole, until somebody has said here
whom it is for.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import annotating
import sqlalchemy as sa
import webm

from annotate_web.app import create_app
from annotate_web.auth import invitations
from annotate_web.db import tables
from annotate_web.db.tables import Role
from annotate_web.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANYBODY, ANNOTATOR, OWNER, WATCHER, LEAD, ADMINISTRATOR = (
    "anybody", "annotator", "owner", "watcher", "lead", "administrator",
)  # fmt: skip
# Who asks. Each but the first has logged in.
ASKING = ("anonymous", "ann", "bob", "lena", "adam")
# ann has the clip that is asked for, bob has another, lena leads, adam administers.
MAY = {
    ANYBODY: set(ASKING),
    ANNOTATOR: {"ann", "bob", "lena", "adam"},
    OWNER: {"ann"},  # not even a lead opens somebody's sitting
    WATCHER: {"ann", "lena", "adam"},
    LEAD: {"lena", "adam"},
    ADMINISTRATOR: {"adam"},
}


class Entrance(NamedTuple):
    """A route, whom it is for, and what is sent to it."""

    method: str
    rule: str
    who: str
    path: str  # with {names} of what there is
    given: dict[str, Any] | None = None  # JSON
    form: dict[str, str] | None = None


def _get(rule: str, who: str, path: str = "") -> Entrance:
    return Entrance("GET", rule, who, path or rule)


def _form(rule: str, who: str, path: str = "", **form: str) -> Entrance:
    return Entrance("POST", rule, who, path or rule, form=form)


def _json(rule: str, who: str, path: str = "", **given: Any) -> Entrance:
    return Entrance("POST", rule, who, path or rule, given=given)


_REASON = {"reason": "to see who may"}
# Later ones may change what earlier ones need; those who may not come first in any case.
ENTRANCES = (
    _get("/static/<path:filename>", ANYBODY, "/static/site.css"),
    _get("/house.css", ANYBODY),
    _get("/texts/<language>.json", ANYBODY, "/texts/en.json"),
    _get("/login", ANYBODY),
    _get("/invite/<token>", ANYBODY, "/invite/{token}"),
    _get("/api/token", ANYBODY),
    _get("/", ANNOTATOR),
    _get("/account/", ANNOTATOR),
    _get("/account/password", ANNOTATOR),
    _get("/account/data.json", ANNOTATOR),
    _get("/instructions/", ANNOTATOR),
    _get("/instructions/<int:number>", ANNOTATOR, "/instructions/1"),
    _get("/api/assignments/", ANNOTATOR),
    _get("/sitting/<int:key>", OWNER, "/sitting/{assignment}"),
    _get("/sitting/<int:key>/track.json", OWNER, "/sitting/{assignment}/track.json"),
    _get("/practice/<int:key>", OWNER, "/practice/{practice}"),
    _get("/api/sittings/<sitting>", OWNER, "/api/sittings/{sitting}"),
    _get("/api/assignments/<int:key>/practice", OWNER, "/api/assignments/{practice}/practice"),
    _get("/media/<int:clip_id>/<name>.webm", WATCHER, "/media/{clip}/clip.webm"),
    _get("/lead/", LEAD),
    _get("/lead/clips/<int:key>", LEAD, "/lead/clips/{clip}"),
    _get("/lead/plots/<name>.svg", LEAD, "/lead/plots/{plot}.svg"),
    _get("/lead/clips/<int:key>/<dimension>.svg", LEAD, "/lead/clips/{clip}/arousal.svg"),
    _get("/lead/clips/<int:key>/export.<ending>", LEAD, "/lead/clips/{clip}/export.csv"),
    _get("/lead/export.<ending>", LEAD, "/lead/export.csv"),
    _get("/people/minutes.csv", LEAD),
    _get("/people/audit.csv", ADMINISTRATOR),
    _get("/people/", ADMINISTRATOR),
    _get("/people/<int:key>/data.json", ADMINISTRATOR, "/people/{bob}/data.json"),
    _json("/api/instructed", ANNOTATOR),
    _json("/api/assignments/claim", ANNOTATOR),
    _json("/api/assignments/<int:key>/sitting", OWNER, "/api/assignments/{assignment}/sitting",
          client="{client}", take=True),
    _json("/api/sittings/<sitting>/events", OWNER, "/api/sittings/{sitting}/events", batch=[]),
    _form("/instructions/<int:number>", ANNOTATOR, "/instructions/1"),
    _form("/clips/more", ANNOTATOR),
    _form("/account/", ANNOTATOR, age="30", gender=""),
    _form("/account/language", ANNOTATOR, language="en"),
    _form("/account/password", ANNOTATOR, old="x", new="y"),
    _form("/account/sessions/end", ANNOTATOR),
    _form("/lead/deal", LEAD, seed="1"),
    _form("/lead/people/<int:key>/free", LEAD, "/lead/people/{bob}/free", **_REASON),
    _form("/lead/assignments/<int:key>/exclude", LEAD,
          "/lead/assignments/{assignment}/exclude", **_REASON),
    _form("/lead/assignments/<int:key>/reopen", LEAD,
          "/lead/assignments/{assignment}/reopen", **_REASON),
    _form("/lead/assignments/<int:key>/reassign", LEAD,
          "/lead/assignments/{assignment}/reassign", to="{bob}", **_REASON),
    _form("/lead/assignments/<int:key>/withdraw", LEAD,
          "/lead/assignments/{other}/withdraw", **_REASON),
    _form("/people/invite", ADMINISTRATOR, role="annotator"),
    _form("/people/invitations/<int:key>/cancel", ADMINISTRATOR, "/people/invitations/1/cancel"),
    _form("/people/<int:key>/password", ADMINISTRATOR, "/people/{bob}/password"),
    _form("/people/<int:key>/role", ADMINISTRATOR, "/people/{bob}/role", role="annotator"),
    _form("/people/<int:key>/disable", ADMINISTRATOR, "/people/{eve}/disable"),
    _form("/people/<int:key>/enable", ADMINISTRATOR, "/people/{eve}/enable"),
    _form("/people/<int:key>/erase", ADMINISTRATOR, "/people/{eve}/erase", name="eve"),
    _form("/login", ANYBODY, name="nobody", password="nothing"),
    _form("/invite/<token>", ANYBODY, "/invite/{token}", name="x", password="short"),
    _form("/logout", ANNOTATOR),
)  # fmt: skip


def holes(folder: Path) -> list[str]:
    """Return what somebody may and should not, or may not and should, in words."""
    folder.mkdir()
    found = [f"{rule} is in no table" for rule in sorted(_rules(folder) - _written())]
    with annotating.served(folder) as server:
        names = _furnished(server)
        browsers = {
            name: server.browser() if name == "anonymous" else server.as_user(int(names[name]))
            for name in ASKING
        }
        browsers["anonymous"].fetch_token()
        before = _contents(server)
        for entrance in ENTRANCES:
            for name, browser in browsers.items():
                if name not in MAY[entrance.who]:
                    found += _asked(entrance, names, name, browser, may=False)
        for entrance in ENTRANCES:
            if entrance.method == "POST":
                found += _without_token(entrance, names, browsers)
        if _contents(server) != before:
            found.append("somebody who was refused changed something")
        for entrance in ENTRANCES:
            for name, browser in browsers.items():
                if name in MAY[entrance.who]:
                    found += _asked(entrance, names, name, browser, may=True)
    return found


def _rules(folder: Path) -> set[tuple[str, str]]:
    app = create_app(Settings(database=f"sqlite:///{folder / 'empty.sqlite'}", media=folder))
    app.extensions["taver"].database.close()
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _written() -> set[tuple[str, str]]:
    return {(entrance.method, entrance.rule) for entrance in ENTRANCES}


def _furnished(server: annotating.Server) -> dict[str, str]:
    """Put in people, clips and a sitting; return what the paths name."""
    database = server.database
    ann, bob, eve = annotating.add_people(database, "ann", "bob", "eve")
    (lena,) = annotating.add_people(database, "lena", role=Role.LEAD)
    (adam,) = annotating.add_people(database, "adam", role=Role.ADMINISTRATOR)
    webm.barcode(server.media / "clip.webm", frames=10)
    clip = annotating.add_clip(database, frames=10)
    other = annotating.add_clip(database, "other", session="s02")
    practice = annotating.add_clip(
        database, "practice", practice=True, session="practice", frames=4,
        reference={"arousal": [0, 0, 0, 0], "valence": [0, 0, 0, 0], "within": 5},
    )  # fmt: skip
    assignment = annotating.assign(database, clip, ann)
    assigned = annotating.assign(database, other, bob)
    practised = annotating.assign(database, practice, ann)
    browser = server.as_user(ann)
    sitting = browser.open(practised)
    browser.send(
        sitting, annotating.event(1, "play", 0), annotating.event(2, "stop", 3),
        annotating.event(3, "done"),
    )  # fmt: skip
    browser.close()
    with database.writing() as connection:
        token = invitations.invite(connection, None, Role.ANNOTATOR, time.time_ns(), Limits())
    return {
        "ann": str(ann), "bob": str(bob), "eve": str(eve), "lena": str(lena), "adam": str(adam),
        "clip": str(clip), "assignment": str(assignment), "other": str(assigned),
        "practice": str(practised), "sitting": sitting, "token": token, "plot": "arousal-valence",
        "client": str(uuid.uuid4()),
    }  # fmt: skip


def _asked(
    entrance: Entrance, names: dict[str, str], name: str, browser: annotating.Browser, *, may: bool
) -> Iterator[str]:
    if entrance.rule == "/logout" and may:
        return  # seen in a test of its own: it would end what others ask with
    answer = _ask(entrance, names, browser)
    kept_out = answer.status in {401, 403} or (
        answer.status == 302 and answer.headers["location"].startswith("/login")
    )
    wrong_password = entrance.rule == "/login" and answer.status == 403
    if kept_out == may and not wrong_password:
        yield f"{name} {entrance.method} {entrance.rule}: {answer.status}, may={may}"
    if answer.status >= 500:
        yield f"{name} {entrance.method} {entrance.rule}: {answer.status} {answer.text[:300]}"


def _without_token(
    entrance: Entrance, names: dict[str, str], browsers: dict[str, annotating.Browser]
) -> Iterator[str]:
    """Ask as another site's page would make a browser ask: with its cookies, without a token."""
    for name in MAY[entrance.who] - {"anonymous"}:
        browser = browsers[name]
        kept, browser.token = browser.token, ""
        try:
            answer = _ask(entrance, names, browser)
        finally:
            browser.token = kept
        if answer.status != 400:
            yield f"{name} without a token: POST {entrance.rule}: {answer.status}"


def _ask(entrance: Entrance, names: dict[str, str], browser: annotating.Browser) -> Any:
    path = entrance.path.format(**names)
    if entrance.method == "GET":
        return browser.get(path)
    if entrance.form is not None:
        form = {key: value.format(**names) for key, value in entrance.form.items()}
        return browser.post(path, form=form)
    given = {
        key: value.format(**names) if isinstance(value, str) else value
        for key, value in (entrance.given or {}).items()
    }
    return browser.post(path, given)


def _contents(server: annotating.Server) -> dict[str, list[Any]]:
    """Return all rows but those that only tell when somebody was last seen."""
    told: dict[str, list[Any]] = {}
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(server.database.reading())
        for table in tables.metadata.sorted_tables:
            if table.name not in {"web_sessions", "login_attempts"}:
                told[table.name] = sorted(map(repr, connection.execute(sa.select(table))))
    return told
