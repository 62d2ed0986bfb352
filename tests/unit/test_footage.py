"""A stream in several pieces, by several clocks, read as one."""

import msgspec
import numpy as np
import pytest
import streams
import studies

from taver.core.clock import Epoch
from taver.core.errors import DataError, InputError
from taver.core.frames import Modality
from taver.core.recording.writer import StreamWriter
from taver.core.session import clocks
from taver.core.session.clocks import ClockRecord, Clocks, Knot
from taver.core.session.footage import Footage
from taver.core.session.manifest import piece_file
from taver.core.session.streams import finished_piece, header_for

S = 1_000_000_000


def add_piece(session, modality, *, first_unix_ns, frames, clock="", epoch=None):
    """Record one more piece of a stream, a frame each tenth of a second."""
    record = session.manifest.streams[modality]
    number = len(record.pieces) + 1
    piece = msgspec.structs.replace(
        record.pieces[0],
        file=piece_file(modality, number),
        clock=clock,
        epoch=epoch or record.pieces[0].epoch,
        fingerprint=None,
    )
    path = session.piece_file(piece)
    with StreamWriter(path, header_for(session.manifest, modality, piece)) as writer:
        for frame in range(frames):
            unix_ns = first_unix_ns + frame * S // 10
            stamp = msgspec.structs.replace(
                streams.stamp(frame), host_ns=unix_ns - piece.epoch.unix_ns + piece.epoch.host_ns
            )
            writer.write(unix_ns, stamp, streams.data(frame))
        writer.finish()
    grown = msgspec.structs.replace(record, pieces=(*record.pieces, finished_piece(path, piece)))
    session.save(session.manifest.with_stream(modality, grown))


def test_pieces_are_joined_in_the_order_their_frames_were_taken(recorded):
    session = recorded.session
    whole = session.manifest.streams[Modality.DEPTH]
    later_ns = whole.last_unix_ns + 5 * S
    add_piece(session, Modality.DEPTH, first_unix_ns=later_ns, frames=4)
    assert session.manifest.streams[Modality.DEPTH].frames == whole.frames + 4
    assert len(session.stream_files(Modality.DEPTH)) == 2
    with Footage(session, Modality.DEPTH) as footage:
        assert len(footage) == whole.frames + 4
        assert np.all(np.diff(footage.unix_ns) > 0)
        assert footage.unix_ns[-1] == later_ns + 3 * S // 10
        assert bytes(footage.read(whole.frames + 2).data) == streams.data(2)
        assert [s.unix_ns for s in footage] == footage.unix_ns.tolist()
        assert footage.nearest(later_ns + 1) == whole.frames
        assert footage.stamp(whole.frames + 1) == footage.read(whole.frames + 1).stamp
        with pytest.raises(InputError, match="no frame"):
            footage.read(len(footage))


def test_times_of_another_machine_are_told_by_the_fit_and_not_by_what_it_thought(recorded):
    session = recorded.session
    master = session.manifest.epoch
    # Its clock began at 7 s when the leading one said 100 s, and runs 100 ppm fast.
    epoch = Epoch(host_ns=7 * S, unix_ns=master.unix_ns + 3 * S)  # and it thought wrongly
    add_piece(
        session,
        Modality.DEPTH,
        first_unix_ns=epoch.unix_ns + 20 * S,
        frames=3,
        clock="far",
        epoch=epoch,
    )
    with pytest.raises(DataError, match=r"clock\.json does not tell"):
        Footage(session, Modality.DEPTH)
    record = ClockRecord(
        machine="far",
        master=master,
        exchanges=(),
        knots=(
            Knot(host_ns=7 * S, master_ns=100 * S),
            Knot(host_ns=7 * S + 1_000_100_000_000, master_ns=1_100 * S),
        ),
    )
    Clocks(clocks={"far": record}).write(session.folder / clocks.FILE)
    with Footage(session, Modality.DEPTH) as footage:
        told = footage.unix_ns[-3:] - master.unix_ns + master.host_ns
    truly = 100 * S + (20 * S + np.arange(3) * S // 10) / 1.0001
    assert np.abs(told - truly).max() <= 1


def test_a_clock_that_jumped_is_told_by_the_line_that_held_then():
    record = ClockRecord(
        machine="m",
        master=Epoch(host_ns=0, unix_ns=0),
        exchanges=(),
        knots=(
            Knot(host_ns=0, master_ns=0),
            Knot(host_ns=10 * S, master_ns=10 * S),
            Knot(host_ns=10 * S, master_ns=70 * S),
            Knot(host_ns=20 * S, master_ns=80 * S + S // 10),
        ),
    )
    told = record.to_unix_ns(np.array([5, 10, 15, 30]) * S)
    assert told.tolist() == [5 * S, 70 * S, 75 * S + S // 20, 90 * S + S // 5]


def test_a_clock_that_was_never_fitted_says_so():
    record = ClockRecord(machine="m", master=Epoch(host_ns=0, unix_ns=0), exchanges=())
    with pytest.raises(DataError, match="never fitted"):
        record.to_unix_ns(np.zeros(1, np.int64))


def test_a_session_of_version_1_is_read_as_one_piece_a_stream(recorded):
    from taver.core.session.folder import find

    path = recorded.session.folder / "session.json"
    tree = msgspec.json.decode(path.read_bytes())
    tree["version"] = 1
    for name, stream in tree["streams"].items():
        (piece,) = stream["pieces"]
        tree["streams"][name] = {k: v for k, v in piece.items() if k not in {"epoch", "clock"}}
    del tree["reports"], tree["grid"]
    path.write_bytes(msgspec.json.encode(tree))
    assert find(recorded.study, "s01").manifest == recorded.session.manifest


@pytest.mark.parametrize("version", [0, 3, "x", None])
def test_a_session_of_an_unknown_version_is_refused(recorded, version):
    path = recorded.session.folder / "session.json"
    tree = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**tree, "version": version}))
    with pytest.raises(DataError, match="this taver reads 2"):
        type(recorded.session)(recorded.session.folder)


def test_how_to_capture_stands_in_the_studys_file(tmp_path):
    study = studies.make_study(tmp_path / "s")
    text = (study.folder / "study.toml").read_text(encoding="utf-8")
    assert type(study)(study.folder).config.capture.devices == ()
    more = (
        '\n[[capture.devices]]\ndriver = "a65_aravis"\n'
        'serial = "GV01"\nsettings = { packet_bytes = 8000 }\n\n'
        '[[capture.agents]]\nname = "kinect"\naddress = "10.0.0.7:7200"\n'
    )
    (study.folder / "study.toml").write_text(text + more, encoding="utf-8")
    section = type(study)(study.folder).config.capture
    assert section.devices[0].settings == {"packet_bytes": 8000}
    assert (section.agents[0].name, section.grid_hz) == ("kinect", 10)
