"""Sessions of earlier runs, and what a session holds."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from taver.core.errors import DataError
from taver.core.session.folder import find

if TYPE_CHECKING:
    from taver.core.session.folder import Session
    from taver.core.study import Study


def earlier(study: Study, name: str) -> Session | None:
    """Return the session if an earlier run recorded it; raises if it was interrupted."""
    if not (study.sessions_folder / name).exists():
        return None
    session = find(study, name)
    if session.interrupted:
        raise DataError(
            f"An earlier demo was interrupted while it recorded {name}",
            fix=f"delete {session.folder}, or keep what there is with: "
            f"cd {shlex.quote(str(study.folder))} && taver session recover {name}",
        )
    return session


def counts(session: Session) -> str:
    """Say how many frames of what it holds."""
    return ", ".join(f"{s.frames} {m}" for m, s in session.manifest.streams.items())
