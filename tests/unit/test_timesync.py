"""Clocks brought together: planted drifts, offsets and jumps are found again."""

import random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.timesync import packets
from capture.timesync.bursts import bounds, bursts
from capture.timesync.estimate import Estimate
from capture.timesync.fit import fit
from capture.timesync.line import Line
from capture.timesync.timeline import FollowingTimeline
from taver.core.clock import NS_PER_MS, NS_PER_S, Epoch
from taver.core.session.clocks import ClockRecord, Exchange

EPOCH = Epoch(host_ns=1_000 * NS_PER_S, unix_ns=1_800_000_000 * NS_PER_S)
SECRET = bytes(range(32))


class World:
    """Two clocks, and a network that holds packets up."""

    def __init__(
        self, *, ahead_s=0.0, drift_ppm=0.0, jitter_ms=0.05, seed=1, jump_at_s=None, by_s=0
    ):
        self.ahead_ns, self.drift = round(ahead_s * NS_PER_S), drift_ppm * 1e-6
        self.jitter_ms, self.random = jitter_ms, random.Random(seed)
        self.jump_at_s, self.by_ns = jump_at_s, round(by_s * NS_PER_S)

    def host(self, master_ns):
        since_ns = master_ns - EPOCH.host_ns
        jumped = self.jump_at_s is not None and since_ns > self.jump_at_s * NS_PER_S
        return master_ns + self.ahead_ns + round(since_ns * self.drift) + jumped * self.by_ns

    def burst(self, at_s, count=8):
        return [self._exchange(at_s + number * 0.004) for number in range(count)]

    def bursts(self, seconds, fast=12):
        at_s, found = 0.0, []
        while at_s < seconds:
            found.append(self.burst(at_s))
            at_s += 0.2 if len(found) < fast else 5.0
        return found

    def _exchange(self, at_s):
        asked = EPOCH.host_ns + round(at_s * NS_PER_S)
        heard = asked + self._way_ns()
        left = heard + 10_000
        received = left + self._way_ns()
        return Exchange(
            asked_master_ns=asked,
            heard_host_ns=self.host(heard),
            answered_host_ns=self.host(left),
            received_master_ns=received,
        )

    def _way_ns(self):
        return 40_000 + round(self.random.uniform(0, self.jitter_ms) * NS_PER_MS)

    def fit_off_us(self, record, seconds):
        masters = EPOCH.host_ns + np.linspace(0, seconds * NS_PER_S, 300).astype(np.int64)
        hosts = np.array([self.host(int(m)) for m in masters])
        return (record.to_unix_ns(hosts) - masters - EPOCH.unix_ns + EPOCH.host_ns) / 1000


def estimated(world, seconds):
    estimate = Estimate(EPOCH)
    jumps = [estimate.add(burst) for burst in world.bursts(seconds)]
    return estimate, [jump for jump in jumps if jump is not None]


def line_off_us(world, estimate, at_s):
    master_ns = EPOCH.host_ns + round(at_s * NS_PER_S)
    return (estimate.line.at(world.host(master_ns)) - EPOCH.to_unix_ns(master_ns)) / 1000


@pytest.mark.parametrize("drift_ppm", [-100, 0, 100])
@pytest.mark.parametrize("ahead_s", [-10, 10])
def test_a_planted_drift_and_offset_are_found_again(drift_ppm, ahead_s):
    world = World(ahead_s=ahead_s, drift_ppm=drift_ppm)
    estimate, jumps = estimated(world, 300)
    record = fit("one", EPOCH, estimate.exchanges)
    assert jumps == []
    assert record.drift_ppm == pytest.approx(drift_ppm, abs=0.5)
    assert np.abs(world.fit_off_us(record, 300)).max() < 25
    assert record.residual_p99_us < 50
    assert record.uncertainty_us < 50
    assert abs(line_off_us(world, estimate, 305)) < 50


@pytest.mark.parametrize("seed", range(5))
def test_a_network_that_holds_packets_up_costs_little(seed):
    world = World(ahead_s=10, drift_ppm=100, jitter_ms=50, seed=seed)
    early, _ = estimated(world, 2.0)
    assert abs(line_off_us(world, early, 2.5)) < 2_500  # of 50 000
    estimate, jumps = estimated(world, 300)
    assert jumps == []
    record = fit("one", EPOCH, estimate.exchanges)
    assert np.abs(world.fit_off_us(record, 300)).max() < 1_500


def test_the_error_that_is_told_holds_the_error_that_is_made():
    misses = 0
    for seed in range(40):
        world = World(ahead_s=1, drift_ppm=50, jitter_ms=20, seed=seed)
        estimate, _ = estimated(world, 30)
        misses += abs(line_off_us(world, estimate, 30)) > 1.5 * estimate.line.error_us
    assert misses <= 2


