"""Logging in and out, and joining by an invitation's link."""

from __future__ import annotations

from typing import Any

import flask
import flask_login

from annotate_web.auth import accounts, invitations, sessions, throttle
from annotate_web.auth.roles import for_anybody, needs_role
from annotate_web.auth.throttle import TooManyError
from annotate_web.context import asking, database, here, now_ns, user
from annotate_web.db.tables import Role
from annotate_web.pages.forms import text, wanted, whole
from taver.core.errors import StorageError, TaverError

blueprint = flask.Blueprint("login", __name__)


@blueprint.get("/login")
@for_anybody
def login() -> Any:
    """Ask for name and password."""
    if asking() is not None:
        return flask.redirect(wanted() or "/")
    return flask.render_template("login.html", error=None, name="", to=wanted())


@blueprint.post("/login")
@for_anybody
def log_in() -> Any:
    """Begin a session."""
    name = text("name")
    try:
        token = accounts.log_in(
            database(),
            name,
            flask.request.form.get("password", ""),
            flask.request.remote_addr or "",
            now_ns(),
            here().settings.limits,
        )
    except StorageError:
        raise
    except TaverError as error:
        status = 429 if isinstance(error, TooManyError) else 403
        page = flask.render_template("login.html", error=error, name=name, to=wanted())
        return page, status
    _begin(token)
    return flask.redirect(wanted() or "/")


@blueprint.post("/logout")
@needs_role(Role.ANNOTATOR, before_change=True)
def log_out() -> Any:
    """End the session, here and on the server; somebody else may want to go on where they are."""
    with database().writing() as connection:
        sessions.end(connection, user().token, now_ns())
    flask_login.logout_user()
    flask.session.clear()
    return flask.redirect(flask.url_for("login.login", to=wanted() or None))


@blueprint.get("/invite/<token>")
@for_anybody
def invitation(token: str) -> Any:
    """Ask an invited person for a pseudonym and a password."""
    return _invitation(token, None)


@blueprint.post("/invite/<token>")
@for_anybody
def join(token: str) -> Any:
    """Make the invited person a user, or give them the password they chose."""
    try:
        password = flask.request.form.get("password", "")
        user_id = invitations.accept(
            database(), token, text("name"), password, now_ns(),
            age=whole("age"), gender=text("gender"),
        )  # fmt: skip
    except (invitations.InvitationError, StorageError):
        raise
    except TaverError as error:
        return _invitation(token, error), 422
    limits = here().settings.limits
    with database().writing() as connection:
        name = accounts.by_id(connection, user_id).name
        throttle.lift(connection, name, flask.request.remote_addr or "", limits)
        begun = sessions.begin(connection, user_id, now_ns(), limits)
    _begin(begun)
    return flask.redirect("/")


def _invitation(token: str, error: TaverError | None) -> str:
    with database().reading() as connection:
        row = invitations.look(connection, token, now_ns())
        name = accounts.by_id(connection, row.user_id).name if row.user_id else None
    return flask.render_template(
        "invite.html", error=error, role=row.role, known_as=name, form=flask.request.form
    )


def _begin(token: str) -> None:
    """Give the browser a session of its own; nothing of the one before is carried over."""
    flask.session.clear()
    found = sessions.find(database(), token, now_ns(), here().settings.limits)
    if found is not None:
        flask_login.login_user(found)
        flask.session.permanent = True
