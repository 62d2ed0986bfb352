"""labels.csv: the ground truth in columns of its own, whatever raters are called."""

import io

import numpy as np
import pandas as pd
import rated

from taver.labels import make, table
from taver.labels.options import Options


def test_a_rater_called_like_a_column_does_not_stand_in_its_place():
    made = make.made(rated.clip_of(["P1", "scaled"], frames=50), Options(), {})
    sheet = pd.read_csv(io.BytesIO(table.table_of("s01", [made.labelled], simulated=True)))
    np.testing.assert_allclose(sheet["arousal_scaled"], sheet["arousal"] / 10, atol=1e-4)
    said = made.labelled.columns["arousal"][:, 1]
    np.testing.assert_allclose(sheet["arousal_rater_scaled"], said)
