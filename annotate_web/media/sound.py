"""What was heard during a clip, laid on the video's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from annotate_web.media.slots import PERIOD_NS
from taver.core.clock import NS_PER_S
from taver.core.codec import decode_sound
from taver.core.errors import DataError
from taver.core.frames import Modality
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.session.folder import Session

_MOST_CHANNELS: Final = 2
# Blocks come this much early or late although nothing is missing between them.
_TREMBLE_S: Final = 0.03


class Heard(NamedTuple):
    """Samples (samples, channels), and how many of their blocks could not be read."""

    samples: npt.NDArray[np.int16]
    samples_hz: int
    damaged: int


def heard(session: Session, start_ns: int, slots: int) -> Heard:
    """Return `slots` tenths of a second from `start_ns` on; silence where nothing was recorded."""
    with Footage(session, Modality.SOUND) as footage:
        header = footage.header
        rate, channels = header.samples_hz, min(header.channels, _MOST_CHANNELS)
        samples = np.zeros((slots * rate * PERIOD_NS // NS_PER_S, channels), np.int16)
        end_ns = start_ns + slots * PERIOD_NS
        # A block lies before its neighbour's time; the first may have begun before the clip.
        first = max(0, int(np.searchsorted(footage.unix_ns, start_ns)) - 1)
        last = int(np.searchsorted(footage.unix_ns, end_ns))
        expected: int | None = None
        damaged = 0
        for number in range(first, last):
            at = round((int(footage.unix_ns[number]) - start_ns) * rate / NS_PER_S)
            if expected is not None and abs(at - expected) <= _TREMBLE_S * rate:
                at = expected
            try:
                block = decode_sound(footage.read(number).data)[:, :channels]
            except DataError:
                damaged += 1
                expected = None
                continue
            expected = at + len(block)
            low, high = max(at, 0), min(expected, len(samples))
            if low < high:
                samples[low:high] = block[low - at : high - at]
    return Heard(samples, rate, damaged)
