"""Watching a board's recording grow: views are counted as they come, and missing ones named."""

import numpy as np
import pytest
from boards import BOARD, Rendered

from calibration.live import Watch
from calibration.sources.growing import Growing
from capture.sim.rig import standard_rig
from taver.core import codec, lock
from taver.core.clock import Epoch
from taver.core.errors import NotFoundError
from taver.core.frames import Modality, Stamp
from taver.core.recording.header import StreamHeader
from taver.core.recording.writer import StreamWriter
from taver.core.session.folder import create, find
from taver.core.session.manifest import Manifest, Piece, State, StreamRecord

SEEN = (Modality.IR, Modality.THERMAL)
START_NS = 1_800_000_000_000_000_000


@pytest.fixture(scope="module")
def shots():
    return list(Rendered(standard_rig(), 3, 1).shots())


class Recording:
    """A session that is being written, frame by frame."""

    def __init__(self, study):
        pieces = {
            m: StreamRecord(
                pieces=(
                    Piece(
                        file=f"{m}.mcap",
                        driver="sim",
                        serial="1",
                        epoch=Epoch(host_ns=0, unix_ns=START_NS),
                    ),
                )
            )
            for m in SEEN
        }
        self.session = create(
            study,
            Manifest(
                name="calib01",
                participant=None,
                consent=None,
                simulated=True,
                state=State.RECORDING,
                epoch=Epoch(host_ns=0, unix_ns=START_NS),
                devices=(),
                streams=pieces,
            ),
        )
        self.number = 0
        self.writers = {}

    def begin(self, shot):
        for modality in SEEN:
            height, width = shot.pictures[modality].shape
            self.writers[modality] = StreamWriter(
                self.session.folder / f"{modality}.mcap",
                StreamHeader(
                    session="calib01",
                    participant=None,
                    simulated=True,
                    modality=modality,
                    width_px=width,
                    height_px=height,
                    rate_hz=10.0,
                    unit="ir",
                    codec=codec.RASTER,
                    driver="sim",
                    model="",
                    serial="1",
                    epoch_host_ns=0,
                    epoch_unix_ns=START_NS,
                    software="a test",
                ),
            )

    def write(self, shot):
        for modality, writer in self.writers.items():
            at_ns = self.number * 100_000_000
            stamp = Stamp(host_ns=at_ns, device_ns=None, number=self.number)
            writer.write(START_NS + at_ns, stamp, codec.encode_raster(shot.pictures[modality]))
        self.number += 1

    def finish(self):
        for writer in self.writers.values():
            writer.finish()
            writer.close()


def test_views_are_counted_as_they_come(study, shots):
    recording = Recording(study)
    with lock.held(recording.session.folder, "the test"):
        watch = Watch(find(study, "calib01"), BOARD)
        assert watch.going_on
        assert watch.look().said == "waiting for pictures"
        assert watch.meters == []
        recording.begin(shots[0])
        recording.write(shots[0])
        assert watch.look().said == "hold it still"  # one picture tells nothing of movement
        recording.write(shots[0])
        seen = watch.look()
        assert seen.new
        assert seen.said == "view 1"
        recording.write(shots[0])
        assert watch.look().said == "seen from here already: go on"
        recording.write(shots[1])
        assert watch.look().said == "hold it still"  # it was carried on
        recording.write(shots[1])
        assert watch.look().new
        recording.finish()
        recording.session.reload()
        assert [(m.camera, m.views) for m in watch.meters] == [("ir", 2), ("thermal", 2)]
        assert "13 more views" in watch.meters[0].missing
    assert not watch.going_on


def test_a_frame_that_is_being_written_is_not_touched(tmp_path, shots):
    recording_path = tmp_path / "ir.mcap"
    follower = Growing(recording_path, Modality.IR)
    assert not follower.follow()  # not even begun
    picture = shots[0].pictures[Modality.IR]
    header = StreamHeader(
        session="s",
        participant=None,
        simulated=True,
        modality=Modality.IR,
        width_px=picture.shape[1],
        height_px=picture.shape[0],
        rate_hz=10.0,
        unit="ir",
        codec=codec.RASTER,
        driver="sim",
        model="",
        serial="1",
        epoch_host_ns=0,
        epoch_unix_ns=START_NS,
        software="a test",
    )
    with StreamWriter(recording_path, header) as writer:
        writer.write(
            START_NS, Stamp(host_ns=0, device_ns=None, number=0), codec.encode_raster(picture)
        )
        partial = recording_path.with_name("ir.mcap.partial")
        whole = partial.read_bytes()
        assert follower.follow()
        assert follower.frames == 1
        assert np.array_equal(follower.newest()[1], picture)
        torn = follower.frames
        with partial.open("ab") as file:
            file.write(whole[-2000:-1000])  # not a record's beginning
        assert not follower.follow()
        assert follower.frames == torn


def test_what_is_not_being_recorded_cannot_be_watched(recorded, refused):
    err = refused(NotFoundError, recorded.study, "calibrate", "--live", "--session", "s01")
    assert "is not being recorded" in err
    assert "taver capture --session s01" in err


def test_live_watches_one_session(study, cli):
    done = cli(study, "calibrate", "--live", "--images", "x")
    assert done.code == 2
    assert "--session NAME" in done.err