@pytest.mark.parametrize("by_s", [-3.0, 0.5])
def test_a_jump_is_told_and_parts_the_fit(by_s):
    world = World(ahead_s=10, drift_ppm=30, jump_at_s=101.0, by_s=by_s)
    estimate, jumps = estimated(world, 200)
    assert jumps == [pytest.approx(by_s, abs=0.01)]
    assert abs(line_off_us(world, estimate, 201)) < 60
    record = fit("one", EPOCH, estimate.exchanges)
    hosts = [knot.host_ns for knot in record.knots]
    assert len(hosts) - len(set(hosts)) == 1
    off = np.abs(world.fit_off_us(record, 200))
    around = (np.linspace(0, 200, 300) > 95) & (np.linspace(0, 200, 300) < 106)
    assert off[~around].max() < 60


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 300),  # passes
            st.floats(-20, 20),  # the clock is off by, in seconds
            st.floats(0, 0.05),  # the way takes
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_a_clock_does_its_record_can_be_written_and_read(steps):
    exchanges, at_s = [], 0.0
    for passes_s, off_s, way_s in steps:
        at_s += passes_s
        asked_ns = EPOCH.host_ns + round(at_s * NS_PER_S)
        way_ns = round(way_s * NS_PER_S)
        host_ns = asked_ns + way_ns + round(off_s * NS_PER_S)
        exchanges.append(
            Exchange(
                asked_master_ns=asked_ns,
                heard_host_ns=host_ns,
                answered_host_ns=host_ns,
                received_master_ns=asked_ns + 2 * way_ns,
            )
        )
    record = fit("one", EPOCH, exchanges)
    assert msgspec.json.decode(msgspec.json.encode(record), type=ClockRecord) == record
    hosts = [knot.host_ns for knot in record.knots]
    assert hosts == sorted(hosts)
    told = record.to_unix_ns(np.array([e.heard_host_ns for e in exchanges]))
    assert np.abs(told - EPOCH.unix_ns).max() < 10**13


def test_one_burst_is_enough_for_a_line_and_none_is_none():
    world = World(ahead_s=5)
    estimate = Estimate(EPOCH)
    assert estimate.line is None
    assert estimate.add([]) is None
    assert fit("one", EPOCH, ()).knots == ()
    estimate.add(world.burst(0.0))
    assert abs(line_off_us(world, estimate, 1.0)) < 200
    record = fit("one", EPOCH, estimate.exchanges)
    assert np.abs(world.fit_off_us(record, 1)).max() < 200


def test_bounds_of_a_burst_hold_the_truth_whatever_the_way_takes():
    world = World(ahead_s=3, jitter_ms=80, seed=4)
    for burst in world.bursts(100):
        found = bounds(burst)
        assert found.lowest_ns <= 3 * NS_PER_S <= found.highest_ns


def test_exchanges_are_put_together_by_when_they_were_made():
    world = World()
    made = world.bursts(20)
    flat = [exchange for burst in made for exchange in burst]
    random.Random(1).shuffle(flat)
    assert bursts(flat) == made


@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 2 * NS_PER_S),  # passes
            st.integers(-3 * NS_PER_S, 3 * NS_PER_S),  # the next line is off by
            st.floats(-2e-4, 2e-4),
        ),
        max_size=12,
    )
)
def test_time_never_goes_back_whatever_lines_come(steps):
    timeline = FollowingTimeline()
    now_ns, last_ns = 5 * NS_PER_S, None
    timeline.follow(line(now_ns, 0, 0.0), now_ns, smoothly=True)
    for passes_ns, off_ns, gain in steps:
        for part in (1, 2, 3):
            told_ns = timeline.to_unix_ns(now_ns + passes_ns * part // 3)
            assert last_ns is None or told_ns >= last_ns
            last_ns = told_ns
        now_ns += passes_ns
        timeline.follow(line(now_ns, off_ns, gain), now_ns, smoothly=True)


def line(host_ns, off_ns, gain):
    unix_ns = EPOCH.unix_ns + host_ns + off_ns
    return Line(host_ns=host_ns, unix_ns=unix_ns, gain=gain, error_us=1)


def test_a_small_correction_is_made_up_within_a_second():
    timeline = FollowingTimeline()
    timeline.follow(line(0, 0, 0.0), 0, smoothly=False)
    better = line(NS_PER_S, 300_000, 1e-5)
    timeline.follow(better, NS_PER_S, smoothly=True)
    assert timeline.to_unix_ns(NS_PER_S) == EPOCH.unix_ns + NS_PER_S
    for host_ns in (2 * NS_PER_S, 7 * NS_PER_S):
        assert timeline.to_unix_ns(host_ns) == better.at(host_ns)


@given(st.integers(0, 10**15), st.floats(-1e-3, 1e-3))
def test_a_moment_of_the_masters_is_found_on_our_clock(later_ns, gain):
    timeline = FollowingTimeline()
    timeline.follow(line(10**12, 0, gain), 10**12, smoothly=False)
    unix_ns = EPOCH.unix_ns + 10**12 + later_ns
    assert abs(timeline.to_unix_ns(timeline.to_host_ns(unix_ns)) - unix_ns) <= 2


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_packets_arrive_as_they_were_sent(number, asked_ns):
    asked = packets.Asked(number, asked_ns)
    assert packets.read_question(packets.question(asked, SECRET), SECRET) == asked
    told = packets.Told(number, asked_ns, 5, 6)
    assert packets.read_answer(packets.answer(told, SECRET), SECRET) == told


@given(st.data())
def test_a_packet_that_was_changed_is_nobodys(data):
    packet = bytearray(packets.question(packets.Asked(7, 8), SECRET))
    place = data.draw(st.integers(0, len(packet) - 1))
    packet[place] ^= data.draw(st.integers(1, 255))
    assert packets.read_question(bytes(packet), SECRET) is None
    assert packets.read_question(packets.question(packets.Asked(7, 8), b"x" * 32), SECRET) is None
    assert packets.read_answer(packets.question(packets.Asked(7, 8), SECRET), SECRET) is None


@given(st.binary(max_size=100))
def test_bytes_that_are_no_packet_are_ignored(data):
    assert packets.read_question(data, SECRET) is None
    assert packets.read_answer(data, SECRET) is None
