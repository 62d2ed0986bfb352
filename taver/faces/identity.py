"""Tells the participant from others who come into the picture.

A network makes 128 numbers of a portrait; those of one person lie close together. They are made
anew in every run, live in memory only, and are never written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.faces.finder import Grey
    from taver.faces.points import Floats

PORTRAIT_PX: Final = 150
STRANGER: Final = 0.6  # apart: two people, says the network's author


class Recogniser(Protocol):
    """Makes of a portrait what tells people apart."""

    def features(self, portrait: Grey) -> Floats:
        """Return the features of an upright portrait, `PORTRAIT_PX` a side."""
        ...


class Identities(NamedTuple):
    """What is known of the participant and of others who were seen, and by whom they are told."""

    recogniser: Recogniser
    participant: Floats  # (n, 128)
    others: tuple[Floats, ...]  # one each

    def fits(self, portrait: Grey) -> bool:
        """Tell whether a portrait can be the participant's, and is nobody else's more."""
        seen = self.recogniser.features(portrait)
        off = apart(seen, self.participant)
        return off < STRANGER and all(off <= apart(seen, other) for other in self.others)


def apart(features: Floats, of_one: Floats) -> float:
    """Return how unlike a face is to those of one person, as a mean."""
    return float(np.linalg.norm(of_one - features, axis=-1).mean())


def grouped(frames: Sequence[int], features: Sequence[Floats]) -> list[list[int]]:
    """Return which faces are of one person, given the frame each was seen in.

    Nobody is in a frame twice. In each frame the most alike are joined first; who is like nobody
    before is somebody new.
    """
    people: list[list[int]] = []
    for frame in sorted(set(frames)):
        here = [at for at, other in enumerate(frames) if other == frame]
        pairs = sorted(
            (apart(features[at], np.array([features[p] for p in person])), at, number)
            for at in here
            for number, person in enumerate(people)
        )
        taken: set[int] = set()
        placed: set[int] = set()
        for off, at, number in pairs:
            if off < STRANGER and at not in placed and number not in taken:
                people[number].append(at)
                taken.add(number)
                placed.add(at)
        people += [[at] for at in here if at not in placed]
    return people
