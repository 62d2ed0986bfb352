"""Looks through a session here and there, before it is followed: who is in it, and who matters.

A few looks are enough where each shows one face, always at one place, and three portraits of it,
from its first, its middle and its last, are one person's. Otherwise it is looked more often, and
everybody is told from everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from taver.core.errors import DataError
from taver.core.extras import need
from taver.faces import search
from taver.faces.home import Home, Sighting, joined, settle
from taver.faces.identity import Identities, grouped
from taver.faces.track import FACE
from taver.faces.view import Plain, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taver.faces.identity import Recogniser
    from taver.faces.kit import Kit
    from taver.faces.points import Floats
    from taver.faces.streams import Streams

_One = TypeVar("_One")

_EVERY_S: Final = 10.0
_LEAST_LOOKS: Final = 5
_FEW_LOOKS: Final = 8  # at first: a look takes as long as following sixty frames
_MOST_LOOKS: Final = 20  # of a long session
_PORTRAITS: Final = 3  # of who is alone; one takes nearly as long as a look
_ONE_PLACE: Final = 3.0  # eye distances from the usual place: who sits there moves less
_TINY: Final = 0.5  # of the smallest face a detector finds, by enlarging: where nothing else is
_TURNS: Final = {90: 1, 180: 2, 270: 3}  # degrees: quarter turns


def look_through(streams: Streams, kit: Kit, distance_mm: Callable[[int, Floats], float]) -> Home:
    """Return who the participant is; `distance_mm` tells how far the points of a frame are."""
    color = streams.color
    planned = places(len(color), color.header.rate_hz)
    first = _spread(planned, _FEW_LOOKS)
    least = kit.detector.smallest_px
    looks = [number for number in first if _whole(streams, number)]
    sightings = _sightings(streams, kit, looks, least, distance_mm)
    home = _alone(streams, kit, sightings, looks)
    if home is not None:
        return home
    more = [n for n in planned if n not in first and _whole(streams, n)]
    looks = sorted(looks + more)
    sightings += _sightings(streams, kit, more, least, distance_mm)
    sightings.sort(key=lambda one: one.frame)
    if not sightings:
        looks = looks[:: max(len(looks) // _LEAST_LOOKS, 1)][:_LEAST_LOOKS]
        sightings = _sightings(streams, kit, looks, least * _TINY, distance_mm)
    if not sightings:
        _refuse_turned(streams, kit, looks)
    return _settled(streams, kit, sightings, max(len(looks), 1))


def places(frames: int, rate_hz: float) -> list[int]:
    """Return which frames may be looked at: one every ten seconds, but five to twenty."""
    count = round(frames / rate_hz / _EVERY_S)
    count = min(max(count, _LEAST_LOOKS), _MOST_LOOKS, frames)
    return sorted({int((number + 0.5) * frames / count) for number in range(count)})


def _spread(all_of_them: Sequence[_One], most: int) -> list[_One]:
    """Return so many of them at most, as far apart as can be, the first and the last among them."""
    if len(all_of_them) <= most:
        return list(all_of_them)
    return [all_of_them[round(n * (len(all_of_them) - 1) / (most - 1))] for n in range(most)]


def _alone(streams: Streams, kit: Kit, sightings: list[Sighting], looks: list[int]) -> Home | None:
    """Return the participant where nobody else can be meant; None where that is not sure."""
    if not sightings or [one.frame for one in sightings] != looks:
        return None  # nobody in one of the looks, or several
    home, _ = settle([sightings], len(looks))
    if not all(home.off(one.points) < _ONE_PLACE for one in sightings):
        return None
    if kit.recogniser is None:
        return home
    shown = _spread(sightings, _PORTRAITS)
    features = [_features(streams, kit, kit.recogniser, one) for one in shown]
    if len(grouped([one.frame for one in shown], features)) > 1:
        return None
    return home._replace(identities=Identities(kit.recogniser, np.array(features), ()))


def _settled(streams: Streams, kit: Kit, sightings: list[Sighting], looks: int) -> Home:
    """Return who of those seen is the participant, and how to tell them from the others."""
    if kit.recogniser is None:
        people = joined(sightings)
        return settle([[sightings[at] for at in person] for person in people], looks)[0]
    features = [_features(streams, kit, kit.recogniser, one) for one in sightings]
    people = grouped([one.frame for one in sightings], features)
    home, chosen = settle([[sightings[at] for at in person] for person in people], looks)
    if not home.known:
        return home
    of_each = [np.array([features[at] for at in person]) for person in people]
    others = tuple(of_one for n, of_one in enumerate(of_each) if n != chosen)
    return home._replace(identities=Identities(kit.recogniser, of_each[chosen], others))


def _features(streams: Streams, kit: Kit, recogniser: Recogniser, one: Sighting) -> Floats:
    return recogniser.features(kit.chips.portrait(_view(streams, one.frame), one.points))


def _sightings(
    streams: Streams,
    kit: Kit,
    looks: list[int],
    smallest_px: float,
    distance_mm: Callable[[int, Floats], float],
) -> list[Sighting]:
    found = []
    for number in looks:
        view = _view(streams, number)
        for one in search.everywhere(view, kit.detector, smallest_px):
            points = kit.chips.in_box(view, one.box)
            if points is not None and kit.chips.judged(view, points)[0] >= FACE:
                found.append(Sighting(number, points, distance_mm(number, points)))
    return found


def _refuse_turned(streams: Streams, kit: Kit, looks: list[int]) -> None:
    """Raise DataError if there are faces once the pictures are turned: nothing else would help."""
    cv2: Any = need("cv2", extra="faces", to="find faces")
    for number in looks:
        pixels = _view(streams, number).grey().pixels
        small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for degrees, quarters in _TURNS.items():
            view = Plain(np.ascontiguousarray(np.rot90(small, quarters)))
            for one in search.everywhere(view, kit.detector, kit.detector.smallest_px):
                points = kit.chips.in_box(view, one.box)
                if points is not None and kit.chips.judged(view, points)[0] >= 2 * FACE:
                    raise DataError(
                        f"The colour pictures of session {streams.session.name} are turned: there "
                        f"are faces once they are turned back by {degrees} degrees",
                        fix="mount the camera upright and record again; the calibration belongs to "
                        "pictures as they were recorded",
                    )


def _whole(streams: Streams, number: int) -> bool:
    try:
        _view(streams, number).small()
    except DataError:
        return False
    return True


def _view(streams: Streams, number: int) -> Stored:
    header = streams.color.header
    return Stored(streams.color.read(number).data, header.width_px, header.height_px)
