import random

import numpy as np
import pytest
import streams
from mcap.reader import NonSeekingReader, make_reader

from taver.core.errors import DataError, InputError, NotFoundError
from taver.core.frames import Modality
from taver.core.recording import wire
from taver.core.recording.reader import StreamReader
from taver.core.recording.source import Source
from taver.core.recording.tail import fingerprint
from taver.core.recording.writer import StreamWriter, partial_of


def test_every_frame_comes_back_with_its_stamps(tmp_path):
    path = tmp_path / "depth.mcap"
    contents = streams.write_stream(path, 20)
    with StreamReader(path) as reader:
        assert reader.header == streams.header()
        assert [bytes(frame.data) for frame in reader] == contents
        assert [frame.stamp for frame in reader] == [streams.stamp(n) for n in range(20)]
        assert reader.unix_ns.tolist() == [
            streams.START_NS + n * streams.PERIOD_NS for n in range(20)
        ]


def test_a_frame_is_found_by_the_nearest_time_even_if_they_came_out_of_order(tmp_path):
    path = tmp_path / "depth.mcap"
    order = random.Random(2).sample(range(50), 50)
    with StreamWriter(path, streams.header()) as writer:
        for number in order:
            writer.write(number * 1000, streams.stamp(number), streams.data(number))
        writer.finish()
    with StreamReader(path) as reader:
        for asked_ns in (-5, 0, 499, 500, 501, 24_400, 49_000, 10**12):
            got_ns = reader.read(reader.nearest(asked_ns)).unix_ns
            best_ns = min(abs(n * 1000 - asked_ns) for n in range(50))
            assert abs(got_ns - asked_ns) == best_ns
        between = [frame.unix_ns for frame in reader.between(3_000, 7_000)]
        assert between == [3_000, 4_000, 5_000, 6_000]


@pytest.mark.parametrize("frames", [0, 1, 40])
def test_the_reference_library_reads_the_same(tmp_path, frames):
    path = tmp_path / "depth.mcap"
    contents = streams.write_stream(path, frames)
    with path.open("rb") as file:
        by_index = make_reader(file, validate_crcs=True)
        summary = by_index.get_summary()
        messages = [message for _, _, message in by_index.iter_messages()]
        metadata = {m.name: m.metadata for m in by_index.iter_metadata()}
        assert by_index.get_header().profile == "taver"
    with path.open("rb") as file:
        in_order = [m for _, _, m in NonSeekingReader(file, validate_crcs=True).iter_messages()]
    assert messages == in_order
    assert len(messages) == frames
    for message, content in zip(messages, contents, strict=True):
        assert message.data.endswith(content)
    assert summary.statistics.message_count == frames
    assert summary.statistics.channel_message_counts == {1: frames}
    assert [c.topic for c in summary.channels.values()] == ["/depth"]
    assert len(summary.chunk_indexes) == frames
    assert metadata["taver.stream"]["session"] == '"s01"'
    assert metadata["taver.stream"]["simulated"] == "true"


@pytest.mark.parametrize("modality", list(Modality))
def test_googles_protobuf_decodes_every_message_by_the_schema_in_the_file(tmp_path, modality):
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    path = tmp_path / "x.mcap"
    contents = streams.write_stream(path, 8, modality=modality)
    with path.open("rb") as file:
        rows = list(make_reader(file).iter_messages())
    schema = rows[0][0]
    wanted = {
        Modality.COLOR: "foxglove.CompressedImage",
        Modality.SOUND: "taver.CompressedSound",
    }.get(modality, "taver.CompressedRaster")
    assert (schema.name, schema.encoding) == (wanted, "protobuf")
    files = descriptor_pb2.FileDescriptorSet.FromString(schema.data)
    pool = descriptor_pool.DescriptorPool()
    for one in files.file:
        pool.Add(one)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(schema.name))
    for number, (_, _, row) in enumerate(rows):
        decoded = kind.FromString(row.data)
        stamp = streams.stamp(number)
        assert decoded.data == contents[number]
        assert decoded.format == "blosc"
        assert decoded.frame_id == modality.value
        assert decoded.timestamp.ToNanoseconds() == row.log_time
        assert decoded.stamp.host_ns == stamp.host_ns
        assert decoded.stamp.device_ns == (stamp.device_ns or 0)
        assert decoded.stamp.number == number
        assert decoded.stamp.status == stamp.status


