"""All that is known of some clips, read at one moment: raw events, derived tracks, provenance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from annotate_web.db.tables import assignments, events, sittings, users
from annotate_web.lead.rated import of_clips
from taver.core.session.manifest import software
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Row

    from annotate_web.lead.rated import Rated

FORMAT: Final = "taver-annotations"
VERSION: Final = 1
# What is written of an event, by its name in the exports.
EVENT: Final = (
    "sitting", "seq", "kind", "frame", "media_ns", "value", "delay_us", "client_ns", "received_ns",
    "body",
)  # fmt: skip


class Gathered(NamedTuple):
    """What the formats write."""

    clips: Sequence[Rated]
    events: Mapping[int, Sequence[Row[Any]]]  # by assignment, in the order of their making
    provenance: Mapping[str, Any]


def gather(connection: Connection, rows: Sequence[Row[Any]]) -> Gathered:
    """Read everything of these clips."""
    rated = of_clips(connection, rows)
    told = _events(connection, [r.assignment for one in rated for r in one.ratings])
    return Gathered(rated, told, _provenance(connection, rated))


def _events(connection: Connection, of: Sequence[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {key: [] for key in of}
    for row in connection.execute(
        sa.select(
            sittings.c.assignment_id, events.c.sitting_id.label("sitting"),
            *(events.c[name] for name in EVENT[1:]),
        )
        .join(sittings, sittings.c.id == events.c.sitting_id)
        .where(sittings.c.assignment_id.in_(of))
        .order_by(sittings.c.made_ns, sittings.c.id, events.c.seq)
    ):  # fmt: skip
        found[row.assignment_id].append(row)
    return found


def _provenance(connection: Connection, rated: Sequence[Rated]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_unix_ns": time.time_ns(),
        "software": software(),
        "simulated": any(one.clip.simulated for one in rated),
        "scale": [LOWEST, HIGHEST],
        "dimensions": [str(dimension) for dimension in Dimension],
        "tracks": "events replayed: each frame has what the sliders said while it was passed last; "
        "empty where none passed it or the face was marked as not visible",
        "fused": "mean of the ratings that are done, gaps of up to 1 s held",
        "clips": {
            one.clip.name: {
                "session": one.clip.session,
                "phase": one.clip.phase,
                "frames": one.clip.frames,
                "first_unix_ns": one.clip.from_unix_ns,
                "film_sha256": one.clip.media_sha256,
                "simulated": one.clip.simulated,
            }
            for one in rated
        },
        "raters": _raters(connection, {r.user_id for one in rated for r in one.ratings}),
    }


def _raters(connection: Connection, wanted: set[int]) -> dict[str, Any]:
    """Describe the raters together, as a datasheet does; nobody by name."""
    rows = connection.execute(
        sa.select(users.c.age, users.c.gender).where(
            users.c.id.in_(
                sa.select(assignments.c.user_id).where(assignments.c.user_id.in_(wanted))
            )
        )
    ).all()
    ages = sorted(row.age for row in rows if row.age is not None)
    genders: dict[str, int] = {}
    for row in rows:
        said = row.gender or "not said"
        genders[said] = genders.get(said, 0) + 1
    return {
        "count": len(rows),
        "ages": {"youngest": ages[0], "oldest": ages[-1], "said": len(ages)} if ages else None,
        "genders": dict(sorted(genders.items())),
    }
