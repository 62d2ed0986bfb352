"""Failed log-ins are counted by name, by address and by both, and after some there is a pause."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from annotate_web.db.tables import login_attempts
from annotate_web.settings import MINUTE_NS
from taver.core.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from annotate_web.settings import Limits


class TooManyError(BusyError):
    """Somebody has tried too often."""


def count(connection: Connection, name: str, address: str, now_ns: int, limits: Limits) -> None:
    """Count one attempt before it is made, or say that there were too many.

    Counting comes first: of many that try at once none slips past.
    """
    since_ns = now_ns - limits.throttle_ns
    connection.execute(sa.delete(login_attempts).where(login_attempts.c.at_ns < since_ns))
    for who, most in _counted(name, address, limits):
        times = connection.execute(
            sa.select(sa.func.count()).where(login_attempts.c.who == who)
        ).scalar_one()
        if times >= most:
            raise TooManyError(
                "Too many failed log-ins",
                fix=f"wait {limits.throttle_ns // MINUTE_NS} minutes, or ask an administrator "
                "for a link to choose a new password",
            )
    connection.execute(
        sa.insert(login_attempts),
        [{"who": who, "at_ns": now_ns} for who, _ in _counted(name, address, limits)],
    )


def lift(connection: Connection, name: str, address: str, limits: Limits) -> None:
    """Let a name log in from an address at once: by a link it has another password."""
    both, by_name, _ = (who for who, _ in _counted(name, address, limits))
    connection.execute(sa.delete(login_attempts).where(login_attempts.c.who.in_([both, by_name])))


def forget(connection: Connection, name: str, address: str, limits: Limits) -> None:
    """Take back what was counted of a name: its password was right.

    What others failed at from the same address stays counted.
    """
    lift(connection, name, address, limits)
    *_, by_address = (who for who, _ in _counted(name, address, limits))
    newest = (
        sa.select(sa.func.max(login_attempts.c.id))
        .where(login_attempts.c.who == by_address)
        .scalar_subquery()
    )
    connection.execute(sa.delete(login_attempts).where(login_attempts.c.id == newest))


def _counted(name: str, address: str, limits: Limits) -> Iterator[tuple[str, int]]:
    # Hashed: who tried from where is nobody's business once it was counted.
    name = name.casefold()
    yield _key("both", name, address), limits.attempts_of_both
    yield _key("name", name), limits.attempts_of_name
    yield _key("address", address), limits.attempts_of_address


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
