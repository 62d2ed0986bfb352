"""An administrator's page: who takes part, who is invited, what was changed; and paid minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import flask
import sqlalchemy as sa

from annotate_web.assign import places
from annotate_web.auth import accounts, invitations
from annotate_web.auth.roles import needs_role
from annotate_web.context import database, here, now_ns, user
from annotate_web.db.tables import Role, users
from annotate_web.pages.attachment import attachment
from annotate_web.pages.forms import text
from annotate_web.people import audit, minutes, personal
from taver.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

_SHOWN: Final = 100  # of the audit log; all of it is in the file
blueprint = flask.Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("/")
@needs_role(Role.ADMINISTRATOR)
def people() -> Any:
    """List users and invitations."""
    return _people("")


@blueprint.post("/invite")
@needs_role(Role.ADMINISTRATOR)
def invite() -> Any:
    """Make an invitation, and show its link this once."""
    with database().writing() as connection:
        limits = here().settings.limits
        made = invitations.invite(connection, user().key, _role(), now_ns(), limits)
    return _people(_link(made))


@blueprint.post("/invitations/<int:key>/cancel")
@needs_role(Role.ADMINISTRATOR)
def cancel(key: int) -> Any:
    """Let an invitation hold no more."""
    with database().writing() as connection:
        invitations.cancel(connection, user().key, key, now_ns())
    return flask.redirect(flask.url_for("people.people"))


@blueprint.post("/<int:key>/password")
@needs_role(Role.ADMINISTRATOR)
def password(key: int) -> Any:
    """Make a link by which somebody chooses a new password, and show it this once."""
    with database().writing() as connection:
        limits = here().settings.limits
        made = invitations.invite(
            connection, user().key, Role.ANNOTATOR, now_ns(), limits, user_id=key
        )
    return _people(_link(made))


@blueprint.post("/<int:key>/role")
@needs_role(Role.ADMINISTRATOR)
def role(key: int) -> Any:
    """Give somebody another role."""
    return _changed(lambda c: accounts.set_role(c, user().key, key, _role(), now_ns()))


@blueprint.post("/<int:key>/disable")
@needs_role(Role.ADMINISTRATOR)
def disable(key: int) -> Any:
    """Let somebody in no more."""
    return _changed(lambda c: accounts.set_disabled(c, user().key, key, now_ns(), disabled=True))


@blueprint.post("/<int:key>/enable")
@needs_role(Role.ADMINISTRATOR)
def enable(key: int) -> Any:
    """Let somebody in again."""
    return _changed(lambda c: accounts.set_disabled(c, user().key, key, now_ns(), disabled=False))


@blueprint.post("/<int:key>/erase")
@needs_role(Role.ADMINISTRATOR)
def erase(key: int) -> Any:
    """Erase who somebody is; typed with their name, since nothing brings it back."""
    with database().drawing() as connection:
        if text("name") != accounts.by_id(connection, key).name:
            raise InputError(
                "The name that was typed is not this person's",
                fix="type their name to erase them; nothing was done",
            )
        ratings = text("ratings") == "yes"
        gone = personal.erase(connection, user().key, key, now_ns(), ratings=ratings)
    database().forget()
    return _people("", gone)


@blueprint.get("/<int:key>/data.json")
@needs_role(Role.ADMINISTRATOR)
def data(key: int) -> Any:
    """Give all that is on file of somebody, to hand to them."""
    with database().reading() as connection:
        name = accounts.by_id(connection, key).name
        told = personal.exported(connection, key)
    return attachment(told, f"{name}.json", "application/json")


@blueprint.get("/minutes.csv")
@needs_role(Role.LEAD)
def minutes_csv() -> Any:
    """Give the active minutes of each annotator and clip."""
    with database().reading() as connection:
        told = minutes.written(minutes.table(connection))
    return attachment(told, "minutes.csv", "text/csv")


@blueprint.get("/audit.csv")
@needs_role(Role.ADMINISTRATOR)
def audit_csv() -> Any:
    """Give all that was changed, since the beginning."""
    with database().reading() as connection:
        told = audit.written(audit.latest(connection))
    return attachment(told, "audit.csv", "text/csv")


def _people(link: str, gone: personal.Gone | None = None) -> str:
    with database().reading() as connection:
        return flask.render_template(
            "people.html",
            link=link,
            gone=gone,
            people=connection.execute(
                sa.select(users).where(users.c.erased_ns.is_(None)).order_by(users.c.folded)
            ).all(),
            invitations=invitations.pending(connection, now_ns()),
            audit=audit.latest(connection, _SHOWN),
            in_words=audit.in_words,
            roles=list(Role),
            holding={one.user_id: len(one.clips) for one in places.held(connection)},
        )


def _changed(change: Callable[[Connection], None]) -> Any:
    with database().drawing() as connection:  # of two administrators one always stays
        change(connection)
    return flask.redirect(flask.url_for("people.people"))


def _role() -> Role:
    try:
        return Role(text("role"))
    except ValueError:
        raise InputError(
            f"There is no role {text('role')[:40]!r}", fix=f"choose one of {', '.join(Role)}"
        ) from None


def _link(token: str) -> str:
    base = here().settings.public_url or flask.request.host_url.rstrip("/")
    return base + flask.url_for("login.join", token=token)
