"""Everything as one JSON document: provenance, clips, tracks with their flags, raw events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from annotate_web.exchange.gather import EVENT
from annotate_web.exchange.table import DIGITS
from taver.labels.trace import Dimension

if TYPE_CHECKING:
    import numpy.typing as npt

    from annotate_web.exchange.gather import Gathered
    from annotate_web.lead.rated import Rated, Rating


def tree_json(gathered: Gathered) -> bytes:
    """Return it; values are lists, one a frame, null where nothing was said."""
    whole = {
        **gathered.provenance,
        "clips": [
            {"name": name, **about, **_clip(one, gathered)}
            for one, (name, about) in zip(
                gathered.clips, gathered.provenance["clips"].items(), strict=True
            )
        ],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, default=str).encode()


def _clip(one: Rated, gathered: Gathered) -> dict[str, Any]:
    return {
        "frame_unix_ns": one.frame_unix_ns.tolist(),
        "ratings": [_rating(one, rating, gathered) for rating in one.ratings],
        "fused": {
            str(dimension): {
                "values": _listed((fused := one.fused(dimension)).values),
                "made": dict(fused.made),
            }
            for dimension in Dimension
        }
        if one.counted
        else None,
    }


def _rating(one: Rated, rating: Rating, gathered: Gathered) -> dict[str, Any]:
    return {
        "rater": rating.rater,
        "state": str(rating.state),
        "reason": rating.reason,
        "flags": [{"kind": flag.kind, "told": flag.told} for flag in one.flags(rating)],
        "values": {str(d): _listed(values) for d, values in rating.values.items()},
        "events": [
            {name: getattr(row, name) for name in EVENT}
            for row in gathered.events[rating.assignment]
        ],
    }


def _listed(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(v) else round(v, DIGITS) for v in values.tolist()]
