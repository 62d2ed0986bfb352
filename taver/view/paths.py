"""What is called what in the viewer, and in which colours."""

from __future__ import annotations

from typing import Final

from taver.core.frames import Modality

TIME: Final = "time"
WORLD: Final = "world"
CLOUD: Final = f"{WORLD}/face"
EVENTS: Final = "events"
LABELS: Final = "labels"
SIGNALS: Final = "signals"
NOTES: Final = "notes"
# As on every page of taver, in the light.
COLOR_OF: Final = {
    Modality.COLOR: (76, 120, 168),
    Modality.DEPTH: (89, 161, 79),
    Modality.IR: (138, 111, 176),
    Modality.THERMAL: (224, 123, 57),
}


def picture(modality: Modality) -> str:
    """Return where a stream's pictures are."""
    return f"{modality}/picture"


def points(modality: Modality) -> str:
    """Return where the landmarks on a stream's pictures are."""
    return f"{modality}/picture/landmarks"
