"""A simulated rater: sees what is so a little later, a little wrong, and not all of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import zarr

from capture.sim.truth_schema import FILE as TRUTH
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.session.folder import Session

    Floats = npt.NDArray[np.float64]

_LAG_S: Final = (0.2, 0.9)
_GAIN: Final = (0.7, 1.0)  # of the scale that a rater uses
_BIAS: Final = 0.8  # points, one standard deviation
_TREMBLE: Final = 0.7  # points, and how long it lasts
_TREMBLE_S: Final = 1.5
_FRAME_S: Final = 0.1
_CHANGES_EVERY: Final = 2  # frames: a hand moves a slider about five times a second
_UNSEEN_S: Final = 0.6
_UNSEEN_CHANCE: Final = 0.3  # of a clip in which the face is marked as not visible for a moment
_REACTION_US: Final = 8000


class Hand(NamedTuple):
    """What is a rater's own."""

    lag_s: float
    gain: float
    bias: float


def hand_of(number: int) -> Hand:
    """Return the rater of that number; always the same."""
    chance = np.random.default_rng(1000 + number)
    return Hand(chance.uniform(*_LAG_S), chance.uniform(*_GAIN), chance.normal(0, _BIAS))


def truth_at(session: Session, unix_ns: npt.NDArray[np.int64]) -> dict[Dimension, Floats]:
    """Return what the simulated person felt at these moments, -1 to 1."""
    group: Any = zarr.open_group(session.folder / TRUTH, mode="r")["color"]
    times = group["unix_ns"][:]
    return {d: np.interp(unix_ns, times, group[d.value][:]) for d in Dimension}


def events(number: int, clip: int, felt: dict[Dimension, Floats]) -> list[dict[str, Any]]:
    """Return everything that the rater's browser would send of a clip, watched once through."""
    hand = hand_of(number)
    chance = np.random.default_rng([number, clip])
    frames = len(next(iter(felt.values())))
    said = {dimension: _said(felt[dimension], hand, chance) for dimension in Dimension}
    unseen = _unseen(frames, chance)
    told = [_event("play", 0)]
    now = dict.fromkeys(Dimension, 0)
    for frame in range(frames):
        if unseen and frame in unseen:
            told.append(_event("unseen" if frame == unseen[0] else "seen", frame))
        if frame % _CHANGES_EVERY == 0:
            for dimension in Dimension:
                value = int(said[dimension][frame])
                if value != now[dimension]:
                    now[dimension] = value
                    told.append(_event(dimension.value, frame, value))
    told += [_event("stop", frames - 1), _event("done", None)]
    return [{**event, "seq": seq} for seq, event in enumerate(told, 1)]


def _said(felt: Floats, hand: Hand, chance: np.random.Generator) -> Floats:
    """Return the slider at each frame: late, on a scale of the rater's own, and trembling."""
    frames = np.arange(len(felt), dtype=np.float64)
    late = np.interp(frames - hand.lag_s / _FRAME_S, frames, felt)
    keep = np.exp(-_FRAME_S / _TREMBLE_S)
    noise = np.zeros(len(felt))
    for frame in range(1, len(felt)):
        noise[frame] = keep * noise[frame - 1] + np.sqrt(1 - keep**2) * chance.normal(0, _TREMBLE)
    return np.clip(np.rint(HIGHEST * hand.gain * late + hand.bias + noise), LOWEST, HIGHEST)


def _unseen(frames: int, chance: np.random.Generator) -> tuple[int, int] | None:
    long = round(_UNSEEN_S / _FRAME_S)
    if frames < 4 * long or chance.random() > _UNSEEN_CHANCE:
        return None
    start = int(chance.integers(long, frames - 2 * long))
    return start, start + long


def _event(kind: str, frame: int | None, value: int | None = None) -> dict[str, Any]:
    media_ns = None if frame is None else round(frame * _FRAME_S * 1e9)
    return {
        "kind": kind, "frame": frame, "media_ns": media_ns, "value": value,
        "delay_us": None if frame is None else _REACTION_US,
        "client_ns": media_ns or 0,
    }  # fmt: skip
