"""Figures of agreement as three programs of other people compute them."""

from __future__ import annotations

import warnings

import audmetric
import krippendorff
import numpy as np
import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pingouin

# Of green-intensity-a, ten raters and 2664 frames, to the digits that it is known with.
KNOWN = {
    "cronbach_alpha": 0.9731, "mean_r": 0.8004, "mse": 0.0409, "ccc": 0.7577, "icc_a1": 0.7563,
    "icc_c1": 0.7833, "icc_ak": 0.9688, "krippendorff_alpha": 0.7554,
}  # fmt: skip


def figures(table):
    """Return them for frames by raters; values should repeat, or krippendorff takes gigabytes."""
    whole = pd.DataFrame(table[~np.isnan(table).any(axis=1)])
    pairs = [
        table[~np.isnan(table[:, (one, other)]).any(axis=1)][:, (one, other)].T
        for one in range(table.shape[1])
        for other in range(one)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        long = whole.rename_axis("frame").reset_index().melt(id_vars="frame")
        icc = pingouin.intraclass_corr(
            long, targets="frame", raters="variable", ratings="value"
        ).set_index("Type")["ICC"]
        return {
            "cronbach_alpha": float(pingouin.cronbach_alpha(whole)[0]),
            "icc_a1": float(icc["ICC(A,1)"]),
            "icc_c1": float(icc["ICC(C,1)"]),
            "icc_ak": float(icc["ICC(A,k)"]),
            "icc_ck": float(icc["ICC(C,k)"]),
            "mean_r": float(np.mean([audmetric.pearson_cc(*pair) for pair in pairs])),
            "ccc": float(np.mean([audmetric.concordance_cc(*pair) for pair in pairs])),
            "mse": float(np.mean([audmetric.mean_squared_error(*pair) for pair in pairs])),
            "krippendorff_alpha": float(
                krippendorff.alpha(table.T, level_of_measurement="interval")
            ),
        }
