"""Somebody who has logged in."""

from __future__ import annotations

import flask_login

from annotate_web.db.tables import Role

_ORDER = list(Role)


class Person(flask_login.UserMixin):  # type: ignore[misc]  # ships no types
    """A user, and the token of the browser's session."""

    def __init__(
        self,
        *,
        token: str,
        key: int,
        name: str,
        role: Role,
        must_change: bool,
        language: str | None,
        instructed: bool,
    ) -> None:
        self.token = token
        self.key = key  # users.id
        self.name = name
        self.role = role
        self.must_change = must_change
        self.language = language
        self.instructed = instructed

    def get_id(self) -> str:
        """Return what the browser keeps: the token, never the user's number."""
        return self.token

    def may(self, role: Role) -> bool:
        """Tell whether this is at least a `role`."""
        return _ORDER.index(self.role) >= _ORDER.index(role)
