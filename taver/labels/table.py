"""labels.csv: what a researcher opens in a table program, one row a frame of every clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from taver.core.clock import NS_PER_S
from taver.labels.scale import scaled
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.labels.store import Labelled

FILE: Final = "labels.csv"
_DIGITS: Final = 4


def table_of(session: str, clips: Sequence[Labelled], simulated: bool) -> bytes:
    """Return the table as CSV; a cell of what nobody said is empty.

    `arousal` and `valence` are the ground truth on the raters' scale, `_scaled` on -1 to 1, and
    `arousal_P01` is what P01 said of arousal, short gaps closed; of a rater who is called "scaled",
    `arousal_rater_scaled`.
    """
    import pandas as pd

    parts = []
    for clip in clips:
        fused = [made["name"] for made in clip.attributes["fusions"]]
        place = fused.index(clip.attributes["fusion"])
        times = clip.columns["frame_unix_ns"]
        data: dict[str, Any] = {
            "session": session,
            "clip": clip.name,
            "frame": range(len(times)),
            "unix_ns": times,
            "seconds": (times - times[0]) / NS_PER_S,
        }
        # Plus zero: minus zero, which a mean may be, looks like a mistake in a table.
        truth = {d: clip.columns[f"{d}_fused"][:, place] + 0.0 for d in Dimension}
        data |= {d.value: values for d, values in truth.items()}
        data |= {f"{d}_scaled": scaled(values) for d, values in truth.items()}
        data["simulated"] = simulated
        data |= {
            _column(d, rater): clip.columns[d.value][:, n] + 0.0
            for d in Dimension
            for n, rater in enumerate(clip.attributes["raters"])
        }
        parts.append(pd.DataFrame(data).round(_DIGITS))
    return pd.concat(parts, ignore_index=True).to_csv(index=False, lineterminator="\n").encode()


def _column(dimension: Dimension, rater: str) -> str:
    """Return a rater's column, which is never that of the ground truth."""
    return f"{dimension}_rater_{rater}" if rater == "scaled" else f"{dimension}_{rater}"
