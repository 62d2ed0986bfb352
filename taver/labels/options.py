"""What a person can choose about how labels are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from taver.core.errors import InputError
from taver.labels.fuse import DEFAULT, Fusion
from taver.labels.lags import MOST_S
from taver.labels.resample import Fill

# Raised when the same settings give other labels or figures than before.
ENGINE: Final = 3


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How labels are made; everything in here stands in the output."""

    fusion: str = DEFAULT.value
    gap_s: float = 1.0  # longer ones stay gaps
    fill: str = Fill.HOLD.value
    most_lag_s: float = MOST_S
    reference: Path | None = None  # a CSV file; lags are told against it

    def __post_init__(self) -> None:
        for value, choices, what in (
            (self.fusion, list(Fusion), "fusion"),
            (self.fill, list(Fill), "way to fill gaps"),
        ):
            if value not in choices:
                raise InputError(
                    f"There is no {what} {value!r}", fix=f"choose one of: {', '.join(choices)}"
                )
        if not self.gap_s >= 0:
            raise InputError(
                f"A gap of {self.gap_s:g} s cannot be filled",
                fix="give 0 (fill none) or more seconds; inf fills all, as the paper does",
            )
        if not 0 < self.most_lag_s <= 60:
            raise InputError(
                f"Lags of up to {self.most_lag_s:g} s cannot be looked for",
                fix="give more than 0 and at most 60 seconds; people take 1 to 6",
            )

    def told(self) -> dict[str, Any]:
        """Return them as they stand in the output; the reference is told by its fingerprint."""
        return {
            "fusion": self.fusion,
            "gap_s": "any length" if self.gap_s == float("inf") else self.gap_s,
            "fill": self.fill,
            "most_lag_s": self.most_lag_s,
            "engine": ENGINE,
        }
