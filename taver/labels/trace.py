"""What raters said of a clip: a value and the moment of the picture it was said of."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

LOWEST: Final = -10.0
HIGHEST: Final = 10.0


class Dimension(enum.StrEnum):
    """What is rated."""

    AROUSAL = "arousal"
    VALENCE = "valence"


class Clip(NamedTuple):
    """A stretch of a session that was rated; it becomes a recording of the dataset."""

    name: str
    session: str
    frame_unix_ns: npt.NDArray[np.int64]  # of the pictures raters saw, in order


class Trace(NamedTuple):
    """One rater's values of one dimension: each holds from its moment on.

    NaN says that from there on nothing was judged, until the next value.
    """

    unix_ns: npt.NDArray[np.int64]  # of the picture that was on the screen; increasing
    values: npt.NDArray[np.float64]  # LOWEST to HIGHEST, or NaN


class Rating(NamedTuple):
    """All that one rater said of one clip."""

    rater: str  # a pseudonym
    traces: Mapping[Dimension, Trace]
    excluded: str = ""  # why a lead left this rating out; empty where it counts


class Rated(NamedTuple):
    """A clip with all that was said of it so far."""

    clip: Clip
    ratings: tuple[Rating, ...]  # of those who are done, and of those a lead left out
    wanted: int = 0  # raters it is to have
    phase: str = ""
