"""Frames wait in a queue of a fixed length, and are stored in their order by however many."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.recorder.belt import Belt
from capture.recorder.tally import Tally
from capture.recorder.workers import Workers
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.frames import FrameStatus, Stamp


def test_a_full_belt_takes_no_more_until_something_is_taken():
    belt = Belt(2)
    assert belt.put("a", wait=False)
    assert belt.put("b", wait=False)
    assert not belt.put("c", wait=False)
    assert belt.take() == (0, "a")
    assert belt.put("d", wait=False)
    assert [belt.take(), belt.take()] == [(1, "b"), (2, "d")]


def test_who_waits_for_room_is_let_in_or_sent_away_when_it_closes():
    belt, got, one_more = Belt(1), [], threading.Semaphore(0)
    belt.put("a", wait=True)

    def put():
        got.append(belt.put("x", wait=True))
        one_more.release()

    threads = [threading.Thread(target=put) for _ in range(2)]
    for thread in threads:
        thread.start()
    belt.take()
    assert one_more.acquire(timeout=30)
    assert got == [True]
    belt.close()
    for thread in threads:
        thread.join(30)
    assert sorted(got) == [False, True]
    assert belt.take() == (1, "x")  # what is on it can still be taken


@pytest.mark.parametrize("count", [1, 3, 50])
def test_workers_begin_in_order_and_finish_what_was_submitted(count):
    workers, begun, done = Workers(), [], threading.Semaphore(0)
    for number in range(count):
        workers.submit(lambda number=number: (begun.append(number), done.release()))
    workers.start()
    workers.close()
    for _ in range(count):
        assert done.acquire(timeout=30)
    assert sorted(begun) == list(range(count))


def test_a_worker_that_stands_still_is_helped():
    workers, gate, done = Workers(), threading.Event(), threading.Semaphore(0)
    if len(workers._wanted) < 2:
        pytest.skip("needs two cores")
    workers.start()
    workers.submit(gate.wait)
    for _ in range(20):
        workers.submit(done.release)
    # All but those few that are not worth a second thread are done beside it.
    for _ in range(16):
        assert done.acquire(timeout=30)
    gate.set()
    for _ in range(4):
        assert done.acquire(timeout=30)
    workers.close()


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["take", "drop", "store"]), max_size=60), st.integers(0, 3))
def test_sums_close_whatever_happens_to_frames(steps, lost):
    tally = Tally()
    for number, step in enumerate(steps):
        stamp = Stamp(host_ns=number * NS_PER_MS, device_ns=None, number=number)
        if step == "take":
            tally.take(stamp.host_ns, lost, stamp.status)
        elif tally.queued and step == "drop":
            tally.drop("a reason")
        elif tally.queued:
            tally.store(stamp.host_ns, stamp)
        assert tally.taken == tally.stored + sum(tally.dropped.values()) + tally.queued
    assert tally.dropped["lost by the device"] == lost * steps.count("take")


def test_rate_and_delay_are_those_of_the_last_seconds():
    tally = Tally()
    for number in range(200):
        at_ns = number * NS_PER_S // 20
        status = FrameStatus.INCOMPLETE if number % 50 == 0 else FrameStatus.OK
        stamp = Stamp(host_ns=at_ns, device_ns=None, number=number, status=status)
        tally.take(at_ns, 0, status)
        tally.store(at_ns + 5 * NS_PER_MS, stamp)
    last_ns = 199 * NS_PER_S // 20
    assert tally.rate_hz(last_ns + 20 * NS_PER_MS) == pytest.approx(20)
    assert tally.rate_hz(last_ns + 1 * NS_PER_S) < 16
    assert tally.rate_hz(last_ns + 4 * NS_PER_S) == 0
    assert tally.write_p99_ms() == pytest.approx(5)
    assert tally.incomplete == 4
    assert len(tally._written) < 70  # nothing grows with the recording
    assert len(tally._came_ns) < 70


def test_a_stream_nobody_heard_of_has_neither():
    tally = Tally()
    assert np.array_equal([tally.rate_hz(0), tally.write_p99_ms()], [0, 0])
