"""Why a figure of agreement does not exist, in words: who said nothing, who never moved."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

OF_ALL: Final = ("cronbach_alpha", "icc_a1", "icc_c1", "icc_ak", "icc_ck")
_OF_PAIRS: Final = ("mean_r", "ccc")
_OF_SEVERAL: Final = (*OF_ALL, *_OF_PAIRS, "mse", "krippendorff_alpha")


# What is told of each kind; a page's catalogue of texts has the same as lead.why_<kind>.
WORDS: Final = {
    "nobody": "nobody said anything",
    "alone": "one rater alone agrees with nobody",
    "silent": "{raters} said nothing",
    "never_met": "no two raters rated the same frame",
    "no_frame": "all raters together rated 0 frames",
    "one_frame": "all raters together rated 1 frame",
    "still_together": "{raters} never moved in the frames that all rated",
    "cancelled": "the raters cancel each other out",
    "one_in_common": "{raters} rated one frame in common",
    "still": "{raters} never moved",
    "same": "everybody said the same all the time",
    "undefined": "it is a division by nothing with these values",
}


class Why(NamedTuple):
    """Why a figure does not exist: the kind of reason, and whose doing it is."""

    kind: str
    raters: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Say it in English."""
        return WORDS[self.kind].format(raters=_listed(self.raters))

    def __str__(self) -> str:
        return self.told


def reasons(table: Floats, names: Sequence[str]) -> dict[str, Why]:
    """Return what keeps figures from existing, by figure."""
    said = table == table  # noqa: PLR0124  false where NaN
    if not said.any():
        return dict.fromkeys((*_OF_SEVERAL, "positive_percent"), Why("nobody"))
    if table.shape[1] < 2:
        return dict.fromkeys(_OF_SEVERAL, Why("alone"))
    several = said.sum(axis=1) >= 2
    silent = tuple(n for n, spoke in zip(names, said.any(axis=0), strict=True) if not spoke)
    if not several.any():
        return dict.fromkeys(_OF_SEVERAL, Why("silent", silent) if silent else Why("never_met"))
    why = {
        **dict.fromkeys(OF_ALL, _why_not_all(table, said, names, silent)),
        **dict.fromkeys(_OF_PAIRS, _why_not_pairs(table, said, names)),
    }
    compared = table[said & several[:, None]]
    if compared.max() == compared.min():
        why["krippendorff_alpha"] = Why("same")
    return {figure: told for figure, told in why.items() if told is not None}


def _why_not_all(
    table: Floats, said: Mask, names: Sequence[str], silent: tuple[str, ...]
) -> Why | None:
    if silent:
        return Why("silent", silent)
    whole = table[said.all(axis=1)]
    if len(whole) < 2:
        return Why("one_frame" if len(whole) else "no_frame")
    still = tuple(n for n, one in zip(names, whole.T, strict=True) if one.max() == one.min())
    if still:
        return Why("still_together", still)
    total = whole.sum(axis=1)
    return Why("cancelled") if total.max() == total.min() else None


def _why_not_pairs(table: Floats, said: Mask, names: Sequence[str]) -> Why | None:
    still: dict[str, None] = {}
    for one, other in combinations(range(table.shape[1]), 2):
        both = said[:, one] & said[:, other]
        frames = int(both.sum())
        if frames == 1:
            return Why("one_in_common", (names[one], names[other]))
        for rater in (one, other) if frames else ():
            values = table[both, rater]
            if values.max() == values.min():
                still[names[rater]] = None
    return Why("still", tuple(still)) if still else None


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
