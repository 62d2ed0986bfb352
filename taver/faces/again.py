"""How faces that are there were looked for, and whether they would be found the same today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core.errors import DataError, NotFoundError, TaverError
from taver.core.receipt import Receipt, Stage, path_of
from taver.faces import models, store
from taver.faces.basis import basis_of, same
from taver.faces.kit import models_of
from taver.faces.options import Options
from taver.faces.streams import Streams

if TYPE_CHECKING:
    from taver.core.session.folder import Session
    from taver.core.study import Study

_LANDMARKS: Final = "landmarks"


def current(study: Study, session: Session) -> bool:
    """Tell whether faces.zarr is whole, and holds what would be found with the same settings.

    What a model of one's own found stays: nobody else could look with it.
    """
    try:
        options, told = _read(session, Receipt.read(path_of(session, Stage.FACES)).settings)
        installed = _installed(options)
        others = {name: mark for name, mark in installed.items() if name != _LANDMARKS}
        with Streams(study, session) as streams:
            root = same(study, session, basis_of(study, streams, options, told | others))
    except TaverError:
        return False  # what cannot be read is made again
    if root is None:
        return False
    mark = told.get(_LANDMARKS)
    return installed.get(_LANDMARKS, mark) == mark or _is_own(root)


def options_of(session: Session) -> Options:
    """Return how faces were looked for before, to do so again; the usual way if they were not.

    Raises DataError where that cannot be known, or cannot be done again.
    """
    try:
        root = store.open_faces(session)
    except NotFoundError:
        return Options()
    except TaverError as error:
        return _by_receipt(session, error)
    options, told = _read(session, root.attrs["settings"])
    if _is_own(root):
        _refuse_own(session, told)
    return options


def _installed(options: Options) -> dict[str, str]:
    """Return the fingerprints of the models; of none, where faces could not be found anew."""
    try:
        return {name: model.sha256 for name, model in models_of(options).items()}
    except TaverError:
        return {}


def _by_receipt(session: Session, error: TaverError) -> Options:
    """Return how faces were looked for that cannot be read any more."""
    path = path_of(session, Stage.FACES)
    if not path.is_file():
        raise error
    options, told = _read(session, Receipt.read(path).settings)
    _refuse_own(session, told)
    return options


def _is_own(root: Any) -> bool:
    """Tell whether the points were placed by a model that a person gave."""
    model = root.attrs["models"].get(_LANDMARKS, {})
    own: bool = model.get("own", model.get("file") != models.POINTS_68)
    return own


def _refuse_own(session: Session, told: dict[str, str]) -> None:
    if told.get(_LANDMARKS) == models.find(models.POINTS_68).sha256:
        return
    name = session.name
    raise DataError(
        f"The faces of session {name} were found with a landmark model of your own, and have to "
        "be found again",
        fix=f"taver faces --session {name} --shape-predictor FILE, with that model; or without it, "
        "with the installed one",
    )


def _read(session: Session, settings: dict[str, Any]) -> tuple[Options, dict[str, str]]:
    """Return the options in these settings, and the fingerprints of the models."""
    known = {field.name for field in msgspec.structs.fields(Options)}
    try:
        told = {name: value for name, value in settings.items() if name in known}
        return msgspec.convert(told, Options), dict(settings["models"])
    except (msgspec.ValidationError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"It cannot be told how the faces of session {session.name} were looked for: {error}",
            fix=f"taver faces --session {session.name} --again",
        ) from None
