"""Follows the face through a film on the grid of the dataset, and cuts it out of each slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.faces import align, crops, head_pose, similarity
from taver.faces.gaps import filled
from taver.faces.home import Home
from taver.faces.smooth import smoothed
from taver.faces.state import State
from taver.faces.track import Tracker
from taver.faces.view import Plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from taver.dataset.importing.films import Film, Frame
    from taver.faces.kit import Kit

_ANYBODY: Final = Home((0.0, 0.0), 0.0, 0.0)
_LEAST_SEEN: Final = 0.5  # of a crop's pixels


class Followed(NamedTuple):
    """What is known of each slot before anything is cut."""

    frame: npt.NDArray[np.int64]  # which picture of the film; -1: none is near
    frame_ns: npt.NDArray[np.int64]
    state: npt.NDArray[np.uint8]
    matrix: npt.NDArray[np.float64]  # from the picture to the crop; NaN where lost
    landmarks: npt.NDArray[np.float32]  # in the crop
    pose_deg: npt.NDArray[np.float32]
    head_mm: npt.NDArray[np.float32]


def on_grid(film: Film, rate_hz: float) -> Iterator[tuple[int, Frame]]:
    """Yield each slot that has a picture nearest to it, with that picture.

    A picture is in reach of a slot that is no farther than half a period; one picture may be the
    nearest to several slots where the film is slower than the grid.
    """
    reach_ns = round(NS_PER_S / rate_hz / 2)
    before: Frame | None = None
    slot = 0
    for after in film.frames():
        if before is not None:
            while (at := _at_ns(slot, rate_hz)) * 2 <= before.time_ns + after.time_ns:
                if abs(at - before.time_ns) <= reach_ns:
                    yield slot, before
                slot += 1
        before = after
    if before is not None:
        while (at := _at_ns(slot, rate_hz)) < before.time_ns + reach_ns:
            if abs(at - before.time_ns) <= reach_ns:
                yield slot, before
            slot += 1


def _at_ns(slot: int, rate_hz: float) -> int:
    return round(slot * NS_PER_S / rate_hz)


def follow(
    film: Film,
    given: dict[int, npt.NDArray[np.float64]],
    kit: Kit | None,
    *,
    rate_hz: float,
    size_px: int,
    gap_s: float = 0.5,
) -> Followed:
    """Go through the film once; points that the corpus gives are taken instead of looked for."""
    tracker = None if kit is None else Tracker(kit.chips, kit.detector, _ANYBODY)
    rows: list[tuple[int, int, int, int, npt.NDArray[np.float64]]] = []
    size = (0, 0)
    nothing = np.full((68, 2), np.nan)
    for slot, frame in on_grid(film, rate_hz):
        size = (frame.pixels.shape[1], frame.pixels.shape[0])
        points, state = given.get(frame.number), State.DETECTED
        if points is None and tracker is not None:
            step = tracker.step(Plain(frame.pixels), frame.time_ns)
            points, state = step.points, step.state
        if points is None:
            points, state = nothing, State.LOST
        rows.append((slot, frame.number, frame.time_ns, int(state), points))
    slots = rows[-1][0] + 1 if rows else 0
    frame_of = np.full(slots, -1, np.int64)
    times = np.array([_at_ns(slot, rate_hz) for slot in range(slots)], np.int64)
    states, points_of = np.zeros(slots, np.uint8), np.full((slots, 68, 2), np.nan)
    for slot, number, time_ns, told, where in rows:
        frame_of[slot], times[slot], states[slot], points_of[slot] = number, time_ns, told, where
    whole, states = filled(points_of, states, times, gap_s)
    calm = smoothed(whole, times) if tracker is not None else whole
    states[frame_of < 0] = State.LOST
    return _placed(calm, states, frame_of, times, size, size_px)


def _placed(
    points: npt.NDArray[np.float64],
    states: npt.NDArray[np.uint8],
    frame_of: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    size: tuple[int, int],
    size_px: int,
) -> Followed:
    lost = states == State.LOST
    points = np.where(lost[:, None, None], np.nan, points)
    matrix = align.matrix(points, "rigid", size_px)
    if len(points):
        poses = head_pose.poses(points, head_pose.nominal(*size))
        pose = np.stack([poses.yaw_deg, poses.pitch_deg, poses.roll_deg], axis=-1)
        head = poses.head_mm
    else:
        pose = head = np.empty((0, 3))
    return Followed(
        frame_of, times, states, matrix,
        similarity.apply(matrix, points).astype(np.float32),
        pose.astype(np.float32), head.astype(np.float32),
    )  # fmt: skip


def cut(
    film: Film, followed: Followed, *, rate_hz: float, size_px: int
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Go through the film again, and yield each slot whose crop holds a face, with the crop."""
    for slot, frame in on_grid(film, rate_hz):
        if slot >= len(followed.state):
            return
        matrix = followed.matrix[slot]
        if followed.state[slot] == State.LOST or not np.isfinite(matrix).all():
            continue
        crop = crops.color(frame.pixels, matrix, size_px)
        if crop.valid.mean() >= _LEAST_SEEN and crop.values.any():
            yield slot, crop.values
