"""People who do not exist, put on file as such."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from taver.core import names
from taver.core.consent import Audience, Consent, Scope
from taver.core.errors import InputError
from taver.core.participant import Participant

if TYPE_CHECKING:
    from taver.core.study import Study


def invent(study: Study, name: str) -> Participant:
    """Return the simulated person of that name; who is not on file yet is put there.

    Nobody has to be asked for a simulation of nobody, so such a person agrees to everything. A
    real person's name is refused: what is simulated must not stand under it.
    """
    names.checked(name, "participant")
    known = {person.name: person for person in study.participants.all()}
    person = known.get(name)
    if person is None:
        person = Participant(name=name, simulated=True, consents=(_agreeing(),))
        study.participants.add(person)
    elif not person.simulated:
        raise InputError(
            f"{name} is a real person of this study, and this session would be simulated",
            fix="choose another name with --participant; a new one is put on file as simulated",
        )
    return person


def _agreeing() -> Consent:
    """Return the form that nobody had to sign."""
    return Consent(
        form="none, simulated",
        signed_on=dt.datetime.now(tz=dt.UTC).astimezone().date(),
        scopes=dict.fromkeys(Scope, Audience.PUBLIC),
        pictures=True,
    )
