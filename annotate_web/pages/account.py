"""One's own page: password, age and gender for the datasheet, one's data to take away."""

from __future__ import annotations

from typing import Any

import flask

from annotate_web.auth import accounts, sessions
from annotate_web.auth.roles import needs_role
from annotate_web.auth.throttle import TooManyError
from annotate_web.context import database, here, now_ns, user
from annotate_web.db.tables import Role
from annotate_web.pages.attachment import attachment
from annotate_web.pages.forms import text, wanted, whole
from annotate_web.people import audit, personal
from taver.core.errors import StorageError, TaverError

blueprint = flask.Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("/")
@needs_role(Role.ANNOTATOR)
def account() -> Any:
    """Show what is on file of whoever asks."""
    return _account(None)


@blueprint.post("/")
@needs_role(Role.ANNOTATOR)
def describe() -> Any:
    """Put age and gender on file."""
    try:
        with database().writing() as connection:
            accounts.describe(connection, user().key, age=whole("age"), gender=text("gender"))
    except StorageError:
        raise
    except TaverError as error:
        return _account(error), 422
    return flask.redirect(flask.url_for("account.account"))


@blueprint.post("/language")
@needs_role(Role.ANNOTATOR, before_change=True)
def language() -> Any:
    """Note in which language to show the pages."""
    with database().writing() as connection:
        accounts.set_language(connection, user().key, text("language"))
    return flask.redirect(flask.url_for("account.account"))


@blueprint.get("/password")
@needs_role(Role.ANNOTATOR, before_change=True)
def password() -> Any:
    """Ask for a new password."""
    return flask.render_template("password.html", error=None, must_change=user().must_change)


@blueprint.post("/password")
@needs_role(Role.ANNOTATOR, before_change=True)
def change_password() -> Any:
    """Change the password; other sessions end."""
    form = flask.request.form
    try:
        accounts.change_password(
            database(),
            user().key,
            form.get("old", ""),
            form.get("new", ""),
            now_ns(),
            here().settings.limits,
            token=user().token,
        )
    except StorageError:
        raise
    except TaverError as error:
        page = flask.render_template("password.html", error=error, must_change=user().must_change)
        return page, 429 if isinstance(error, TooManyError) else 422
    return flask.redirect(wanted() or "/")


@blueprint.post("/sessions/end")
@needs_role(Role.ANNOTATOR)
def end_sessions() -> Any:
    """End all other sessions: on a machine that was lost, or forgotten to log out of."""
    with database().writing() as connection:
        sessions.end_all(connection, user().key, now_ns(), but=user().token)
        audit.record(connection, now_ns(), user().key, "sessions ended", f"user {user().key}")
    return flask.redirect(flask.url_for("account.account"))


@blueprint.get("/data.json")
@needs_role(Role.ANNOTATOR)
def data() -> Any:
    """Give whoever asks all that is on file of them."""
    with database().reading() as connection:
        told = personal.exported(connection, user().key)
    return attachment(told, f"{user().name}.json", "application/json")


def _account(error: TaverError | None) -> str:
    with database().reading() as connection:
        row = accounts.by_id(connection, user().key)
    return flask.render_template("account.html", error=error, person=row)
