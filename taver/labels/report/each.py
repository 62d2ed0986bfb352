"""The page's sections on each clip and each rater."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from taver.core.page import Markup, note, section, table, text
from taver.labels.report import cells, lacking, plots
from taver.labels.report.gather import lag_s
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.labels.report.gather import Gathered, ShownClip


def clips_section(found: Gathered) -> Markup:
    """Return how well each clip's raters agree."""
    columns = [
        "clip", "raters", "frames", "r", "alpha", "95 %", "that is", "CCC", "CCC, zero mean",
        "MSE", "MSE, zero mean", f"filled,{cells.STAY}%", f"empty,{cells.STAY}%",
    ]  # fmt: skip
    parts = []
    for dimension in Dimension:
        rows = [_clip_row(clip, dimension) for clip in found.clips]
        parts.append(
            Markup(
                f"<h3>{dimension.value.capitalize()}</h3>"
                + table(columns, rows, right=" rrrrr rrrrrr")
            )
        )
        parts += lacking.by_clip(found, dimension)
    return section(
        "By clip",
        plots.alpha_by_clip(found.clips),
        *parts,
        text(
            "Zero mean: after each rater's mean was taken off; r and alpha stay as they are. Every "
            "figure with its interval is in agreement.csv of each session."
        ),
        *[note(told) for told in found.notes],
    )


def _clip_row(clip: ShownClip, dimension: Dimension) -> list[object]:
    own, around = clip.agreement[dimension], clip.around[dimension]
    wanted = f"{cells.STAY}of{cells.STAY}{clip.wanted}" if clip.wanted else ""
    return [
        clip.name,
        f"{len(clip.raters)}{wanted}",
        len(clip.seconds),
        cells.number(own.mean_r, 3),
        cells.number(own.cronbach_alpha, 3),
        cells.between(clip.alpha[dimension], 2),
        cells.band(own.cronbach_alpha),
        cells.number(own.ccc, 3),
        cells.number(around.ccc, 3),
        cells.number(own.mse, 2),
        cells.number(around.mse, 2),
        cells.share(clip.filled[dimension]),
        cells.share(np.isnan(clip.fused[dimension])),
    ]


def raters_section(found: Gathered, raters: Sequence[str]) -> Markup:
    """Return how each rater goes with the others."""
    rows = []
    for rater in raters:
        own = [clip for clip in found.clips if rater in clip.raters]
        row: list[object] = [rater, len(own)]
        for dimension in Dimension:
            places = [clip.raters.index(rater) for clip in own]
            left = [clip.left[dimension][n] for clip, n in zip(own, places, strict=True)]
            gain = [
                clip.agreement[dimension].cronbach_alpha - one.without.cronbach_alpha
                for clip, one in zip(own, left, strict=True)
            ]
            row += [
                cells.number(cells.mean([one.r_with_others for one in left]), 3),
                cells.number(cells.mean(gain), 3, sign=True),
                cells.number(
                    cells.mean([lag_s(clip, dimension, rater) for clip in own]), 1, sign=True
                ),
                cells.share(
                    np.concatenate(
                        [clip.filled[dimension][:, n] for clip, n in zip(own, places, strict=True)]
                    )
                ),
            ]
        rows.append(row)
    columns = ["rater", "clips"]
    for dimension in Dimension:
        columns += [f"{dimension}: r with the others", "adds to alpha", "lag, s", "filled, %"]
    return section(
        "By rater",
        table(columns, rows, right=" r" + "r" * 8),
        text(
            "Means over the rater's clips. r is with the mean of the other raters; what a rater "
            "adds is alpha of the clip less alpha without them: where that is negative, the others "
            "agree better alone. Nobody is left out for it. A lag is the mean of those that could "
            "be told from chance."
        ),
        *_excluded(found.clips),
    )


def _excluded(clips: Sequence[ShownClip]) -> list[Markup]:
    rows = [[clip.name, rater, why] for clip in clips for rater, why in clip.excluded.items()]
    return [table(["clip", "left out", "why"], rows)] if rows else []
