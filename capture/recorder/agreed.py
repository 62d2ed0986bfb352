"""Whoever is recorded agreed to it: nothing is recorded of anybody who did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core import consent
from taver.core.errors import ConsentError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Collection

    from taver.core.consent import Consent
    from taver.core.study import Study


def require(
    study: Study, participant: str | None, modalities: Collection[Modality], *, simulated: bool
) -> Consent | None:
    """Return the form in force, None for nobody; refuse what the person did not agree to.

    Sound needs somebody who did: a microphone hears whoever is in the room.
    """
    if participant is not None:
        agreed = study.participants.get(participant).consent
        consent.require(agreed, participant, modalities)
        return agreed
    if Modality.SOUND in modalities and not simulated:
        raise ConsentError(
            "A microphone hears whoever is in the room, and nobody is named who agreed to that",
            fix="name the person with --participant, or leave sound out",
        )
    return None
