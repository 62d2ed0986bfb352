"""The verdict on a rig in words: what it is good for, and what to do if it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from calibration.rig import Rig

_GOOD_PX: Final = 0.8  # transferred to heat, of views held out: a quarter of an eye's white
_USABLE_PX: Final = 2.0


def verdict(rig: Rig) -> str:
    """Return a sentence or three on what was measured."""
    quality = rig.quality
    if not quality.transfer_px:
        return (
            "Too few views to hold some out, so nothing but its own fit speaks for this rig. "
            "Record 15 views or more."
        )
    worst = max(quality.transfer_px, key=lambda pair: quality.transfer_px[pair])
    error = quality.transfer_px[worst]
    grade = _graded(error)
    parts = [f"{grade}: a point carried from {worst} lands {error:.2f} px off on held-out views."]
    if rig.depth_shift is not None:
        parts.append(
            f"Depth is corrected by {rig.depth_shift_mm:+.1f} +- {rig.depth_shift.sigma_mm:.1f} mm."
        )
    loose = loosest(rig)
    if loose:
        parts.append(loose)
    count = len(quality.warnings)
    if count:
        parts.append(f"{count} warning{'s' if count > 1 else ''}: see below.")
    return " ".join(parts)


def loosest(rig: Rig) -> str:
    """Say how well the cameras' places are known."""
    if rig.uncertainty is None:
        return ""
    sigma = rig.uncertainty.sigma
    told = []
    for pose in ("ir_to_color", "color_to_thermal"):
        place = [sigma.get(f"{pose}.t{axis}_mm") for axis in "xyz"]
        known = [value for value in place if value is not None]
        if known:
            told.append(f"{np.linalg.norm(known):.2f} mm ({pose.replace('_', ' ')})")
    return f"Places are known to {' and '.join(told)}, one deviation." if told else ""


def _graded(error_px: float) -> str:
    if error_px <= _GOOD_PX:
        return "Good"
    if error_px <= _USABLE_PX:
        return "Usable"
    return "Poor; record the board again, nearer, more tilted, and still"
