"""Tells whether there are people in a dataset, or faces of nobody, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taver.dataset.about.info import Info


def alone(info: Info) -> bool:
    """Tell whether every face in it is simulated."""
    return info.simulated and all(one.simulated for one in info.recordings)


def said(info: Info) -> str:
    """Say it in a line; nothing where all are people."""
    if alone(info):
        return "SIMULATED: nobody in it is a person."
    simulated = sum(one.simulated for one in info.recordings)
    if not simulated:
        return "PARTLY SIMULATED." if info.simulated else ""
    return (
        f"PARTLY SIMULATED: in {simulated} of {len(info.recordings)} recordings there is nobody; "
        "the others are of people."
    )
