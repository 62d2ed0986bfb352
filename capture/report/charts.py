"""The report's pictures of numbers: what lay when, and how far apart frames are, as SVG."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from capture import words
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.report.document import Histogram, SessionReport
    from taver.core.session.manifest import Marker

_WIDTH: Final = 1000
_ROW: Final = 26
_TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds apart
_MOST_TICKS: Final = 10


def histogram(of: Histogram) -> str:
    """Draw how often each interval came; the scale is of roots, so that single ones are seen."""
    height, bins = 90, len(of.counts)
    highest = max(of.counts, default=0) or 1
    wide = 320 / bins
    bars = "".join(
        f'<rect x="{place * wide:.1f}" y="{height - tall:.1f}" width="{wide - 1:.1f}" '
        f'height="{tall:.1f}"><title>{place * of.width_ms:.1f} to '
        f"{(place + 1) * of.width_ms:.1f} ms: {count}</title></rect>"
        for place, count in enumerate(of.counts)
        if (tall := max(2.0, (count / highest) ** 0.5 * (height - 4)) if count else 0.0)
    )
    middle_ms = of.width_ms * bins / 2
    return (
        f'<svg class="chart" viewBox="0 0 320 {height + 20}" role="img" '
        'aria-label="how often each interval between frames came">'
        f'<g class="bars">{bars}</g><path class="axis" d="M0 {height}h320"/>'
        f'<text x="0" y="{height + 15}">0</text>'
        f'<text x="160" y="{height + 15}" text-anchor="middle">{middle_ms:.0f} ms</text>'
        f'<text x="320" y="{height + 15}" text-anchor="end">{2 * middle_ms:.0f} ms</text></svg>'
    )


def timeline(report: SessionReport) -> str:
    """Draw the session from left to right: phases, markers, gaps and closed shutters."""
    start_ns = report.began_unix_ns
    seconds = max(report.length_s, 0.001)

    def x(unix_ns: int) -> float:
        return min(1.0, max(0.0, (unix_ns - start_ns) / NS_PER_S / seconds)) * _WIDTH

    parts = []
    for number, phase in enumerate(report.phases):
        end_ns = phase.end_unix_ns or start_ns + round(seconds * NS_PER_S)
        left, right = x(phase.start_unix_ns), x(end_ns)
        parts.append(
            f'<g class="phase p{number % 2}"><rect x="{left:.1f}" y="0" '
            f'width="{max(1.0, right - left):.1f}" height="{_ROW}"/>'
            f"<title>{html.escape(phase.name)}</title></g>"
        )
        if right - left > 7.5 * len(phase.name) + 8:
            parts.append(
                f'<text class="name" x="{left + 6:.1f}" y="17">{html.escape(phase.name)}</text>'
            )
    y = _ROW + 8 if report.phases else 0
    rows = (
        ("operator", "marker", [m for m in report.markers if _of_operator(m)]),
        ("shutter", "shutter", [m for m in report.markers if _of_shutter(m)]),
        (
            "trouble",
            "gap",
            [m for m in report.markers if m.source in {"device", "machine", "health"}],
        ),
    )
    for said, kind, markers in rows:
        if markers:
            parts.append(f'<text x="0" y="{y + 12}">{said}</text>')
            parts += [_tick(marker, kind, x, y + 16) for marker in markers]
            y += _ROW + 8
    parts += _axis(seconds, y + 4)
    return (
        f'<svg class="chart wide" viewBox="0 0 {_WIDTH} {y + 24}" role="img" '
        f'aria-label="what happened when">{"".join(parts)}</svg>'
    )


def _of_shutter(marker: Marker) -> bool:
    return marker.source == "shutter" or marker.name.startswith("shutter")


def _of_operator(marker: Marker) -> bool:
    return marker.source in {"", "operator"} and not _of_shutter(marker)


def _tick(marker: Marker, kind: str, x: Callable[[int], float], y: float) -> str:
    left = x(marker.unix_ns)
    right = x(marker.until_unix_ns) if marker.until_unix_ns is not None else left
    told = html.escape(": ".join(part for part in (marker.name, marker.note) if part))
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{y}" width="{max(3.0, right - left):.1f}" '
        f'height="14"><title>{told}</title></rect>'
    )


def _axis(seconds: float, y: float) -> list[str]:
    apart_s = next((s for s in _TICKS if seconds / s <= _MOST_TICKS), _TICKS[-1])
    parts = [f'<path class="axis" d="M0 {y}h{_WIDTH}"/>']
    for number in range(int(seconds / apart_s) + 1):
        at = number * apart_s / seconds * _WIDTH
        anchor = "start" if at < 20 else "end" if at > _WIDTH - 20 else "middle"
        parts.append(
            f'<path class="axis" d="M{at:.1f} {y}v4"/><text x="{at:.1f}" y="{y + 17}" '
            f'text-anchor="{anchor}">{words.clock(number * apart_s)}</text>'
        )
    return parts
