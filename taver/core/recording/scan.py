"""Walks a stream's file byte by byte: every whole frame, and every place that is damaged.

Nothing is taken on trust: each frame's checksum is computed, the records between frames must be
exactly what the writer would have put there, and where the walk loses its footing it looks for
the next place at which a whole frame begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from taver.core.progress import Silent
from taver.core.recording import chunk, wire
from taver.core.recording.checksum import crc32
from taver.core.recording.finish import Entry
from taver.core.recording.front import DamagedFrontError, Front, read_front
from taver.core.recording.tail import NotFinishedError, entries, read_summary

if TYPE_CHECKING:
    from taver.core.progress import Progress
    from taver.core.recording.source import Source

# No frame is larger: a colour picture of 1920x1080 has 6 MB before encoding.
LARGEST_CHUNK_BYTES = 64 * 2**20
_WINDOW_BYTES = 4 * 2**20
_MB = 10**6
_DATA_END_HEAD = wire.RECORD_HEAD.pack(wire.DATA_END, 4)


BEHIND = "only the record behind it is damaged, the frame itself is whole"


class Damage(NamedTuple):
    """A place where bytes are not what they were; `frame` counts from 0, None between frames."""

    at: int
    what: str
    frame: int | None


class Scan(NamedTuple):
    """What was found in a file."""

    front: Front | None  # None where it is damaged
    entries: list[Entry]
    damage: list[Damage]
    finished: bool  # its end is there
    lost: int  # frames that were there once and are damaged
    torn_bytes: int  # what follows the last whole frame: one that was being written


def scan(source: Source, progress: Progress | None = None, *, headless: bool = False) -> Scan:
    """Read all of `source`; raises DataError for what is not a recording of taver's.

    With `headless` the beginning is not looked at: frames are found by themselves.
    """
    progress = progress or Silent()
    progress.begin(f"reading {source.path.name}, MB", source.size // _MB)
    damage: list[Damage] = []
    front: Front | None = None
    try:
        front = None if headless else read_front(source)
    except DamagedFrontError as error:
        damage.append(Damage(0, str(error), None))
    if headless:
        damage.append(Damage(0, "its first bytes are damaged", None))
    at = len(front.preamble.data) if front else _next_chunk(source, 0)
    found: list[Entry] = []
    end = _walk(source, at, found, damage, progress)
    finished = end is not None and _check_end(source, end, found, damage)
    torn_at = found[-1].at + found[-1].size + wire.MESSAGE_INDEX_SIZE if found else at
    return Scan(
        front=front,
        entries=found,
        damage=damage,
        finished=finished,
        lost=_lost_frames(source, found, damage) if damage else 0,
        torn_bytes=max(0, source.size - torn_at) if end is None else 0,
    )


def _walk(
    source: Source, at: int, found: list[Entry], damage: list[Damage], progress: Progress
) -> int | None:
    """Add the frames and the damage; return where the data's end stands, if it does."""
    frame = 0
    while True:
        head = source.read(at, wire.CHUNK_OVERHEAD + wire.MESSAGE_OVERHEAD)
        if head.startswith(_DATA_END_HEAD):
            return at
        size = _chunk_size(head)
        body = memoryview(source.read(at, size))
        what = chunk.problem(body) if size and len(body) == size else "it is cut off"
        before = at
        if what is None:
            found.append(Entry(_log_ns(body), at, size))
            at += size
            expected = wire.message_index(found[-1].log_ns)
            index = source.read(at, len(expected))
            if index != expected[: len(index)]:
                damage.append(Damage(at, BEHIND, frame))
            at += len(index)
        else:
            at = _next_chunk(source, at + 1)
            if at >= source.size:
                # Nothing whole follows: a frame that was being written, or damage before the end.
                end = _end_by_footer(source)
                if end is not None:
                    inside = before < end
                    whose = frame if inside else None
                    damage.append(Damage(before, what if inside else "the end is damaged", whose))
                elif before < source.size and _has_end(source):
                    damage.append(Damage(before, "the end is damaged", None))
                return end
            damage.append(Damage(before, what, frame))
        frame += 1
        progress.advance(at // _MB - before // _MB)


def _end_by_footer(source: Source) -> int | None:
    """Return where the data's end should stand, if the file's own end is undamaged."""
    try:
        return read_summary(source)[0] - wire.DATA_END_SIZE
    except ValueError:
        return None


def _check_end(source: Source, end: int, found: list[Entry], damage: list[Damage]) -> bool:
    """Hold index and checksum against the data; add what differs, tell if the end is there."""
    try:
        listed = entries(read_summary(source)[1])
    except NotFinishedError:
        return False
    except ValueError as error:
        damage.append(Damage(end, str(error), None))
        return True
    if not damage and listed != found:
        damage.append(Damage(end, "the index does not list the frames there are", None))
    said = int.from_bytes(source.read(end + wire.RECORD_HEAD.size, 4), "little")
    if not damage and said != checksum_of(source, end):
        damage.append(Damage(0, "the checksum of the whole differs", None))
    return True


def _lost_frames(source: Source, found: list[Entry], damage: list[Damage]) -> int:
    """Count the frames that were once there and are not whole now."""
    try:
        return len(set(entries(read_summary(source)[1])) - set(found))
    except ValueError:  # without an index, each damaged place was one frame
        return sum(1 for d in damage if d.frame is not None and d.what != BEHIND)


def checksum_of(source: Source, end: int) -> int:
    """Return the checksum of everything before `end`."""
    checksum = 0
    for at in range(0, end, _WINDOW_BYTES):
        checksum = crc32(source.read(at, min(_WINDOW_BYTES, end - at)), checksum)
    return checksum


def _chunk_size(head: bytes) -> int:
    """Return the size of the chunk record that begins with `head`, or 0 if none does."""
    if len(head) < wire.CHUNK_OVERHEAD + wire.MESSAGE_OVERHEAD or head[0] != wire.CHUNK:
        return 0
    size = wire.RECORD_HEAD.size + wire.RECORD_HEAD.unpack_from(head, 0)[1]
    return size if size <= LARGEST_CHUNK_BYTES else 0


def _next_chunk(source: Source, at: int) -> int:
    """Return where the next whole chunk begins at `at` or later, or the file's size."""
    needed = wire.CHUNK_OVERHEAD + wire.MESSAGE_OVERHEAD
    while at < source.size:
        window = source.read(at, _WINDOW_BYTES + needed)
        place = window.find(bytes([wire.CHUNK]), 0, _WINDOW_BYTES)
        while place >= 0:
            head = window[place : place + needed]
            size = _chunk_size(head)
            # The cheap test first: the size is told three times.
            if size and head[25:33] == head[41:49] == (size - wire.CHUNK_OVERHEAD).to_bytes(
                8, "little"
            ):
                body = source.read(at + place, size)
                if len(body) == size and chunk.problem(memoryview(body)) is None:
                    return at + place
            place = window.find(bytes([wire.CHUNK]), place + 1, _WINDOW_BYTES)
        at += _WINDOW_BYTES
    return source.size


def _has_end(source: Source) -> bool:
    """Tell whether the file was finished once, by the magic at its very end."""
    return source.read(source.size - len(wire.MAGIC), len(wire.MAGIC)) == wire.MAGIC


def _log_ns(body: memoryview) -> int:
    log_ns: int = wire.CHUNK_HEAD.unpack_from(body, wire.RECORD_HEAD.size)[0]
    return log_ns
