"""What a person agreed to: which modalities, for whom, whether pictures may be printed."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from taver.core.document import Part
from taver.core.errors import ConsentError
from taver.core.frames import Modality

if TYPE_CHECKING:
    from collections.abc import Iterable


class Scope(enum.StrEnum):
    """What a person agrees to one by one."""

    COLOR = "color"
    DEPTH = "depth"
    THERMAL = "thermal"
    LANDMARKS = "landmarks"
    SOUND = "sound"


class Audience(enum.StrEnum):
    """Who may use it, from the fewest to the most."""

    LAB = "lab"
    REQUEST = "request"
    PUBLIC = "public"

    def reaches(self, other: Audience) -> bool:
        """Tell whether what is shared this widely may be used by `other`."""
        ladder = list(Audience)
        return ladder.index(self) >= ladder.index(other)


# An infrared picture shows the face as a colour picture does.
SCOPE_OF = {
    Modality.COLOR: Scope.COLOR,
    Modality.DEPTH: Scope.DEPTH,
    Modality.IR: Scope.COLOR,
    Modality.THERMAL: Scope.THERMAL,
    Modality.SOUND: Scope.SOUND,
}


class Consent(Part, frozen=True, kw_only=True):
    """One signed form; for each scope the widest audience it was given for."""

    form: str
    signed_on: dt.date
    scopes: dict[Scope, Audience]
    pictures: bool  # may be shown in publications
    withdrawn_on: dt.date | None = None

    def allows(self, scope: Scope, audience: Audience = Audience.LAB) -> bool:
        """Tell whether `audience` may use `scope`; after a withdrawal nobody may."""
        given = self.scopes.get(scope)
        return self.withdrawn_on is None and given is not None and given.reaches(audience)

    def in_words(self) -> str:
        """Say it in one short line."""
        if self.withdrawn_on is not None:
            return f"withdrawn {self.withdrawn_on}"
        by_audience: dict[Audience, list[str]] = {}
        for scope in Scope:
            if scope in self.scopes:
                by_audience.setdefault(self.scopes[scope], []).append(scope.value)
        parts = [f"{audience}: {', '.join(names)}" for audience, names in by_audience.items()]
        return "; ".join([*parts, "pictures" if self.pictures else "no pictures"])


def require(
    consent: Consent | None,
    who: str,
    modalities: Iterable[Modality],
    *,
    scopes: Iterable[Scope] = (),
    audience: Audience = Audience.LAB,
) -> None:
    """Raise ConsentError unless `who` agreed to all `modalities` and `scopes` for `audience`."""
    if consent is None:
        raise ConsentError(
            f"{who} has signed no consent form",
            fix=f"after signing: taver participant consent {who} --form ... --scope ...",
        )
    if consent.withdrawn_on is not None:
        raise ConsentError(
            f"{who} withdrew consent on {consent.withdrawn_on}",
            fix="do not record or use this person's data",
        )
    refused = [m.value for m in modalities if not consent.allows(SCOPE_OF[m], audience)]
    refused += [scope.value for scope in scopes if not consent.allows(scope, audience)]
    if refused:
        raise ConsentError(
            f"{who} did not agree to {', '.join(refused)} for {audience.value}"
            f" (form {consent.form}: {consent.in_words()})",
            fix="leave these streams out, or record a new form with "
            f"taver participant consent {who}",
        )


def require_pictures(consent: Consent | None, who: str) -> None:
    """Raise ConsentError unless pictures of `who` may be shown outside the lab."""
    if consent is None or consent.withdrawn_on is not None or not consent.pictures:
        raise ConsentError(
            f"{who} did not agree to pictures being shown",
            fix="leave this person out of it",
        )
