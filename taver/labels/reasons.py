"""Why a figure of agreement does not exist, in words: who said nothing, who never moved."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

OF_ALL: Final = ("cronbach_alpha", "icc_a1", "icc_c1", "icc_ak", "icc_ck")
_OF_PAIRS: Final = ("mean_r", "ccc")
_OF_SEVERAL: Final = (*OF_ALL, *_OF_PAIRS, "mse", "krippendorff_alpha")


def reasons(table: Floats, names: Sequence[str]) -> dict[str, str]:
    """Return what keeps figures from existing, by figure."""
    said = table == table  # noqa: PLR0124  false where NaN
    if not said.any():
        return dict.fromkeys((*_OF_SEVERAL, "positive_percent"), "nobody said anything")
    if table.shape[1] < 2:
        return dict.fromkeys(_OF_SEVERAL, "one rater alone agrees with nobody")
    several = said.sum(axis=1) >= 2
    silent = _listed(n for n, spoke in zip(names, said.any(axis=0), strict=True) if not spoke)
    if not several.any():
        told = f"{silent} said nothing" if silent else "no two raters rated the same frame"
        return dict.fromkeys(_OF_SEVERAL, told)
    why = {
        **dict.fromkeys(OF_ALL, _why_not_all(table, said, names, silent)),
        **dict.fromkeys(_OF_PAIRS, _why_not_pairs(table, said, names)),
    }
    compared = table[said & several[:, None]]
    if compared.max() == compared.min():
        why["krippendorff_alpha"] = "everybody said the same all the time"
    return {figure: told for figure, told in why.items() if told}


def _why_not_all(table: Floats, said: Mask, names: Sequence[str], silent: str) -> str:
    if silent:
        return f"{silent} said nothing"
    whole = table[said.all(axis=1)]
    if len(whole) < 2:
        return f"all raters together rated {len(whole)} frame{'' if len(whole) == 1 else 's'}"
    still = _listed(n for n, one in zip(names, whole.T, strict=True) if one.max() == one.min())
    if still:
        return f"{still} never moved in the frames that all rated"
    total = whole.sum(axis=1)
    return "the raters cancel each other out" if total.max() == total.min() else ""


def _why_not_pairs(table: Floats, said: Mask, names: Sequence[str]) -> str:
    still: dict[str, None] = {}
    for one, other in combinations(range(table.shape[1]), 2):
        both = said[:, one] & said[:, other]
        frames = int(both.sum())
        if frames == 1:
            return f"{names[one]} and {names[other]} rated one frame in common"
        for rater in (one, other) if frames else ():
            values = table[both, rater]
            if values.max() == values.min():
                still[names[rater]] = None
    return f"{_listed(still)} never moved" if still else ""


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
