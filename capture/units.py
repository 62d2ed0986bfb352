"""What one count of each of the rig's sensors means."""

from __future__ import annotations

from typing import Final

from taver.core.frames import Modality

UNIT: Final = {
    Modality.COLOR: "rgb8",
    Modality.DEPTH: "mm",
    Modality.IR: "ir",
    Modality.THERMAL: "0.04 K",
    Modality.SOUND: "pcm16",
}
