"""The columns of one clip: raters' traces at the frames, gaps closed, fused in every way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from taver.core import names
from taver.core.errors import DataError
from taver.labels.fuse import Fusion, fuse
from taver.labels.resample import Fill, resampled
from taver.labels.store import Labelled
from taver.labels.trace import HIGHEST, LOWEST, Dimension, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from taver.labels.options import Options
    from taver.labels.resample import Track
    from taver.labels.trace import Rated, Rating

    Floats = npt.NDArray[np.float64]

_FIX: Final = "look at the clip's events: taver annotate export"
_SILENT: Final = "said nothing"


class Clipped(NamedTuple):
    """One clip with its labels, and what a person should know of it."""

    labelled: Labelled
    raters: tuple[str, ...]
    notes: tuple[str, ...]


def made(rated: Rated, options: Options, reference: Mapping[Dimension, Floats]) -> Clipped | None:
    """Return the clip's columns; None if nobody said anything of it that counts."""
    frames = np.asarray(rated.clip.frame_unix_ns, dtype=np.int64)
    excluded = {one.rater: one.excluded for one in rated.ratings if one.excluded}
    counted = sorted(
        (one for one in rated.ratings if not one.excluded), key=lambda rating: rating.rater
    )
    tracks = {
        rating.rater: {d: _track(rating, d, frames, options) for d in Dimension}
        for rating in counted
    }
    silent = [r for r, t in tracks.items() if all(np.isnan(one.raw).all() for one in t.values())]
    for rater in silent:
        excluded[rater] = _SILENT
        tracks.pop(rater)
    if not tracks:
        return None
    raters = tuple(tracks)
    columns: dict[str, npt.NDArray[Any]] = {"frame_unix_ns": frames}
    fusions: list[dict[str, Any]] = [{"name": how.value} for how in Fusion]
    filled: dict[str, dict[str, float]] = {}
    for dimension in Dimension:
        own = [tracks[rater][dimension] for rater in raters]
        values = np.stack([track.values for track in own], axis=1)
        fused = [
            fuse(
                values,
                how,
                names=raters,
                unix_ns=frames,
                most_lag_s=options.most_lag_s,
                reference=reference.get(dimension),
            )
            for how in Fusion
        ]
        columns |= {
            f"{dimension}_raw": np.stack([track.raw for track in own], axis=1),
            f"{dimension}_filled": np.stack([track.filled for track in own], axis=1),
            dimension.value: values,
            f"{dimension}_fused": np.stack([one.values for one in fused], axis=1),
        }
        for told, one in zip(fusions, fused, strict=True):
            told[dimension.value] = {key: v for key, v in one.made.items() if key != "name"}
        filled[dimension.value] = {
            rater: round(100.0 * track.filled_share, 3)
            for rater, track in zip(raters, own, strict=True)
        }
    attributes = {
        "raters": list(raters),
        "fusions": fusions,
        "fusion": options.fusion,
        "excluded": excluded,
        "phase": rated.phase,
        "wanted": rated.wanted,
        "filled_percent": filled,
    }
    notes = _notes(rated, raters, excluded, columns, fusions, options)
    return Clipped(Labelled(rated.clip.name, columns, attributes), raters, tuple(notes))


def refuse_impossible(rated: Rated) -> None:
    """Raise DataError with everything that cannot be in a clip and its ratings."""
    clip, found = rated.clip, list[str]()
    if not names.fits(clip.name):
        found.append("its name cannot be that of a file")
    if not len(clip.frame_unix_ns):
        found.append("it has no frames")
    elif (np.diff(clip.frame_unix_ns) <= 0).any():
        found.append("its frames go back in time, or stand")
    raters = [rating.rater for rating in rated.ratings]
    found += [
        f"{rater} rated it twice" for rater in sorted({r for r in raters if raters.count(r) > 1})
    ]
    for rating in rated.ratings:
        for dimension, trace in rating.traces.items():
            beyond = (trace.values < LOWEST) | (trace.values > HIGHEST)
            if beyond.any():
                place = int(np.flatnonzero(beyond)[0])
                found.append(
                    f"{rating.rater}: {dimension} is {trace.values[place]:g}, "
                    f"beyond {LOWEST:g} to {HIGHEST:g}"
                )
    if found:
        raise DataError(f"Clip {clip.name!r} cannot be right", fix=_FIX, problems=found)


def _track(rating: Rating, dimension: Dimension, frames: Any, options: Options) -> Track:
    nothing = Trace(np.empty(0, dtype=np.int64), np.empty(0))
    trace = rating.traces.get(dimension, nothing)
    return resampled(trace, frames, gap_s=options.gap_s, fill=Fill(options.fill))


def _notes(
    rated: Rated,
    raters: Sequence[str],
    excluded: Mapping[str, str],
    columns: Mapping[str, npt.NDArray[Any]],
    fusions: Sequence[Mapping[str, Any]],
    options: Options,
) -> list[str]:
    notes = []
    if rated.wanted > len(raters):
        notes.append(f"{len(raters)} of {rated.wanted} raters")
    notes += [f"without {rater}: {why}" for rater, why in sorted(excluded.items())]
    (chosen,) = [one for one in fusions if one["name"] == options.fusion]
    place = list(fusions).index(chosen)
    for dimension in Dimension:
        for n, rater in enumerate(raters):
            values = columns[dimension.value][:, n]
            said = values[~np.isnan(values)]
            if not len(said):
                notes.append(f"{rater} said nothing of {dimension}")
            elif said.max() == said.min():
                notes.append(f"{rater} never moved {dimension}: no correlation, no alpha")
        missing = float(np.isnan(columns[f"{dimension}_fused"][:, place]).mean())
        if missing:
            notes.append(f"{dimension} has no value in {100 * missing:.1f} % of the frames")
        notes += [f"{dimension}, {options.fusion}: {told}" for told in chosen[dimension]["notes"]]
    return notes
