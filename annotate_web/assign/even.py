"""Clips that were just given are passed on, until all have much the same to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annotate_web.assign.places import Clip

_Move: TypeAlias = tuple[int, int, int]  # a clip, from whom, to whom


def even_out(given: dict[int, list[int]], load: dict[int, int], clips: Mapping[int, Clip]) -> None:
    """Pass clips on from those who have most to those who have least, while that helps.

    What somebody had before stands in the way of giving it to them, and a draw that deals clip by
    clip sees that too late. Each step brings loads nearer to one another, so it ends.
    """
    while len(load) > 1:
        by_load = sorted(load, key=lambda user: load[user])
        pairs = ((most, least) for most in reversed(by_load) for least in by_load)
        step = next((s for pair in pairs if (s := _step(given, load, clips, *pair))), None)
        step = step or _way_round(given, load, clips, by_load)
        if step is None:
            return
        for key, giver, taker in step:
            given[giver].remove(key)
            given[taker].append(key)
            load[giver] -= clips[key].frames
            load[taker] += clips[key].frames


def _step(
    given: dict[int, list[int]], load: dict[int, int], clips: Mapping[int, Clip], most: int,
    least: int,
) -> list[_Move] | None:  # fmt: skip
    """Return the clip that brings two people nearest to one another, if any brings them nearer."""
    gap = load[most] - load[least]
    nearer = [key for key in _open_to(given, clips, most, least) if 0 < clips[key].frames < gap]
    if not nearer:
        return None
    return [(min(nearer, key=lambda key: abs(gap - 2 * clips[key].frames)), most, least)]


def _way_round(
    given: dict[int, list[int]], load: dict[int, int], clips: Mapping[int, Clip],
    by_load: Sequence[int],
) -> list[_Move] | None:  # fmt: skip
    """Return how who has least gets one by way of a third, who has what the first could give."""
    most, least = by_load[-1], by_load[0]
    for third in by_load[1:-1]:
        before = load[most] ** 2 + load[third] ** 2 + load[least] ** 2
        for first in _open_to(given, clips, most, third):
            for second in _open_to(given, clips, third, least):
                a, b = clips[first].frames, clips[second].frames
                after = (load[most] - a) ** 2 + (load[third] + a - b) ** 2 + (load[least] + b) ** 2
                if after < before:
                    return [(first, most, third), (second, third, least)]
    return None


def _open_to(
    given: dict[int, list[int]], clips: Mapping[int, Clip], giver: int, taker: int
) -> list[int]:
    """Return what one was just given that the other does not have, and never had."""
    has = set(given[taker])
    return [key for key in given[giver] if key not in has and taker not in clips[key].known]
