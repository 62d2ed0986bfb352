"""report.html: one page that needs nothing but itself."""

from __future__ import annotations

import base64
import datetime as dt
import html
from typing import TYPE_CHECKING, Final

from capture import words
from capture.pagestyle import SHEET
from capture.report import charts
from taver.core.clock import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from capture.report.document import SessionReport, StreamReport
    from capture.report.thumbnails import Strip
    from taver.core.frames import Modality

_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE: Final = (
    SHEET
    + """
.simulated {
  background: var(--bad); color: var(--paper); font-weight: 700; padding: .6rem 1rem;
  border-radius: .4rem; margin: .8rem 0;
}
.warned { background: var(--warned); border-left: 4px solid var(--warn); border-radius: .3rem;
  padding: .5rem .9rem; margin: .8rem 0; }
.warned ul { margin: .2rem 0; padding-left: 1.2rem; }
.fine { color: var(--good); }
svg.chart { display: block; width: 100%; max-width: 340px; height: auto; font-size: 11px; }
svg.wide { max-width: none; font-size: 12px; margin-bottom: .8rem; }
svg text { fill: var(--faint); } svg text.name { fill: var(--ink); }
svg .axis { stroke: var(--line); fill: none; } svg .bars { fill: var(--mark); }
svg .phase rect { fill: var(--marked); stroke: var(--line); } svg .p1 rect { fill: var(--line); }
svg .marker { fill: var(--mark); }
svg .shutter { fill: var(--faint); } svg .gap { fill: var(--bad); }
.histograms { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; }
.histograms figure { margin: 0; flex: 1 1 15rem; max-width: 340px; }
.strip { display: flex; flex-wrap: wrap; gap: .5rem; margin-bottom: .7rem; }
.strip figure { margin: 0; flex: 1 1 9rem; max-width: 15rem; }
.strip img { display: block; width: 100%; height: auto; border-radius: .3rem; }
figcaption { color: var(--faint); font-size: .8rem; }
.scroll { overflow-x: auto; }
@media print { main { max-width: none; padding: 0; } h2 { break-after: avoid; } }
"""
)


