"""Small drawings in SVG, in the page's own colours, so that they are right in light and in dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from taver.core.page import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from calibration.coverage import Meter

    Floats = npt.NDArray[np.float64]

WIDE: Final = 460.0
_TEXT: Final = 'font-size="11" fill="var(--faint)" font-family="inherit"'
_MOST_DOTS: Final = 2500


def color_of(camera: str) -> str:
    """Return the page's colour for a camera."""
    return f"var(--{camera})" if camera in {"color", "ir", "depth", "thermal"} else "var(--accent)"


def svg(width: float, height: float, inside: str) -> str:
    """Return a drawing of this size."""
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Return a small label."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_TEXT}>{escaped(words)}</text>'


def frame(width: float, height: float, left: float = 0.0, top: float = 0.0) -> str:
    """Return a rectangle like a picture's edge."""
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        'fill="var(--card)" stroke="var(--line)"/>'
    )


def meters(meter: Meter) -> str:
    """Return one camera's four bars."""
    inside = []
    for row, (name, value) in enumerate(
        (("x", meter.x), ("y", meter.y), ("size", meter.size), ("tilt", meter.tilt))
    ):
        y = 6.0 + 20.0 * row
        good = "var(--good)" if value >= 0.999 else "var(--warn)"
        inside.append(text(0, y + 10, name))
        inside.append(frame(180, 12, 36, y))
        inside.append(
            f'<rect x="36" y="{y:.1f}" width="{180 * value:.1f}" height="12" fill="{good}"/>'
        )
        inside.append(text(222, y + 10, f"{value:.0%}"))
    return svg(262, 88, "".join(inside))


def coverage(pixels: Floats, size_px: tuple[int, int], camera: str) -> str:
    """Return where the board's corners were in a camera's picture."""
    scale = WIDE * 0.62 / size_px[0]
    height = size_px[1] * scale
    dots = _thinned(pixels)
    inside = frame(WIDE * 0.62, height) + "".join(
        f'<circle cx="{(x + 0.5) * scale:.1f}" cy="{(y + 0.5) * scale:.1f}" r="1.6" '
        f'fill="{color_of(camera)}" fill-opacity="0.55"/>'
        for x, y in dots
    )
    return svg(WIDE * 0.62, height, inside)


def residual_field(pixels: Floats, off: Floats, size_px: tuple[int, int], camera: str) -> str:
    """Return the mean error in each cell of the picture, as arrows enlarged a hundred times."""
    scale = WIDE * 0.62 / size_px[0]
    height = size_px[1] * scale
    longest = 100.0 * scale * 2.0
    inside = frame(WIDE * 0.62, height)
    across, down = 12, max(round(12 * size_px[1] / size_px[0]), 4)
    column = np.clip((pixels[:, 0] / size_px[0] * across).astype(int), 0, across - 1)
    row = np.clip((pixels[:, 1] / size_px[1] * down).astype(int), 0, down - 1)
    usual = max(float(np.sqrt((off**2).sum(axis=1).mean())) if len(off) else 1.0, 1e-3)
    reach = min(longest, WIDE * 0.62 / across * 0.9)
    for cell in range(across * down):
        mine = (row * across + column) == cell
        if mine.sum() < 3:
            continue
        x, y = (pixels[mine].mean(axis=0) + 0.5) * scale
        dx, dy = off[mine].mean(axis=0) / usual * reach
        inside += (
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + dx:.1f}" y2="{y + dy:.1f}" '
            f'stroke="{color_of(camera)}" stroke-width="1.6"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="{color_of(camera)}"/>'
        )
    inside += (
        f'<line x1="8" y1="{height + 12:.1f}" x2="{8 + reach:.1f}" y2="{height + 12:.1f}" '
        f'stroke="var(--faint)" stroke-width="1.6"/>'
        + text(14 + reach, height + 16, f"{usual:.2f} px")
    )
    return svg(WIDE * 0.62, height + 22, inside)


