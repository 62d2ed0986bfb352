"""What a lead sees, and changes by buttons: the overview, each clip, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import flask
import sqlalchemy as sa

from annotate_web.assign import change, deal, mine, places
from annotate_web.auth.roles import NotAllowedError, needs_role
from annotate_web.context import database, here, now_ns, user
from annotate_web.db.tables import Role, assignments, clips, users
from annotate_web.exchange import formats
from annotate_web.exchange.gather import gather
from annotate_web.lead import plots, rated
from annotate_web.lead.overview import overview
from annotate_web.pages.attachment import attachment
from annotate_web.pages.forms import text, whole
from annotate_web.pages.look import said
from taver.core.errors import InputError, NotFoundError
from taver.core.plot import standalone
from taver.labels.agreement import FIGURES
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

    from annotate_web.lead.flags import Flag

blueprint = flask.Blueprint("lead", __name__, url_prefix="/lead")

# What the tables show of each agreement; all of it is in the exports and in taver labels.
_SHOWN: Final = ("cronbach_alpha", "mean_r", "ccc", "mse", "icc_ak", "krippendorff_alpha",
                 "positive_percent")  # fmt: skip


@blueprint.get("/")
@needs_role(Role.LEAD)
def dashboard() -> Any:
    """Show how far all of it has come."""
    with database().reading() as connection:
        found = overview(connection, here().settings.media, mine.blind_to(connection, user().key))
        held = places.held(connection)
    return flask.render_template(
        "lead/dashboard.html",
        found=found,
        held=held,
        blind={one.clip.id for one in found.clips if one.blind},
        dimensions=list(Dimension),
        plots=plots.overall(found, said),
        shown=_SHOWN,
        formats=[f for f in formats.usable() if f.whole],
    )


@blueprint.get("/clips/<int:key>")
@needs_role(Role.LEAD)
def clip(key: int) -> Any:
    """Show all ratings of one clip over each other."""
    with database().reading() as connection:
        row = _clip(connection, key)
        (found,) = rated.of_clips(connection, [row])
        comments = rated.comments(connection, key)
        people = _who_may_have(connection, found)
        away = {one.user_id for one in places.held(connection) if key in one.clips}
    return flask.render_template(
        "lead/clip.html",
        found=found,
        clip=row,
        dimensions=list(Dimension),
        traces={dimension: plots.traces(found, dimension, said) for dimension in Dimension},
        agreement={dimension: found.agreement(dimension) for dimension in Dimension},
        figures=FIGURES,
        comments=comments,
        people=people,
        away=away,
        flag_words=_flag_words,
        why_not=here().settings.refusal(row.session, row.sound),
        formats=[f for f in formats.ALL if f.one_clip],
    )


@blueprint.get("/plots/<name>.svg")
@needs_role(Role.LEAD)
def plot_of_all(name: str) -> Any:
    """Send a plot over all clips as a file of its own."""
    with database().reading() as connection:
        found = overview(connection, here().settings.media, mine.blind_to(connection, user().key))
    drawn = plots.overall(found, said).get(name)
    if drawn is None:
        raise NotFoundError("There is no such plot", fix="go back to the overview")
    return attachment(standalone(drawn.svg).encode(), f"{name}.svg", "image/svg+xml")


@blueprint.get("/clips/<int:key>/<dimension>.svg")
@needs_role(Role.LEAD)
def plot_of_clip(key: int, dimension: str) -> Any:
    """Send a clip's traces as a file of its own."""
    if dimension not in list(Dimension):
        raise NotFoundError("There is no such plot", fix="go back to the clip")
    with database().reading() as connection:
        (found,) = rated.of_clips(connection, [_clip(connection, key)])
    drawn = plots.traces(found, Dimension(dimension), said)
    return attachment(standalone(drawn.svg).encode(), f"{drawn.name}.svg", "image/svg+xml")


