"""Block ids of GigE Vision become numbers that only rise; every number is accounted for."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.drivers.a65_aravis import A65AravisConfig, A65AravisDriver
from capture.gige import kernel
from capture.gige.counter import BlockCounter
from capture.gige.library import aravis
from capture.gige.search import read
from capture.gige.taking import Grabbed, Taking
from taver.core.clock import VirtualClock
from taver.core.errors import MissingExtraError
from taver.core.frames import FrameStatus, Modality


@given(start=st.integers(1, 0xFFFF), steps=st.lists(st.integers(1, 30_000), max_size=30))
def test_16_bit_ids_are_unwound_and_skip_zero(start, steps):
    counter = BlockCounter()
    number = counter.number(start)
    true = start
    for step in steps:
        true += step
        block_id = (true - 1) % 0xFFFF + 1  # 1 to 65535, never 0
        if true > 0xFFFF or block_id == true:
            assert counter.number(block_id) - number == true - start


@given(start=st.integers(0, 2**50), steps=st.lists(st.integers(1, 2**20), max_size=30))
def test_64_bit_ids_are_taken_as_they_are(start, steps):
    counter = BlockCounter()
    start += 0x10000  # ids this high cannot have 16 bits
    assert counter.number(start) == start
    for step in steps:
        start += step
        assert counter.number(start) == start


def test_an_id_that_does_not_go_forward_has_no_number():
    counter = BlockCounter()
    assert counter.number(10) == 10
    assert counter.number(10) is None
    assert counter.number(9) is None
    assert counter.number(12) == 12


class Plan:
    """A camera that hands over a list of block ids, None where the leader was lost."""

    def __init__(self, during, after, clock):
        self.left, self.after, self.clock = list(during), list(after), clock

    def begin(self):
        pass

    def end(self):
        self.left = self.after
        return True

    def grab(self, timeout_ms):  # noqa: ARG002  a camera's signature
        self.clock.sleep_until_ns(self.clock.now_ns() + 20_000_000)
        if not self.left:
            return None
        block_id = self.left.pop(0)
        pixels = np.full((2, 2), block_id or 0, np.uint16)
        return Grabbed(block_id, self.clock.now_ns(), None, block_id is None, pixels)


def tally_of(during, after, stop_at):
    clock, stopped = VirtualClock(1), threading.Event()
    taking = Taking(Plan(during, after, clock), Modality.THERMAL, clock, name="it", silence_s=9)
    frames = []
    for frame in taking.frames(0, stopped):
        frames.append(frame)
        if len(frames) == stop_at:
            stopped.set()
    return frames, taking.tally


def test_gaps_and_frames_without_a_leader_are_lost_once():
    frames, tally = tally_of([5, 6, None, 8, 11], [], stop_at=4)
    assert [frame.stamp.number for frame in frames] == [5, 6, 8, 11]
    assert (tally.delivered, tally.lost, tally.sent) == (4, 3, 7)


def test_frames_lost_at_the_very_end_and_the_very_start_are_found():
    frames, tally = tally_of([None, 7, 8], [10, None], stop_at=2)
    assert len(frames) == 2
    # One before 7, number 9, and the last one, whose leader never came; 10 came too late.
    assert (tally.delivered, tally.lost, tally.after_stop, tally.sent) == (2, 3, 1, 6)


def test_a_picture_that_stands_still_is_frozen():
    clock, stopped = VirtualClock(1), threading.Event()

    class Still(Plan):
        def grab(self, timeout_ms):
            grabbed = super().grab(timeout_ms)
            return grabbed and grabbed._replace(pixels=np.full((2, 2), grabbed.block_id > 2))

    taking = Taking(Still([1, 2, 3, 4], [], clock), Modality.THERMAL, clock, name="", silence_s=9)
    statuses = []
    for frame in taking.frames(0, stopped):
        statuses.append(frame.stamp.status)
        if len(statuses) == 4:
            stopped.set()
    assert statuses == [FrameStatus.OK, FrameStatus.FROZEN, FrameStatus.OK, FrameStatus.FROZEN]


@given(st.binary(max_size=300))
def test_whatever_answers_a_search_does_no_harm(said):
    assert read(said) is None or len(read(said)) == 5
    told = read(b"\0\0\0\x03" + said)
    assert told is None or all(isinstance(text, str) for text in told)


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    aravis.cache_clear()
    try:
        assert "aravis" in A65AravisDriver.missing()
        assert A65AravisDriver.discover() == []
        with pytest.raises(MissingExtraError) as caught:
            A65AravisDriver(A65AravisConfig(), VirtualClock()).open()
        assert caught.value.fix == A65AravisDriver.missing()
    finally:
        aravis.cache_clear()


@pytest.mark.parametrize(("limit", "user", "told"), [("212992", 1000, 1), ("4194304", 1000, 0)])
def test_a_kernel_that_holds_less_than_a_picture_is_warned_about(
    tmp_path, monkeypatch, limit, user, told
):
    (tmp_path / "rmem_max").write_text(f"{limit}\n")
    monkeypatch.setattr(kernel, "_LIMIT", tmp_path / "rmem_max")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    assert len(kernel.warnings(655_360)) == told
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    assert kernel.warnings(655_360) == ()
