"""What a request has at hand: settings, database, and who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import flask
import flask_login

if TYPE_CHECKING:
    from annotate_web.auth.buckets import Buckets
    from annotate_web.auth.person import Person
    from annotate_web.db.open import Database
    from annotate_web.settings import Settings

_KEY = "taver"


class Context(NamedTuple):
    """What one app works with."""

    settings: Settings
    database: Database
    buckets: Buckets


def attach(app: flask.Flask, context: Context) -> None:
    """Let requests of `app` have it."""
    app.extensions[_KEY] = context


def here() -> Context:
    """Return what the app of this request works with."""
    return cast("Context", flask.current_app.extensions[_KEY])


def database() -> Database:
    """Return the database of this request."""
    return here().database


def now_ns() -> int:
    """Return the server's time: nanoseconds since 1970."""
    return here().settings.now_ns()


def user() -> Person:
    """Return who asks; only where the route's role makes sure of somebody."""
    return cast("Person", flask_login.current_user)


def asking() -> Person | None:
    """Return who asks, or None if nobody has logged in."""
    return user() if flask_login.current_user.is_authenticated else None
