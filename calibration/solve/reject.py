"""Which corners and views do not belong, and why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.solve.rows import DEPTH, residuals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calibration.solve.adjust import Solution
    from calibration.solve.rows import Source
    from calibration.solve.setting import Setting

_FINEST_PX: Final = 0.05  # no corner nearer than this times the setting's sigmas is an outlier
_LOST: Final = 0.4  # of a view's corners: then the whole view goes
_TOLD: Final = 6  # corners of one view that are told one by one


def judged(
    solution: Solution, everything: Sequence[Source], names: Sequence[str], setting: Setting
) -> tuple[tuple[Source, ...], list[str]]:
    """Return the sources with a weight of 0 for what does not belong, and the reasons in words.

    All of `everything` is judged anew: what was left out before may turn out to be good.
    """
    kept, reasons = [], []
    for source in everything:
        weights = source.weights.copy()
        off = residuals(solution.state, source)
        far = np.sqrt((off * off).sum(axis=1) * source.weights)
        sigma = solution.noise[source.name]
        if source.name == DEPTH:
            weights[far > setting.outlier_sigmas * sigma] = 0.0
            kept.append(dataclasses.replace(source, weights=weights))
            continue
        limit = setting.outlier_sigmas * max(sigma, _FINEST_PX)
        usual = [float(np.sqrt((far[part] ** 2).mean() / 2.0)) for _, part in source.parts]
        worst = setting.worst_view * max(float(np.median(usual)), _FINEST_PX)
        for (view, part), rms in zip(source.parts, usual, strict=True):
            bad = far[part] > limit
            where = f"{names[view]}, {source.camera}"
            good = far[part][~bad]
            left = float(np.sqrt((good**2).mean() / 2.0)) if len(good) else np.inf
            if bad.mean() > _LOST or left > worst:
                weights[part] = 0.0
                reasons.append(
                    f"{where}: the view is left out; its corners are off by {rms:.2f} px, others' "
                    f"by {np.median(usual):.2f} px"
                )
            elif bad.any():
                weights[part] = np.where(bad, 0.0, weights[part])
                which = np.flatnonzero(bad)
                told = ", ".join(
                    f"corner {source.corners[part][at] + 1} by {far[part][at]:.2f} px"
                    for at in which[:_TOLD]
                )
                more = f" and {len(which) - _TOLD} more" if len(which) > _TOLD else ""
                reasons.append(f"{where}: left out are {told}{more}; {limit:.2f} px is the limit")
        kept.append(dataclasses.replace(source, weights=weights))
    return tuple(kept), reasons
