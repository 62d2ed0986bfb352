"""report.html: one page that needs nothing but itself."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING, Final

from capture import words
from capture.report import charts
from taver.core import page as house
from taver.core.clock import NS_PER_S
from taver.core.page import Markup, escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capture.report.document import SessionReport, StreamReport
    from capture.report.thumbnails import Strip
    from taver.core.frames import Modality

_STYLE: Final = """
svg.chart { display: block; width: 100%; max-width: 340px; height: auto; font-size: 11px; }
svg.wide { max-width: none; font-size: 12px; margin-bottom: .8rem; }
svg text { fill: var(--faint); } svg text.name { fill: var(--ink); }
svg .axis { stroke: var(--line); fill: none; } svg .bars { fill: var(--accent); }
svg .phase rect { fill: var(--accent-soft); stroke: var(--line); }
svg .p1 rect { fill: var(--line); } svg .marker { fill: var(--accent); }
svg .shutter { fill: var(--faint); } svg .gap { fill: var(--bad); }
.histograms { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; }
.histograms figure { margin: 0; flex: 1 1 15rem; max-width: 340px; }
.strip { display: flex; flex-wrap: wrap; gap: .5rem; margin-bottom: .7rem; }
.strip figure { margin: 0; flex: 1 1 9rem; max-width: 15rem; }
.strip img { display: block; width: 100%; height: auto; border-radius: .3rem; }
"""


def page(report: SessionReport, strips: Mapping[Modality, Strip]) -> bytes:
    """Return the page."""
    began = dt.datetime.fromtimestamp(report.began_unix_ns // NS_PER_S, tz=dt.UTC).astimezone()
    about = (
        f"{report.participant or 'nobody'}, {began:%Y-%m-%d %H:%M:%S}, "
        f"{words.clock(report.length_s)} long, {report.state}"
    )
    return house.page(
        f"Recording {report.session}",
        _warnings(report),
        house.section("Frames", *_frames(report)),
        house.section("When", Markup(charts.timeline(report)), *_markers(report)),
        *_reports(report),
        house.section("Time between stored frames", _histograms(report)),
        house.section("In step", *_grid(report), _clocks(report)),
        house.section("Pictures", *(_strip(modality, strip) for modality, strip in strips.items())),
        _foot(report),
        simulated=report.simulated,
        about=about,
        style=_STYLE,
    ).encode()


def _warnings(report: SessionReport) -> Markup:
    if not report.warnings:
        return house.note("No warnings.", "good")
    return house.join(house.note(warning, "warn") for warning in report.warnings)


def _frames(report: SessionReport) -> tuple[Markup, ...]:
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
    return (house.table(heads, rows, right="  r rrrr"), house.text(f"{words.size(total)} in all."))


def _dropped(stream: StreamReport) -> str:
    told = [f"{count} {reason}" for reason, count in stream.dropped.items() if count]
    return ", ".join(told) or "none"


def _markers(report: SessionReport) -> tuple[Markup, ...]:
    rows = [(p.start_unix_ns, p.end_unix_ns, "phase", p.name, "") for p in report.phases]
    rows += [
        (m.unix_ns, m.until_unix_ns, m.source or "operator", m.name, m.note) for m in report.markers
    ]
    if not rows:
        return (house.text("No phases and no markers."),)
    rows.sort(key=lambda row: row[0])
    told = [
        (_since(report, at), _since(report, until) if until is not None else "", by, name, note)
        for at, until, by, name, note in rows
    ]
    return (house.table(("at", "until", "by", "what", "note"), told, right="rr"),)


def _reports(report: SessionReport) -> tuple[Markup, ...]:
    if not report.reports:
        return ()
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
    return (house.section("Self-reports, 1 to 9", house.table(heads, rows, right="r rrr")),)


def _histograms(report: SessionReport) -> Markup:
    drawn = []
    for modality, stream in report.streams.items():
        if stream.intervals is not None:
            longer = stream.intervals.histogram.longer
            more = f", {longer} longer" if longer else ""
            drawn.append(
                f"<figure>{charts.histogram(stream.intervals.histogram)}"
                f"<figcaption>{modality}{more}</figcaption></figure>"
            )
    if not drawn:
        return house.text("No frames.")
    return Markup(f'<div class="histograms">{"".join(drawn)}</div>')


def _grid(report: SessionReport) -> tuple[Markup, ...]:
    grid = report.grid
    if grid is None:
        return (house.text("The streams have no time in common."),)
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
        house.text(
            f"{grid.complete} of {grid.slots} slots ({share:.1%}) of the {grid.rate_hz} Hz grid "
            f"have a frame of every stream; {skew}."
        ),
        house.table(("stream", "slots filled", "from its slot, p99"), rows, right=" rr"),
    )


def _clocks(report: SessionReport) -> Markup:
    if not report.clocks:
        return house.text("All streams were stamped by the leading machine's own clock.")
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
    return house.table(heads, rows, right=" rrrrr")


def _strip(modality: Modality, strip: Strip) -> Markup:
    said = f", {strip.said}" if strip.said else ""
    if strip.withheld:
        return house.text(f"{modality} {strip.withheld}")
    shown = "".join(
        f'<figure><img alt="{modality} at {picture.seconds:.1f} s" '
        f'src="data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}">'
        f"<figcaption>{picture.seconds:.1f} s</figcaption></figure>"
        for picture in strip.pictures
    )
    return Markup(f'<p class="faint">{modality}{escaped(said)}</p><div class="strip">{shown}</div>')


def _foot(report: SessionReport) -> Markup:
    made = ", ".join(f"{name} {version}" for name, version in report.software.items())
    told = (
        f"Recorded with {made}. The figures are in report.json. "
        f"To make this page again: taver session report {report.session}"
    )
    return Markup(f'<p class="faint">{escaped(told)}</p>')


def _since(report: SessionReport, unix_ns: int) -> str:
    return words.clock((unix_ns - report.began_unix_ns) / NS_PER_S)
