from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taver.core.errors import InputError
from taver.core.grid import (
    NO_FRAME,
    NO_RESIDUAL_NS,
    Grid,
    Span,
    common_span,
    fill_grid,
    slot_times_ns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rate = int | Fraction

MS = 1_000_000
S = 1_000 * MS

# Periods of a few nanoseconds, even, odd and broken, so that ties and roundings are common.
small_rates = st.builds(Fraction, st.just(10**9), st.integers(2, 12)) | st.builds(
    Fraction, st.just(10**9 * 3), st.integers(7, 40)
)
epochs = st.sampled_from([0, 1_753_000_000 * S, 2**62 - 500, -(2**62)])


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    rate, epoch = draw(small_rates), draw(epochs)
    half_period = int(10**9 / rate / 2)
    return {
        "frame_ns": [epoch + t for t in draw(st.lists(st.integers(-20, 90), max_size=14))],
        "start_ns": epoch + draw(st.integers(-5, 5)),
        "count": draw(st.integers(0, 9)),
        "rate_hz": rate,
        "tolerance_ns": draw(st.none() | st.integers(0, half_period)),
    }


def slot_ns(start_ns: int, k: int, rate_hz: Rate) -> int:
    return start_ns + math.floor(Fraction(k * 10**9) / rate_hz + Fraction(1, 2))


def by_definition(
    frame_ns: Sequence[int], start_ns: int, count: int, rate_hz: Rate, tolerance_ns: int | None
) -> list[int]:
    """Let each frame choose its nearest slot, then each slot its nearest frame."""
    reach = int(10**9 / Fraction(rate_hz) / 2) if tolerance_ns is None else tolerance_ns
    slots = [slot_ns(start_ns, k, rate_hz) for k in range(count)]
    candidates: list[list[tuple[int, int, int]]] = [[] for _ in slots]
    for index, time in enumerate(frame_ns):
        distances = [(abs(time - slot), slot, k) for k, slot in enumerate(slots)]
        if distances and min(distances)[0] <= reach:
            distance, _, k = min(distances)
            candidates[k].append((distance, time, index))
    return [min(mine)[2] if mine else NO_FRAME for mine in candidates]


@settings(deadline=None, max_examples=400)
@given(cases())
@example(
    {"frame_ns": [5], "start_ns": 0, "count": 2, "rate_hz": 10**8, "tolerance_ns": None}
)  # exactly between two slots
def test_each_slot_takes_the_nearest_of_the_frames_that_are_nearest_to_it(
    case: dict[str, Any],
) -> None:
    grid = fill_grid(**case)
    expected = by_definition(**case)
    assert grid.frame_index.tolist() == expected
    assert grid.filled.tolist() == [index != NO_FRAME for index in expected]
    for k, index in enumerate(expected):
        slot = slot_ns(case["start_ns"], k, case["rate_hz"])
        assert grid.slot_ns[k] == slot
        residual = NO_RESIDUAL_NS if index == NO_FRAME else case["frame_ns"][index] - slot
        assert grid.residual_ns[k] == residual


@settings(deadline=None, max_examples=100)
@given(cases())
def test_no_frame_is_used_twice_and_none_from_beyond_the_tolerance(case: dict[str, Any]) -> None:
    grid = fill_grid(**case)
    used = grid.frame_index[grid.filled]
    assert len(set(used.tolist())) == len(used)
    assert (np.abs(grid.residual_ns[grid.filled]) <= grid.tolerance_ns).all()
    frame_count = len(case["frame_ns"])
    assert sorted([*used.tolist(), *grid.unused(frame_count).tolist()]) == list(range(frame_count))


@settings(deadline=None, max_examples=50)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_frames_does_not_matter(case: dict[str, Any], random: Any) -> None:
    order = list(range(len(case["frame_ns"])))
    random.shuffle(order)
    shuffled = [case["frame_ns"][i] for i in order]
    one, other = fill_grid(**case), fill_grid(**(case | {"frame_ns": shuffled}))
    assert one.filled.tolist() == other.filled.tolist()
    assert one.residual_ns.tolist() == other.residual_ns.tolist()


def jittered(rate_hz: int, seconds: int, jitter_ns: int, start_ns: int) -> Any:
    even = start_ns + np.arange(rate_hz * seconds, dtype=np.int64) * S // rate_hz
    return even + np.random.default_rng(rate_hz).integers(-jitter_ns, jitter_ns, len(even))


def test_a_jittered_30_hz_stream_fills_nearly_every_slot() -> None:
    frame_ns = jittered(30, 600, 10 * MS, start_ns=7 * S)
    span = common_span({"color": frame_ns}, 10)
    grid = fill_grid(frame_ns, start_ns=span.start_ns, count=span.count, rate_hz=10)
    assert span.count >= 5990
    assert grid.filled.mean() >= 0.999
    assert np.abs(grid.residual_ns[grid.filled]).max() <= 27 * MS
    assert len(grid.unused(len(frame_ns))) == len(frame_ns) - grid.filled.sum()


def test_a_9_hz_stream_leaves_gaps_that_are_marked() -> None:
    frame_ns = jittered(9, 100, 1, start_ns=0)
    grid = fill_grid(frame_ns, start_ns=0, count=999, rate_hz=10)
    gaps = ~grid.filled
    assert 95 <= gaps.sum() <= 105
    assert (grid.frame_index[gaps] == -1).all()
    assert (grid.residual_ns[gaps] == NO_RESIDUAL_NS).all()
    assert grid.filled.mean() == pytest.approx(0.9, abs=0.01)


def test_a_lost_frame_leaves_one_gap_and_shifts_nothing() -> None:
    frame_ns = np.delete(np.arange(0, 2 * S, 100 * MS), 7)
    grid = fill_grid(frame_ns, start_ns=0, count=20, rate_hz=10)
    assert np.flatnonzero(~grid.filled).tolist() == [7]
    assert (grid.residual_ns[grid.filled] == 0).all()


def test_the_earlier_slot_and_the_earlier_frame_win_ties() -> None:
    between = fill_grid([50 * MS], start_ns=0, count=2, rate_hz=10)
    assert between.frame_index.tolist() == [0, NO_FRAME]
    around = fill_grid([103 * MS, 97 * MS], start_ns=0, count=2, rate_hz=10)
    assert around.frame_index.tolist() == [NO_FRAME, 1]
    twins = fill_grid([97 * MS, 97 * MS, 103 * MS], start_ns=0, count=2, rate_hz=10)
    assert twins.frame_index.tolist() == [NO_FRAME, 0]


def test_an_empty_stream_and_a_single_frame_and_an_empty_grid() -> None:
    nothing = fill_grid([], start_ns=0, count=3, rate_hz=10)
    assert nothing.frame_index.tolist() == [NO_FRAME] * 3
    assert not nothing.filled.any()
    assert nothing.unused(0).tolist() == []
    one = fill_grid([101 * MS], start_ns=0, count=3, rate_hz=10)
    assert one.filled.tolist() == [False, True, False]
    assert one.residual_ns[1] == MS
    no_slots = fill_grid([0, 1], start_ns=0, count=0, rate_hz=10)
    assert len(no_slots.filled) == 0
    assert no_slots.unused(2).tolist() == [0, 1]


@pytest.mark.parametrize("rate_hz", [10, 30, Fraction(30000, 1001), Fraction(9, 7)])
def test_slots_do_not_drift_in_a_million(rate_hz: Rate) -> None:
    slots = slot_times_ns(123, 1_000_001, rate_hz)
    for k in (0, 1, 2, 3, 999_999, 1_000_000):
        assert slots[k] == slot_ns(123, k, rate_hz)
    period = Fraction(10**9) / rate_hz
    assert set(np.diff(slots).tolist()) <= {math.floor(period), math.ceil(period)}


def test_times_at_the_edge_of_64_bits_do_not_overflow() -> None:
    start = 2**63 - 1 - S
    frames = [-(2**63), start, start + 300 * MS, 2**63 - 1]
    grid = fill_grid(frames, start_ns=start, count=11, rate_hz=10)
    assert np.flatnonzero(grid.filled).tolist() == [0, 3, 10]
    assert grid.residual_ns[10] == 0
    first = fill_grid(frames, start_ns=-(2**63), count=2, rate_hz=10)
    assert first.frame_index.tolist() == [0, NO_FRAME]
    assert not fill_grid(frames[1:], start_ns=-(2**63), count=2, rate_hz=10).filled.any()
    assert not fill_grid(frames[:1], start_ns=start, count=11, rate_hz=10).filled.any()


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(st.integers(0, 60), min_size=1), min_size=1), small_rates, epochs)
@example([[0, 2]], Fraction(3 * 10**9, 7), 0)  # slot 1, at 2 1/3 ns, is rounded into the span
def test_the_common_span_reaches_as_far_as_every_stream(
    streams: list[list[int]], rate_hz: Fraction, epoch: int
) -> None:
    named = {str(i): [epoch + t for t in stream] for i, stream in enumerate(streams)}
    start, end = max(map(min, named.values())), min(map(max, named.values()))
    if end < start:
        with pytest.raises(InputError, match="no time in common"):
            common_span(named, rate_hz)
        return
    span = common_span(named, rate_hz)
    assert span.start_ns == start
    assert slot_ns(start, span.count - 1, rate_hz) <= end < slot_ns(start, span.count, rate_hz)


