"""What a Kinect v2 delivers: sizes, rates and units of its three streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capture.units import UNIT
from taver.core.errors import InputError
from taver.core.frames import Modality, StreamInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL: Final = "Kinect v2"
RATE_HZ: Final = 30.0  # colour falls to half of it in dim light
SIZE_PX: Final = {
    Modality.COLOR: (1920, 1080),
    Modality.DEPTH: (512, 424),
    Modality.IR: (512, 424),
}


def of(modality: Modality) -> StreamInfo:
    """Return what its stream of `modality` delivers."""
    width_px, height_px = SIZE_PX[modality]
    return StreamInfo(
        modality=modality,
        width_px=width_px,
        height_px=height_px,
        rate_hz=RATE_HZ,
        unit=UNIT[modality],
    )


def refuse_others(modalities: Sequence[Modality]) -> None:
    """Raise InputError unless a Kinect v2 can deliver these."""
    given = [str(m) for m in modalities]
    if not given or len(set(given)) != len(given) or not set(modalities) <= set(SIZE_PX):
        raise InputError(
            f"A Kinect v2 cannot deliver {given}",
            fix=f"name one or more of {', '.join(SIZE_PX)}, each once",
        )
