"""Takes a person's name out of a checkpoint; what its weights learnt of them stays in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.errors import TaverError
from taver.dataset.forget.datasets import without
from taver.training import checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from taver.dataset.forget.who import Who


def unname(path: Path, who: Who) -> bool:
    """Tell whether a checkpoint does not name the person any more, and can be used as before.

    It has to say the same as its cleaned run.json, or it would be taken for another run's.
    """
    try:
        found = checkpoint.load(path)
    except (TaverError, ImportError):
        return False  # another program's, or there is no torch here: it is told of
    about = without(found.about, who)
    if about != found.about:
        checkpoint.save(path, found.config, about, found.weights, found.rest)
    return True
