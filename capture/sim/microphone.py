"""The simulated microphone: the first person's voice in blocks, in step with their mouth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from capture.sim.voice import RATE_HZ
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from capture.sim.world import World

BLOCKS_HZ: Final = 10
CHANNELS: Final = 1
SAMPLES: Final = RATE_HZ // BLOCKS_HZ


class Block(NamedTuple):
    """A tenth of a second of sound; times are nanoseconds from the scenario's start."""

    number: int
    taken_ns: int  # its first sample
    arrived_ns: int  # when its last sample is there
    samples: npt.NDArray[np.int16]  # (samples, channels)


def blocks(world: World) -> Iterator[Block]:
    """Yield all blocks, without end; where nobody is, it is silent."""
    number = 0
    while True:
        yield Block(
            number,
            number * NS_PER_S // BLOCKS_HZ,
            (number + 1) * NS_PER_S // BLOCKS_HZ,
            _heard(world, number * SAMPLES).reshape(-1, CHANNELS),
        )
        number += 1


def _heard(world: World, first: int) -> npt.NDArray[np.int16]:
    if not world.scenario.people:
        return np.zeros(SAMPLES, np.int16)
    return world.voice(first, SAMPLES)
