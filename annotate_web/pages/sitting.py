"""An annotator's own pages: the list of clips, a sitting, and how a practice went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import flask
import markupsafe
import numpy as np
import sqlalchemy as sa

from annotate_web.assign import claim, mine
from annotate_web.auth import accounts
from annotate_web.auth.roles import NotAllowedError, needs_role
from annotate_web.context import database, now_ns, user
from annotate_web.db.tables import Role, State, assignments, clips
from annotate_web.events import practice, sittings
from annotate_web.events.tracks import replayed
from annotate_web.media.slots import RATE_HZ
from annotate_web.pages.look import said
from taver.core.errors import NotFoundError
from taver.core.plot import Axis, Line, drawn
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

blueprint = flask.Blueprint("sitting", __name__)

_OF_ASSIGNMENT: Final = (
    *(assignments.c[name] for name in ("id", "user_id", "state")),
    *(clips.c[name] for name in ("practice", "simulated", "sound", "reference", "frames")),
)


class Listed(NamedTuple):
    """A clip in somebody's list, called by its place there: its own name tells whom it shows."""

    title: str
    length: str
    sound: bool
    simulated: bool
    state: str
    locked: str  # what has to come first, or nothing
    way: str  # where its button leads, or nothing
    doing: str


@blueprint.get("/", endpoint="clips")
@needs_role(Role.ANNOTATOR)
def own_clips() -> Any:
    """List whoever asks their clips; a lead who has none is shown the overview."""
    person = user()
    with database().reading() as connection:
        rows = mine.of(connection, person.key)
        practised = sittings.has_practised(connection, person.key)
    if not rows and person.may(Role.LEAD) and "lead.dashboard" in flask.current_app.view_functions:
        return flask.redirect(flask.url_for("lead.dashboard"))
    locked = "instructions" if not person.instructed else "" if practised else "practice"
    counted = [row for row in rows if not row.practice]
    listed = [_listed(row, 0, locked) for row in rows if row.practice]
    listed += [_listed(row, number, locked) for number, row in enumerate(counted, 1)]
    return flask.render_template(
        "clips.html",
        user=_whose(),
        clips=listed,
        practising=not practised,
        wanted=len(counted),
        done=sum(row.state == State.DONE for row in counted),
        more=all(row.state == State.DONE for row in counted),
    )


@blueprint.post("/clips/more")
@needs_role(Role.ANNOTATOR)
def more() -> Any:
    """Give whoever asks a clip that still lacks raters, if there is one."""
    key = claim.claim(database(), user().key, now_ns())
    return flask.redirect(flask.url_for("sitting.clips", none=None if key else 1))


@blueprint.get("/sitting/<int:key>")
@needs_role(Role.ANNOTATOR)
def sit(key: int) -> Any:
    """Show a clip with its sliders."""
    row = _own(key)
    after = "sitting.practised" if row.practice else "sitting.clips"
    return flask.render_template(
        "sitting.html",
        assignment=key,
        user=_whose(),
        title=_title(row, _place(row)),
        simulated=row.simulated,
        sound=row.sound,
        after=flask.url_for(after, key=key) if row.practice else flask.url_for(after),
    )


@blueprint.get("/sitting/<int:key>/track.json")
@needs_role(Role.ANNOTATOR)
def track(key: int) -> Any:
    """Tell a sitting's page what the frames have: null where nothing."""
    row = _own(key)
    with database().reading() as connection:
        found = replayed(connection, key, last_only=row.practice)
    passed = found.passed > 0
    told: dict[str, list[float | None]] = {
        str(dimension): [None if np.isnan(v) else v for v in values.tolist()]
        for dimension, values in found.values.items()
    }
    nothing = np.isnan(found.values[Dimension.AROUSAL])
    told["unseen"] = [
        float(unseen) if seen else None
        for seen, unseen in zip(passed.tolist(), nothing.tolist(), strict=True)
    ]
    fresh = np.flatnonzero(~passed)
    return {"track": told, "next": int(fresh[0]) if len(fresh) else len(passed)}


@blueprint.get("/practice/<int:key>")
@needs_role(Role.ANNOTATOR)
def practised(key: int) -> Any:
    """Show how a practice went, beside its reference."""
    row = _own(key)
    verdict = sittings.verdict(database(), key, user().key)
    with database().reading() as connection:
        found = replayed(connection, key, last_only=True)
    parts = [
        {
            "name": said(f"sitting.{dimension}"),
            "off": verdict.off[str(dimension)],
            "plot": _beside(str(dimension), found.values[dimension], row.reference[str(dimension)]),
        }
        for dimension in Dimension
    ]
    return flask.render_template(
        "practice.html", verdict=verdict, parts=parts, key=key, least=practice.COVERED
    )


def _own(key: int) -> Row[Any]:
    """Return an assignment of whoever asks, with its clip."""
    with database().reading() as connection:
        row = connection.execute(
            sa.select(*_OF_ASSIGNMENT)
            .join(clips, clips.c.id == assignments.c.clip_id)
            .where(assignments.c.id == key)
        ).one_or_none()
    if row is None:
        raise NotFoundError("There is no such clip", fix="open one from your list")
    if row.user_id != user().key:
        raise NotAllowedError("This clip is somebody else's to rate", fix="open one of yours")
    return row


def _whose() -> str:
    """Return what a browser notes as whose a sitting is: in another campaign it is another's."""
    with database().reading() as connection:
        row = accounts.by_id(connection, user().key)
    return f"{row.id}-{row.created_ns}"


def _place(row: Row[Any]) -> int:
    """Return which of their clips it is, as their list counts."""
    with database().reading() as connection:
        keys = [each.id for each in mine.of(connection, user().key) if not each.practice]
    return keys.index(row.id) + 1 if row.id in keys else 0


def _listed(row: Row[Any], number: int, locked: str) -> Listed:
    first = "" if row.practice and locked == "practice" else locked
    done = row.state == State.DONE
    way = ""
    if done and row.practice:
        way = flask.url_for("sitting.practised", key=row.id)
    elif not done:
        way = flask.url_for("sitting.sit", key=row.id)
    doing = "look" if done else "begin" if row.state == State.OPEN else "go_on"
    seconds = round(row.frames / RATE_HZ)
    return Listed(
        title=_title(row, number),
        length=f"{seconds // 60}:{seconds % 60:02d}",
        sound=row.sound,
        simulated=row.simulated,
        state=row.state,
        locked="" if done else first,
        way=way,
        doing=said(f"clips.{doing}"),
    )


def _title(row: Row[Any], number: int) -> str:
    return said("clips.practice") if row.practice else said("clips.number", number=number)


def _beside(name: str, given: Any, wanted: list[float | None]) -> markupsafe.Markup:
    """Draw what was said over what was to be said."""
    seconds = np.arange(len(wanted)) / RATE_HZ
    reference = [np.nan if value is None else value for value in wanted]
    svg = drawn(
        [
            Line(said("practice.reference"), seconds, reference, colour="faint", bold=True),
            Line(said("practice.yours"), seconds, given, colour=name),
        ],
        Axis(label=said("practice.seconds")),
        Axis(low=LOWEST, high=HIGHEST),
        told=said(f"sitting.{name}"),
    )
    return markupsafe.Markup(svg)  # noqa: S704  made here; what it says is escaped where it is drawn
