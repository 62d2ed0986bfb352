"""The end of a recording: files finished, collected and accounted for; nothing left unsaid."""

from __future__ import annotations

import concurrent.futures
import functools
from typing import TYPE_CHECKING

import msgspec

from capture.master import awaited
from capture.master.collect import collect
from capture.wire.refusal import error_of
from taver.core.errors import DeviceError, StorageError, TaverError
from taver.core.progress import Silent
from taver.core.recording.recover import recover
from taver.core.recording.writer import partial_of
from taver.core.session.manifest import State
from taver.core.session.streams import (
    finished_piece,
    header_for,
    missing_from,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.master.ledger import Ledger
    from capture.master.member import Member
    from capture.master.recording import Recording
    from capture.wire.messages import Finished
    from taver.core.frames import Modality
    from taver.core.progress import Progress


class Ending:
    """Does what can be done, and keeps what could not."""

    def __init__(self, recording: Recording, ledger: Ledger) -> None:
        self._recording = recording
        self._ledger = ledger
        self._wrong: list[TaverError] = []  # not as planned, but all that there is was saved
        self._missing: list[TaverError] = []  # what somebody has to see to

    def run(self, progress: Progress | None) -> None:
        """Finish, collect, account; the session is complete if nothing is missing."""
        told = progress or Silent()
        recording, ledger = self._recording, self._ledger
        self._finish_members()
        for modality, file in recording.orphans:
            self._try(functools.partial(self._mend, modality, file))
        for member in recording.members:
            if not member.is_local:
                self._try(functools.partial(self._collect, member, told))
        if recording.clockbook is not None:
            self._try(recording.clockbook.save)
        self._name_unreached()
        if recording.until_unix_ns:
            ledger.end_phase(min(recording.now_ns(), recording.until_unix_ns))
        self._wrong += recording.problems
        recording.problems.clear()
        # Else it stays as begun: `taver session recover` and `taver agent collect` go on with it.
        ledger.finish(State.RECORDING if self._missing else State.COMPLETE)
        # Trouble with saving now is trouble for good.
        self._missing += recording.problems

    def raise_problems(self) -> None:
        """Raise what is missing, or else what was not as planned; all of it at once."""
        session = self._ledger.session.name
        if self._missing:
            first = self._missing[0]
            raise type(first)(
                f"Session {session} is not complete yet: {first.what}",
                fix=first.fix,
                problems=[
                    line
                    for error in (*self._missing[1:], *self._wrong)
                    for line in (error.what, *error.problems)
                ],
            ) from first
        if self._wrong:
            raise type(self._wrong[0])(
                f"Session {session} is not what was planned",
                fix=f"see what there is with: taver session show {session}; then mend the cause "
                "and record again under another name",
                problems=[line for error in self._wrong for line in (error.what, *error.problems)],
            ) from self._wrong[0]

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except TaverError as error:
            self._missing.append(error)

    def _finish_members(self) -> None:
        """Hear from every member that is there what came of it."""
        there = [m for m in self._recording.members if m.files and not (m.gone or m.silent_now)]
        if there:
            with concurrent.futures.ThreadPoolExecutor(len(there)) as pool:
                for member, future in [(m, pool.submit(m.finish)) for m in there]:
                    try:
                        self._take(member, future.result())
                    except TaverError as error:
                        self._give_up(member, error)
        for member in self._recording.members:
            if member.files and member not in there:
                self._give_up(member, None)

    def _take(self, member: Member, finished: Finished) -> None:
        self._ledger.settle(member.name, finished.markers)
        self._wrong += [error_of(problem, "") for problem in finished.problems]
        if member.is_local:
            self._ledger.put(finished.pieces)
            left = set(member.files) - set(finished.pieces)
            # What the agent could not finish is finished here, if that is possible by now.
            self._recording.orphans += [(m, member.files[m]) for m in left]

    def _give_up(self, member: Member, error: TaverError | None) -> None:
        """Take what a member wrote for what there is of it."""
        self._ledger.keep_told(member.name)
        if error is not None:
            self._wrong.append(error)
        if member.is_local:
            self._recording.orphans += list(member.files.items())
            self._wrong.append(
                DeviceError(
                    f"{member.name} was gone at the end: {member.why_gone()}",
                    fix="look at the device and its cable",
                )
            )
            member.kill()

    def _mend(self, modality: Modality, file: str) -> None:
        """Finish a file whose agent died; every whole frame is kept."""
        session = self._ledger.session
        pieces = session.manifest.streams[modality].pieces
        piece = next(piece for piece in pieces if piece.file == file)
        path = session.piece_file(piece)
        if not path.exists() and not partial_of(path).exists():
            self._ledger.drop(file)  # its agent died before it made it
            return
        try:
            result = recover(path, header_for(session.manifest, modality, piece))
        except StorageError as error:
            raise StorageError(
                error.what,
                fix=f"free space on that disk, then: taver session recover {session.name}",
            ) from error
        dropped = missing_from(path, chosen=session.manifest.grid is not None)
        if result.lost:
            dropped["damaged"] = result.lost
        done = msgspec.structs.replace(finished_piece(path, piece), dropped=dropped)
        self._ledger.put({modality: done})

    def _collect(self, member: Member, progress: Progress) -> None:
        """Bring what an agent elsewhere holds of this session."""
        if member.silent_now:
            return
        collect(self._ledger, member.name, member.link, progress)

    def _name_unreached(self) -> None:
        session = self._ledger.session
        waiting = awaited.read(session.folder).runs
        if waiting and not self._missing:
            agents = ", ".join(sorted({f"{run.agent} ({run.address})" for run in waiting}))
            self._missing.append(
                DeviceError(
                    f"recordings are still with {agents}, which cannot be reached",
                    fix=f"when it can be reached again: taver agent collect {session.name}",
                )
            )
