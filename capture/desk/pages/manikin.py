"""A person in a few lines, for self-reports: how pleasant, how stirred up, how much in control.

The idea is Bradley and Lang's Self-Assessment Manikin (1994); the figures are our own. Each of the
nine steps of a scale is drawn by itself, so no step stands between two pictures.
"""

from __future__ import annotations

import enum
import math
from typing import Final

STEPS: Final = 9


class Dimension(enum.StrEnum):
    """What a row of figures asks about."""

    VALENCE = "valence"
    AROUSAL = "arousal"
    DOMINANCE = "dominance"


def drawn(dimension: Dimension, step: int) -> str:
    """Return one figure as SVG, from step 1, low, to 9, high; lines take the text's colour."""
    height = (step - 1) / (STEPS - 1)  # from 0 to 1
    if dimension is Dimension.VALENCE:
        inner = _bust() + _eyes(0.55) + _brows(1 - height) + _mouth(2 * height - 1)
    elif dimension is Dimension.AROUSAL:
        inner = _bust() + _eyes(height) + _mouth(0.0, open_=height) + _heart(height)
    else:
        size = 0.34 + 0.66 * height
        inner = (
            f'<g transform="translate(50 {104 - 100 * size:.1f}) scale({size:.3f}) '
            f'translate(-50 -4)" stroke-width="{2.5 / size:.2f}">'
            + _bust()
            + _eyes(0.55)
            + _mouth(0.15)
            + "</g>"
            '<path d="M8 106h84" stroke-dasharray="2 4"/>'
        )
    return (
        '<svg viewBox="0 0 100 110" aria-hidden="true" fill="none" stroke="currentColor" '
        'stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round">' + inner + "</svg>"
    )


def _bust() -> str:
    """Head, neck and shoulders."""
    return (
        '<ellipse cx="50" cy="32" rx="24" ry="27"/>'
        '<path d="M42 58v7M58 58v7"/>'
        '<path d="M42 65C20 68 11 80 10 104h80C89 80 80 68 58 65"/>'
    )


def _eyes(open_: float) -> str:
    """From shut, a line, to wide open."""
    if open_ < 0.06:
        return '<path d="M36 30q5 3 10 0M54 30q5 3 10 0"/>'
    tall = 1.0 + 4.6 * open_
    pupil = 0.9 + 1.7 * open_
    return "".join(
        f'<ellipse cx="{x}" cy="28" rx="5" ry="{tall:.2f}"/>'
        f'<circle cx="{x}" cy="28" r="{min(pupil, tall):.2f}" fill="currentColor" stroke="none"/>'
        for x in (41, 59)
    )


def _brows(sorrow: float) -> str:
    """From raised and round to drawn together, their inner ends up."""
    inner, outer = 18.5 - 2.0 * sorrow, 18.5 + 2.0 * sorrow
    middle = 13.5 + 4.0 * sorrow
    return (
        f'<path d="M34 {outer:.2f}Q40 {middle:.2f} 46 {inner:.2f}'
        f'M54 {inner:.2f}Q60 {middle:.2f} 66 {outer:.2f}"/>'
    )


def _mouth(smile: float, *, open_: float = 0.0) -> str:
    """From drawn down (-1) over straight to a wide smile (1); or round and open."""
    if open_:
        tall = 0.2 + 5.3 * open_
        return f'<ellipse cx="50" cy="46" rx="{5 + 2 * open_:.2f}" ry="{tall:.2f}"/>'
    wide = 8.0 + 5.0 * abs(smile)
    ends, middle = 46.0 - 4.0 * smile, 46.0 + 8.0 * smile
    return f'<path d="M{50 - wide:.2f} {ends:.2f}Q50 {middle:.2f} {50 + wide:.2f} {ends:.2f}"/>'


def _heart(stirred: float) -> str:
    """Draw a spot in the chest that grows into a star with ever longer rays."""
    radius = 2.5 + 3.5 * stirred
    parts = [f'<circle cx="50" cy="86" r="{radius:.2f}" fill="currentColor" stroke="none"/>']
    rays = 12
    length = 9.0 * stirred
    if length > 1:
        for ray in range(rays):
            angle = 2 * math.pi * ray / rays
            reach = length * (1.0 if ray % 2 else 0.6)
            x0, y0 = 50 + (radius + 2.5) * math.cos(angle), 86 + (radius + 2.5) * math.sin(angle)
            x1 = 50 + (radius + 2.5 + reach) * math.cos(angle)
            y1 = 86 + (radius + 2.5 + reach) * math.sin(angle)
            parts.append(f'<path d="M{x0:.2f} {y0:.2f}L{x1:.2f} {y1:.2f}"/>')
    return "".join(parts)
