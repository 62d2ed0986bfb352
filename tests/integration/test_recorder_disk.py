"""Disks that are slow, small, or full: what is recorded is whole, and what is not is counted."""

import contextlib
import os
import threading
import time

import cameras
import places
import pytest
import studies
from cameras import World
from telling import posix_only

from capture.plan import Plan
from capture.recorder import BROKEN_OFF, record, room
from capture.status import HappeningKind
from taver.core.errors import AlreadyThereError, StorageError
from taver.core.frames import Modality
from taver.core.recording.reader import StreamReader
from taver.core.recording.recover import recover
from taver.core.recording.writer import partial_of

MB = 2**20


@pytest.fixture
def disk(tmp_path):
    with places.small_disk(tmp_path / studies.STRANGE_NAME) as disk:
        disk.holds(40 * 1024)
        yield disk


@contextlib.contextmanager
def standing_still(stream):
    """Let a stream's disk take nothing for the length of the block, and all of it afterwards.

    A pipe takes its file's place, which is soon full; then its bytes go where they belong.
    """
    file = stream.store._writer._file.fileno()
    own = os.dup(file)
    taken, given = os.pipe()
    os.dup2(given, file)
    os.close(given)
    try:
        yield
    finally:

        def drain():
            while data := os.read(taken, MB):
                os.write(own, data)

        thread = threading.Thread(target=drain)
        thread.start()
        # Until nothing is being written to the pipe any more.
        while stream.store._tally.queued:
            time.sleep(0.005)
        os.dup2(own, file)  # which closes the pipe's last end
        thread.join()
        os.close(own)
        os.close(taken)


@posix_only
def test_frames_for_which_the_queue_has_no_room_are_counted_and_told(tmp_path):
    world = World()
    source = cameras.source(world, (Modality.SOUND,), rate_hz=150, announced_hz=4)
    pytest.importorskip("soundfile")
    with cameras.armed(tmp_path / "s", source) as studio:
        (stream,) = studio.recorder._streams
        with standing_still(stream):
            studio.recorder.start(time.monotonic_ns())
            studio.until(lambda: studio.stream(Modality.SOUND).dropped.get("queue full", 0) >= 20)
            status = studio.stream(Modality.SOUND)
            assert status.queued >= status.queue_size
            world.mute.add(Modality.SOUND)
        assert studio.stream(Modality.SOUND).stored > 0
        world.mute.clear()
        stored = studio.stream(Modality.SOUND).stored
        studio.until(lambda: studio.stream(Modality.SOUND).stored > stored + 5)
        recorded = studio.finished()
    told = [h for h in studio.heard if "come faster" in h.text]
    assert told[0].kind is HappeningKind.DROPPED
    assert len(told) == 1  # and not one for each frame
    assert "faster disk" in told[0].fix
    piece = recorded.pieces[Modality.SOUND]
    assert piece.dropped["queue full"] >= 20
    with StreamReader(studio.folder / piece.file) as reader:
        numbers = [frame.stamp.number for frame in reader]
    # The device's own numbers tell which they were.
    assert numbers[-1] - numbers[0] + 1 - len(numbers) <= sum(piece.dropped.values())


def test_without_a_clock_that_runs_a_full_queue_is_waited_for(study):
    source = studies.pattern((Modality.DEPTH,), rate_hz=1000)
    session = studies.record_pattern(study, "s01", source, seconds=3)
    stream = session.manifest.streams[Modality.DEPTH]
    assert (stream.frames, stream.dropped) == (3000, {})


def test_no_recording_begins_without_room_for_all_of_it(disk):
    world = World()
    with (
        pytest.raises(StorageError, match="take up to") as caught,
        cameras.armed(disk.folder / "s", cameras.source(world), seconds=1e6),
    ):
        pass
    assert "at most" in caught.value.fix
    assert list((disk.folder / "s").iterdir()) == []


def test_a_session_in_real_time_needs_room_too_and_leaves_nothing_without(disk):
    study = studies.make_study(disk.folder / "study")
    source = cameras.source(World())
    with pytest.raises(StorageError, match="take up to"):
        record(study, Plan(session="s01", participant="P01", seconds=1e6), [source])
    assert list(study.sessions_folder.iterdir()) == []


