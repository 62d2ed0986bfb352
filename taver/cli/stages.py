"""One row of `taver status`: what stands beside a session in each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taver.core import receipt
from taver.core.errors import TaverError
from taver.core.receipt import Stage
from taver.core.session.folder import Session
from taver.core.session.manifest import State

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.study import Study

COLUMNS: Final = (
    "session", "recorded", "calibrated", "faces", "raters", "fused", "built", "stale",
)  # fmt: skip
_NOT_YET = "-"


def row(study: Study, folder: Path) -> list[str]:
    """Return the row of the session in `folder`; one that cannot be read says so."""
    try:
        session = Session(folder)
        state = recorded(session)
        stages = {stage: receipt.progressed(study, session, stage) for stage in Stage}
    except TaverError as error:
        return [folder.name, f"unreadable: {error.what}", *[""] * (len(COLUMNS) - 2)]
    cells = []
    for stage in Stage:
        made = stages[stage].receipt
        if made is None:
            cells.append(_NOT_YET)
        elif made.wanted is not None:
            cells.append(f"{made.done}/{made.wanted}")
        else:
            cells.append("yes")
    stale = [f"{s}: {p.stale_because}" for s, p in stages.items() if p.stale_because]
    calibrated = "yes" if study.rig_file.is_file() else _NOT_YET
    return [folder.name, state, calibrated, *cells, "; ".join(stale)]


def recorded(session: Session) -> str:
    """Say in a word how a session's recording went."""
    if session.interrupted:
        return "interrupted"
    if session.manifest.state is State.RECORDING:
        return "now"
    if session.manifest.state is State.RECOVERED:
        return "recovered"
    return "yes"
