"""A machine's clock against the master's for a whole session, once all exchanges are known.

A chain of straight lines, whose slope may change a little from one to the next as crystals warm up;
each burst pulls it towards its middle, the more the narrower its bounds are, and one that does not
agree with the others less and less (iteratively reweighted least squares with Cauchy's weights).
Where a clock jumped, one chain ends and another begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from capture.timesync.bursts import bounds, bursts, steady
from taver.core.clock import NS_PER_S
from taver.core.session.clocks import ClockRecord, Knot

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from capture.timesync.bursts import Bounds
    from taver.core.clock import Epoch
    from taver.core.session.clocks import Exchange

    Floats = npt.NDArray[np.float64]

_KNOT_EVERY_NS: Final = 60 * NS_PER_S
_BURSTS_A_KNOT: Final = 6
_USUAL_DRIFT: Final = 50e-6
_DRIFT_CHANGES_BY: Final = 0.1e-6  # from knot to knot: half a degree's worth of a plain crystal
_READING_NS: Final = 5_000.0
_ROUNDS: Final = 8
_CAUCHY: Final = 2.385  # 95 % efficient where errors are normal (Rey 1983)


class _Part(NamedTuple):
    """One chain of lines, and what it leaves unexplained."""

    master_ns: npt.NDArray[np.int64]  # the knots
    ahead_ns: npt.NDArray[np.int64]  # the machine's clock at each
    residual_ns: Floats
    error_ns: float


def fit(machine: str, master: Epoch, exchanges: Sequence[Exchange]) -> ClockRecord:
    """Return the clock's record; without an exchange it has no knots."""
    found = [bounds(burst) for burst in bursts(exchanges)]
    parts = [_chain(part) for part in steady(found)]
    if not parts:
        return ClockRecord(machine=machine, master=master, exchanges=tuple(exchanges))
    residuals = np.abs(np.concatenate([part.residual_ns for part in parts])) / 1000
    longest = max(parts, key=lambda part: int(part.master_ns[-1] - part.master_ns[0]))
    span = int(longest.master_ns[-1] - longest.master_ns[0])
    drift = int(longest.ahead_ns[-1] - longest.ahead_ns[0]) / span
    return ClockRecord(
        machine=machine,
        master=master,
        exchanges=tuple(exchanges),
        knots=_knots(parts),
        drift_ppm=drift * 1e6,
        uncertainty_us=max(part.error_ns for part in parts) / 1000,
        residual_p50_us=float(np.percentile(residuals, 50)),
        residual_p99_us=float(np.percentile(residuals, 99)),
    )


def _chain(found: Sequence[Bounds]) -> _Part:
    start_ns, level_ns = found[0].master_ns, found[0].middle_ns
    times = np.array([one.master_ns - start_ns for one in found], np.float64)
    middles = np.array([one.middle_ns - level_ns for one in found], np.float64)
    halves = np.array([one.halfwidth_ns for one in found], np.float64)
    sigma = (halves - halves.min()) + halves.min() / 4 + _READING_NS
    span = max(float(times[-1]), 1.0 * NS_PER_S)
    pieces = int(max(1, min(span // _KNOT_EVERY_NS, len(found) // _BURSTS_A_KNOT)))
    knots = np.linspace(0.0, span, pieces + 1)
    solved, spread = _solve(times, middles, sigma, knots)
    return _Part(
        start_ns + np.rint(knots).astype(np.int64),
        level_ns + np.rint(solved).astype(np.int64),
        middles - np.interp(times, knots, solved),
        # By how much a question takes longer than its answer, nobody knows: bounded as it is.
        float(np.hypot(spread, halves.min() / np.sqrt(3.0))),
    )


def _solve(times: Floats, middles: Floats, sigma: Floats, knots: Floats) -> tuple[Floats, float]:
    """Return the machine's lead at each knot, and its standard deviation in the middle of all."""
    apart = float(knots[1] - knots[0])
    place = np.clip((times / apart).astype(int), 0, len(knots) - 2)
    share = times / apart - place
    rows = np.zeros((len(times), len(knots)))
    rows[np.arange(len(times)), place] = 1.0 - share
    rows[np.arange(len(times)), place + 1] = share
    # What is known beforehand: crystals are nearly right, and change their rate slowly.
    slopes = np.diff(np.eye(len(knots)), axis=0) / apart
    known = np.concatenate([slopes[:1] / _USUAL_DRIFT, np.diff(slopes, axis=0) / _DRIFT_CHANGES_BY])
    solved = np.zeros(len(knots))
    normal = np.eye(len(knots))
    weight = 1.0 / sigma
    for _ in range(_ROUNDS):
        left = np.concatenate([rows * weight[:, None], known])
        right = np.concatenate([middles * weight, np.zeros(len(known))])
        solved = np.linalg.lstsq(left, right, rcond=None)[0]
        off = (middles - rows @ solved) / sigma / _CAUCHY
        weight = 1.0 / (sigma * np.sqrt(1.0 + off**2))
        normal = left.T @ left
    spread = np.sqrt(np.diag(rows @ np.linalg.pinv(normal, hermitian=True) @ rows.T))
    return solved, float(np.median(spread))


def _knots(parts: Sequence[_Part]) -> tuple[Knot, ...]:
    """Return all parts' knots by the machine's clock; between two parts it jumps halfway."""
    knots: list[Knot] = []
    before: list[tuple[int, int]] = []
    for part in parts:
        hosts = (part.master_ns + part.ahead_ns).tolist()
        line = list(zip(hosts, part.master_ns.tolist(), strict=True))
        if not knots:
            knots += [_knot(*place) for place in line]
            before = line
            continue
        jump_ns = max(knots[-1].host_ns, (knots[-1].host_ns + hosts[0]) // 2)
        knots += [_on(before[-2:], jump_ns), _on(line[:2], jump_ns)]
        later = [place for place in line if place[0] > jump_ns]
        # A part that ends before its own beginning could be told still has its direction.
        knots += [_knot(*place) for place in later] or [_on(line[-2:], jump_ns + NS_PER_S)]
        before = line
    return tuple(knots)


def _on(line: list[tuple[int, int]], host_ns: int) -> Knot:
    """Return the moment `host_ns` on the line through two places (host, master)."""
    (host, master), (later_host, later_master) = line
    rate = (later_master - master) / (later_host - host) - 1.0
    since_ns = host_ns - host
    return _knot(host_ns, master + since_ns + round(since_ns * rate))


def _knot(host_ns: int, master_ns: int) -> Knot:
    return Knot(host_ns=max(0, host_ns), master_ns=max(0, master_ns))