def test_the_recording_ends_whole_before_the_disk_is_full(disk):
    world = World()
    source = cameras.source(world, (Modality.DEPTH, Modality.IR), rate_hz=100)
    with cameras.running(disk.folder / "s", source, seconds=60) as studio:
        studio.until(lambda: studio.stream().stored >= 20)
        # Somebody else fills the disk meanwhile, up to a little more than is kept in reserve.
        left = 400_000
        other = disk.folder / "others.bin"
        other.write_bytes(b"x" * (room.free_bytes(disk.folder) - room.RESERVE_BYTES - left))
        studio.until(lambda: studio.recorder.wait(0))
        recorded = studio.finished()
        statuses = [studio.stream(m) for m in (Modality.DEPTH, Modality.IR)]
    assert room.free_bytes(disk.folder) > room.RESERVE_BYTES / 2
    told = [h for h in studio.heard if h.kind is HappeningKind.DISK]
    assert "full in about" in told[0].text
    assert "ended after" in told[-1].text
    (problem,) = recorded.problems
    assert isinstance(problem, StorageError)
    (marker,) = recorded.markers
    assert (marker.name, marker.source) == (BROKEN_OFF, "machine")
    assert recorded.unfinished == ()
    assert all(status.dropped == {} for status in statuses)
    # Both ended at one moment.
    ends = [piece.last_unix_ns for piece in recorded.pieces.values()]
    assert abs(ends[0] - ends[1]) < 100_000_000


def test_when_the_disk_is_full_all_the_same_the_rest_is_counted_and_the_files_are_given_back(disk):
    world = World()
    source = cameras.source(world, (Modality.DEPTH, Modality.IR), rate_hz=200)
    with cameras.running(disk.folder / "s", source, guarded=False) as studio:
        studio.until(lambda: studio.stream().stored >= 20)
        (disk.folder / "others.bin").write_bytes(b"x" * (room.free_bytes(disk.folder) - 50_000))
        studio.until(lambda: studio.stream().dropped.get("disk full", 0) >= 1)
        studio.until(lambda: studio.recorder.wait(0))  # nothing can be stored any more
        studio.assert_sums_close()
        recorded = studio.recorder.finish()
    assert recorded.pieces == {}
    assert {type(error) for error in recorded.unfinished} == {StorageError}
    assert HappeningKind.DISK in studio.kinds()
    (disk.folder / "others.bin").unlink()
    for modality in (Modality.DEPTH, Modality.IR):
        rescued = recover(studio.folder / f"{modality}.mcap", None)
        assert rescued.frames == studio.stream(modality).stored >= 20


def test_an_existing_file_is_never_written_over(tmp_path):
    world = World()
    folder = tmp_path / "s"
    with cameras.running(folder, cameras.source(world)) as studio:
        studio.until(lambda: studio.stream().stored >= 3)
        studio.finished()
    before = (folder / "depth.mcap").read_bytes()
    with (
        pytest.raises(AlreadyThereError, match=r"depth\.mcap"),
        cameras.armed(folder, cameras.source(world)),
    ):
        pass
    assert (folder / "depth.mcap").read_bytes() == before
    assert not partial_of(folder / "depth.mcap").exists()


def test_a_file_that_cannot_be_made_leaves_no_other(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    partial_of(folder / "ir.mcap").write_bytes(b"of a recording that was cut off")
    with (
        pytest.raises(AlreadyThereError),
        cameras.armed(folder, cameras.source(World(), (Modality.DEPTH, Modality.IR))),
    ):
        pass
    assert [path.name for path in folder.iterdir()] == ["ir.mcap.partial"]


def test_where_not_all_files_can_be_made_none_is_left(disk):
    folder = disk.folder / "s"
    folder.mkdir()
    disk.holds(40 * 1024, files=1 + 1 + sum(1 for _ in disk.folder.rglob("*")))
    streams = (Modality.DEPTH, Modality.IR)
    with pytest.raises(StorageError), cameras.armed(folder, cameras.source(World(), streams)):
        pass
    assert list(folder.iterdir()) == []
