"""Every frame a device gave, or says it lost, is stored or counted, whatever goes wrong."""

import itertools
import time

import cameras
import children
import msgspec
import pytest
import studies
from cameras import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.plan import Plan
from capture.recorder import BROKEN_OFF, record
from capture.status import HappeningKind
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.consent import Scope
from taver.core.errors import ConsentError, DeviceError, MissingExtraError
from taver.core.frames import Modality
from taver.core.grid import fill_grid
from taver.core.recording.reader import StreamReader
from taver.core.recording.recover import recover
from taver.core.session import check
from taver.core.session.folder import find, folders

BOTH = (Modality.DEPTH, Modality.THERMAL)

# A process that records for minutes, saying after each frame how many it has stored.
VICTIM = """
import os, sys, time
from pathlib import Path
import cameras
from capture.plan import Plan
from capture.recorder import MachineRecorder
from taver.core.clock import Epoch
from taver.core.frames import Modality

class Aloud:
    def begin(self, title, total): ...
    def advance(self, steps=1):
        (device,) = recorder.devices()
        os.write(1, (" ".join(str(s.stored) for s in device.streams) + ".\\n").encode())

both = (Modality.DEPTH, Modality.IR)
source = cameras.source(cameras.World(), both, rate_hz=300)
plan, epoch = Plan(session="s01", participant=None, seconds=300), Epoch.now()
recorder = MachineRecorder(
    Path(sys.argv[1]), plan, [source], timeline=epoch, listen=print, progress=Aloud()
)
recorder.open()
recorder.arm({m: f"{m}.mcap" for m in both}, simulated=True, epoch=epoch)
recorder.start(time.monotonic_ns())
recorder.wait(300)
"""


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    drop_every=st.sampled_from([0, 2, 3, 7]),
    jitter_ms=st.integers(0, 30),
    unplug_after=st.sampled_from([0, 1, 13]),
    grid_hz=st.sampled_from([0, 7, 10, 30]),
    count=st.integers(1, 60),
)
def test_sums_close_under_every_fault_a_device_can_have(
    tmp_path_factory, drop_every, jitter_ms, unplug_after, grid_hz, count
):
    study = studies.make_study(tmp_path_factory.mktemp("faults"))
    source = studies.pattern(
        BOTH, scale=0.05, rate_hz=30, drop_every=drop_every,
        jitter_ns=jitter_ms * NS_PER_MS, unplug_after=unplug_after,
    )  # fmt: skip
    plan = Plan(session="s01", participant="P01", seconds=count / 30, grid_hz=grid_hz)
    broke = False
    try:
        record(study, plan, [source])
    except DeviceError:
        broke = True
    session = find(study, "s01")
    assert check.problems(session) == []
    assert broke == (0 < unplug_after < count)
    assert [m.name for m in session.manifest.markers] == [BROKEN_OFF] * broke
    lost = [n for n in range(count) if drop_every and n % drop_every == 1]
    gave = [n for n in range(unplug_after if broke else count) if n not in lost]
    # Behind its last frame nobody knows what a device that is gone would have given.
    known = gave[-1] + 1 if broke else count
    for modality, stream in session.manifest.streams.items():
        with StreamReader(session.stream_files(modality)[0]) as reader:
            numbers = [frame.stamp.number for frame in reader]
        # The last frame may have come too late, and when lost ones would have come is estimated.
        missed = known - stream.frames - sum(stream.dropped.values())
        assert missed in ({-1, 0, 1} if jitter_ms else {0}), modality
        assert set(numbers) <= set(gave)
        assert grid_hz or gave[len(numbers) :] in ([], gave[-1:])


@pytest.mark.parametrize("rate_hz", [30, 15, 10])
def test_each_slot_has_its_nearest_frame_and_none_is_shown_twice(study, rate_hz):
    source = studies.pattern(BOTH, scale=0.05, rate_hz=rate_hz, jitter_ns=8 * NS_PER_MS)
    plan = Plan(session="s01", participant="P01", seconds=6, grid_hz=10)
    session = record(study, plan, [source])
    grid = session.manifest.grid
    assert grid.rate_hz == 10
    for modality, stream in session.manifest.streams.items():
        with StreamReader(session.stream_files(modality)[0]) as reader:
            stored = list(reader)
        # By when they were taken: the pattern's device clock is exact.
        first = stored[0].stamp
        taken_ns = [grid.start_unix_ns + s.stamp.device_ns for s in stored]
        filled = fill_grid(taken_ns, start_ns=grid.start_unix_ns, count=60, rate_hz=10)
        assert filled.filled.mean() >= (1 if rate_hz >= 10 else 0.9)
        assert len(filled.unused(len(stored))) <= 2, (modality, first)
        assert stream.frames <= 60
        if rate_hz > 10:
            assert stream.dropped["not on the grid"] >= (rate_hz - 10) * 6 - 3


