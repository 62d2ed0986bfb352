"""The web application: every page and every program's question, behind the same guards.

A part adds its module to PARTS: it has a `blueprint`, or `register(app)`. In it, each route
stands under `@needs_role(Role...)` or `@for_anybody`; `annotate_web.context` gives `database()`,
`user()`, `now_ns()` and the settings. Errors are raised, never answered by hand: programs (below
/api/) are told as JSON, people on a page.
"""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import flask
import flask_login
import flask_wtf.csrf
import werkzeug.exceptions as http
import werkzeug.routing

from annotate_web.api.body import code, no
from annotate_web.auth import headers, roles, sessions
from annotate_web.auth.buckets import Buckets
from annotate_web.auth.throttle import TooManyError
from annotate_web.context import Context, attach, here, now_ns
from annotate_web.db.open import open_database
from taver.core.clock import NS_PER_S
from taver.core.errors import (
    AlreadyThereError,
    BusyError,
    ConsentError,
    InputError,
    NotFoundError,
    StorageError,
    TaverError,
)

if TYPE_CHECKING:
    from annotate_web.auth.person import Person
    from annotate_web.db.open import Database
    from annotate_web.settings import Settings

PARTS: Final = (
    "annotate_web.pages.look",
    "annotate_web.pages.login",
    "annotate_web.pages.account",
    "annotate_web.pages.instructions",
    "annotate_web.pages.sitting",
    "annotate_web.pages.media",
    "annotate_web.pages.people",
    "annotate_web.pages.lead",
    "annotate_web.api.sittings",
    "annotate_web.api.assignments",
)
# The first that fits names the answer's number.
_STATUS: Final = (
    (roles.NotLoggedInError, 401),
    (TooManyError, 429),
    (NotFoundError, 404),
    (ConsentError, 403),
    (BusyError, 409),
    (AlreadyThereError, 409),
    (InputError, 422),
    (StorageError, 503),
)


def create_app(settings: Settings, database: Database | None = None) -> flask.Flask:
    """Make the application; the database is opened here unless it is given."""
    app = flask.Flask(__name__)
    app.url_map.converters["int"] = _Number
    database = database or open_database(settings.database)
    attach(app, Context(settings, database, Buckets()))
    app.config.update(
        SECRET_KEY=database.kept("secret"),
        SESSION_COOKIE_NAME="taver",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=dt.timedelta(seconds=settings.limits.session_ns // NS_PER_S),
        MAX_CONTENT_LENGTH=settings.limits.body_bytes,
        MAX_FORM_MEMORY_SIZE=settings.limits.body_bytes,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; it was a token of this browser's
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
    )
    _let_people_in(app, settings)
    app.before_request(roles.guard)
    flask_wtf.csrf.CSRFProtect(app)  # after the guard: who may not is told so first
    app.after_request(headers.adder(secure=settings.secure))
    app.register_error_handler(TaverError, _told)
    app.register_error_handler(http.HTTPException, _told_http)
    app.register_error_handler(Exception, _told_unexpected)
    app.add_template_filter(_date, "date")
    roles.for_anybody(app.view_functions["static"])
    for name in PARTS:
        part = import_module(name)
        if hasattr(part, "register"):
            part.register(app)
        else:
            app.register_blueprint(part.blueprint)
    roles.refuse_undeclared(app)
    app.wsgi_app = headers.only_as(  # type: ignore[method-assign]  # Flask's own way
        app.wsgi_app, settings.hosts, settings.called
    )
    return app


class _Number(werkzeug.routing.IntegerConverter):
    """A row's number in an address; there is no page of one that no database can hold."""

    regex = r"[0-9]{1,18}"


def _let_people_in(app: flask.Flask, settings: Settings) -> None:
    manager = flask_login.LoginManager(app)
    # The session is ours: it ends on the server, and a token of another browser is none.
    manager.session_protection = None

    @manager.user_loader  # type: ignore[untyped-decorator]  # ships no types
    def load(token: str) -> Person | None:
        return sessions.find(here().database, token, now_ns(), settings.limits)


def _told(error: TaverError) -> Any:
    if isinstance(error, StorageError):
        error = _without_where(error)
    status = next((number for kind, number in _STATUS if isinstance(error, kind)), 500)
    for_program = flask.request.path.startswith("/api/")
    if status == 401 and not for_program and flask.request.method == "GET":
        return flask.redirect(flask.url_for("login.login", to=flask.request.full_path.rstrip("?")))
    answer = flask.make_response(no(error) if for_program else _page(error, status), status)
    if status == 429:
        answer.headers["Retry-After"] = "2"
    return answer


def _without_where(error: StorageError) -> StorageError:
    """Return it as anybody may read it; where things are is for whoever runs the server."""
    # Two hundred pages may meet a full disk each second.
    if not here().buckets.take("storage is told", per_s=0.1, at_once=3):
        flask.current_app.logger.error("%s; %s", error.what, error.fix)
    return StorageError(
        "The server cannot read or keep anything at the moment; what you did is not lost",
        fix="try again in a minute; whoever runs the annotation finds the "
        "reason where the server was started",
    )


def _told_http(error: http.HTTPException) -> Any:
    if error.code is not None and error.code < 400:
        return error  # a redirection
    told = _HTTP.get(type(error), (error.name, "go back and try another way"))
    shown = TaverError(told[0], fix=told[1])
    answer = error.get_response()
    program = flask.request.path.startswith("/api/")
    body = {**no(shown), "code": error.name.lower().replace(" ", "_")} if program else None
    made = flask.make_response(body or _page(shown, error.code or 500), error.code or 500)
    if "Allow" in answer.headers:
        made.headers["Allow"] = answer.headers["Allow"]
    return made


def _told_unexpected(error: Exception) -> Any:
    flask.current_app.logger.error("unexpected", exc_info=error)
    return _told(
        TaverError(
            "Something went wrong on the server; what you did is kept",
            fix="try again in a minute; if it stays so, tell whoever runs the annotation",
        )
    )


def _date(unix_ns: int) -> str:
    moment = dt.datetime.fromtimestamp(unix_ns // NS_PER_S, tz=dt.UTC)
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _page(error: TaverError, status: int) -> str:
    return flask.render_template("error.html", error=error, code=code(error), status=status)


_HTTP: Final[dict[type[http.HTTPException], tuple[str, str]]] = {
    http.NotFound: ("There is no such page", "check the address, or begin at the first page"),
    http.MethodNotAllowed: ("This page cannot be asked that way", "use the page's own buttons"),
    http.RequestEntityTooLarge: ("That is too much at once", "send less at a time"),
    flask_wtf.csrf.CSRFError: (
        "This page had been open for too long, or comes from somewhere else",
        "load it again, and try once more",
    ),
}
