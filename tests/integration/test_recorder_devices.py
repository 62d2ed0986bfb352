"""Devices that are unplugged, fall silent, hang or change under a running recording."""

import time

import cameras
import prompt
import pytest
import studies
from cameras import World

from capture.recorder import GAP
from capture.status import HappeningKind
from taver.core.clock import NS_PER_S
from taver.core.errors import DeviceError
from taver.core.frames import Modality
from taver.core.recording.reader import StreamReader

LOST, BACK = HappeningKind.LOST, HappeningKind.BACK


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "with spaces ä"


def test_an_unplugged_camera_is_told_at_once_and_taken_up_again_while_others_go_on(folder):
    one, other = World(), World()
    with cameras.running(
        folder,
        cameras.source(one, serial="one"),
        cameras.source(other, (Modality.THERMAL,), serial="other"),
    ) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        before = studio.stream(Modality.THERMAL).stored
        one.unplugged.set()
        began_s = time.monotonic()
        with prompt.within(0.5):
            studio.until(lambda: LOST in studio.kinds())
        status = studio.recorder.devices()[0]
        assert not status.connected
        assert "unplugged" in status.problem
        assert "plug it in" in status.problem
        studio.until(lambda: studio.stream(Modality.THERMAL).stored >= before + 60)
        one.unplugged.clear()
        studio.until(lambda: BACK in studio.kinds())
        away_s = time.monotonic() - began_s
        assert away_s > 1
        stored = studio.stream().stored
        studio.until(lambda: studio.stream().stored >= stored + 5)
        assert studio.recorder.devices()[0].connected
        recorded = studio.finished()  # which checks that the frames' numbers rise
    assert [kind for kind in studio.kinds() if kind in {LOST, BACK}] == [LOST, BACK]
    lost = studio.heard[studio.kinds().index(LOST)]
    assert lost.fix == "plug it in"
    (gap,) = recorded.markers
    assert (gap.name, gap.source) == (GAP, "device")
    assert "one" in gap.note
    assert 1 < (gap.until_unix_ns - gap.unix_ns) / NS_PER_S < away_s + 1
    # The gap is where the file has none: from the last frame before it to the first behind it.
    with StreamReader(folder / "depth.mcap") as reader:
        times = list(reader.unix_ns)
    assert gap.unix_ns in times
    assert gap.until_unix_ns == times[times.index(gap.unix_ns) + 1]
    assert recorded.pieces[Modality.DEPTH].dropped == {}
    assert recorded.problems == ()


def test_a_camera_that_never_comes_back_leaves_a_gap_until_the_end(folder):
    world = World()
    with cameras.running(folder, cameras.source(world)) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.unplugged.set()
        studio.until(lambda: LOST in studio.kinds())
        recorded = studio.finished()
        assert not studio.recorder.devices()[0].connected
    (gap,) = recorded.markers
    assert gap.name == GAP
    assert gap.until_unix_ns > gap.unix_ns == recorded.pieces[Modality.DEPTH].last_unix_ns
    assert BACK not in studio.kinds()


def test_a_camera_that_says_nothing_is_as_good_as_unplugged_within_two_seconds(folder):
    world = World()
    both = (Modality.DEPTH, Modality.IR)
    with cameras.running(folder, cameras.source(world, both)) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.mute.update(both)
        with prompt.within(2):
            studio.until(lambda: LOST in studio.kinds())
        world.mute.clear()
        studio.until(lambda: BACK in studio.kinds())
        assert world.opened >= 2  # it was closed and opened again
        recorded = studio.finished()
    (gap,) = recorded.markers
    assert "no frame for" in gap.note


