"""Which of taver's extras are complete, by the metadata of the installed distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from taver.cli.diagnosis.finding import Finding, Section, State
from taver.cli.diagnosis.requirements import required, tally
from taver.core import home, install
from taver.core.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.metadata import Distribution

# Which extras there are and what they bring stands in the metadata; what they are for does not.
PURPOSES = {
    "": "what every command needs",
    "capture": "record from cameras",
    "sound": "record sound",
    "lsl": "send markers through Lab Streaming Layer",
    "kinect2": "Kinect v2 on Windows",
    "flir": "FLIR A65 through a GenTL producer",
    "sim": "the simulated rig, `taver demo`",
    "calibrate": "calibrate cameras",
    "faces": "track faces",
    "web": "annotate in the browser",
    "train": "train and export models",
    "scale": "build on several machines, store on S3",
    "view": "look at recordings in Rerun",
    "all": "everything a study needs",
    "test": "run taver's own tests",
    "dev": "work on taver itself",
}
FEW = 4
UNION = "all"  # repeats what the others bring, so it is shown only to whoever needs it


def findings(of: Distribution | None, needs: Sequence[str]) -> list[Finding]:
    """Say which extras are complete; `needs` were checked to exist."""
    if of is None:
        return [
            Finding(
                section=Section.EXTRAS,
                name=home.NAME,
                state=State.NOTE,
                detail="runs from a folder without being installed, so that its packages and"
                " drivers cannot be listed",
                install=install.taver(),
            )
        ]
    base = _finding(of, "", State.WRONG)
    shown = [name for name in names(of) if name != UNION or UNION in needs]
    return [base, *(_finding(of, name, State.MISSING) for name in shown)]


def names(of: Distribution) -> list[str]:
    """Return the names of the extras: those we know in our order, then any others."""
    given = [canonicalize_name(name) for name in of.metadata.get_all("Provides-Extra") or ()]
    known = list(PURPOSES)
    return sorted(given, key=lambda n: known.index(n) if n in PURPOSES else len(known))


def checked(of: Distribution | None, needs: Sequence[str]) -> tuple[str, ...]:
    """Return the extras named in `needs`, each of which may hold several; refuse unknown ones."""
    wanted = dict.fromkeys(
        canonicalize_name(name.strip())
        for need in needs
        for name in need.split(",")
        if name.strip()
    )
    if wanted and of is None:
        raise MissingExtraError(
            "taver runs from a folder without being installed, so its extras are unknown",
            fix=install.taver(),
        )
    known = names(of) if of is not None else []
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError(
            f"taver has no extra {', '.join(map(repr, unknown))}",
            fix=f"choose from {', '.join(known)}",
        )
    return tuple(wanted)


def _finding(of: Distribution, extra: str, when_absent: State) -> Finding:
    count = tally(required(of, extra))
    purpose = PURPOSES.get(extra, "")
    if count.unfit or count.absent:
        lacks = f"lacks {_some(count.absent)}" if count.absent else ""
        unfit = f"has {', '.join(count.unfit)}" if count.unfit else ""
        state = State.WRONG if count.unfit else when_absent
        said = "; ".join(part for part in (purpose, unfit, lacks) if part)
    elif count.there:
        state, said = State.OK, purpose
    else:
        state, said = State.NOTE, f"{purpose}; brings nothing on this platform".lstrip("; ")
    line = install.with_extra(extra) if extra else install.taver()
    return Finding(
        section=Section.EXTRAS,
        name=extra or "base",
        state=state,
        detail=said,
        more=", ".join(count.there),
        install=line if state in (State.MISSING, State.WRONG) else "",
    )


def _some(packages: Sequence[str]) -> str:
    """Name a few of the packages; the install line brings them all."""
    more = len(packages) - FEW
    if more <= 1:
        return ", ".join(packages)
    return f"{', '.join(packages[:FEW])} and {more} more"
