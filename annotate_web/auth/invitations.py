"""Invitations: a link that lets somebody in once, as a new user or with a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.auth import accounts, passwords, sessions, tokens
from annotate_web.db.tables import Role, invitations
from annotate_web.people import audit
from taver.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.db.tables import AnyRow
    from annotate_web.settings import Limits


class InvitationError(NotFoundError):
    """A link that opens nothing (any more)."""


def invite(
    connection: Connection,
    by: int | None,
    role: Role,
    now_ns: int,
    limits: Limits,
    *,
    user_id: int | None = None,
) -> str:
    """Make an invitation, for a new user or for a new password of `user_id`; return its token."""
    if user_id is not None:
        user = accounts.by_id(connection, user_id)
        accounts.refuse_disabled(user)
        role = Role(user.role)
    token = tokens.fresh()
    connection.execute(
        sa.insert(invitations).values(
            token_hash=tokens.hashed(token),
            role=role,
            user_id=user_id,
            made_by=by,
            made_ns=now_ns,
            expires_ns=now_ns + limits.invitation_ns,
        )
    )
    about = f"user {user_id}" if user_id else str(role)
    audit.record(connection, now_ns, by, "invited", about)
    return token


def look(connection: Connection, token: str, now_ns: int) -> AnyRow:
    """Return the invitation behind a token, if it still holds."""
    row = connection.execute(
        sa.select(invitations).where(
            invitations.c.token_hash == tokens.hashed(token),
            invitations.c.used_ns.is_(None),
            invitations.c.cancelled_ns.is_(None),
            invitations.c.expires_ns > now_ns,
        )
    ).one_or_none()
    if row is None:
        raise InvitationError(
            "This invitation was used, has run out, or never was one",
            fix="ask for a new link; if you have a password already, log in with it",
        )
    if row.user_id is not None and accounts.by_id(connection, row.user_id).disabled_ns:
        raise InvitationError(
            "Whom this link is for may not log in at present",
            fix="ask whoever leads the annotation; then open the link again",
        )
    return row


def accept(
    database: Database,
    token: str,
    name: str,
    password: str,
    now_ns: int,
    *,
    age: int | None = None,
    gender: str | None = None,
) -> int:
    """Use an invitation up; return the user that it made, or gave a new password.

    Nothing of it happens if anything of it cannot be: a mistyped age uses no link up.
    """
    with database.reading() as connection:
        row = look(connection, token, now_ns)
        if row.user_id is not None:
            name = accounts.by_id(connection, row.user_id).name
        else:
            accounts.refuse_unfit(connection, name)
    made = passwords.hashed(passwords.checked(password, name))
    with database.drawing() as connection:  # of two who use a link at once one comes too late
        row = look(connection, token, now_ns)
        if row.user_id is None:
            user_id = accounts.create(connection, name, Role(row.role), now_ns, password_hash=made)
            accounts.describe(connection, user_id, age=age, gender=gender)
            what = "joined"
        else:
            user_id = int(row.user_id)
            accounts.replace_password(connection, user_id, made)
            sessions.end_all(connection, user_id, now_ns)
            what = "password changed"
        connection.execute(
            sa.update(invitations)
            .where(invitations.c.id == row.id)
            .values(used_ns=now_ns, used_by=user_id)
        )
        audit.record(connection, now_ns, user_id, what, f"user {user_id}")
    return user_id


def pending(connection: Connection, now_ns: int) -> Sequence[AnyRow]:
    """Return the invitations that still hold, newest first."""
    return connection.execute(
        sa.select(invitations)
        .where(
            invitations.c.used_ns.is_(None),
            invitations.c.cancelled_ns.is_(None),
            invitations.c.expires_ns > now_ns,
        )
        .order_by(invitations.c.id.desc())
    ).all()


def cancel(connection: Connection, by: int | None, key: int, now_ns: int) -> None:
    """Let an invitation hold no more."""
    held = connection.execute(
        sa.update(invitations)
        .where(
            invitations.c.id == key,
            invitations.c.used_ns.is_(None),
            invitations.c.cancelled_ns.is_(None),
        )
        .values(cancelled_ns=now_ns)
    ).rowcount
    if not held:
        raise InvitationError(
            "This invitation holds no more, or never was one", fix="load the page People again"
        )
    audit.record(connection, now_ns, by, "invitation cancelled", f"invitation {key}")
