"""What was rated of a session: its clips, each with the labels on the slots of the grid."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.core.errors import NotFoundError
from taver.core.grid import fill_grid
from taver.core.nearest import nearest
from taver.labels.store import open_labels
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.session.folder import Session

    Ints = npt.NDArray[np.int64]
    Columns = dict[str, npt.NDArray[Any]]

LABELS: Final = ("arousal_raters", "valence_raters", "arousal", "valence")
_STRANGE: Final = 0.05  # of a clip's pictures; more that were never recorded are another video's


class Rated(NamedTuple):
    """A rated stretch of a session, or all of one that nobody rated."""

    clip: str  # empty: nobody rated it
    frame_unix_ns: Ints  # of the pictures that raters saw
    raters: tuple[str, ...]
    excluded: tuple[str, ...]
    fusion: str | None
    values: Columns  # by name, a row a picture


def rated_of(session: Session) -> list[Rated]:
    """Return the clips of labels.zarr, by when they begin; none if there are no labels."""
    try:
        root = open_labels(session)
    except NotFoundError:
        return []
    clips = [_clip(name, group) for name, group in sorted(root.groups())]
    return sorted(clips, key=lambda clip: int(clip.frame_unix_ns[0]) if len(clip[1]) else 0)


def _clip(name: str, group: Any) -> Rated:
    told = dict(group.attrs)
    excluded = set(told["excluded"])
    kept = [place for place, rater in enumerate(told["raters"]) if rater not in excluded]
    fusions = [one["name"] for one in told["fusions"]]
    fused = fusions.index(told["fusion"])
    values: Columns = {}
    for dimension in Dimension:
        values[f"{dimension}_raters"] = group[dimension.value][...][:, kept]
        values[dimension.value] = group[f"{dimension}_fused"][...][:, fused] / HIGHEST
    return Rated(
        name,
        group["frame_unix_ns"][...],
        tuple(told["raters"][place] for place in kept),
        tuple(sorted(excluded)),
        told["fusion"],
        values,
    )


def on_slots(rated: Rated, start_unix_ns: int, slots: int, rate_hz: int) -> Columns:
    """Return the labels of each slot: those of the nearest picture that raters saw, or NaN."""
    raters = len(rated.raters)
    made: Columns = {
        "arousal_raters": np.full((slots, raters), np.nan, np.float32),
        "valence_raters": np.full((slots, raters), np.nan, np.float32),
        "arousal": np.full(slots, np.nan, np.float32),
        "valence": np.full(slots, np.nan, np.float32),
    }
    grid = fill_grid(rated.frame_unix_ns, start_ns=start_unix_ns, count=slots, rate_hz=rate_hz)
    for name, values in rated.values.items():
        made[name][grid.filled] = values[grid.frame_index[grid.filled]]
    return made


def problems(rated: list[Rated], color_ns: Ints, rate_hz: float) -> list[str]:
    """Return why labels cannot be of this recording, in words."""
    found: list[str] = []
    period_ns = NS_PER_S / rate_hz
    first, last = int(color_ns[0]), int(color_ns[-1])
    for clip in rated:
        before = len(found)
        times = clip.frame_unix_ns
        if not len(times):
            found.append(f"{clip.clip} has no pictures")
            continue
        before_s = (first - int(times[0])) / NS_PER_S
        after_s = (int(times[-1]) - last) / NS_PER_S
        if before_s > period_ns / NS_PER_S:
            found.append(f"{clip.clip} begins {before_s:.1f} s before the video")
        if after_s > period_ns / NS_PER_S:
            found.append(f"{clip.clip} ends {after_s:.1f} s after the video")
        off = np.abs(color_ns[nearest(color_ns, times)] - times)
        strange = int((off > period_ns / 4).sum())
        if strange > _STRANGE * len(times) and len(found) == before:
            found.append(f"{clip.clip}: {strange} of its {len(times)} pictures were never recorded")
    for one, other in itertools.pairwise(rated):
        if len(one.frame_unix_ns) and len(other.frame_unix_ns):
            over_s = (int(one.frame_unix_ns[-1]) - int(other.frame_unix_ns[0])) / NS_PER_S
            if over_s > 0:
                found.append(f"{one.clip} and {other.clip} overlap by {over_s:.1f} s")
    return found


SCALE: Final = (LOWEST, HIGHEST)
