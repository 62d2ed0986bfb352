"""Sessions of earlier runs, and what a session holds."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from taver.core import lock
from taver.core.errors import DataError
from taver.core.session.folder import find
from taver.core.shell import one_after_another, quoted

if TYPE_CHECKING:
    from taver.core.session.folder import Session
    from taver.core.study import Study


def earlier(study: Study, name: str) -> Session | None:
    """Return the session if an earlier run recorded it; one that it left half is drawn anew."""
    if not (study.sessions_folder / name).exists():
        return None
    session = find(study, name)
    if not session.interrupted:
        return session
    if not session.manifest.simulated:
        raise DataError(
            f"Session {name} of the demo's study was interrupted, and it is of a real person",
            fix=one_after_another(f"cd {quoted(study.folder)}", f"taver session recover {name}"),
        )
    drop(session)
    return None


def drop(session: Session) -> None:
    """Delete a simulated session that is to be drawn again, unless somebody is at it."""
    with lock.held(session.folder, f"Session {session.name}"):
        pass  # the lock's own file lies in there: Windows deletes no file that is open
    shutil.rmtree(session.folder)


def counts(session: Session) -> str:
    """Say how many frames of what it holds."""
    return ", ".join(f"{s.frames} {m}" for m, s in session.manifest.streams.items())
