"""Collects what agents still hold of a session whose master did not: it died, or they were away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capture.keys import files as keys
from capture.master import awaited, fitness
from capture.master.collect import collect
from capture.master.ledger import Ledger
from capture.wire.address import Address
from capture.wire.link import Link
from taver.core import lock
from taver.core.errors import NotFoundError, TaverError
from taver.core.session.folder import find
from taver.core.session.manifest import State

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study

_FOUND_WITHIN_S: Final = 4.0


def collect_session(study: Study, name: str, progress: Progress) -> tuple[Session, int]:
    """Bring all that is awaited of a session; return it, and how many files came.

    Every agent is tried before any failure is told.
    """
    session = find(study, name)
    count = 0
    with lock.held(session.folder, f"Session {name}"):
        session.reload()
        runs = awaited.read(session.folder).runs
        if not runs:
            raise NotFoundError(
                f"No agent holds anything of session {name}",
                fix=f"nothing needs doing; see what there is with: taver session show {name}",
            )
        errors: list[TaverError] = []
        ledger = Ledger(session, errors.append)
        for agent, address in sorted({(run.agent, run.address) for run in runs}):
            try:
                count += _from(study, ledger, agent, address, progress)
            except TaverError as error:
                errors.append(error)
        pieces = [p for s in session.manifest.streams.values() for p in s.pieces]
        whole = all(piece.fingerprint is not None for piece in pieces)
        if not errors and whole and session.manifest.state is State.RECORDING:
            ledger.finish(State.COMPLETE)
        fitness.raise_all(errors)
    return session, count


def _from(study: Study, ledger: Ledger, agent: str, address: str, progress: Progress) -> int:
    # Agents may have moved since; study.toml knows better where they are now.
    now_at = {choice.name: choice.address for choice in study.config.capture.agents}
    own = keys.read_master(study.keys_folder).pair
    link = Link(
        agent,
        Address.parse(now_at.get(agent, address)).resolved(),
        agent_public=keys.read_public(study.keys_folder, agent).public,
        public=own.public,
        secret=own.secret,
    )
    try:
        link.greet(_FOUND_WITHIN_S)
        return collect(ledger, agent, link, progress)
    finally:
        link.close()