def test_one_silent_stream_is_told_and_the_other_of_the_device_goes_on(folder):
    world = World()
    with cameras.running(folder, cameras.source(world, (Modality.DEPTH, Modality.IR))) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.mute.add(Modality.IR)
        studio.until(lambda: LOST in studio.kinds())
        assert "gives no ir" in studio.recorder.devices()[0].problem
        stored = studio.stream().stored
        world.mute.clear()
        studio.until(lambda: BACK in studio.kinds())
        assert studio.recorder.devices()[0].problem == ""
        studio.until(lambda: studio.stream().stored > stored)
        recorded = studio.finished()
    assert world.opened == 1
    assert [h.modality for h in studio.heard if h.kind in {LOST, BACK}] == [Modality.IR] * 2
    (gap,) = recorded.markers
    assert (gap.name, gap.note) == (GAP, "camera cam gave no ir")
    # What the counter went on by meanwhile was lost by the device.
    assert set(recorded.pieces[Modality.IR].dropped) == {"lost by the device"}
    assert recorded.pieces[Modality.DEPTH].dropped == {}


def test_a_hanging_driver_is_left_to_itself_and_a_fresh_one_takes_over(folder):
    world = World()
    with cameras.running(folder, cameras.source(world)) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.hung.set()
        studio.until(lambda: LOST in studio.kinds())
        studio.until(lambda: world.opened == 2)
        world.hung.clear()
        studio.until(lambda: BACK in studio.kinds())
        recorded = studio.finished()
    assert recorded.pieces[Modality.DEPTH].frames >= 5
    assert studio.kinds().index(LOST) < studio.kinds().index(BACK)


def test_a_driver_that_never_stops_keeps_no_file_from_being_finished(folder):
    world = World()
    with cameras.running(folder, cameras.source(world), reconnect=False) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.hung.set()
        studio.recorder.stop()
        studio.until(lambda: studio.recorder.wait(0))
        recorded = studio.finished()
        world.hung.clear()
    assert recorded.pieces[Modality.DEPTH].frames >= 5
    assert "does not stop" in studio.heard[-1].text


def test_another_camera_in_its_place_is_not_taken_for_it(folder):
    world = World()
    source = cameras.source(world, serial="one")
    swapped = source._replace(again=lambda: cameras.Camera(world, serial="another"))
    with cameras.running(folder, swapped) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.unplugged.set()
        studio.until(lambda: LOST in studio.kinds())
        world.unplugged.clear()
        studio.until(lambda: world.opened >= 2)
        assert BACK not in studio.kinds()
        studio.finished()


def test_a_camera_without_a_maker_is_opened_again_itself(folder):
    world = World()
    with cameras.running(folder, cameras.source(world, renewable=False)) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.unplugged.set()
        studio.until(lambda: LOST in studio.kinds())
        world.unplugged.clear()
        studio.until(lambda: BACK in studio.kinds())
        recorded = studio.finished()
    assert recorded.pieces[Modality.DEPTH].frames >= 5
    assert world.opened == 2


def test_every_stream_ends_at_the_moment_that_was_said(folder):
    world = World()
    with cameras.armed(
        folder, cameras.source(world, (Modality.DEPTH, Modality.IR), rate_hz=200, exact=True)
    ) as studio:
        start_ns = time.monotonic_ns() + NS_PER_S // 5
        end_ns = start_ns + NS_PER_S // 2
        studio.recorder.start(start_ns)
        studio.recorder.stop_at(end_ns)
        studio.until(lambda: studio.recorder.wait(0))
        recorded = studio.finished()
    for piece in recorded.pieces.values():
        assert piece.dropped == {}  # what came too late is not counted as lost
        with StreamReader(folder / piece.file) as reader:
            host_ns = [stored.stamp.host_ns for stored in reader]
        assert min(host_ns) >= start_ns
        assert end_ns - NS_PER_S // 100 < max(host_ns) < end_ns


def test_a_frame_of_another_size_is_not_stored_and_counted(folder):
    world = World()
    with cameras.running(folder, cameras.source(world)) as studio:
        studio.until(lambda: studio.stream().stored >= 5)
        world.size_px = (8, 8)
        studio.until(lambda: studio.stream().dropped.get("wrong size", 0) >= 3)
        world.size_px = (cameras.WIDTH_PX, cameras.HEIGHT_PX)
        studio.finished()
    (told,) = [h for h in studio.heard if h.kind is HappeningKind.DROPPED]
    assert "(8, 8)" in told.text


