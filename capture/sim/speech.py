"""When a simulated person talks: syllables, their vowels, and the mouth's shape for them."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from capture.sim import noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capture.sim.scenario import Part, Person, Span

# 4.2 syllables a second: what Pellegrino et al. ("A cross-language perspective on speech
# information rate", 2011) count is 5 to 8; each one here is to be seen in a picture.
_CELL_S: Final = 0.24
_PHRASE: Final = 14  # cells; then a breath
_BREATH: Final = 3  # cells
_TURN_S: Final = 12.0  # of listening and then talking
_TURN_SHIFT_S: Final = -2.0  # so that somebody talks soon after the start


class Vowel(NamedTuple):
    """What it sounds like (Peterson and Barney, 1952) and how the mouth stands."""

    formants_hz: tuple[float, float, float]
    open: float
    round: float
    wide: float


VOWELS: Final = (
    Vowel((730.0, 1090.0, 2440.0), 1.0, 0.0, 0.1),
    Vowel((530.0, 1840.0, 2480.0), 0.65, 0.0, 0.5),
    Vowel((270.0, 2290.0, 3010.0), 0.35, 0.0, 0.8),
    Vowel((570.0, 840.0, 2410.0), 0.7, 0.7, 0.0),
    Vowel((300.0, 870.0, 2240.0), 0.35, 1.0, 0.0),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Syllable:
    """One opening of the mouth."""

    cell: int
    start_s: float
    end_s: float
    loudness: float  # up to 1
    vowel: Vowel

    def opening(self, t_s: float) -> float:
        """Return how far along the mouth is: 0 at both ends, `loudness` in the middle."""
        if not self.start_s < t_s < self.end_s:
            return 0.0
        turn = 2 * math.pi * (t_s - self.start_s) / (self.end_s - self.start_s)
        return self.loudness * 0.5 * (1 - math.cos(turn))


class Mouth(NamedTuple):
    """How a talking mouth stands, each from 0 to 1."""

    open: float = 0.0
    round: float = 0.0
    wide: float = 0.0


class Speech:
    """Everything one person says, as syllables; mouth and voice both follow it."""

    def __init__(self, key: int, person: Person, parts: Sequence[Part]) -> None:
        self._key = key
        self._talking = person.talking
        self._parts = parts

    def is_turn(self, t_s: float) -> bool:
        """Tell whether the person has the word at this moment."""
        return self._turn(t_s) is not None

    def mouth(self, t_s: float) -> Mouth:
        """Return how the mouth stands at this moment."""
        for syllable in self.syllables(t_s, t_s):
            along = syllable.opening(t_s)
            if along > 0:
                shape = syllable.vowel
                return Mouth(along * shape.open, along * shape.round, along * shape.wide)
        return Mouth()

    def syllables(self, start_s: float, end_s: float) -> list[Syllable]:
        """Return the syllables that overlap this stretch of time, in order; none overlap."""
        cells = range(math.floor(start_s / _CELL_S), math.floor(end_s / _CELL_S) + 1)
        found = (self._syllable(cell) for cell in cells)
        return [s for s in found if s is not None and s.start_s <= end_s and s.end_s >= start_s]

    def _syllable(self, cell: int) -> Syllable | None:
        """Return the syllable in this stretch of 0.24 s, if there is one."""
        if (cell + self._key) % _PHRASE >= _PHRASE - _BREATH:
            return None
        late, length, loud, which, said = (
            noise.chance(self._key, 5 * cell + part) for part in range(5)
        )
        if said < 0.06:
            return None  # a consonant that took longer
        start_s = cell * _CELL_S + 0.04 * late
        end_s = start_s + 0.15 + 0.05 * length
        turn = self._turn((start_s + end_s) / 2)
        if turn is None or start_s < turn[0] or end_s > turn[1]:
            return None
        return Syllable(cell, start_s, end_s, 0.55 + 0.45 * loud, VOWELS[int(5 * which)])

    def _turn(self, t_s: float) -> Span | None:
        """Return from when to when the person has the word around `t_s`."""
        if self._talking == "never":
            return None
        if self._talking == "turns":
            if self._part(t_s) != "interview":
                return None
            cell = math.floor((t_s - _TURN_SHIFT_S) / _TURN_S)
            begins, ends = (noise.chance(self._key ^ 1, 2 * cell + part) for part in range(2))
            from_s = cell * _TURN_S + _TURN_SHIFT_S
            turn = (from_s + 2.5 + 2.5 * begins, from_s + _TURN_S - ends)
            return turn if turn[0] <= t_s <= turn[1] else None
        return next((span for span in self._talking if span[0] <= t_s <= span[1]), None)

    def _part(self, t_s: float) -> str:
        """Return the part of the protocol; without any it is an interview."""
        name = "interview"
        for part in self._parts:
            if part.start_s <= t_s:
                name = part.name
        return name
