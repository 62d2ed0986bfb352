"""What all pages share: their texts, their style, and the way to the others."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import flask

from annotate_web.auth.roles import for_anybody
from annotate_web.context import asking
from annotate_web.db.tables import Role
from annotate_web.texts import catalogue
from taver.core import page

if TYPE_CHECKING:
    from collections.abc import Iterator

blueprint = flask.Blueprint("look", __name__)

_KEPT: Final = "public, max-age=300"
# Where people go from anywhere: the text, the route, and who may. A route that an app does not
# have is not shown.
_WAYS: Final = (
    ("nav.clips", "sitting.clips", Role.ANNOTATOR),
    ("nav.instructions", "instructions.read", Role.ANNOTATOR),
    ("nav.lead", "lead.dashboard", Role.LEAD),
    ("nav.people", "people.people", Role.ADMINISTRATOR),
    ("nav.account", "account.account", Role.ANNOTATOR),
)


class Way(NamedTuple):
    """A link at the head of each page."""

    text: str
    address: str
    here: bool


def register(app: flask.Flask) -> None:
    """Give an app's templates `t`, `language` and `ways`, and serve style and texts."""
    app.register_blueprint(blueprint)

    @app.context_processor
    def shared() -> dict[str, Any]:
        language = language_of_request()
        return {
            "t": functools.partial(catalogue.text, language),
            "language": language,
            "languages": catalogue.LANGUAGES,
            "who": asking(),
            "ways": list(_ways(language)),
        }


def language_of_request() -> str:
    """Return the language that the reader chose here, or on file, or in the browser."""
    person = asking()
    return catalogue.chosen(
        [
            flask.request.args.get("language"),
            person.language if person else None,
            *flask.request.accept_languages.values(),
        ]
    )


def said(key: str, **values: object) -> str:
    """Return a text in the reader's language."""
    return catalogue.text(language_of_request(), key, **values)


@blueprint.get("/house.css")
@for_anybody
def house() -> flask.Response:
    """Send the style that all of taver's pages have."""
    return _kept(flask.Response(page.STYLE, mimetype="text/css"))


@blueprint.get("/texts/<language>.json")
@for_anybody
def texts(language: str) -> flask.Response:
    """Send the texts that the sitting shows."""
    known = catalogue.chosen([language])
    english = catalogue.of(catalogue.DEFAULT)
    told = {
        key: catalogue.of(known).get(key, text)
        for key, text in english.items()
        if key.startswith(("sitting.", "state.", "door."))
    }
    return _kept(flask.jsonify(told))


def _kept(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = _KEPT
    return response


def _ways(language: str) -> Iterator[Way]:
    person = asking()
    if person is None or person.must_change:
        return
    for key, endpoint, role in _WAYS:
        if endpoint in flask.current_app.view_functions and person.may(role):
            here = flask.request.endpoint == endpoint
            yield Way(catalogue.text(language, key), flask.url_for(endpoint), here)
