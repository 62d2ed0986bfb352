"""What finds faces and their points: protocols, and how an installed one is called by its name."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, runtime_checkable

from taver.core.errors import NotFoundError, TaverError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taver.faces.models import Model
    from taver.faces.points import Floats

    Grey = npt.NDArray[np.uint8]

GROUP: Final = "taver.face_detectors"


class Found(NamedTuple):
    """A face that a detector found."""

    box: tuple[float, float, float, float]  # left, top, right, bottom, in pixels of the picture
    score: float


@runtime_checkable
class Detector(Protocol):
    """Finds faces in a grey picture.

    An entry point in the group `taver.face_detectors` names a class of these, made without
    arguments.
    """

    smallest_px: float  # the smallest face it finds, as wide as the box it gives

    def find(self, picture: Grey) -> list[Found]:
        """Return every face in the picture, in any order."""
        ...

    def models(self) -> dict[str, Model]:
        """Return the model files it reads, by name."""
        ...


@runtime_checkable
class Judge(Protocol):
    """Tells how much a small upright picture looks like a face."""

    def score(self, chip: Grey) -> float:
        """Return about 2 for a face, below 0 for none; the chip is `chips.JUDGED_PX` a side."""
        ...


@runtime_checkable
class Predictor(Protocol):
    """Places the 68 points on a face of which is known about where it is."""

    def place(self, picture: Grey, onto: Floats) -> Floats:
        """Return 68 points (x, y) in pixels of the picture.

        `onto` is the similarity (2, 3) that brings the square around the face there: the unit
        square, from (0, 0) to (1, 1), as the predictor was taught it.
        """
        ...

    def models(self) -> dict[str, Model]:
        """Return the model files it reads, by name."""
        ...


def detector(name: str) -> Detector:
    """Make the detector that is installed under this name."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise NotFoundError(
            f"There is no face detector {name!r} (installed: {', '.join(sorted(found)) or 'none'})",
            fix="choose one of these, or install the package that brings it",
        )
    try:
        made: Any = found[name].load()()
    except TaverError:
        raise
    except Exception as error:
        raise NotFoundError(
            f"The face detector {name!r} cannot be used: {error}",
            fix=f"reinstall the package that brings it ({found[name].value})",
        ) from error
    if not isinstance(made, Detector):
        raise NotFoundError(
            f"{found[name].value} does not follow taver.faces.finder.Detector",
            fix="report it to whoever wrote that detector",
        )
    return made