def test_two_of_one_kind_are_refused_by_name_and_let_go(folder):
    one, other = World(), World()
    with (
        pytest.raises(DeviceError, match="Two devices deliver depth"),
        cameras.armed(
            folder, cameras.source(one, serial="one"), cameras.source(other, serial="other")
        ),
    ):
        pass
    assert list(folder.iterdir()) == []


def test_the_closed_shutter_is_marked_from_the_frames_and_from_who_closed_it(folder):
    world = World()
    with cameras.running(folder, cameras.source(world, (Modality.THERMAL,))) as studio:
        studio.recorder.set_shutter(automatic=False)
        studio.until(lambda: studio.stream(Modality.THERMAL).stored >= 5)
        assert studio.recorder.close_shutter()
        world.frozen = True
        studio.until(lambda: studio.stream(Modality.THERMAL).frozen >= 5)
        world.frozen = False
        studio.until(lambda: any(h.until_unix_ns for h in studio.heard))
        world.unplugged.set()
        studio.until(lambda: LOST in studio.kinds())
        assert studio.recorder.close_shutter()  # refused, and told
        assert HappeningKind.WARNING in studio.kinds()
        world.unplugged.clear()
        studio.until(lambda: BACK in studio.kinds())
        recorded = studio.finished()
    assert world.told == ["manual", "close", "manual"]  # the fresh one was told again
    told, frozen = [m for m in recorded.markers if m.name == "shutter"]
    assert {told.source, frozen.source} == {"shutter"}
    assert told.unix_ns <= frozen.unix_ns < frozen.until_unix_ns
    assert told.until_unix_ns is None


def test_a_machine_without_a_shutter_says_so(folder):
    plain = studies.pattern((Modality.DEPTH,), seed=1)
    with cameras.armed(folder, plain) as studio:
        assert not studio.recorder.close_shutter()
        studio.recorder.set_shutter(automatic=True)
    assert studio.heard == []


def test_statuses_and_glimpses_tell_how_it_goes(folder):
    world = World()
    with cameras.running(folder, cameras.source(world)) as studio:
        studio.until(lambda: studio.stream().stored >= 60)
        studio.until(lambda: 40 < studio.stream().rate_hz < 55)  # a busy machine is late at times
        status = studio.stream()
        assert status.write_p99_ms > 0
        assert status.size_bytes > 0
        assert status.last_unix_ns > status.last_host_ns
        assert studio.recorder.glimpse(Modality.COLOR) is None
        glimpse = studio.recorder.glimpse(Modality.DEPTH)
        assert glimpse.pixels.shape == (cameras.HEIGHT_PX, cameras.WIDTH_PX)
        assert (glimpse.pixels == 900).all()
        studio.until(lambda: studio.recorder.devices()[0].readings == {"housing_celsius": 31.5})
        studio.finished()


def test_a_camera_slower_than_the_grid_is_warned_about_and_marked(folder):
    world = World()
    source = cameras.source(world, rate_hz=9.0)
    with cameras.running(folder, source, grid_hz=10) as studio:
        studio.until(lambda: studio.stream().stored >= 3)
        recorded = studio.finished()
    (told,) = [h for h in studio.heard if h.kind is HappeningKind.WARNING]
    assert "9.0 Hz" in told.text
    assert "10%" in told.text
    assert [m.name for m in recorded.markers] == ["slower than the grid"]


def test_sound_is_stored_block_by_block_and_never_thinned(folder):
    pytest.importorskip("soundfile")
    world = World()
    source = cameras.source(world, (Modality.SOUND, Modality.DEPTH))
    with cameras.running(folder, source, grid_hz=10) as studio:
        studio.until(lambda: studio.stream(Modality.SOUND).stored >= 30)
        assert studio.recorder.glimpse(Modality.SOUND) is None
        recorded = studio.finished()
    assert recorded.pieces[Modality.SOUND].dropped == {}
    assert set(recorded.pieces[Modality.DEPTH].dropped) == {"not on the grid"}
