"""Everybody's face, found in every frame of their interviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.cli.story.names import Told, interviews
from taver.core.errors import TaverError
from taver.faces.jobs import run
from taver.faces.options import Options

if TYPE_CHECKING:
    from taver.cli.story.names import Size
    from taver.core.progress import Progress
    from taver.core.study import Study


def followed(study: Study, size: Size, progress: Progress) -> Told:
    """Follow the faces, and tell in how many frames they are there."""
    states: dict[str, int] = {}
    frames, fresh = 0, False
    for outcome in run(study, interviews(size), Options(), jobs=2, progress=progress):
        if outcome.error is not None:
            raise outcome.error
        made = outcome.made
        if made is None:
            raise TaverError(
                f"The faces of {outcome.session} were not done", fix="run taver demo again"
            )
        frames += made.frames
        fresh |= not made.skipped
        for state, count in made.by_state.items():
            states[str(state)] = states.get(str(state), 0) + count
    counts = ", ".join(f"{count} {state}" for state, count in states.items() if count)
    return Told(f"{frames} frames, {counts}; see faces.html of each", fresh=fresh)
