"""Scales on which a figure of agreement varies by chance about as much wherever it lies.

Near 1 a figure has no room to vary, near 0 it has: an interval that reaches equally far to both
sides has to be laid on another scale than that of the figure. For correlations Fisher's is known;
the one here is like it near 1, and falls more steeply towards 0, where agreement that is found low
is found with less spread than it has. Which width holds the truth most evenly was tried on
simulated raters: docs/labels.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Scale(NamedTuple):
    """The way there, and the way back."""

    there: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]


def _agreement(width: float) -> Scale:
    """Return asinh(x / width) - log(1 - x), for figures that are 1 at most."""
    part = 1.0 / width

    def there(figure: Floats) -> Floats:
        return np.asarray(np.arcsinh(figure * part) - np.log(1.0 - figure))

    def back(scaled: Floats) -> Floats:
        up = np.exp(scaled)  # (x / width + root(x² / width² + 1)) / (1 - x), solved for x
        return np.asarray(
            (up + part - np.sqrt(part**2 + 1.0 + 2.0 * part / up)) / (up + 2.0 * part)
        )

    return Scale(there, back)


_OF_ONE: Final = _agreement(0.2)
_OF_MEAN: Final = _agreement(0.4)
_SQUARED: Final = Scale(lambda x: np.asarray(np.log(x)), lambda y: np.asarray(np.exp(y)))
_PERCENT: Final = Scale(
    lambda x: np.asarray(np.arcsin(np.sqrt(x / 100.0))),
    lambda y: np.asarray(100.0 * np.sin(np.clip(y, 0.0, np.pi / 2)) ** 2),
)

SCALES: Final[Mapping[str, Scale]] = {
    "cronbach_alpha": _OF_MEAN,
    "mean_r": _OF_ONE,
    "mse": _SQUARED,
    "ccc": _OF_ONE,
    "icc_a1": _OF_ONE,
    "icc_c1": _OF_ONE,
    "icc_ak": _OF_MEAN,
    "icc_ck": _OF_MEAN,
    "krippendorff_alpha": _OF_ONE,
    "positive_percent": _PERCENT,
}
