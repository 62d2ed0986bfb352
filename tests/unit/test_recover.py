import random

import pytest
import streams
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taver.core.errors import DataError, StorageError
from taver.core.recording.reader import StreamReader
from taver.core.recording.recover import recover
from taver.core.recording.scan import scan
from taver.core.recording.source import Source
from taver.core.recording.writer import StreamWriter, partial_of

FRAMES = 30
many = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished stream: its bytes, what is in each frame, and where each frame ends."""
    path = tmp_path_factory.mktemp("whole") / "depth.mcap"
    contents = streams.write_stream(path, FRAMES)
    with StreamReader(path) as reader:
        ends = [entry.at + entry.size for entry in reader._entries]
    return path.read_bytes(), contents, ends


def frames_of(path):
    with StreamReader(path) as reader:
        return [bytes(frame.data) for frame in reader]


def told_of(path):
    """Return what a scan says of damage; a bit in the program's name makes it another's file."""
    try:
        with Source(path) as source:
            return [damage.what for damage in scan(source).damage]
    except DataError as error:
        return [error.what]


def is_whole(path):
    with Source(path) as source:
        found = scan(source)
    return found.finished and not found.damage


@many
@given(cut=st.integers(0, 10**9))
def test_a_file_cut_off_anywhere_gives_back_every_frame_before_the_cut(tmp_path, whole, cut):
    data, contents, ends = whole
    cut %= len(data)
    path = tmp_path / "depth.mcap"
    path.unlink(missing_ok=True)
    partial_of(path).write_bytes(data[:cut])
    rescued = recover(path, streams.header())
    expected = [c for c, end in zip(contents, ends, strict=True) if end <= cut]
    assert frames_of(path) == expected
    assert rescued.frames == len(expected)
    assert rescued.lost == 0
    assert is_whole(path)
    assert not partial_of(path).exists()


@many
@given(place=st.integers(8, 10**9), bit=st.integers(0, 7))
def test_one_flipped_bit_is_found_wherever_it_is_and_costs_one_frame_at_most(
    tmp_path, whole, place, bit
):
    data, contents, _ = whole
    place = 8 + place % (len(data) - 8)
    path = tmp_path / "depth.mcap"
    for old in tmp_path.iterdir():
        old.unlink()
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    path.write_bytes(changed)
    assert told_of(path), "the damage was not noticed"
    rescued = recover(path, streams.header())
    back = frames_of(path)
    assert len(back) >= FRAMES - 1
    assert set(back) <= set(contents)
    assert rescued.lost == FRAMES - len(back)
    assert is_whole(path)
    assert [p for p in tmp_path.iterdir() if ".damaged" in p.name], "the original was not kept"


@many
@given(seed=st.integers(0, 10**6))
def test_however_many_bytes_are_overwritten_nothing_is_invented(tmp_path, whole, seed):
    data, contents, ends = whole
    chance = random.Random(seed)
    for old in tmp_path.iterdir():
        old.unlink()
    changed = bytearray(data)
    hit = set()
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(8, len(data))
        size = min(chance.choice([1, 50, 3000]), len(data) - at)
        changed[at : at + size] = chance.randbytes(size)
        starts = [0, *ends[:-1]]
        hit |= {n for n in range(FRAMES) if starts[n] < at + size and at < ends[n]}
    path = tmp_path / "depth.mcap"
    path.write_bytes(changed)
    recover(path, streams.header())
    back = frames_of(path)
    untouched = [c for n, c in enumerate(contents) if n not in hit]
    assert [c for c in back if c in untouched] == untouched
    assert set(back) <= set(contents)
    assert is_whole(path)


def test_a_whole_file_is_left_alone(tmp_path, whole):
    path = tmp_path / "depth.mcap"
    path.write_bytes(whole[0])
    assert recover(path, None).changed is False
    assert path.read_bytes() == whole[0]


def test_recovering_twice_changes_nothing_more(tmp_path, whole):
    path = tmp_path / "depth.mcap"
    partial_of(path).write_bytes(whole[0][: len(whole[0]) // 2])
    assert recover(path, None).changed
    once = path.read_bytes()
    assert recover(path, None).changed is False
    assert path.read_bytes() == once


def test_a_rescue_that_was_interrupted_after_the_end_was_written_goes_on(tmp_path, whole):
    path = tmp_path / "depth.mcap"
    partial_of(path).write_bytes(whole[0])  # finished, but not renamed yet
    assert recover(path, None).frames == FRAMES
    assert frames_of(path) == whole[1]


def test_zeros_that_a_power_cut_left_at_the_end_are_cut_off(tmp_path, whole):
    data, contents, ends = whole
    path = tmp_path / "depth.mcap"
    partial_of(path).write_bytes(data[: ends[9] + 31] + bytes(200_000))
    rescued = recover(path, None)
    assert frames_of(path) == contents[:10]
    assert rescued.cut_bytes == 200_000


def test_a_file_that_was_never_a_recording_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "depth.mcap"
    path.write_bytes(b"something else entirely" * 1000)
    with pytest.raises(DataError, match="not an MCAP file"):
        recover(path, streams.header())
    assert path.read_bytes() == b"something else entirely" * 1000
    assert list(tmp_path.iterdir()) == [path]


def test_without_room_for_the_copy_nothing_is_changed(tmp_path, whole, monkeypatch):
    import shutil

    data, _, ends = whole
    changed = bytearray(data)
    changed[ends[3] - 40] ^= 1
    path = tmp_path / "depth.mcap"
    path.write_bytes(changed)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(StorageError, match="MB are needed; 0 MB are free"):
        recover(path, None)
    assert path.read_bytes() == changed
    assert list(tmp_path.iterdir()) == [path]


def write_until_it_fails(writer, written):
    for number in range(1000):
        writer.write(number, streams.stamp(number), streams.data(number))
        written.append(streams.data(number))


def test_a_frame_that_could_not_be_written_leaves_nothing_of_itself(tmp_path):
    import resource
    import signal

    path = tmp_path / "depth.mcap"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writer = StreamWriter(path, streams.header())
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        written = []
        with pytest.raises(StorageError, match="No room left"):
            write_until_it_fails(writer, written)
        with pytest.raises(StorageError, match="No room left"):
            writer.write(1000, streams.stamp(0), b"")
        assert partial_of(path).stat().st_size == writer.size_bytes
        with pytest.raises(StorageError, match="No room left"):
            writer.finish()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
        writer.close()
    assert written
    assert recover(path, None).cut_bytes == 0
    assert frames_of(path) == written
