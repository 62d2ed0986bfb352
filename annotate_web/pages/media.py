"""The clips' films, in parts as a player asks for them, for those who are to watch them."""

from __future__ import annotations

from typing import Any, Final

import flask
import sqlalchemy as sa

from annotate_web.auth.roles import NotAllowedError, needs_role
from annotate_web.context import database, here, user
from annotate_web.db.tables import TAKEN, Role, assignments, clips
from annotate_web.media.check import path_of
from taver.core.errors import ConsentError, NotFoundError

blueprint = flask.Blueprint("media", __name__)

# A player asks for the same seconds again and again; nobody between it and us keeps them.
_KEPT: Final = "private, max-age=43200"


@blueprint.get("/media/<int:clip_id>/<name>.webm")
@needs_role(Role.ANNOTATOR)
def film(clip_id: int, name: str) -> Any:
    """Send a film, or the bytes of it that were asked for."""
    person = user()
    with database().reading() as connection:
        clip = connection.execute(
            sa.select(clips).where(clips.c.id == clip_id, clips.c.removed_ns.is_(None))
        ).one_or_none()
        given = (
            person.may(Role.LEAD)
            or connection.execute(
                sa.select(assignments.c.id)
                .where(assignments.c.clip_id == clip_id, assignments.c.user_id == person.key)
                .where(assignments.c.state.in_(TAKEN))
            ).first()
        )
    # Whoever may not see it is not told either whether it is there.
    if not given and not (clip is not None and clip.practice):
        raise NotAllowedError("This film is not given to you", fix="go back to your clips")
    if clip is None or clip.media != f"{name}.webm":
        raise NotFoundError("There is no such film", fix="go back to the list of clips")
    settings = here().settings
    if why := settings.refusal(clip.session, clip.sound):
        raise ConsentError(
            f"The clip {clip.name} may not be shown any more: {why}",
            fix="go on with another clip; what was said of it is kept",
        )
    response = flask.send_file(
        path_of(settings.media, clip.media),
        mimetype="video/webm",
        conditional=True,
        etag=clip.media_sha256,
    )
    response.headers["Cache-Control"] = _KEPT
    return response
