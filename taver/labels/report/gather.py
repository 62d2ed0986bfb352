"""What the page shows, read from the labels of some sessions and computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core.clock import NS_PER_S
from taver.labels.agreement import agreement
from taver.labels.bootstrap import Interval, intervals
from taver.labels.figures import PoolFigures, of_pool, step_s
from taver.labels.fuse import Fusion
from taver.labels.leave_out import without_each
from taver.labels.pool import ClipValues, Zero
from taver.labels.scale import centred
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from taver.labels.agreement import Agreement
    from taver.labels.leave_out import Left

    Floats = npt.NDArray[np.float64]

_LAGS: Final = Fusion.LAG_MEAN.value


class ShownClip(NamedTuple):
    """One clip as the page shows it."""

    name: str  # with its session, where two have the same
    raters: tuple[str, ...]
    seconds: Floats
    step_s: float  # between frames
    values: Mapping[Dimension, Floats]  # frames by raters, short gaps closed
    fused: Mapping[Dimension, Floats]
    filled: Mapping[Dimension, npt.NDArray[np.bool_]]
    agreement: Mapping[Dimension, Agreement]
    around: Mapping[Dimension, Agreement]  # after each rater's mean was taken off
    alpha: Mapping[Dimension, Interval]  # Cronbach's
    left: Mapping[Dimension, tuple[Left, ...]]
    made: Mapping[str, Any]  # of every fusion, by its name
    fusion: str
    excluded: Mapping[str, str]
    wanted: int


class Gathered(NamedTuple):
    """All of it."""

    sessions: tuple[str, ...]
    simulated: bool
    clips: tuple[ShownClip, ...]
    pools: Mapping[Dimension, tuple[PoolFigures, ...]]  # one for each of Zero
    settings: tuple[Mapping[str, Any], ...]  # of each session
    notes: tuple[str, ...]


def gathered(roots: Sequence[Any]) -> Gathered:
    """Read open labels.zarr groups and compute all figures."""
    called = [name for root in roots for name in root.group_keys()]
    alike = len(set(called)) < len(called)  # from different databases
    clips = tuple(
        _clip(f"{root.attrs['session']} {name}" if alike else name, group)
        for root in roots
        for name, group in sorted(root.groups(), key=lambda pair: int(pair[1]["frame_unix_ns"][0]))
    )
    return Gathered(
        sessions=tuple(root.attrs["session"] for root in roots),
        simulated=any(root.attrs["simulated"] for root in roots),
        clips=clips,
        pools={dimension: _pools(clips, dimension) for dimension in Dimension},
        settings=tuple(root.attrs["settings"] for root in roots),
        notes=tuple(
            f"{root.attrs['session']}, {note}" if alike else note
            for root in roots
            for note in root.attrs.get("notes", ())
        ),
    )


def _clip(name: str, group: Any) -> ShownClip:
    times = group["frame_unix_ns"][:]
    raters = tuple(group.attrs["raters"])
    fusion = group.attrs["fusion"]
    place = [made["name"] for made in group.attrs["fusions"]].index(fusion)
    between_s = step_s(times)
    values = {d: group[d.value][:].astype(np.float64) for d in Dimension}
    return ShownClip(
        name=name,
        raters=raters,
        seconds=(times - times[0]) / NS_PER_S,
        step_s=between_s,
        values=values,
        fused={d: group[f"{d}_fused"][:, place].astype(np.float64) for d in Dimension},
        filled={d: group[f"{d}_filled"][:] for d in Dimension},
        agreement={d: agreement(values[d], raters) for d in Dimension},
        around={d: agreement(centred(values[d]), raters) for d in Dimension},
        alpha={d: intervals(values[d], step_s=between_s)["cronbach_alpha"] for d in Dimension},
        left={d: without_each(values[d], raters) for d in Dimension},
        made={made["name"]: made for made in group.attrs["fusions"]},
        fusion=fusion,
        excluded=group.attrs["excluded"],
        wanted=int(group.attrs.get("wanted", 0)),
    )


def _pools(clips: Sequence[ShownClip], dimension: Dimension) -> tuple[PoolFigures, ...]:
    tables = [
        ClipValues(clip.name, clip.raters, clip.values[dimension], clip.step_s) for clip in clips
    ]
    return tuple(of_pool(tables, zero) for zero in Zero)


def lag_s(clip: ShownClip, dimension: Dimension, rater: str) -> float:
    """Return how late this rater was in this clip, as the lag-corrected mean found it."""
    lag = clip.made[_LAGS][dimension.value].get("lags_s", {}).get(rater)
    return float("nan") if lag is None else float(lag)
