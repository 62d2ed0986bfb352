"""The participant's face, found in every frame of the interview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.cli.story.names import INTERVIEW
from taver.core.errors import TaverError
from taver.faces.jobs import run
from taver.faces.options import Options

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.study import Study


def followed(study: Study, progress: Progress) -> str:
    """Follow the face, and tell in how many frames it is there."""
    (outcome,) = run(study, [INTERVIEW], Options(), progress=progress)
    if outcome.error is not None:
        raise outcome.error
    made = outcome.made
    if made is None:
        raise TaverError(f"The faces of {INTERVIEW} were not done", fix="run taver demo again")
    counts = ", ".join(f"{count} {state}" for state, count in made.by_state.items() if count)
    how = "by an earlier run" if made.skipped else f"{made.frames / made.took_s:.0f} a second"
    return f"{INTERVIEW}: {made.frames} frames, {counts}, {how}; see its faces.html"
