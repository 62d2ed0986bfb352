"""A recorded session as a device: its frames come again, at the pace they were taken."""

from __future__ import annotations

import contextlib
import heapq
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from capture.played import Played
from taver.core import consent
from taver.core.clock import NS_PER_S
from taver.core.codec import decode, decode_sound
from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.frames import DeviceInfo, Frame, Modality, Stamp, StreamInfo
from taver.core.session import agreed
from taver.core.session.folder import MANIFEST, Session
from taver.core.session.footage import Footage
from taver.core.session.manifest import State
from taver.core.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from taver.core.clock import Clock
    from taver.core.frames import Pixels
    from taver.core.recording.header import StreamHeader
    from taver.core.recording.message import Stored


class ReplayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session, and what of it."""

    session: str  # its folder
    modalities: tuple[Modality, ...] | None = None  # None: all that were recorded
    loop: bool = False  # begin again after the last frame
    serial: str = ""  # empty: the session's name

    def __post_init__(self) -> None:
        given = self.modalities
        if given is not None and (not given or len(set(given)) != len(given)):
            raise InputError(
                f"A replay cannot deliver {[str(m) for m in given]}",
                fix="name one modality or more, each once, or leave the key out for all",
            )


class _Take(NamedTuple):
    """One frame in the files, and what its stream adds to its stamp."""

    unix_ns: int
    stream: _Stream
    stored: Stored
    number: int


def _stamp(take: _Take, host_ns: int, later_ns: int) -> Stamp:
    """Return the recorded stamp, moved to where the frame is now."""
    once = take.stored.stamp
    device_ns = None if once.device_ns is None else once.device_ns + later_ns
    return Stamp(host_ns=host_ns, device_ns=device_ns, number=take.number, status=once.status)


class ReplayDriver(Played):
    """Reads, decodes and waits; the clock decides whether that takes as long as it once did."""

    Config: ClassVar = ReplayConfig
    WHAT: ClassVar = "The replay"

    def __init__(self, config: ReplayConfig, clock: Clock) -> None:
        super().__init__(clock)
        self._config = config
        self._streams: tuple[_Stream, ...] = ()

    def open(self) -> DeviceInfo:
        """Open the session's files and say what they hold."""
        session = _session(Path(self._config.session))
        manifest = session.manifest
        wanted = self._config.modalities or tuple(manifest.streams)
        if not wanted:
            raise NotFoundError(
                f"Nothing was recorded in session {session.name}", fix="choose another session"
            )
        _refuse_unwilling(session, wanted)
        with contextlib.ExitStack() as undo:
            streams = []
            for modality in wanted:
                streams.append(_Stream(session, modality))
                undo.callback(streams[-1].close)
            empty = [str(s.header.modality) for s in streams if s.is_empty]
            if len(empty) == len(streams):
                raise DataError(
                    f"Session {session.name} holds no frame of {', '.join(empty)}",
                    fix="choose another session, or other modalities",
                )
            undo.pop_all()
        self._let_go()
        self._streams = tuple(streams)
        self._opened()
        sources = {f"{d.driver} {d.serial}": d.model for d in manifest.devices}
        return DeviceInfo(
            driver="replay",
            model=f"replay of session {session.name}",
            serial=self._config.serial or session.name,
            streams=tuple(stream.info for stream in streams),
            simulated=manifest.simulated,
            settings={
                "session": session.name,
                "participant": manifest.participant or "nobody",
                "recorded by": "; ".join(f"{model} ({who})" for who, model in sources.items()),
            },
            warnings=tuple(f"no frame of {modality} was recorded" for modality in empty),
        )

    def frames(self) -> Iterator[Frame]:
        """Yield the frames of all streams by the time they were taken.

        They keep their distances, device times, numbers and status; every further round of a loop
        counts on from the last.
        """
        start_ns = self._started_ns()
        filled = [stream for stream in self._streams if not stream.is_empty]
        first_ns = min(stream.first_ns for stream in filled)
        length_ns = max(stream.end_ns for stream in filled) - first_ns
        last: dict[Modality, int] = {}
        for turn in itertools.count() if self._config.loop else (0,):
            streams = [stream.takes(last.get(stream.header.modality)) for stream in filled]
            for take in heapq.merge(*streams, key=lambda take: take.unix_ns):
                # What takes long is done before the wait, so that a frame is not late by it.
                pixels = take.stream.pixels(take.stored)
                host_ns = start_ns + turn * length_ns + take.unix_ns - first_ns
                if not self._is_wanted_at(host_ns):
                    return
                last[take.stream.header.modality] = take.number
                yield Frame(
                    modality=take.stream.header.modality,
                    stamp=_stamp(take, host_ns, turn * length_ns),
                    pixels=pixels,
                )
                if self._stopped.is_set():
                    return

    def close(self) -> None:
        """Let go of the session's files."""
        super().close()
        self._let_go()

    def _let_go(self) -> None:
        for stream in self._streams:
            stream.close()
        self._streams = ()


class _Stream:
    """One modality of the session, by the clock that led."""

    def __init__(self, session: Session, modality: Modality) -> None:
        self._footage = Footage(session, modality)
        self.header: StreamHeader = self._footage.header
        times = self._footage.unix_ns
        self.is_empty = not len(times)
        self.first_ns = 0 if self.is_empty else int(times[0])
        period_ns = round(NS_PER_S / self.header.rate_hz)
        self.end_ns = 0 if self.is_empty else int(times[-1]) + period_ns

    @property
    def info(self) -> StreamInfo:
        """What it delivers, as its file says."""
        header = self.header
        return StreamInfo(
            modality=header.modality,
            width_px=header.width_px,
            height_px=header.height_px,
            rate_hz=header.rate_hz,
            unit=header.unit,
            samples_hz=header.samples_hz,
            channels=header.channels,
        )

    def takes(self, last: int | None) -> Iterator[_Take]:
        """Yield its frames by time; their numbers go on behind `last`.

        They are those of the device, up to where it began to count anew: after a break, or in
        another round of a loop.
        """
        ahead = 0
        for stored in self._footage:
            number = stored.stamp.number + ahead
            if last is not None and number <= last:
                ahead += last + 1 - number
                number = last + 1
            last = number
            yield _Take(stored.unix_ns, self, stored, number)

    def pixels(self, stored: Stored) -> Pixels:
        """Decode one frame."""
        header = self.header
        if header.modality is Modality.SOUND:
            return decode_sound(stored.data)
        return decode(header.modality, stored.data, header.height_px, header.width_px)

    def close(self) -> None:
        """Let go of its files."""
        self._footage.close()


def _refuse_unwilling(session: Session, modalities: Sequence[Modality]) -> None:
    """Raise ConsentError unless the person agrees today; away from its study, as they once did."""
    manifest = session.manifest
    if manifest.participant is None:
        return
    try:
        study = Study.find(session.folder)
    except NotFoundError:
        consent.require(manifest.consent, manifest.participant, modalities)
    else:
        agreed.require(study, manifest, modalities)


def _session(folder: Path) -> Session:
    if not (folder / MANIFEST).is_file():
        raise NotFoundError(
            f"{folder} is no session's folder: it has no {MANIFEST}",
            fix="give the folder of one session, such as sessions/s01",
        )
    session = Session(folder)
    if session.manifest.state is State.RECORDING:
        raise DataError(
            f"Session {session.name} is being recorded, or its recording broke off",
            fix=f"wait for its end, or: taver session recover {session.name}",
        )
    return session