def view_errors(names: Sequence[str], errors: Mapping[str, Sequence[float]]) -> str:
    """Return each view's error by camera as bars; what was left out is hollow."""
    count = max(len(names), 1)
    step = min(max(640.0 / count, 14.0), 46.0)
    width, height, left = 40.0 + step * count, 150.0, 36.0
    highest = max((abs(e) for row in errors.values() for e in row if np.isfinite(e)), default=1.0)
    highest = max(highest, 1e-3)
    inside = ""
    for share in (0.0, 0.5, 1.0):
        y = 8 + (height - 30) * (1 - share)
        inside += (
            f'<line x1="{left}" x2="{width:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>'
            + text(left - 4, y + 4, f"{highest * share:.2f}", "end")
        )
    bar = step * 0.8 / max(len(errors), 1)
    for place, (camera, row) in enumerate(errors.items()):
        for at, error in enumerate(row):
            if not np.isfinite(error):
                continue
            tall = (height - 30) * min(abs(error) / highest, 1.0)
            x = left + step * at + step * 0.1 + bar * place
            look = (
                f'fill="none" stroke="{color_of(camera)}"'
                if error < 0
                else f'fill="{color_of(camera)}"'
            )
            inside += (
                f'<rect x="{x:.1f}" y="{8 + height - 30 - tall:.1f}" width="{bar * 0.9:.1f}" '
                f'height="{tall:.1f}" {look}><title>{escaped(names[at])}, {escaped(camera)}: '
                f"{abs(error):.3f} px</title></rect>"
            )
    every = max(1, round(count / 20))
    for at in range(0, count, every):
        inside += text(left + step * (at + 0.5), height - 6, str(at + 1), "middle")
    return svg(width, height, inside)


def scatter(x: Floats, y: Floats, x_name: str, y_name: str, camera: str) -> str:
    """Return points with their running median."""
    if not len(x):
        return svg(WIDE * 0.9, 30, text(4, 18, "no data"))
    width, height, left = WIDE * 0.9, 190.0, 44.0
    low, high = float(x.min()), float(x.max())
    reach = max(float(np.percentile(np.abs(y), 99)), 1.0)
    span = max(high - low, 1e-9)

    def at(px: float, py: float) -> tuple[float, float]:
        return (
            left + (width - left - 8) * (px - low) / span,
            10 + (height - 50) * (1 - (np.clip(py, -reach, reach) + reach) / (2 * reach)),
        )

    inside = frame(width - left - 8, height - 50, left, 10)
    for share in (-1.0, 0.0, 1.0):
        _, v = at(low, share * reach)
        inside += (
            f'<line x1="{left}" x2="{width - 8:.1f}" y1="{v:.1f}" y2="{v:.1f}" '
            'stroke="var(--line)"/>' + text(left - 4, v + 4, f"{share * reach:+.0f}", "end")
        )
    for px, py in _thinned(np.column_stack([x, y])):
        u, v = at(px, py)
        inside += (
            f'<circle cx="{u:.1f}" cy="{v:.1f}" r="1.3" fill="{color_of(camera)}" '
            'fill-opacity="0.35"/>'
        )
    path = []
    for part in np.array_split(np.argsort(x), 14):
        if len(part) >= 5:
            u, v = at(float(np.median(x[part])), float(np.median(y[part])))
            path.append(f"{u:.1f},{v:.1f}")
    inside += (
        f'<polyline points="{" ".join(path)}" fill="none" stroke="var(--ink)" stroke-width="1.8"/>'
    )
    for value in (low, high):
        u, _ = at(value, 0.0)
        inside += text(u, height - 26, f"{value:.3g}", "start" if value == low else "end")
    inside += text(width / 2, height - 8, f"{x_name}; up: {y_name}", "middle")
    return svg(width, height, inside)


def heat_map(values: Floats, size_px: tuple[int, int], camera: str, unit: str) -> str:
    """Return a grid of numbers over the picture, darker where they are larger; NaN is empty."""
    scale = WIDE / size_px[0]
    height = size_px[1] * scale
    rows, columns = values.shape
    finite = values[np.isfinite(values)]
    inside = frame(WIDE, height)
    if not len(finite):
        return svg(WIDE, height, inside + text(8, 20, "nothing is seen by both"))
    high = float(finite.max())
    wide, tall = WIDE / columns, height / rows
    for row in range(rows):
        for column in range(columns):
            value = float(values[row, column])
            if not np.isfinite(value):
                continue
            inside += (
                f'<rect x="{column * wide:.1f}" y="{row * tall:.1f}" width="{wide:.1f}" '
                f'height="{tall:.1f}" fill="{color_of(camera)}" '
                f'fill-opacity="{0.08 + 0.72 * value / max(high, 1e-9):.2f}"/>'
                f'<text x="{(column + 0.5) * wide:.1f}" y="{(row + 0.5) * tall + 4:.1f}" '
                f'text-anchor="middle" font-size="10" fill="var(--ink)">{value:.2f}</text>'
            )
    return svg(WIDE, height + 18, inside + text(4, height + 14, unit))


def _thinned(points: Floats) -> Floats:
    every = max(1, -(-len(points) // _MOST_DOTS))
    return points[::every]