def test_a_stream_that_was_not_asked_for_is_neither_stored_nor_counted(study):
    plan = Plan(session="s01", participant="P01", seconds=1, streams=(Modality.THERMAL,))
    session = record(study, plan, [studies.pattern()])
    assert list(session.manifest.streams) == [Modality.THERMAL]
    assert session.manifest.streams[Modality.THERMAL].frames == 10
    assert check.problems(session) == []


def test_a_stream_that_no_device_delivers_is_told_before_anything_is_made(study):
    plan = Plan(session="s01", participant="P01", seconds=1, streams=(Modality.IR,))
    with pytest.raises(DeviceError, match="No device delivers ir"):
        record(study, plan, [studies.pattern()])
    assert folders(study) == []


def sounding(world=None):
    return cameras.source(world or World(), (Modality.SOUND,), rate_hz=100)


def test_sound_is_recorded_of_who_agreed_to_sound(study):
    pytest.importorskip("soundfile")
    session = record(study, Plan(session="s01", participant="P01", seconds=0.3), [sounding()])
    assert 0 < session.manifest.streams[Modality.SOUND].frames <= 30
    studies.add_person(study, "P02", studies.form(scopes=[s for s in Scope if s != Scope.SOUND]))
    with pytest.raises(ConsentError, match="did not agree to sound"):
        record(study, Plan(session="s02", participant="P02", seconds=0.3), [sounding()])
    assert [folder.name for folder in folders(study)] == ["s01"]


def test_a_real_microphone_hears_nobody_without_a_name(study):
    class Real(cameras.Camera):
        def open(self):
            info = super().open()
            return type(info)(
                driver=info.driver, model=info.model, serial=info.serial, streams=info.streams,
                simulated=False,
            )  # fmt: skip

    source = sounding()._replace(driver=Real(World(), (Modality.SOUND,)))
    with pytest.raises((ConsentError, MissingExtraError), match="nobody is named"):
        record(study, Plan(session="s01", participant=None, seconds=0.3), [source])
    assert folders(study) == []


def test_whoever_listens_cannot_end_a_recording(tmp_path):
    def gone(happening):
        raise BrokenPipeError

    world = World()
    with cameras.armed(tmp_path / "s", cameras.source(world)) as studio:
        studio.recorder._course._listen = gone
        studio.recorder.start(time.monotonic_ns())
        studio.until(lambda: studio.stream().stored >= 3)
        world.unplugged.set()
        studio.until(lambda: not studio.recorder.devices()[0].connected)
        recorded = studio.finished()
    assert recorded.pieces[Modality.DEPTH].frames >= 3


def test_a_driver_that_breaks_in_a_way_of_its_own_is_told_like_any_other(study):
    class Buggy(cameras.Camera):
        def frames(self):
            yield from itertools.islice(super().frames(), 4)
            raise KeyError("vendor")

    source = cameras.source(World())._replace(driver=Buggy(World()))
    with pytest.raises(DeviceError) as caught:
        record(study, Plan(session="s01", participant="P01", seconds=5), [source])
    assert "KeyError" in caught.value.problems[0]
    assert find(study, "s01").manifest.streams[Modality.DEPTH].frames == 4


def test_a_stamp_that_no_file_can_hold_costs_that_frame_alone(tmp_path):
    class Odd(cameras.Camera):
        def frames(self):
            for frame in super().frames():
                if frame.stamp.number % 3 == 2:
                    odd = msgspec.structs.replace(frame.stamp, device_ns=2**70)
                    yield msgspec.structs.replace(frame, stamp=odd)
                else:
                    yield frame

    source = cameras.source(World())._replace(driver=Odd(World()))
    with cameras.running(tmp_path / "s", source) as studio:
        studio.until(lambda: studio.stream().stored >= 20)
        recorded = studio.finished()
    assert recorded.pieces[Modality.DEPTH].dropped["not writable"] >= 9
    (problem,) = recorded.problems
    assert "device_ns=" in problem.what