def test_a_stream_being_written_does_not_look_whole(tmp_path):
    path = tmp_path / "s01" / "depth.mcap"
    path.parent.mkdir()
    writer = StreamWriter(path, streams.header())
    writer.write(1, streams.stamp(0), b"abc")
    writer.close()
    assert not path.exists()
    assert partial_of(path).exists()
    with pytest.raises(DataError, match="never finished") as caught:
        StreamReader(path)
    assert caught.value.fix == "taver session recover s01"


def test_a_stream_is_never_written_over_another(tmp_path):
    path = tmp_path / "depth.mcap"
    with StreamWriter(path, streams.header()), pytest.raises(OSError, match="exists"):
        StreamWriter(path, streams.header())


def test_a_frame_whose_bytes_changed_is_refused_and_named(tmp_path):
    path = tmp_path / "depth.mcap"
    streams.write_stream(path, 5)
    with StreamReader(path) as reader:
        place = reader._entries[3].at + 300
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 4
    path.write_bytes(damaged)
    with StreamReader(path) as reader:
        assert bytes(reader.read(2).data) == streams.data(2)
        with pytest.raises(DataError, match=r"frame 3 at byte .*checksum"):
            reader.read(3)


def test_a_frame_that_is_not_there_is_an_input_error(tmp_path):
    path = tmp_path / "depth.mcap"
    streams.write_stream(path, 3)
    with StreamReader(path) as reader:
        for number in (-1, 3):
            with pytest.raises(InputError, match="no frame"):
                reader.read(number)
    with pytest.raises(NotFoundError):
        StreamReader(tmp_path / "nothing.mcap")


def test_files_that_are_not_ours_are_told_apart(tmp_path):
    from mcap.writer import Writer

    picture = tmp_path / "picture.mcap"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    with pytest.raises(DataError, match="not an MCAP file"):
        StreamReader(picture)
    foreign = tmp_path / "foreign.mcap"
    with foreign.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2", library="another")
        writer.add_metadata("a", {"b": "c"})
        writer.finish()
    with pytest.raises(DataError, match=r"another program's \(profile 'ros2'\)"):
        StreamReader(foreign)
    empty = tmp_path / "empty.mcap"
    empty.write_bytes(b"")
    with pytest.raises(DataError, match="not an MCAP file"):
        StreamReader(empty)


def test_a_newer_version_of_the_format_is_refused_by_its_number(tmp_path):
    path = tmp_path / "depth.mcap"
    streams.write_stream(path, 1, format_version=2)
    with pytest.raises(DataError, match="version 2 of taver's recordings; this taver reads 1"):
        StreamReader(path)


def test_a_fingerprint_tells_one_recording_from_every_other(tmp_path):
    marks = set()
    for place, frames in enumerate((3, 3, 4)):
        path = tmp_path / f"{place}.mcap"
        streams.write_stream(path, frames)
        with Source(path) as source:
            marks.add(fingerprint(source))
    assert len(marks) == 2  # the two alike are alike


def test_frames_can_be_read_from_many_threads_at_once(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "depth.mcap"
    contents = streams.write_stream(path, 60)
    numbers = np.random.default_rng(1).integers(0, 60, 600).tolist()
    with StreamReader(path) as reader, ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: bytes(reader.read(n).data), numbers))
    assert got == [contents[n] for n in numbers]


def test_all_sizes_of_the_layout_are_those_of_the_specification():
    # https://mcap.dev/spec: opcode and length are 9 bytes before every record.
    assert wire.CHUNK_OVERHEAD == 9 + 8 + 8 + 8 + 4 + 4 + 8
    assert wire.MESSAGE_OVERHEAD == 9 + 2 + 4 + 8 + 8
    assert wire.MESSAGE_INDEX_SIZE == 9 + 2 + 4 + 16
    assert wire.FOOTER_SIZE == 9 + 8 + 8 + 4
    assert wire.CHUNK_INDEX_RECORD.itemsize == 9 + 4 * 8 + 4 + 10 + 8 + 4 + 8 + 8
