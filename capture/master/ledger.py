"""Keeps session.json: whatever happens stands in it a moment later, and survives any death."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from taver.core.errors import TaverError
from taver.core.frames import Modality
from taver.core.session.manifest import Marker, Phase, StreamRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from taver.core.session.folder import Session
    from taver.core.session.manifest import GridPlan, Manifest, Piece, SelfReport, State


class Ledger:
    """The one hand that writes a session's document while it is recorded; from any thread."""

    def __init__(self, session: Session, trouble: Callable[[TaverError], None]) -> None:
        self.session = session
        self._trouble = trouble
        self._turn = threading.RLock()
        self._told: dict[str, tuple[Marker, ...]] = {}  # of agents that still record
        self._gaps: dict[str, Marker] = {}  # that go on
        self._settled = session.manifest.markers
        self._troubled: set[str] = set()

    @property
    def marker_count(self) -> int:
        """How many moments were noted."""
        with self._turn:
            return len(self.session.manifest.markers)

    @property
    def phase(self) -> str:
        """The phase that goes on, or nothing."""
        phases = self.session.manifest.phases
        return phases[-1].name if phases and phases[-1].end_unix_ns is None else ""

    def mark(self, marker: Marker) -> None:
        """Note a moment for good."""
        with self._turn:
            self._settled = (*self._settled, marker)
            self._save_markers()

    def tell(self, agent: str, marker: Marker) -> None:
        """Note what an agent told of on the way; in the end it tells all of it again."""
        with self._turn:
            self._told[agent] = (*self._told.get(agent, ()), marker)
            self._save_markers()

    def settle(self, agent: str, markers: Sequence[Marker]) -> None:
        """Take an agent's last word instead of what it told on the way."""
        with self._turn:
            self._told.pop(agent, None)
            self._settled = (*self._settled, *markers)
            self._save_markers()

    def keep_told(self, agent: str) -> None:
        """Take what an agent told on the way for its last word: it is gone."""
        self.settle(agent, self._told.get(agent, ()))

    def open_gap(self, who: str, marker: Marker) -> None:
        """Note that somebody is gone from a moment on."""
        with self._turn:
            self._gaps[who] = marker
            self._save_markers()

    def close_gap(self, who: str, until_unix_ns: int) -> None:
        """Note until when."""
        with self._turn:
            gap = self._gaps.pop(who, None)
            if gap is not None:
                until_unix_ns = max(until_unix_ns, gap.unix_ns)
                self.mark(msgspec.structs.replace(gap, until_unix_ns=until_unix_ns))

    def close_gaps(self, until_unix_ns: int) -> None:
        """Note that the recording has ended for those who are still gone."""
        with self._turn:
            for who in list(self._gaps):
                self.close_gap(who, until_unix_ns)

    def begin_phase(self, name: str, unix_ns: int) -> None:
        """Let a phase begin, and the one before it end."""
        with self._turn:
            phases = (*self._ended_phases(unix_ns), Phase(name=name, start_unix_ns=unix_ns))
            self._save(phases=phases)

    def end_phase(self, unix_ns: int) -> None:
        """Let the phase end that goes on."""
        with self._turn:
            if self.phase:
                self._save(phases=self._ended_phases(unix_ns))

    def report(self, report: SelfReport) -> None:
        """Note what the person said of themselves."""
        with self._turn:
            self._save(reports=(*self.session.manifest.reports, report))

    def set_grid(self, grid: GridPlan) -> None:
        """Note the slots that frames are chosen for."""
        with self._turn:
            self._save(grid=grid)

    def put(self, pieces: Mapping[Modality, Piece]) -> None:
        """Note files: new ones, or what those that stand there have come to hold."""
        with self._turn:
            streams = dict(self.session.manifest.streams)
            for modality, piece in pieces.items():
                known = streams[modality].pieces if modality in streams else ()
                places = [n for n, other in enumerate(known) if other.file == piece.file]
                record = StreamRecord(pieces=known)
                streams[modality] = (
                    record.with_piece(places[0], piece)
                    if places
                    else StreamRecord(pieces=(*known, piece))
                )
            self._save(streams={m: streams[m] for m in Modality if m in streams})

    def drop(self, file: str) -> None:
        """Forget a file that was never made."""
        with self._turn:
            streams = {
                modality: StreamRecord(pieces=tuple(p for p in s.pieces if p.file != file))
                for modality, s in self.session.manifest.streams.items()
            }
            self._save(streams={m: stream for m, stream in streams.items() if stream.pieces})

    def finish(self, state: State) -> None:
        """Say that it is over."""
        with self._turn:
            self._troubled.clear()  # what cannot be saved now is told again
            self._save(state=state)

    def _ended_phases(self, unix_ns: int) -> tuple[Phase, ...]:
        phases = self.session.manifest.phases
        if not self.phase:
            return phases
        return (*phases[:-1], msgspec.structs.replace(phases[-1], end_unix_ns=unix_ns))

    def _save_markers(self) -> None:
        told = [marker for markers in self._told.values() for marker in markers]
        markers = (*self._settled, *told, *self._gaps.values())
        self._save(markers=tuple(sorted(markers, key=lambda marker: marker.unix_ns)))

    def _save(self, **changed: object) -> None:
        manifest: Manifest = msgspec.structs.replace(self.session.manifest, **changed)
        # A full disk keeps it from being written, not from being known: it is tried again with
        # whatever comes next, and at the end.
        self.session.manifest = manifest
        self._try(lambda: self.session.save(manifest))

    def _try(self, save: Callable[[], None]) -> None:
        try:
            save()
        except TaverError as error:
            if error.what not in self._troubled:
                self._troubled.add(error.what)
                self._trouble(error)