def page(report: SessionReport, strips: Mapping[Modality, Strip]) -> bytes:
    """Return the page."""
    title = f"Recording {report.session}"
    body = "".join(
        (
            _head(report),
            _warnings(report),
            "<h2>Frames</h2>",
            _frames(report),
            "<h2>When</h2>",
            charts.timeline(report),
            _markers(report),
            _reports(report),
            "<h2>Time between stored frames</h2>",
            _histograms(report),
            "<h2>In step</h2>",
            _grid(report),
            _clocks(report),
            "<h2>Pictures</h2>",
            *(_strip(modality, strip) for modality, strip in strips.items()),
            _foot(report),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    ).encode()


def _head(report: SessionReport) -> str:
    began = dt.datetime.fromtimestamp(report.began_unix_ns // NS_PER_S, tz=dt.UTC).astimezone()
    said = (
        f"{report.participant or 'nobody'}, {began:%Y-%m-%d %H:%M:%S}, "
        f"{words.clock(report.length_s)} long, {report.state}"
    )
    loud = (
        '<p class="simulated">SIMULATED: no camera and no person is behind this recording.</p>'
        if report.simulated
        else ""
    )
    return f"<h1>{html.escape(report.session)}</h1><p>{html.escape(said)}</p>{loud}"


def _warnings(report: SessionReport) -> str:
    if not report.warnings:
        return '<p class="fine">No warnings.</p>'
    items = "".join(f"<li>{html.escape(warning)}</li>" for warning in report.warnings)
    return f'<div class="warned"><strong>Look at this</strong><ul>{items}</ul></div>'


def _frames(report: SessionReport) -> str:
    rows = [
        (
            str(modality),
            stream.device,
            f"{stream.frames}",
            _dropped(stream),
            f"{stream.intervals.p50_ms:.1f} / {stream.intervals.p99_ms:.1f} ms"
            if stream.intervals
            else "-",
            f"{stream.intervals.longest_ms:.0f} ms" if stream.intervals else "-",
            f"{stream.incomplete} / {stream.frozen}",
            words.size(stream.size_bytes),
        )
        for modality, stream in report.streams.items()
    ]
    heads = (
        "stream", "device", "stored", "not stored, by reason", "apart p50 / p99", "longest",
        "incomplete / shutter", "size",
    )  # fmt: skip
    total = sum(stream.size_bytes for stream in report.streams.values())
    return (
        _table(heads, rows, numbers={2, 4, 5, 6, 7})
        + f"<p><small>{words.size(total)} in all.</small></p>"
    )


def _dropped(stream: StreamReport) -> str:
    told = [f"{count} {reason}" for reason, count in stream.dropped.items() if count]
    return ", ".join(told) or "none"


def _markers(report: SessionReport) -> str:
    rows = [(p.start_unix_ns, p.end_unix_ns, "phase", p.name, "") for p in report.phases]
    rows += [
        (m.unix_ns, m.until_unix_ns, m.source or "operator", m.name, m.note) for m in report.markers
    ]
    if not rows:
        return "<p><small>No phases and no markers.</small></p>"
    rows.sort(key=lambda row: row[0])
    told = [
        (_since(report, at), _since(report, until) if until is not None else "", by, name, note)
        for at, until, by, name, note in rows
    ]
    return _table(("at", "until", "by", "what", "note"), told, numbers={0, 1})


def _reports(report: SessionReport) -> str:
    if not report.reports:
        return ""
    rows = [
        (
            _since(report, told.unix_ns),
            told.phase,
            f"{told.valence}",
            f"{told.arousal}",
            f"{told.dominance}" if told.dominance is not None else "",
        )
        for told in report.reports
    ]
    heads = ("at", "self-report", "valence", "arousal", "dominance")
    return "<h2>Self-reports, 1 to 9</h2>" + _table(heads, rows, numbers={0, 2, 3, 4})


def _histograms(report: SessionReport) -> str:
    drawn = []
    for modality, stream in report.streams.items():
        if stream.intervals is not None:
            longer = stream.intervals.histogram.longer
            more = f", {longer} longer" if longer else ""
            drawn.append(
                f"<figure>{charts.histogram(stream.intervals.histogram)}"
                f"<figcaption>{modality}{more}</figcaption></figure>"
            )
    return f'<div class="histograms">{"".join(drawn)}</div>' if drawn else "<p>No frames.</p>"


def _grid(report: SessionReport) -> str:
    grid = report.grid
    if grid is None:
        return "<p>The streams have no time in common.</p>"
    share = grid.complete / grid.slots if grid.slots else 0.0
    skew = (
        f"frames of one slot are {grid.skew_p50_ms:.1f} ms (p50) and {grid.skew_p99_ms:.1f} ms "
        "(p99) apart"
        if grid.skew_p50_ms is not None and grid.skew_p99_ms is not None
        else "no slot has a frame of every stream"
    )
    rows = [
        (str(m), f"{filled} of {grid.slots}", f"{grid.residual_p99_ms[m]:.1f} ms")
        for m, filled in grid.filled.items()
    ]
    return (
        f"<p>{grid.complete} of {grid.slots} slots ({share:.1%}) of the {grid.rate_hz} Hz grid "
        f"have a frame of every stream; {skew}.</p>"
        + _table(("stream", "slots filled", "from its slot, p99"), rows, numbers={1, 2})
    )


def _clocks(report: SessionReport) -> str:
    if not report.clocks:
        return "<p>All streams were stamped by the leading machine's own clock.</p>"
    rows = [
        (
            name,
            f"{clock.offset_ms / 1e3:.6f} s",
            f"{clock.drift_ppm:+.2f} ppm",
            f"±{clock.uncertainty_us:.0f} us",
            f"{clock.residual_p50_us:.0f} / {clock.residual_p99_us:.0f} us",
            f"{clock.exchanges}",
        )
        for name, clock in report.clocks.items()
    ]
    heads = ("clock", "offset", "drift", "uncertainty", "residual p50 / p99", "exchanges")
    return _table(heads, rows, numbers={1, 2, 3, 4, 5})


def _strip(modality: Modality, strip: Strip) -> str:
    said = f", {strip.said}" if strip.said else ""
    if strip.withheld:
        return f"<p><strong>{modality}</strong> {html.escape(strip.withheld)}</p>"
    shown = "".join(
        f'<figure><img alt="{modality} at {picture.seconds:.1f} s" '
        f'src="data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}">'
        f"<figcaption>{picture.seconds:.1f} s</figcaption></figure>"
        for picture in strip.pictures
    )
    return f'<p><small>{modality}{said}</small></p><div class="strip">{shown}</div>'


def _foot(report: SessionReport) -> str:
    made = ", ".join(f"{name} {version}" for name, version in report.software.items())
    return (
        f"<p><small>Recorded with {html.escape(made)}. The figures are in report.json. "
        f"To make this page again: taver session report {html.escape(report.session)}</small></p>"
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], *, numbers: set[int]) -> str:
    def cells(row: Iterable[str], name: str) -> str:
        return "".join(
            f"<{name}{' class=n' if place in numbers else ''}>{html.escape(text)}</{name}>"
            for place, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{cells(heads, "th")}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _since(report: SessionReport, unix_ns: int) -> str:
    return words.clock((unix_ns - report.began_unix_ns) / NS_PER_S)