@blueprint.get("/clips/<int:key>/export.<ending>")
@needs_role(Role.LEAD)
def export_clip(key: int, ending: str) -> Any:
    """Send all ratings of a clip in one of the formats."""
    found = formats.called(ending)
    with database().reading() as connection:
        row = _clip(connection, key)
        data = found.write(gather(connection, [row]))
    return attachment(data, f"{row.name}.{ending}", found.kind)


@blueprint.get("/export.<ending>")
@needs_role(Role.LEAD)
def export_all(ending: str) -> Any:
    """Send the ratings of all clips in one file."""
    found = formats.called(ending)
    if not found.whole:
        raise InputError(
            f"{found.title} holds one clip a file", fix="go to the clip's page, or use the "
            "command: taver annotate export"
        )  # fmt: skip
    with database().reading() as connection:
        blind = mine.blind_to(connection, user().key)
        rows = [row for row in rated.in_use(connection) if row.id not in blind]
        data = found.write(gather(connection, rows))
    return attachment(data, f"annotations.{ending}", found.kind)


@blueprint.post("/deal")
@needs_role(Role.LEAD)
def deal_out() -> Any:
    """Give free places to annotators."""
    deal.deal(database(), user().key, now_ns(), seed=whole("seed"))
    return flask.redirect(flask.url_for("lead.dashboard"))


@blueprint.post("/people/<int:key>/free")
@needs_role(Role.LEAD)
def free(key: int) -> Any:
    """Take from somebody what they have not finished."""
    change.free(database(), user().key, key, text("reason"), now_ns())
    return flask.redirect(flask.url_for("lead.dashboard"))


@blueprint.post("/assignments/<int:key>/exclude")
@needs_role(Role.LEAD)
def exclude(key: int) -> Any:
    """Let a rating not count."""
    change.exclude(database(), user().key, key, text("reason"), now_ns())
    return _back(key)


@blueprint.post("/assignments/<int:key>/withdraw")
@needs_role(Role.LEAD)
def withdraw(key: int) -> Any:
    """Take a clip from somebody."""
    change.withdraw(database(), user().key, key, text("reason"), now_ns())
    return _back(key)


@blueprint.post("/assignments/<int:key>/reopen")
@needs_role(Role.LEAD)
def reopen(key: int) -> Any:
    """Let somebody go on with a clip."""
    change.reopen(database(), user().key, key, text("reason"), now_ns())
    return _back(key)


@blueprint.post("/assignments/<int:key>/reassign")
@needs_role(Role.LEAD)
def reassign(key: int) -> Any:
    """Give a clip to somebody else."""
    to = whole("to")
    if to is None:
        raise InputError("To whom is not said", fix="choose an annotator from the list")
    change.reassign(database(), user().key, key, to, text("reason"), now_ns())
    return _back(key)


def _back(assignment: int) -> Any:
    with database().reading() as connection:
        clip_id = connection.execute(
            sa.select(assignments.c.clip_id).where(assignments.c.id == assignment)
        ).scalar()
    return flask.redirect(flask.url_for("lead.clip", key=clip_id))


def _clip(connection: Connection, key: int) -> Row[Any]:
    row = connection.execute(
        sa.select(clips).where(clips.c.id == key, clips.c.removed_ns.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFoundError("There is no such clip", fix="go back to the overview")
    if key in mine.blind_to(connection, user().key):
        raise NotAllowedError(
            f"You rate {row.name} yourself, and see the others' ratings when you are done",
            fix="finish it first, or give it to somebody else",
        )
    return row


def _who_may_have(connection: Connection, found: rated.Rated) -> list[Row[Any]]:
    """Return the annotators who have not met this clip."""
    met = {rating.user_id for rating in found.ratings}
    able = [key for key in places.annotators(connection) if key not in met]
    return list(
        connection.execute(
            sa.select(users.c.id, users.c.name).where(users.c.id.in_(able)).order_by(users.c.name)
        )
    )


def _flag_words(flag: Flag) -> dict[str, str]:
    """Return what a flag's sentence is filled in with, in the reader's language."""
    words = dict(flag.figures)
    if "dimension" in words:
        words["dimension"] = said(f"lead.{words['dimension']}")
    return words
