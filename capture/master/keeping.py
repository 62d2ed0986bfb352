"""Looks after a recording ten times a second: who is lost, who is back, whether it is over."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

from capture.recorder import GAP
from capture.status import HappeningKind
from taver.core.clock import NS_PER_S, Epoch
from taver.core.errors import TaverError
from taver.core.session.manifest import Marker

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.master.ledger import Ledger
    from capture.master.member import Member
    from capture.master.recording import Recording

_LOOK_EVERY_S: Final = 0.1
_TRY_AGAIN_EVERY_S: Final = 1.0
# After the planned end the last frames are stored; who has not said so by then is given up.
_GRACE_NS: Final = 15 * NS_PER_S
_CLOCKS_EVERY_NS: Final = 20 * NS_PER_S
_WALL_CLOCK_SET_NS: Final = NS_PER_S // 2


class Keeper(threading.Thread):
    """Ends by itself when the recording is over."""

    def __init__(self, recording: Recording, prepare: Callable[[Member], None]) -> None:
        super().__init__(name="keeper", daemon=True)
        self._recording = recording
        self._prepare = prepare  # opens a member's devices for what is left of the recording
        self._ends = threading.Event()
        self._revivals: dict[str, threading.Thread] = {}
        self._wall_off_ns = _wall_off_ns(recording.epoch)
        self._clocks_ns = 0
        self._complaints: set[str] = set()

    def run(self) -> None:
        """Look, and look again."""
        while not self._ends.wait(_LOOK_EVERY_S):
            try:
                self._look()
                if self._is_over():
                    break
            except Exception as error:  # noqa: BLE001  nothing in here may end a recording
                self._complain(error)
        self._recording.over.set()

    def end(self) -> None:
        """Stop looking; who is being brought back is let go."""
        self._ends.set()
        self._recording.over.set()
        if self.is_alive():
            self.join()
        for thread in self._revivals.values():
            thread.join()

    def _look(self) -> None:
        for member in self._recording.members:
            self._look_at(member)
        self._look_at_clocks()

    def _complain(self, error: Exception) -> None:
        """Tell of what nobody foresaw, once."""
        what = f"{type(error).__name__}: {error}"
        if what not in self._complaints:
            self._complaints.add(what)
            self._recording.say(
                HappeningKind.WARNING,
                f"The master met something it did not expect, and goes on: {what}",
                fix="report it with this line",
            )

    def _look_at(self, member: Member) -> None:
        reviving = self._revivals.get(member.name)
        if reviving is not None and reviving.is_alive():
            return
        missing = member.gone or member.silent_now or member.restarted
        if missing and not member.lost:
            self._lose(member)
        if member.lost and not missing and member.at_work:
            self._is_back(member)
        elif member.lost and (member.gone or member.restarted) and not self._is_late():
            thread = threading.Thread(
                target=self._revive, args=(member,), name=f"bring back {member.name}", daemon=True
            )
            self._revivals[member.name] = thread
            thread.start()

    def _lose(self, member: Member) -> None:
        recording = self._recording
        if member.stopped and not member.gone:
            return  # it has done its part
        member.lost = True
        why = member.why_gone()
        if member.gone and self._is_late() and recording.ledger is not None:
            self._note_gap(member, recording.ledger)
        recording.say(
            HappeningKind.LOST,
            f"{member.name} is lost: {why}",
            fix="it is started again by itself"
            if member.is_local
            else "look at its machine and the network; it goes on recording by itself if it can",
        )

    def _is_back(self, member: Member) -> None:
        """Hear again from one that went on recording meanwhile: nothing is missing."""
        member.lost = False
        self._recording.say(
            HappeningKind.BACK, f"{member.name} is back; what it recorded meanwhile is there"
        )

    def _revive(self, member: Member) -> None:
        """Start a member anew, or know again one that somebody started, until that works."""
        recording = self._recording
        ledger = recording.ledger
        if ledger is None:
            return
        since_ns = self._note_gap(member, ledger)
        while not (self._ends.is_set() or self._is_late()):
            try:
                back_ns = self._begin_again(member)
            except TaverError:
                if member.is_local:
                    recording.orphans += list(member.files.items())
                member.files = {}
                self._ends.wait(_TRY_AGAIN_EVERY_S)
                continue
            ledger.close_gap(member.name, back_ns)
            member.lost = False
            recording.say(
                HappeningKind.BACK,
                f"{member.name} is back after {(back_ns - since_ns) / NS_PER_S:.1f} s, "
                "with a new file",
            )
            return

    def _note_gap(self, member: Member, ledger: Ledger) -> int:
        """Note that nothing comes from a member since its last frame; return when that was."""
        now_ns = self._recording.now_ns()
        since_ns = min(member.last_frame_unix_ns or now_ns, now_ns)
        ledger.keep_told(member.name)
        note = f"{member.name}: {member.why_gone()}"
        ledger.open_gap(
            member.name, Marker(name=GAP, unix_ns=since_ns, note=note, source="machine")
        )
        if member.is_local:
            self._recording.orphans += list(member.files.items())
        member.files = {}
        return since_ns

    def _begin_again(self, member: Member) -> int:
        recording = self._recording
        if member.is_local:
            member.join()
        else:
            member.greet()
        self._prepare(member)
        member.know_clock()
        recording.arm(member)
        return recording.start(member, recording.now_ns() + recording.lead_ns // 2)

    def _is_late(self) -> bool:
        """Whether nothing more can be recorded."""
        recording = self._recording
        return recording.now_ns() >= recording.until_unix_ns - recording.lead_ns

    def _is_over(self) -> bool:
        recording = self._recording
        now_ns = recording.now_ns()
        if now_ns < recording.until_unix_ns and not all(m.stopped for m in recording.members):
            return False
        if any(thread.is_alive() for thread in self._revivals.values()):
            return False
        waiting = [m for m in recording.members if not (m.lost or m.stopped)]
        for member in waiting:
            member.hurry()
        return not waiting or now_ns > recording.until_unix_ns + _GRACE_NS

    def _look_at_clocks(self) -> None:
        recording = self._recording
        now_ns = recording.now_ns()
        if now_ns - self._clocks_ns > _CLOCKS_EVERY_NS and recording.clockbook is not None:
            self._clocks_ns = now_ns
            with contextlib.suppress(TaverError):
                recording.clockbook.save()
        off_ns = _wall_off_ns(recording.epoch)
        if abs(off_ns - self._wall_off_ns) > _WALL_CLOCK_SET_NS:
            seconds = (off_ns - self._wall_off_ns) / NS_PER_S
            self._wall_off_ns = off_ns
            recording.say(
                HappeningKind.CLOCK,
                f"This machine's clock was set by {seconds:+.1f} s, or it slept",
                fix="nothing needs doing: the recording keeps the time it began with; "
                "let the machine not sleep",
            )
            if recording.ledger is not None:
                note = f"the leading machine's wall clock: {seconds:+.1f} s"
                recording.ledger.mark(
                    Marker(name="clock set", unix_ns=now_ns, note=note, source="machine")
                )


def _wall_off_ns(epoch: Epoch) -> int:
    """Return by how much the wall clock differs from the one that a recording began with."""
    now = Epoch.now()
    return now.unix_ns - epoch.to_unix_ns(now.host_ns)


def left_of(recording: Recording, plan_seconds: float) -> float:
    """Return for how many seconds there is still to record."""
    left_s = (recording.until_unix_ns - recording.now_ns()) / NS_PER_S
    return max(0.1, min(plan_seconds, left_s))
