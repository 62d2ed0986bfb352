"""labels.zarr, one group a clip: the table that writer, readers and tests go by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taver.core import attributes
from taver.core.errors import DataError
from taver.labels.trace import HIGHEST, LOWEST, Dimension

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE: Final = "labels.zarr"
FORMAT: Final = "taver-labels"
VERSION: Final = 1


class Column(NamedTuple):
    """One array of a clip: along its frames, and along `across` if that is named."""

    dtype: str
    across: str  # "", "raters" or "fusions"
    unit: str
    meaning: str


def _of(dimension: Dimension) -> dict[str, Column]:
    rated = f"{dimension}, {LOWEST:g} to {HIGHEST:g}"
    return {
        f"{dimension}_raw": Column(
            "float32", "raters", "", f"{rated}, at each frame; NaN where nothing was said"
        ),
        f"{dimension}_filled": Column(
            "bool", "raters", "", "whether the value is interpolated, or held over a gap"
        ),
        dimension.value: Column("float32", "raters", "", f"{rated}, short gaps filled"),
        f"{dimension}_fused": Column(
            "float32", "fusions", "", f"{rated}, of all raters; NaN where too few said anything"
        ),
    }


SCHEMA: Final = {
    "frame_unix_ns": Column("int64", "", "ns", "when the picture that raters saw was taken"),
    **_of(Dimension.AROUSAL),
    **_of(Dimension.VALENCE),
}
ATTRIBUTES: Final = ("session", "simulated", "settings", "software")
# Of a clip. `fusions` lists maps with "name" (mean, median, ewe, ...) and how each was made;
# `fusion` names the one that is the ground truth; `excluded` maps raters to the reason.
CLIP_ATTRIBUTES: Final = ("raters", "fusions", "fusion", "excluded", "phase")


def problems(root: Any) -> list[str]:
    """Return everything that is wrong with an open labels.zarr, in words."""
    found = attributes.problems(root.attrs, kind=FORMAT, version=VERSION, names=ATTRIBUTES)
    for name, clip in root.groups():
        found += [f"{name}: {wrong}" for wrong in _clip_problems(clip)]
    return found


def validate(root: Any, name: str) -> None:
    """Raise DataError with everything that is wrong with an open labels.zarr."""
    wrong = problems(root)
    if wrong:
        raise DataError(
            f"{name} is not what taver writes",
            fix="make it again with: taver labels --session NAME --again",
            problems=wrong,
        )


def _clip_problems(clip: Any) -> Iterator[str]:
    missing = attributes.missing(clip.attrs, CLIP_ATTRIBUTES)
    yield from missing
    present = {name for name, _ in clip.arrays()}
    yield from (f"{name} is not known" for name in sorted(present - set(SCHEMA)))
    yield from (f"{name} is not there" for name in SCHEMA if name not in present)
    if missing or present != set(SCHEMA):
        return
    sizes = {"raters": len(clip.attrs["raters"]), "fusions": len(clip.attrs["fusions"])}
    frames = clip["frame_unix_ns"].shape[0]
    for name, column in SCHEMA.items():
        array = clip[name]
        shape = (frames, sizes[column.across]) if column.across else (frames,)
        if array.shape != shape or array.dtype != column.dtype:
            yield f"{name} is {array.dtype} {array.shape}, not {column.dtype} {shape}"
    if clip.attrs["fusion"] not in [made["name"] for made in clip.attrs["fusions"]]:
        yield f"its fusion {clip.attrs['fusion']!r} is none of those in it"
    yield from _value_problems(clip)


def _value_problems(clip: Any) -> Iterator[str]:
    """Yield what contradicts itself: times that go back, values outside the scale."""
    import numpy as np

    if (np.diff(clip["frame_unix_ns"][:]) <= 0).any():
        yield "frame_unix_ns goes back or stands"
    for dimension in Dimension:
        for name in (f"{dimension}_raw", dimension.value, f"{dimension}_fused"):
            values = clip[name][:]
            if ((values < LOWEST) | (values > HIGHEST)).any():
                yield f"{name} leaves the scale"
