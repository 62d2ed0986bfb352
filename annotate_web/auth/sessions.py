"""Browsers' sessions: begun by a log-in, ended by a log-out, by disuse or by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.auth import tokens
from annotate_web.auth.person import Person
from annotate_web.db.tables import Role, users, web_sessions
from annotate_web.settings import DAY_NS, MINUTE_NS

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.settings import Limits

# Noting each request's time would make a write of every read.
_NOTED_EVERY_NS = 5 * MINUTE_NS
_KEPT_NS = 30 * DAY_NS


def begin(connection: Connection, user_id: int, now_ns: int, limits: Limits) -> str:
    """Begin a session of a user; return its token."""
    connection.execute(sa.delete(web_sessions).where(web_sessions.c.expires_ns < now_ns - _KEPT_NS))
    token = tokens.fresh()
    connection.execute(
        sa.insert(web_sessions).values(
            token_hash=tokens.hashed(token),
            user_id=user_id,
            made_ns=now_ns,
            seen_ns=now_ns,
            expires_ns=now_ns + limits.session_ns,
        )
    )
    return token


def find(database: Database, token: str, now_ns: int, limits: Limits) -> Person | None:
    """Return whose session it is, if it still runs."""
    key = tokens.hashed(token)
    with database.reading() as connection:
        row = connection.execute(_FIND, {"hash": key}).one_or_none()
    if row is None or now_ns > min(row.expires_ns, row.seen_ns + limits.idle_ns):
        return None
    if now_ns - row.seen_ns > _NOTED_EVERY_NS:
        with database.writing() as connection:
            connection.execute(
                sa.update(web_sessions)
                .where(web_sessions.c.token_hash == key)
                .values(seen_ns=now_ns)
            )
    return Person(
        token=token,
        key=row.id,
        name=row.name,
        role=Role(row.role),
        must_change=row.must_change,
        language=row.language,
        instructed=row.instructed_ns is not None,
    )


def end(connection: Connection, token: str, now_ns: int) -> None:
    """End one session."""
    _end(connection, web_sessions.c.token_hash == tokens.hashed(token), now_ns)


def end_all(connection: Connection, user_id: int, now_ns: int, *, but: str = "") -> None:
    """End all sessions of a user, but the one with the token `but`."""
    others = web_sessions.c.token_hash != tokens.hashed(but)
    _end(connection, sa.and_(web_sessions.c.user_id == user_id, others), now_ns)


def _end(connection: Connection, which: sa.ColumnElement[bool], now_ns: int) -> None:
    connection.execute(
        sa.update(web_sessions)
        .where(which, web_sessions.c.ended_ns.is_(None))
        .values(ended_ns=now_ns)
    )


_FIND = (
    sa.select(
        users.c.id,
        users.c.name,
        users.c.role,
        users.c.must_change,
        users.c.language,
        users.c.instructed_ns,
        web_sessions.c.seen_ns,
        web_sessions.c.expires_ns,
    )
    .join(users, users.c.id == web_sessions.c.user_id)
    .where(
        web_sessions.c.token_hash == sa.bindparam("hash"),
        web_sessions.c.ended_ns.is_(None),
        users.c.disabled_ns.is_(None),
        users.c.erased_ns.is_(None),
    )
)
