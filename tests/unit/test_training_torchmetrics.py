"""Scores that divide by n - 1, beside those of torchmetrics (-m torchmetrics)."""

import numpy as np
import pytest

from taver.training import metrics


@pytest.mark.torchmetrics
def test_with_ddof_1_the_ccc_is_that_of_torchmetrics():
    import torch
    import torchmetrics.functional

    chance = np.random.default_rng(1)
    true, said = chance.normal(size=9), chance.normal(size=9)
    peer = torchmetrics.functional.concordance_corrcoef(
        torch.from_numpy(said), torch.from_numpy(true)
    )
    assert abs(metrics.ccc(said, true, ddof=1) - float(peer)) <= 1e-6
    assert abs(metrics.ccc(said, true) - float(peer)) > 1e-3
