"""Users: made, logged in, given passwords, put out of use."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from annotate_web.auth import passwords, sessions, throttle
from annotate_web.db.tables import ERASED, Role, users
from annotate_web.people import audit
from taver.core import names
from taver.core.errors import AlreadyThereError, ConsentError, InputError, NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.db.tables import AnyRow
    from annotate_web.settings import Limits

FIRST: Final = "administrator"
_FUSED: Final = "fused"  # the trace that exports write beside the raters'
_YOUNGEST, _OLDEST = 16, 120


class WrongPasswordError(ConsentError):
    """Name and password do not belong together."""


def create(
    connection: Connection,
    name: str,
    role: Role,
    now_ns: int,
    *,
    password_hash: str | None,
    must_change: bool = False,
) -> int:
    """Make a user; return its number."""
    refuse_unfit(connection, name)
    if name.casefold() == FIRST and role is not Role.ADMINISTRATOR:
        raise _reserved(name)
    made = connection.execute(
        sa.insert(users)
        .values(
            name=name,
            folded=name.casefold(),
            role=role,
            password_hash=password_hash,
            must_change=must_change,
            created_ns=now_ns,
        )
        .returning(users.c.id)
    )
    return int(made.scalar_one())


def create_unnamed(connection: Connection, now_ns: int) -> tuple[int, str]:
    """Make a user of whom nothing is known but what they rated; return its number and name."""
    passing = f"{ERASED}{uuid.uuid4().hex}"  # until the number is known
    made = connection.execute(
        sa.insert(users)
        .values(
            name=passing, folded=passing, role=Role.ANNOTATOR, password_hash=None,
            must_change=False, created_ns=now_ns, disabled_ns=now_ns, erased_ns=now_ns,
        )
        .returning(users.c.id)
    ).scalar_one()  # fmt: skip
    name = f"{ERASED}{made}"
    _set(connection, int(made), name=name, folded=name)
    return int(made), name


def is_unnamed(name: str) -> bool:
    """Tell whether a name is the number of somebody whose data were erased, here or elsewhere."""
    return name.casefold().startswith(ERASED)


def refuse_unfit(connection: Connection, name: str) -> None:
    """Raise if a new user cannot be called that."""
    names.checked(name, "annotator")
    if name.casefold() == _FUSED or is_unnamed(name):
        raise _reserved(name)
    taken = sa.select(users.c.id).where(users.c.folded == name.casefold())
    if connection.execute(taken).first():
        raise AlreadyThereError(f"The name {name!r} is taken", fix="choose another one")


def log_in(
    database: Database, name: str, password: str, address: str, now_ns: int, limits: Limits
) -> str:
    """Return the token of a new session, if name and password belong together."""
    with database.drawing() as connection:  # of many at once none slips past the count
        throttle.count(connection, name, address, now_ns, limits)
        found = connection.execute(
            sa.select(users.c.id, users.c.password_hash).where(
                users.c.folded == name.casefold(),
                users.c.disabled_ns.is_(None),
                users.c.erased_ns.is_(None),
            )
        ).one_or_none()
    kept = found.password_hash if found else None
    if not passwords.fits(kept, password) or found is None:
        raise WrongPasswordError(
            "This name and this password do not belong together",
            fix="try again; whoever leads the annotation can give you a link for a new password",
        )
    renewed = passwords.hashed(password) if passwords.is_outdated(found.password_hash) else None
    with database.writing() as connection:
        throttle.forget(connection, name, address, limits)
        # While it was compared, somebody may have ended all sessions by giving another one.
        still = sa.select(users.c.id).where(
            users.c.id == found.id,
            users.c.password_hash == found.password_hash,
            users.c.disabled_ns.is_(None),
        )
        if connection.execute(still.with_for_update()).first() is None:
            raise WrongPasswordError("The password was changed just now", fix="log in with it")
        if renewed:
            _set(connection, found.id, password_hash=renewed)
        return sessions.begin(connection, found.id, now_ns, limits)


def change_password(
    database: Database, user_id: int, old: str, new: str, now_ns: int, limits: Limits, *, token: str
) -> None:
    """Give a user the password they chose; their other sessions end."""
    place = f"user {user_id}"  # whoever finds a browser logged in must not guess on without end
    with database.drawing() as connection:
        row = by_id(connection, user_id)
        throttle.count(connection, row.name, place, now_ns, limits)
    if not passwords.fits(row.password_hash, old):
        raise WrongPasswordError("The present password is not that", fix="type it again")
    with database.writing() as connection:
        throttle.forget(connection, row.name, place, limits)
    if old == new:
        raise InputError("The new password is the old one", fix="choose another")
    made = passwords.hashed(passwords.checked(new, row.name))
    with database.writing() as connection:
        _set(connection, user_id, password_hash=made, must_change=False)
        sessions.end_all(connection, user_id, now_ns, but=token)
        audit.record(connection, now_ns, user_id, "password changed", f"user {user_id}")


def replace_password(connection: Connection, user_id: int, made: str) -> None:
    """Give a user a password they chose by a link."""
    _set(connection, user_id, password_hash=made, must_change=False)


def give_one_time_password(database: Database, name: str, now_ns: int) -> str:
    """Give a user a password that has to be changed at the first log-in; sessions end."""
    password = passwords.one_time()
    made = passwords.hashed(password)
    with database.writing() as connection:
        row = by_name(connection, name)
        refuse_disabled(row)
        _set(connection, row.id, password_hash=made, must_change=True)
        sessions.end_all(connection, row.id, now_ns)
        audit.record(connection, now_ns, None, "one-time password", f"user {row.id}")
    return password


def ensure_administrator(database: Database, now_ns: int) -> str | None:
    """Make the first administrator if there is none; return the one-time password."""
    lacking = sa.select(users.c.id).where(
        users.c.role == Role.ADMINISTRATOR,
        users.c.disabled_ns.is_(None),
        users.c.erased_ns.is_(None),
    )
    with database.reading() as connection:
        if connection.execute(lacking).first():
            return None
    password = passwords.one_time()
    made = passwords.hashed(password)
    with database.drawing() as connection:  # two servers that start at once
        if connection.execute(lacking).first():
            return None
        user_id = create(
            connection, FIRST, Role.ADMINISTRATOR, now_ns, password_hash=made, must_change=True
        )
        audit.record(connection, now_ns, None, "first administrator", f"user {user_id}")
    return password


def not_begun(database: Database) -> str | None:
    """Return the administrator whose password is for one time still, if no other can log in."""
    with database.reading() as connection:
        rows = connection.execute(
            sa.select(users.c.name, users.c.must_change)
            .where(users.c.role == Role.ADMINISTRATOR, users.c.disabled_ns.is_(None))
            .where(users.c.erased_ns.is_(None))
            .order_by(users.c.id)
        ).all()
    return rows[0].name if rows and all(row.must_change for row in rows) else None


def set_role(connection: Connection, by: int | None, user_id: int, role: Role, now_ns: int) -> None:
    """Give a user another role."""
    row = by_id(connection, user_id)
    if role is not Role.ADMINISTRATOR:
        refuse_last_administrator(connection, row)
    _set(connection, user_id, role=role)
    detail = {"from": row.role, "to": str(role)}
    audit.record(connection, now_ns, by, "role changed", f"user {user_id}", detail)


def set_disabled(
    connection: Connection, by: int | None, user_id: int, now_ns: int, *, disabled: bool
) -> None:
    """Let a user in no more, or again; nothing of theirs is deleted."""
    row = by_id(connection, user_id)
    if disabled:
        refuse_last_administrator(connection, row)
        sessions.end_all(connection, user_id, now_ns)
    _set(connection, user_id, disabled_ns=now_ns if disabled else None)
    what = "disabled" if disabled else "enabled"
    audit.record(connection, now_ns, by, what, f"user {user_id}")


def describe(connection: Connection, user_id: int, *, age: int | None, gender: str | None) -> None:
    """Put a user's age and gender on file, for the datasheet; both may be left out."""
    if age is not None and not _YOUNGEST <= age <= _OLDEST:
        raise InputError(
            f"An age is {_YOUNGEST} to {_OLDEST}, not {age}", fix="correct it, or leave it empty"
        )
    gender = (gender or "").strip() or None
    if gender and len(gender) > 64:
        raise InputError("That is too long for a gender", fix="use 64 characters at most")
    _set(connection, user_id, age=age, gender=gender)


