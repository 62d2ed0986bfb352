"""Which clips people keep from others who may not log in, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from taver.cli.console import Console


def tell_held(console: Console, connection: Connection) -> None:
    """Warn of each person who has clips to do and may not log in."""
    from annotate_web.assign.places import held

    for one in held(connection):
        console.warn(
            f"{one.name} may not log in, and still has: {', '.join(one.clips.values())}",
            fix=f"free them all: taver annotate people disable {one.name} --free, then: taver "
            "annotate deal; or give each to somebody: taver annotate assign CLIP "
            f'{one.name} --to RATER --reason "has left"',
        )
