"""Puts another tool's traces among the ratings: all of a file or nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from annotate_web.auth import accounts
from annotate_web.db.tables import Kind, Role, State, assignments, events, sittings, users
from annotate_web.events.tracks import frame_times
from annotate_web.exchange import mapping as mappings
from annotate_web.exchange import read
from annotate_web.exchange.table import DIGITS, FUSED
from annotate_web.lead.rated import in_use
from annotate_web.people import audit
from taver.core import names
from taver.core.clock import NS_PER_S
from taver.core.digest import sha256_of
from taver.core.errors import DataError, InputError
from taver.labels.resample import held
from taver.labels.trace import Dimension, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping as Map
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from sqlalchemy.engine import Connection

    from annotate_web.db.open import Database
    from annotate_web.exchange.mapping import Mapping
    from annotate_web.exchange.read import Read

    _Track = Map[Dimension, npt.NDArray[np.float64]]  # one value a frame

_CLIENT: Final = str(uuid.UUID(int=0))  # no browser
# A rating that did not count where it comes from does not count here either.
_NOT_DONE: Final = frozenset(State) - {State.DONE}


class Brought(NamedTuple):
    """One trace that is a rating now."""

    clip: str
    rater: str
    covered: float  # share of the clip's frames with a value
    dimensions: tuple[Dimension, ...]
    ends_s: float  # before the clip's end: from there on its last value holds
    left_out: str = ""  # why it does not count, if it does not
    was: str = ""  # how the file calls a rater without a name


class _User(NamedTuple):
    key: int
    name: str


def bring(
    database: Database,
    path: Path,
    now_ns: int,
    *,
    mapping: Mapping = mappings.OWN,
    clip: str = "",
    rater: str = "",
) -> list[Brought]:
    """Import the file: each of its raters becomes one who is done with the clip.

    Who was erased where the file comes from is nobody we know: a new rater without a name, the
    same one for all clips of the file.
    """
    with database.drawing() as connection:
        known = {row.name: row for row in in_use(connection)}
        wanted = {
            name: read.Wanted(name, frame_times(row.frame_unix_ns)) for name, row in known.items()
        }
        _check_clips(mapping, wanted, clip, path)
        found = read.traces(path, mapping, wanted, clip=clip, rater=rater)
        frames = {name: one.frame_unix_ns for name, one in wanted.items()}
        tracks = [
            {d: held(Trace(one.unix_ns, said), frames[one.clip]) for d, said in one.values.items()}
            for one in found
        ]
        _check_raters(connection, known, found, tracks, path)
        source = {"file": path.name, "sha256": sha256_of(path)}
        raters = {one.rater.casefold(): one.rater for one in found}
        users_of = {key: _user(connection, name, now_ns) for key, name in raters.items()}
        return [
            _enter(connection, known[one.clip], one, users_of, track, source, now_ns)
            for one, track in zip(found, tracks, strict=True)
        ]


def _check_clips(mapping: Mapping, known: dict[str, read.Wanted], clip: str, path: Path) -> None:
    wrong = [
        name for name in {*mapping.clips.values(), *([clip] if clip else [])} if name not in known
    ]
    if wrong:
        raise InputError(
            f"There is no clip {', '.join(sorted(wrong))}",
            fix=f"add clips before {path.name} is imported; taver annotate status lists them",
        )


def _check_raters(
    connection: Connection, known: dict[str, Any], found: Sequence[Read],
    tracks: Sequence[_Track], path: Path,
) -> None:  # fmt: skip
    taken = {
        (row.clip_id, row.folded)
        for row in connection.execute(
            sa.select(assignments.c.clip_id, users.c.folded).join(
                users, users.c.id == assignments.c.user_id
            )
        )
    }
    wrong = []
    for one, track in zip(found, tracks, strict=True):
        first = f"{one.unit} {one.lines[0]}"
        if not any(np.isfinite(values).any() for values in track.values()):
            wrong.append(f"{first}: {one.rater} gives no value to any frame of {one.clip}")
        if not names.fits(one.rater):
            wrong.append(f"{first}: {one.rater!r} cannot name a rater: letters, digits, - _ .")
        elif one.rater.casefold() == FUSED:
            wrong.append(f"{first}: {FUSED} is what taver calls the mean of all raters")
        elif accounts.is_unnamed(one.rater):
            continue  # who has that number here is somebody else
        elif (known[one.clip].id, one.rater.casefold()) in taken:
            wrong.append(f"{first}: {one.rater} has, or had, the clip {one.clip} already")
    folded = [(one.clip, one.rater.casefold()) for one in found]
    wrong += [
        f"{one.unit} {one.lines[0]}: {one.rater} is there twice, in letters of either case"
        for place, one in enumerate(found)
        if folded[place] in folded[:place]
    ]
    if wrong:
        raise DataError(
            f"{len(wrong)} of {len(found)} traces in {path} cannot be entered",
            fix="mend the file, or give these raters other names; nothing was imported",
            problems=wrong,
        )


def _enter(
    connection: Connection, clip: Any, one: Read, users_of: Map[str, _User], track: _Track,
    source: dict[str, str], now_ns: int,
) -> Brought:  # fmt: skip
    user = users_of[one.rater.casefold()]
    left_out = one.state in _NOT_DONE
    reason = f"imported from {source['file']}"
    if left_out:
        reason += f", where it was {one.state}"
    told = {**source, "lines": list(one.lines)}
    assignment: int = connection.execute(
        sa.insert(assignments)
        .values(
            clip_id=clip.id, user_id=user.key, position=0,
            state=State.EXCLUDED if left_out else State.DONE, reason=reason, made_ns=now_ns,
            opened_ns=now_ns, done_ns=now_ns,
        )
        .returning(assignments.c.id)
    ).scalar_one()  # fmt: skip
    sitting = str(uuid.uuid4())
    bodies = [
        {"dimension": str(dimension), "runs": _runs(values), **told}
        for dimension, values in track.items()
    ]
    covered = [float(np.isfinite(values).mean()) for values in track.values()]
    last = len(bodies) + 1
    connection.execute(
        sa.insert(sittings).values(
            id=sitting, assignment_id=assignment, made_ns=now_ns, client=_CLIENT, acknowledged=last,
            last_seq=last, heard_ns=now_ns, ended_ns=now_ns, ended_by="done", start_arousal=0,
            start_valence=0,
        )
    )  # fmt: skip
    shared = {"sitting_id": sitting, "client_ns": now_ns, "received_ns": now_ns}
    rows = [
        {**shared, "seq": seq, "kind": Kind.IMPORTED, "body": body}
        for seq, body in enumerate(bodies, 1)
    ]
    connection.execute(
        sa.insert(events), [*rows, {**shared, "seq": last, "kind": Kind.DONE, "body": None}]
    )
    audit.record(connection, now_ns, None, "imported", f"assignment {assignment}", told)
    return Brought(
        one.clip, user.name, float(np.mean(covered)), tuple(track),
        (clip.until_unix_ns - int(one.unix_ns[-1])) / NS_PER_S,
        reason if left_out else "",
        one.rater if accounts.is_unnamed(one.rater) else "",
    )  # fmt: skip


def _user(connection: Connection, name: str, now_ns: int) -> _User:
    """Return the user of that name; a new one is somebody who cannot log in."""
    if accounts.is_unnamed(name):
        return _User(*accounts.create_unnamed(connection, now_ns))
    found = connection.execute(
        sa.select(users.c.id).where(users.c.folded == name.casefold())
    ).scalar()
    if found is not None:
        return _User(int(found), name)
    user = accounts.create(connection, name, Role.ANNOTATOR, now_ns, password_hash=None)
    # Nobody deals clips to a rater who only exists in a file.
    connection.execute(sa.update(users).where(users.c.id == user).values(disabled_ns=now_ns))
    return _User(user, name)


def _runs(values: npt.NDArray[np.float64]) -> list[list[Any]]:
    """Return [value or None, how many frames] after another."""
    runs: list[list[Any]] = []
    for value in values.tolist():
        kept = None if value != value else round(value, DIGITS)  # noqa: PLR0124  NaN alone is not itself
        if runs and runs[-1][0] == kept:
            runs[-1][1] += 1
        else:
            runs.append([kept, 1])
    return runs
