"""What one count of each of the rig's sensors means."""

from __future__ import annotations

import re
from typing import Final

from taver.core.frames import Modality

UNIT: Final = {
    Modality.COLOR: "rgb8",
    Modality.DEPTH: "mm",
    Modality.IR: "ir",
    Modality.THERMAL: "0.04 K",
    Modality.SOUND: "pcm16",
}
ZERO_CELSIUS_K: Final = 273.15


def kelvin_a_count(unit: str) -> float | None:
    """Return what one count is in a unit such as "0.04 K", or None where it is no temperature."""
    told = re.fullmatch(r"(\d+(?:\.\d+)?) K", unit)
    return float(told[1]) if told and float(told[1]) > 0 else None