def set_language(connection: Connection, user_id: int, language: str) -> None:
    """Note in which language a user reads the pages."""
    if not (2 <= len(language) <= 8 and language.isascii() and language.isalpha()):
        raise InputError(f"{language!r} is no language", fix="use en or ko")
    _set(connection, user_id, language=language)


def note_instructed(connection: Connection, user_id: int, now_ns: int) -> None:
    """Note that a user has read the instructions."""
    _set(connection, user_id, instructed_ns=now_ns)


def by_name(connection: Connection, name: str) -> AnyRow:
    """Return a user's row."""
    row = connection.execute(
        sa.select(users).where(users.c.folded == name.casefold(), users.c.erased_ns.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is nobody called {name!r}", fix="see: taver annotate people ls")
    return row


def by_id(connection: Connection, user_id: int) -> AnyRow:
    """Return a user's row."""
    row = connection.execute(
        sa.select(users).where(users.c.id == user_id, users.c.erased_ns.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no user {user_id}", fix="load the page again")
    return row


def refuse_last_administrator(connection: Connection, row: AnyRow) -> None:
    """Raise if this user is the only administrator: somebody has to be."""
    if row.role != Role.ADMINISTRATOR or row.disabled_ns is not None:
        return
    others = connection.execute(
        sa.select(sa.func.count()).where(
            users.c.role == Role.ADMINISTRATOR,
            users.c.id != row.id,
            users.c.disabled_ns.is_(None),
            users.c.erased_ns.is_(None),
        )
    ).scalar_one()
    if not others:
        raise InputError(
            f"{row.name} is the last administrator", fix="make somebody else one first"
        )


def refuse_disabled(row: AnyRow) -> None:
    """Raise if no password could let this user in."""
    if row.disabled_ns is not None:
        raise InputError(
            f"{row.name} may not log in",
            fix=f"let them in again first: taver annotate people disable {row.name} --enable, or "
            "the page People",
        )


def _reserved(name: str) -> InputError:
    return InputError(f"{name!r} is a name that taver uses itself", fix="choose another one")


def _set(connection: Connection, user_id: int, **values: Any) -> None:
    connection.execute(sa.update(users).where(users.c.id == user_id).values(**values))
