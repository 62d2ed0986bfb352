"""Puts stretches of a session before annotators: their videos first, then all rows at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.db.tables import clips
from annotate_web.media import window as windows
from annotate_web.media.enter import enter, files_of, film_name, packed, refuse_overlap
from annotate_web.media.make import Made, make, sound_allowed
from annotate_web.media.slots import RATE_HZ, Slots, parts, slots_of
from annotate_web.media.stretch import stretches
from taver.core.errors import InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.progress import Silent
from taver.core.session import agreed
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from annotate_web.db.open import Database
    from annotate_web.media.reference import Reference
    from annotate_web.media.window import Window
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_NAME: Final = 40  # a number, and in a film's name a mark, still fit behind it


class Wanted(NamedTuple):
    """What is to be annotated, and by how many."""

    phase: str | None = None
    from_s: float | None = None
    to_s: float | None = None
    max_minutes: float = 4.0
    raters: int = 3


class Boxes(NamedTuple):
    """Where the face was at which moment: left, top, right, bottom; NaN where it was lost."""

    unix_ns: npt.NDArray[np.int64]
    px: npt.NDArray[np.float64]


class Added(NamedTuple):
    """A clip that annotators can be given from now on."""

    name: str
    frames: int
    made: Made


class _Planned(NamedTuple):
    name: str
    slots: Slots
    window: Window


def add(
    study: Study,
    session: Session,
    database: Database,
    media: Path,
    wanted: Wanted,
    *,
    now_ns: int,
    boxes: Boxes | None = None,
    reference: Reference | None = None,
    progress: Progress | None = None,
    wait_for: Callable[[], object] | None = None,
) -> list[Added]:
    """Make the videos of what is wanted and enter them as clips: all of them or none.

    With `boxes` the face is shown, else the picture's centre. With a `reference` it becomes a
    practice clip, which is no recording of the dataset. Who adds several sessions side by side
    gives `wait_for`, which returns when those before it are entered, so that they keep their order.
    """
    told = progress or Silent()
    if wanted.raters < 1:
        raise InputError(f"{wanted.raters} raters a clip", fix="give 1 or more with --raters")
    _require_color(study, session)
    with Footage(session, Modality.COLOR) as color:
        practice = reference is not None
        planned = _plan(session, color, database, wanted, boxes, practice=practice)
        if reference is not None:
            _refuse_unfit(reference, planned)
        sound, why_not = sound_allowed(study, session)
        notes = [note for note in (why_not, _ended(wanted, planned)) if note]
        told.begin(f"{session.name}: videos", sum(len(p.slots) for p in planned))
        added: list[Added] = []
        rows = []
        with files_of(media) as made_here:
            for plan in planned:
                path = media / film_name(plan.name)
                made_here.append(path)
                made = make(
                    session, color, plan.slots, plan.window, path, sound=sound, progress=told
                )
                made = made._replace(notes=(*made.notes, *notes))
                added.append(Added(plan.name, len(plan.slots), made))
                rows.append(_row(session, wanted, plan, path, made, reference, now_ns))
            if wait_for is not None:
                wait_for()
            enter(database, session.name, rows)
    return added


def _require_color(study: Study, session: Session) -> None:
    if Modality.COLOR not in session.manifest.streams:
        recorded = ", ".join(session.manifest.streams) or "nothing"
        raise NotFoundError(
            f"Session {session.name} has no color stream (it has: {recorded}), "
            "and annotators watch colour",
            fix="choose another session",
        )
    agreed.require(study, session.manifest, (Modality.COLOR,))


def _plan(
    session: Session,
    color: Footage,
    database: Database,
    wanted: Wanted,
    boxes: Boxes | None,
    *,
    practice: bool,
) -> list[_Planned]:
    if not len(color):
        raise InputError(
            f"The color stream of session {session.name} has no pictures",
            fix="choose another session",
        )
    found = stretches(
        session.manifest, int(color.unix_ns[0]), int(color.unix_ns[-1]),
        phase=wanted.phase, from_s=wanted.from_s, to_s=wanted.to_s,
    )  # fmt: skip
    pieces = [
        part
        for stretch in found
        for part in parts(
            slots_of(color.unix_ns, stretch.from_unix_ns, stretch.until_unix_ns),
            wanted.max_minutes,
        )
    ]
    with database.reading() as connection:
        for piece in () if practice else pieces:
            first, last = int(piece.unix_ns[0]), int(piece.unix_ns[-1])
            refuse_overlap(connection, session.name, first, last + 1)
        taken = set(connection.execute(sa.select(clips.c.name)).scalars())
    base = session.name if wanted.phase is None else f"{session.name}-{wanted.phase}"
    return [
        _Planned(name, piece, _window(color, piece, boxes))
        for name, piece in zip(names_for(base, len(pieces), taken), pieces, strict=True)
    ]


def _refuse_unfit(reference: Reference, planned: Sequence[_Planned]) -> None:
    """Raise unless the reference is of the one clip that is to be made."""
    if len(planned) > 1:
        raise InputError(
            f"This would be {len(planned)} practice clips, and the reference is of one",
            fix="choose a shorter stretch with --from and --to, or a longer --max-minutes",
        )
    reference.refuse_short(len(planned[0].slots), RATE_HZ)
    reference.refuse_easy(len(planned[0].slots), RATE_HZ)


def _ended(wanted: Wanted, planned: Sequence[_Planned]) -> str:
    """Tell that there was nothing up to where it was wanted; empty if there was."""
    if wanted.to_s is None:
        return ""
    tenths = sum(len(plan.slots) for plan in planned)
    ended_s = (wanted.from_s or 0.0) + tenths / RATE_HZ
    if ended_s + 1.0 > wanted.to_s:
        return ""
    return f"it ends after {ended_s:.1f} s, before --to {wanted.to_s:g}"


def names_for(base: str, count: int, taken: set[str]) -> list[str]:
    """Return names that no clip has: the base's own if one is enough, else numbered ones."""
    fit = _UNFIT.sub("-", base).strip("-_")[:_LONGEST_NAME] or "clip"
    folded = {name.casefold() for name in taken}
    if count == 1 and fit.casefold() not in folded:
        return [fit]
    found: list[str] = []
    number = 1
    while len(found) < count:
        if (name := f"{fit}-{number}").casefold() not in folded:
            found.append(name)
        number += 1
    return found


def _window(color: Footage, slots: Slots, boxes: Boxes | None) -> Window:
    size = color.header.width_px, color.header.height_px
    if boxes is None:
        return windows.centred(*size)
    first, last = int(slots.unix_ns[0]), int(slots.unix_ns[-1])
    inside = (boxes.unix_ns >= first) & (boxes.unix_ns <= last)
    return windows.around(boxes.px[inside], *size)


def _row(
    session: Session,
    wanted: Wanted,
    plan: _Planned,
    path: Path,
    made: Made,
    reference: Reference | None,
    now_ns: int,
) -> dict[str, Any]:
    times = plan.slots.unix_ns
    return {
        "name": plan.name,
        "session": session.name,
        "phase": wanted.phase,
        "from_unix_ns": int(times[0]),
        "until_unix_ns": int(times[-1]) + 1,
        "width_px": plan.window.width_px,
        "height_px": plan.window.height_px,
        "frame_unix_ns": packed(times),
        "frames": len(times),
        "media": path.name,
        "media_sha256": made.sha256,
        "sound": made.sound,
        "simulated": session.manifest.simulated,
        "wanted_raters": wanted.raters,
        "practice": reference is not None,
        "reference": None if reference is None else reference.at(len(times), RATE_HZ),
        "added_ns": now_ns,
    }
