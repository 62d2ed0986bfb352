"""An annotator's own assignments."""

from __future__ import annotations

from typing import Any

import flask

from annotate_web.assign import claim, mine
from annotate_web.auth.roles import needs_role
from annotate_web.context import database, now_ns, user
from annotate_web.db.tables import Role

blueprint = flask.Blueprint("assignments", __name__, url_prefix="/api/assignments")


@blueprint.get("/")
@needs_role(Role.ANNOTATOR)
def own() -> Any:
    """List whoever asks their clips, in their order."""
    with database().reading() as connection:
        rows = mine.of(connection, user().key)
    names = ("id", "state", "reason", "name", "frames", "practice", "sound")
    return {"assignments": [{name: getattr(row, name) for name in names} for row in rows]}


@blueprint.post("/claim")
@needs_role(Role.ANNOTATOR)
def take() -> Any:
    """Give whoever asks a clip to go on with, or null."""
    return {"assignment": claim.claim(database(), user().key, now_ns())}
