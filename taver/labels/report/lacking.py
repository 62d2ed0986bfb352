"""What the page says of that which is not in its figures: clips, values, intervals, and why."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from taver.core.page import note, text
from taver.labels.report import cells
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    from taver.core.page import Markup
    from taver.labels.report.gather import Gathered


def together(found: Gathered) -> str:
    """Say whether the figures are of all clips, and else which are left out."""
    without = {d: found.pools[d][0].pool.without for d in Dimension}
    if not any(without.values()):
        return "All clips together."
    if len(set(without.values())) == 1:
        return f"Clips together, {without[Dimension.AROUSAL]}."
    told = [f"{dimension} {some}" for dimension, some in without.items() if some]
    return f"Clips together; {'; '.join(told)}."


def reasons(found: Gathered) -> list[Markup]:
    """Return why figures of all clips, and their intervals, do not exist."""
    values: dict[tuple[str, str], list[str]] = defaultdict(list)  # where and why: which
    intervals: dict[str, set[str]] = defaultdict(set)  # why: where
    for dimension in Dimension:
        given = found.pools[dimension][0].agreement.why
        for place, pool in enumerate(found.pools[dimension]):
            where = f"{dimension}, {pool.pool.zero}" if place else dimension.value
            for name, figure in cells.NAMES.items():
                why = pool.agreement.why.get(name)
                if why is not None and not (place and name in given):
                    values[where, why.told].append(figure)
                elif why is None and pool.intervals[name].why:
                    intervals[pool.intervals[name].why].add(dimension.value)
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (where, why_not), figures in values.items():
        alike[why_not, ", ".join(figures)].append(where)
    return [
        *[
            note(f"{'; '.join(where)}: {why_not}. Without a value: {figures}.", "warn")
            for (why_not, figures), where in alike.items()
        ],
        *[
            note(f"{', '.join(sorted(where))}, without an interval: {why_not}.")
            for why_not, where in intervals.items()
        ],
    ]


def by_clip(found: Gathered, dimension: Dimension) -> list[Markup]:
    """Return why clips have no alpha, or no interval of it; each reason once."""
    clips: dict[tuple[str, str], list[str]] = defaultdict(list)
    for clip in found.clips:
        why = clip.agreement[dimension].why.get("cronbach_alpha")
        if why is not None:
            clips["alpha", why.told].append(clip.name)
        elif clip.alpha[dimension].why:
            clips["interval", clip.alpha[dimension].why].append(clip.name)
    return [text(f"No {what} of {', '.join(of)}: {why}.") for (what, why), of in clips.items()]