def test_a_recording_that_was_replayed_to_its_end_ends_there(tmp_path):
    class Short(cameras.Camera):
        def frames(self):
            yield from itertools.islice(super().frames(), 7)

    source = cameras.source(World())._replace(driver=Short(World()))
    with cameras.running(tmp_path / "s", source) as studio:
        studio.until(lambda: studio.recorder.wait(0))
        recorded = studio.finished()
    assert recorded.pieces[Modality.DEPTH].frames == 7
    assert [happening.kind for happening in studio.heard] == [HappeningKind.WARNING]


def test_a_killed_recorder_loses_nothing_it_acknowledged(tmp_path):
    folder = tmp_path / "with spaces ä"
    folder.mkdir()
    with children.started(VICTIM, folder, cwd=tmp_path) as child:
        said = [child.stdout.readline().rstrip() for _ in range(40)]
        child.kill()
        said += child.stdout.read().splitlines()
    # The last line may be cut in its middle: only a whole one acknowledges.
    counts = [[int(n) for n in line[:-1].split()] for line in said if line.endswith(".")]
    acknowledged = [max(column) for column in zip(*counts, strict=True)]
    assert sum(acknowledged) >= 40
    for modality, count in zip((Modality.DEPTH, Modality.IR), acknowledged, strict=True):
        assert recover(folder / f"{modality}.mcap", None).frames >= count
        with StreamReader(folder / f"{modality}.mcap") as reader:
            numbers = [stored.stamp.number for stored in reader]
        assert numbers == list(range(len(numbers)))


def test_a_start_in_the_future_is_waited_for(tmp_path):
    with cameras.armed(tmp_path / "s", cameras.source(World())) as studio:
        start_ns = time.monotonic_ns() + NS_PER_S // 2
        studio.recorder.start(start_ns)
        studio.until(lambda: studio.stream().stored >= 3)
        assert time.monotonic_ns() > start_ns
        recorded = studio.finished()
        with StreamReader(studio.folder / "depth.mcap") as reader:
            assert reader.read(0).stamp.host_ns >= start_ns
    assert recorded.markers == ()


def test_frames_lost_just_before_the_end_are_counted_and_those_behind_it_not(tmp_path):
    class Losing(cameras.Camera):
        def frames(self):
            for frame in super().frames():
                if not 10 <= frame.stamp.number < 30:
                    yield frame

    source = cameras.source(World())._replace(driver=Losing(World(), exact=True))
    with cameras.armed(tmp_path / "s", source) as studio:
        start_ns = time.monotonic_ns() + NS_PER_S  # the camera is there in time for certain
        studio.recorder.start(start_ns)
        studio.recorder.stop_at(start_ns + NS_PER_S // 2)  # 25 frames of 20 ms
        studio.until(lambda: studio.recorder.wait(0))
        recorded = studio.finished()
    piece = recorded.pieces[Modality.DEPTH]
    assert piece.frames == 10
    assert piece.dropped["lost by the device"] == 15


def test_frames_the_device_lost_are_told_while_it_goes(tmp_path):
    class Losing(cameras.Camera):
        def frames(self):
            for frame in super().frames():
                if frame.stamp.number not in {5, 6, 7}:
                    yield frame

    source = cameras.source(World())._replace(driver=Losing(World()))
    with cameras.running(tmp_path / "s", source) as studio:
        studio.until(lambda: studio.stream().stored >= 10)
        recorded = studio.finished()
    assert recorded.pieces[Modality.DEPTH].dropped == {"lost by the device": 3}
    (told,) = studio.heard
    assert told.kind is HappeningKind.DROPPED
    assert "3 frames" in told.text
    assert "packet size" in told.fix


def test_a_device_none_of_whose_streams_is_wanted_is_not_started(tmp_path):
    idle, wanted = World(), World()
    with cameras.armed(
        tmp_path / "s",
        cameras.source(idle, (Modality.IR,), serial="idle"),
        cameras.source(wanted),
        streams=(Modality.DEPTH,),
    ) as studio:
        studio.recorder.start(time.monotonic_ns())
        studio.until(lambda: studio.stream().stored >= 3)
        assert [len(device.streams) for device in studio.recorder.devices()] == [0, 1]
        recorded = studio.finished()
    assert list(recorded.pieces) == [Modality.DEPTH]


def test_stop_before_the_start_leaves_whole_files_of_nothing(tmp_path):
    with cameras.armed(tmp_path / "s", cameras.source(World())) as studio:
        studio.recorder.stop()
        assert studio.recorder.wait(30)
        recorded = studio.recorder.finish()
    assert recorded.pieces[Modality.DEPTH].frames == 0
