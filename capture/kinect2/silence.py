"""Notices that a stream of a Kinect has ended: libfreenect2 and the SDK both say nothing then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taver.core.frames import Modality

# Even in dim light it sends fifteen times a second.
AFTER_S: Final = 1.5
# The first pictures take longer: the lamp and the exposure have to find their way.
FIRST_AFTER_S: Final = 6.0


class Silence:
    """Adds up how long was waited for each stream.

    Time in which nobody waited does not count: frames may have come and been passed over.
    """

    def __init__(self, modalities: Iterable[Modality]) -> None:
        self._patience_s = dict.fromkeys(modalities, FIRST_AFTER_S)
        self._waited_s = dict.fromkeys(self._patience_s, 0.0)

    def heard(self, modality: Modality) -> None:
        """Note that a frame came."""
        self._waited_s[modality] = 0.0
        self._patience_s[modality] = AFTER_S

    def waited(self, seconds: float) -> None:
        """Note that so long was waited for whatever comes."""
        for modality in self._waited_s:
            self._waited_s[modality] += seconds

    def of(self) -> list[Modality]:
        """Return the streams that are silent."""
        return [m for m, waited_s in self._waited_s.items() if waited_s > self._patience_s[m]]
