"""What needs no network, to stand beside what a network reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taver.training.judging import Said
    from taver.training.postprocess import Floats

TRAINING_MEAN: Final = "mean of the training people"
OWN_MEAN: Final = "each person's own mean (it knows their labels)"


def said_by(said: Sequence[Said], output: int, training_mean: float) -> dict[str, list[Floats]]:
    """Return what each baseline says of these recordings, by its name."""
    people = sorted({one.person for one in said})
    own = {
        person: float(
            np.nanmean(np.concatenate([_known(o, output) for o in said if o.person == person]))
        )
        for person in people
        if any(len(_known(one, output)) for one in said if one.person == person)
    }
    return {
        TRAINING_MEAN: [np.full(len(one.predicted), training_mean) for one in said],
        OWN_MEAN: [np.full(len(one.predicted), own.get(one.person, np.nan)) for one in said],
    }


def _known(one: Said, output: int) -> Floats:
    true = one.true[:, output]
    return true[np.isfinite(true)]