def test_streams_without_frames_have_no_span_and_are_all_named() -> None:
    with pytest.raises(InputError) as caught:
        common_span({"color": [1, 2], "depth": [], "thermal": []}, 10)
    assert caught.value.problems == ("depth has no frames", "thermal has no frames")
    with pytest.raises(InputError):
        common_span({}, 10)
    assert common_span({"color": [5]}, 10) == Span(start_ns=5, count=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 0},
        {"rate_hz": -10},
        {"rate_hz": 29.97},
        {"rate_hz": True},
        {"rate_hz": 2 * 10**9},
        {"rate_hz": Fraction(1, 10**12), "count": 1},
        {"rate_hz": Fraction(7 * 10**18 + 9, 7 * 10**17)},
        {"count": -1},
        {"count": 2.0},
        {"count": 10**12},
        {"start_ns": 2**63 - 5},
        {"start_ns": 0.5},
        {"tolerance_ns": 50 * MS + 1},
        {"tolerance_ns": -1},
        {"frame_ns": [0.5, 1.0]},
        {"frame_ns": [[1, 2]]},
        {"frame_ns": ["1"]},
        {"frame_ns": [2**64 - 1]},
        {"frame_ns": [2**70]},
    ],
)
def test_what_makes_no_grid_is_refused_with_a_remedy(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"frame_ns": [1, 2], "start_ns": 0, "count": 4, "rate_hz": 10}
    assert fill_grid(**good).filled[0]
    with pytest.raises(InputError) as caught:
        fill_grid(**(good | wrong))
    assert caught.value.fix


def test_a_grid_cannot_be_changed() -> None:
    grid: Grid = fill_grid([1], start_ns=0, count=2, rate_hz=10)
    with pytest.raises(ValueError, match="read-only"):
        grid.frame_index[0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        grid.start_ns = 1  # type: ignore[misc] # that it is refused is what is tested
    with pytest.raises(InputError, match="0 frames"):
        grid.unused(0)
