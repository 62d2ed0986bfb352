"""What of a person may go to whom, and what is taken out of a dataset that leaves the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core.consent import SCOPE_OF, Audience, Scope
from taver.core.frames import Modality
from taver.core.session import agreed
from taver.dataset import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from taver.core.consent import Consent
    from taver.core.session.manifest import Manifest
    from taver.core.study import Study

# Points on a face are biometric data of their own: who did not agree to landmarks being shared
# gives pictures without them.
OF_LANDMARKS: Final = ("landmarks", "pose_deg", "head_mm")
# Of a recording's `made` what says how it was made, and neither where, when, who nor with which
# camera; everything else is left out where a dataset leaves the lab.
# The two digests tell nothing, and a build knows by them what has not changed: that of the labels
# is made with the raters as they are told, or a name that is guessed could be tried on it.
_MADE_KEPT: Final = frozenset({
    "by", "software", "versions", "settings", "options", "align", "split", "pixels", "labels",
})  # fmt: skip


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What of one person's session an audience gets."""

    modalities: tuple[Modality, ...]
    landmarks: bool
    pictures: bool  # may stand in galleries and publications
    withheld: dict[str, str]  # what is left out, with the reason

    @property
    def anything(self) -> bool:
        """Whether any picture is left."""
        return bool(self.modalities)


def of_session(
    study: Study, manifest: Manifest, modalities: Iterable[Modality], audience: Audience
) -> Share:
    """Return what of a session may go to an audience today, whatever was so when recorded."""
    form = agreed.in_force(study, manifest)
    return of_consent(form, modalities, audience, simulated=manifest.simulated)


def of_consent(
    form: Consent | None,
    modalities: Iterable[Modality],
    audience: Audience,
    *,
    simulated: bool = False,
) -> Share:
    """Return what a form allows; without one nothing is allowed.

    A simulated face is nobody's: its pictures may be shown. For everything else its form counts
    like anybody's, so that a study can be rehearsed.
    """
    kept, withheld = [], {}
    for modality in modalities:
        scope = SCOPE_OF[modality]
        if form is not None and form.allows(scope, audience):
            kept.append(modality)
        else:
            withheld[str(modality)] = _reason(form, scope, audience)
    landmarks = form is not None and form.allows(Scope.LANDMARKS, audience)
    if not landmarks:
        withheld[str(Scope.LANDMARKS)] = _reason(form, Scope.LANDMARKS, audience)
    return Share(
        modalities=tuple(kept),
        landmarks=landmarks,
        pictures=simulated or (form is not None and form.withdrawn_on is None and form.pictures),
        withheld=withheld,
    )


def _reason(form: Consent | None, scope: Scope, audience: Audience) -> str:
    if form is None:
        return "no form was signed"
    if form.withdrawn_on is not None:
        return f"consent was withdrawn on {form.withdrawn_on}"
    given = form.scopes.get(scope)
    if given is None:
        return f"form {form.form} does not name it"
    return f"form {form.form} gives it to {given.value}, not to {audience.value}"


def leaves_the_lab(audience: Audience | str) -> bool:
    """Tell whether somebody else gets it."""
    return Audience(audience) is not Audience.LAB


def recording_name(
    participant: str, session: str, clip: str, audience: Audience | str, number: int
) -> str:
    """Return what a recording is called; outside the lab without the session's own name.

    `number` counts a person's recordings, from 1, in the order they were made.
    """
    if leaves_the_lab(audience):
        return f"{participant}-{number}"
    of_session = clip == session or clip.startswith(f"{session}-")
    return clip if of_session else f"{session}-{clip}"


def raters_as(raters: Sequence[str], audience: Audience | str) -> list[str]:
    """Return what a recording's raters are called; outside the lab by number alone."""
    if leaves_the_lab(audience):
        return [f"r{number}" for number in range(1, len(raters) + 1)]
    return list(raters)


def stripped_recording(attributes: Mapping[str, Any], audience: Audience | str) -> dict[str, Any]:
    """Return a recording's attributes as this audience gets them.

    Outside the lab there are no dates, no session, no raters' names, and of how it was made only
    software and settings: no serial number, path, fingerprint or note.
    """
    told = dict(attributes)
    if not leaves_the_lab(audience):
        return told
    return {
        **{name: told[name] for name in schema.RECORDING_ATTRIBUTES if name in told},
        "pictures": bool(told.get("pictures")),
        "session": None,
        "start_unix_ns": None,
        "raters": raters_as(told["raters"], audience),
        "made": stripped_made(told.get("made", {})),
    }


def stripped_root(attributes: Mapping[str, Any], audience: Audience | str) -> dict[str, Any]:
    """Return the dataset's own attributes as this audience gets them."""
    told = dict(attributes)
    if not leaves_the_lab(audience):
        return told
    kept = {"format", "version", *schema.ATTRIBUTES}
    return {
        **{name: value for name, value in told.items() if name in kept},
        "made": stripped_made(told.get("made", {})),
    }


def stripped_made(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return of how something was made what tells nothing of people, places and days."""
    return {name: made[name] for name in made if name in _MADE_KEPT}


def stripped_columns(
    columns: Mapping[str, npt.NDArray[Any]], *, landmarks: bool
) -> dict[str, npt.NDArray[Any]]:
    """Return a recording's columns, with NaN for points of the face that are not shared."""
    kept = dict(columns)
    if not landmarks:
        for name in OF_LANDMARKS:
            if name in kept:
                kept[name] = _nothing(kept[name])
    return kept


def _nothing(values: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
    import numpy as np

    return np.full_like(values, np.nan)
