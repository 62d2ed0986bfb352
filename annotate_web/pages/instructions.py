"""The instructions, page after page; whoever has read them all may begin."""

from __future__ import annotations

from typing import Any, Final

import flask
import markupsafe

from annotate_web.auth import accounts
from annotate_web.auth.roles import needs_role
from annotate_web.context import database, here, now_ns, user
from annotate_web.db.tables import Role
from annotate_web.pages.look import language_of_request
from annotate_web.texts import instructions
from taver.core.errors import NotFoundError

blueprint = flask.Blueprint("instructions", __name__, url_prefix="/instructions")

_READ: Final = "instructions_read"  # in the session's cookie: how many pages were read


@blueprint.get("/")
@needs_role(Role.ANNOTATOR)
def read() -> Any:
    """Go to the first page that was not read yet."""
    pages = _pages()
    reached = min(_reached(), len(pages) - 1)
    return flask.redirect(flask.url_for("instructions.page", number=reached + 1))


@blueprint.get("/<int:number>")
@needs_role(Role.ANNOTATOR)
def page(number: int) -> Any:
    """Show a page; none can be passed over."""
    pages = _pages()
    if not 1 <= number <= len(pages):
        raise NotFoundError("There is no such page", fix="begin at the first one")
    if number > _reached() + 1:
        return flask.redirect(flask.url_for("instructions.read"))
    shown = pages[number - 1]
    return flask.render_template(
        "instructions.html",
        page={"title": shown.title, "markup": markupsafe.Markup(shown.html)},  # noqa: S704  our own HTML, all text in it escaped
        number=number,
        pages=len(pages),
    )


@blueprint.post("/<int:number>")
@needs_role(Role.ANNOTATOR)
def go_on(number: int) -> Any:
    """Note that a page was read, and show the next one."""
    pages = _pages()
    if not 1 <= number <= len(pages) or number > _reached() + 1:
        return flask.redirect(flask.url_for("instructions.read"))
    flask.session[_READ] = max(number, flask.session.get(_READ, 0))
    if number < len(pages):
        return flask.redirect(flask.url_for("instructions.page", number=number + 1))
    if not user().instructed:
        with database().writing() as connection:
            accounts.note_instructed(connection, user().key, now_ns())
    return flask.redirect(flask.url_for("sitting.clips"))


def _reached() -> int:
    """Return how many pages were read, one after the other."""
    return len(_pages()) if user().instructed else int(flask.session.get(_READ, 0))


def _pages() -> Any:
    return instructions.pages(
        language_of_request(), here().settings.media.parent / instructions.FOLDER
    )
