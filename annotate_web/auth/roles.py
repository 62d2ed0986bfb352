"""Every route says whom it is for; one that does not is never served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import flask

from annotate_web.context import asking
from annotate_web.db.tables import Role
from taver.core.errors import ConsentError, TaverError

if TYPE_CHECKING:
    from collections.abc import Callable

_DECLARED: Final = "_taver_role"
ANYBODY: Final = "anybody"
# Where somebody with a one-time password may go.
_BEFORE_CHANGE: Final = "_taver_before_change"
View = TypeVar("View", bound="Callable[..., Any]")


class NotLoggedInError(ConsentError):
    """Nobody, or nobody any more, has logged in."""


class NotAllowedError(ConsentError):
    """It is somebody else's, or for other roles."""


def needs_role(role: Role, *, before_change: bool = False) -> Callable[[View], View]:
    """Declare that a route is for `role` and those above it; the guard sees to that."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, role)
        setattr(view, _BEFORE_CHANGE, before_change)
        return view

    return declare


def for_anybody(view: View) -> View:
    """Declare that a route is for people who have not logged in, too."""
    setattr(view, _DECLARED, ANYBODY)
    return view


def declared(view: Callable[..., Any]) -> Role | str | None:
    """Return whom a route is for, or None if it does not say."""
    found: Role | str | None = getattr(view, _DECLARED, None)
    return found


def guard() -> Any:
    """Refuse a request that its route is not for; runs before each of them."""
    if flask.request.endpoint is None:
        return None  # there is no such page: told by whoever looks for it
    view = flask.current_app.view_functions[flask.request.endpoint]
    role = declared(view)
    if role == ANYBODY:
        return None
    person = asking()
    if person is None:
        raise NotLoggedInError("You are not logged in", fix="log in; what you did is kept")
    if not isinstance(role, Role) or not person.may(role):
        raise NotAllowedError(
            "This page is not for you", fix="ask whoever leads the annotation, if it should be"
        )
    if person.must_change and not getattr(view, _BEFORE_CHANGE, False):
        if flask.request.path.startswith("/api/"):
            raise NotAllowedError(
                "Your password was for one time", fix="choose one of your own on your page"
            )
        to = flask.request.full_path.rstrip("?") if flask.request.method == "GET" else None
        return flask.redirect(flask.url_for("account.password", to=to if to != "/" else None))
    return None


def refuse_undeclared(app: flask.Flask) -> None:
    """Raise if a route of `app` does not say whom it is for."""
    silent = sorted(
        {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if declared(app.view_functions[rule.endpoint]) is None
        }
    )
    if silent:
        raise TaverError(
            "Some routes do not say whom they are for",
            fix="put @needs_role or @for_anybody above them",
            problems=silent,
        )
