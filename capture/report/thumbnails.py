"""A few small pictures of a session, of those streams that the person lets the lab look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from capture import shades
from taver.core.clock import NS_PER_S
from taver.core.codec import decode
from taver.core.errors import ConsentError, TaverError
from taver.core.extras import need
from taver.core.frames import PICTURES, Modality
from taver.core.session import agreed
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.session.folder import Session
    from taver.core.study import Study

_COLUMNS: Final = 5
_WIDTH_PX: Final = 320


class Thumbnail(NamedTuple):
    """One moment."""

    seconds: float  # from the session's first frame
    jpeg: bytes


class Strip(NamedTuple):
    """One stream's moments, or why there are none."""

    said: str  # what the colours mean
    pictures: tuple[Thumbnail, ...]
    withheld: str = ""


def strips(study: Study, session: Session, began_unix_ns: int) -> dict[Modality, Strip]:
    """Return the pictures that may be shown in the lab today, whatever was agreed to before."""
    return {
        modality: _strip(study, session, modality, began_unix_ns)
        for modality in session.manifest.streams
        if modality in PICTURES
    }


def _strip(study: Study, session: Session, modality: Modality, began_unix_ns: int) -> Strip:
    try:
        agreed.require(study, session.manifest, [modality])
        return _drawn(session, modality, began_unix_ns)
    except ConsentError as error:
        return Strip("", (), f"not shown: {error.what}")
    except TaverError as error:
        return Strip("", (), f"cannot be shown: {error.what}")


def _drawn(session: Session, modality: Modality, began_unix_ns: int) -> Strip:
    cv2 = need("cv2", extra="capture", to="draw small pictures")
    pictures = []
    said = ""
    with Footage(session, modality) as footage:
        numbers = np.unique(np.linspace(0, len(footage) - 1, _COLUMNS + 2).astype(int)[1:-1])
        for number in numbers.tolist() if len(footage) else ():
            stored = footage.read(number)
            header = footage.header
            pixels = decode(modality, stored.data, header.height_px, header.width_px)
            within = shades.bounds(modality, header.unit, pixels)
            said = within.said if modality is not Modality.IR else ""
            picture = _small(cv2, shades.shown(modality, pixels, within))
            pictures.append(
                Thumbnail((stored.unix_ns - began_unix_ns) / NS_PER_S, shades.jpeg(picture, 80))
            )
    return Strip(said, tuple(pictures), "" if pictures else "has no frames")


def _small(cv2: Any, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height_px, width_px = picture.shape[:2]
    if width_px <= _WIDTH_PX:
        return picture
    size = (_WIDTH_PX, round(height_px * _WIDTH_PX / width_px))
    small: npt.NDArray[np.uint8] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return small
