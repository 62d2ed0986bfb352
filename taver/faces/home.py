"""Who of several people is the participant: known before the first frame is followed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from taver.faces.points import eye_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.faces.identity import Identities
    from taver.faces.points import Floats

# Where depth is missing, an adult's eyes and a Kinect's colour camera tell about how far a face is.
_EYES_MM: Final = 62.0
_FOCAL_PX: Final = 1081.0
_SAME_PLACE: Final = 6.0  # eye distances between two looks: farther apart it is somebody else
_SAME_SIZE: Final = 1.6  # times as large or as small
_FORGOTTEN_S: Final = 2.0  # then where a face was lost says no more than where it usually is
_SMALLEST_SHARE: Final = 0.7  # of the usual face
_DETECTOR_BOX: Final = 2.4  # a detector's box is so many eye distances wide


class Sighting(NamedTuple):
    """A face seen when all of a session was looked through, a frame here and there."""

    frame: int
    points: Floats
    z_mm: float  # how far it is from the camera; NaN where no depth is known


class Home(NamedTuple):
    """Where the participant usually is, and how large their face is there."""

    middle_px: tuple[float, float]
    eyes_px: float  # between their middles; 0: nobody was seen
    steadiness: float  # in what share of the looks the participant was seen
    others: tuple[Sighting, ...] = ()
    identities: Identities | None = None

    @property
    def known(self) -> bool:
        """Whether anybody was seen at all."""
        return self.eyes_px > 0

    def smallest_px(self, least_px: float) -> float:
        """Return how small a face to look for: none that cannot be the participant's."""
        usual = _SMALLEST_SHARE * _DETECTOR_BOX * self.eyes_px
        return max(usual, least_px) if self.known else least_px

    def off(self, face: Floats) -> float:
        """Return how unlike the usual place and size a face's are, in eye distances."""
        place, eyes = face.mean(axis=0), float(eye_distance(face))
        return _apart(place, eyes, np.array(self.middle_px), self.eyes_px)

    def chosen(self, faces: Sequence[Floats], last: Floats | None, since_s: float) -> int | None:
        """Return which of the faces is the participant's, or None if none can be.

        `last` is where the participant was seen `since_s` ago.
        """
        costs = [self._cost(face, last, since_s) for face in faces]
        best = min(range(len(costs)), key=costs.__getitem__, default=None)
        return best if best is not None and math.isfinite(costs[best]) else None

    def _cost(self, face: Floats, last: Floats | None, since_s: float) -> float:
        eyes = float(eye_distance(face))
        if self.known and not 1 / _SAME_SIZE < eyes / self.eyes_px < _SAME_SIZE:
            return math.inf  # somebody far behind, or no face
        if last is not None and since_s < _FORGOTTEN_S:
            return _apart(face.mean(axis=0), eyes, last.mean(axis=0), float(eye_distance(last)))
        if self.known:
            return self.off(face)
        return -eyes  # the nearest


def joined(sightings: Sequence[Sighting]) -> list[list[int]]:
    """Return which sightings are of one person by where they are, where nothing else tells."""
    people: list[list[int]] = []
    for at in sorted(range(len(sightings)), key=lambda at: sightings[at].frame):
        near = [
            (_between(sightings[person[-1]], sightings[at]), person)
            for person in people
            if sightings[person[-1]].frame != sightings[at].frame
        ]
        cost, person = min(near, key=lambda pair: pair[0], default=(math.inf, []))
        if cost < _SAME_PLACE:
            person.append(at)
        else:
            people.append([at])
    return people


def settle(people: Sequence[Sequence[Sighting]], looks: int) -> tuple[Home, int]:
    """Return the participant of a session looked at `looks` times, and which of the people it is.

    A person's weight is the share of the looks in which they were seen, by how near they are.
    """
    if not people:
        return Home((0.0, 0.0), 0.0, 0.0), -1
    chosen = max(range(len(people)), key=lambda n: len(people[n]) / looks / _distance_mm(people[n]))
    shown = people[chosen]
    middles = np.array([one.points.mean(axis=0) for one in shown])
    x, y = np.median(middles, axis=0).tolist()
    eyes = float(np.median([float(eye_distance(one.points)) for one in shown]))
    others = tuple(one for n, person in enumerate(people) if n != chosen for one in person)
    return Home((x, y), eyes, len(shown) / looks, others), chosen


def _between(first: Sighting, second: Sighting) -> float:
    return _apart(
        first.points.mean(axis=0),
        float(eye_distance(first.points)),
        second.points.mean(axis=0),
        float(eye_distance(second.points)),
    )


def _apart(place: Floats, eyes: float, other: Floats, other_eyes: float) -> float:
    """Return how unlike two faces are in place and size, in eye distances."""
    ratio = eyes / other_eyes
    if not 1 / _SAME_SIZE < ratio < _SAME_SIZE:
        return math.inf
    off = float(np.linalg.norm(place - other)) / other_eyes
    return off + 3.0 * abs(math.log(ratio))


def _distance_mm(person: Sequence[Sighting]) -> float:
    """Return how far a person is: by depth, or where there is none, by the size of the face."""
    depths = [one.z_mm for one in person if math.isfinite(one.z_mm)]
    if depths:
        return float(np.median(depths))
    return _EYES_MM * _FOCAL_PX / float(np.median([float(eye_distance(p.points)) for p in person]))
