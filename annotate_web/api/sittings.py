"""Sittings and their events."""

from __future__ import annotations

from typing import Any

import flask
import flask_wtf.csrf

from annotate_web.api.body import asked, word
from annotate_web.auth.accounts import note_instructed
from annotate_web.auth.roles import for_anybody, needs_role
from annotate_web.auth.throttle import TooManyError
from annotate_web.context import database, here, now_ns, user
from annotate_web.db.tables import Role
from annotate_web.events import intake, sittings

blueprint = flask.Blueprint("sittings", __name__, url_prefix="/api")


@blueprint.get("/token")
@for_anybody
def token() -> Any:
    """Give a page's program the token that each change has to carry as X-CSRFToken.

    Other sites' pages cannot read the answer.
    """
    return {"token": flask_wtf.csrf.generate_csrf()}


@blueprint.post("/instructed")
@needs_role(Role.ANNOTATOR)
def instructed() -> Any:
    """Note that whoever asks has read the instructions."""
    with database().writing() as connection:
        note_instructed(connection, user().key, now_ns())
    return {"instructed": True}


@blueprint.post("/assignments/<int:key>/sitting")
@needs_role(Role.ANNOTATOR)
def open_sitting(key: int) -> Any:
    """Open a sitting for a tab: {"client": uuid, "take": true to take over from another tab}."""
    sitting = sittings.open_one(
        database(),
        key,
        user().key,
        word("client"),
        now_ns(),
        here().settings.limits,
        take_over=asked().get("take") is True,
    )
    return {"sitting": sitting}


@blueprint.get("/sittings/<sitting>")
@needs_role(Role.ANNOTATOR)
def describe(sitting: str) -> Any:
    """Tell a tab what it needs to begin, or to go on after a reload."""
    return sittings.describe(database(), sitting, user().key)


@blueprint.get("/assignments/<int:key>/practice")
@needs_role(Role.ANNOTATOR)
def practised(key: int) -> Any:
    """Tell how the last sitting of a practice clip went."""
    verdict = sittings.verdict(database(), key, user().key)
    return verdict._asdict()


@blueprint.post("/sittings/<sitting>/events")
@needs_role(Role.ANNOTATOR)
def take(sitting: str) -> Any:
    """Keep a batch of events.

    200 {"acknowledged", "state", "ended"}; 422 with the same and "refused" [{"seq", "error",
    "fix"}] where some can never be right: those are set aside, all others are kept.
    """
    limits = here().settings.limits
    wait_s = here().buckets.take(
        f"events {user().key}", per_s=limits.batches_per_s, at_once=limits.batches_at_once
    )
    if wait_s:
        raise TooManyError("Events come too fast", fix="the page sends them again by itself")
    taken = intake.take(database(), sitting, user().key, asked().get("batch"), now_ns(), limits)
    told: dict[str, Any] = {
        "acknowledged": taken.acknowledged,
        "state": taken.state,
        "ended": taken.ended,
    }
    if not taken.refused:
        return told
    first = taken.refused[0]
    told |= {"error": first.error, "fix": first.fix, "code": "refused"}
    told["refused"] = [refused._asdict() for refused in taken.refused]
    return told, 422
