"""Time is integer nanoseconds, and never goes back."""

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taver.core.clock import NS_PER_MS, Epoch, HostClock, VirtualClock

moments = st.integers(-(2**62), 2**62)


@given(moments, st.lists(moments))
def test_a_virtual_clock_jumps_forward_and_never_back(start_ns, waits):
    clock = VirtualClock(start_ns)
    for when_ns in waits:
        before_ns = clock.now_ns()
        clock.sleep_until_ns(when_ns)
        assert clock.now_ns() == max(before_ns, when_ns)


@given(st.integers(0, 2**62), st.integers(0, 2**62), moments, st.integers(0, 10**12))
def test_an_epoch_keeps_every_distance_to_the_nanosecond(host_ns, unix_ns, when_ns, later_ns):
    epoch = Epoch(host_ns=host_ns, unix_ns=unix_ns)
    assert epoch.to_unix_ns(host_ns) == unix_ns
    assert epoch.to_unix_ns(when_ns + later_ns) - epoch.to_unix_ns(when_ns) == later_ns


def test_an_epoch_taken_now_tells_the_date_of_now():
    before_ns = time.time_ns()
    epoch = Epoch.now()
    told_ns = epoch.to_unix_ns(time.monotonic_ns())
    after_ns = time.time_ns()
    # Both clocks are read one after the other; a second covers a machine that is busy.
    assert before_ns - 1000 * NS_PER_MS <= told_ns <= after_ns + 1000 * NS_PER_MS


def test_the_machines_clock_waits_until_then_and_not_at_all_for_the_past():
    clock = HostClock()
    began_ns = clock.now_ns()
    clock.sleep_until_ns(began_ns - 10**12)
    clock.sleep_until_ns(began_ns + NS_PER_MS)
    assert clock.now_ns() >= began_ns + NS_PER_MS
    assert isinstance(clock.now_ns(), int)


@pytest.mark.parametrize(
    ("platform", "version", "read"),
    [
        ("win32", (3, 12), "perf_counter_ns"),  # its monotonic clock moves in steps of 15.6 ms
        ("win32", (3, 13), "monotonic_ns"),
        ("linux", (3, 11), "monotonic_ns"),
    ],
)
def test_the_machine_is_asked_for_the_clock_that_is_fine_enough(
    monkeypatch, platform, version, read
):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(time, read, lambda: 12_345)
    assert HostClock().now_ns() == 12_345
    assert Epoch.now().host_ns == 12_345
