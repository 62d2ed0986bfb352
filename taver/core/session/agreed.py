"""What the person in a session agrees to now, whatever it was when it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core import consent
from taver.core.consent import Audience
from taver.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taver.core.consent import Consent, Scope
    from taver.core.frames import Modality
    from taver.core.session.manifest import Manifest
    from taver.core.study import Study


def in_force(study: Study, manifest: Manifest) -> Consent | None:
    """Return the form in force; None for nobody, and for who is no longer on file."""
    if manifest.participant is None:
        return None
    try:
        return study.participants.get(manifest.participant).consent
    except NotFoundError:
        return None


def require(
    study: Study,
    manifest: Manifest,
    modalities: Iterable[Modality],
    *,
    scopes: Iterable[Scope] = (),
    audience: Audience = Audience.LAB,
) -> None:
    """Raise ConsentError unless the person, if there is one, agrees to this use today."""
    if manifest.participant is not None:
        consent.require(
            in_force(study, manifest),
            manifest.participant,
            modalities,
            scopes=scopes,
            audience=audience,
        )


def require_pictures(study: Study, manifest: Manifest) -> None:
    """Raise ConsentError unless pictures of the person, if there is one, may be shown today."""
    if manifest.participant is not None:
        consent.require_pictures(in_force(study, manifest), manifest.participant)
