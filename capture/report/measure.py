"""Works out the figures of a recording from what is in its folder; nothing is changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from capture.plan import GRID_HZ
from capture.report.document import (
    ClockReport,
    GridReport,
    Histogram,
    Intervals,
    SessionReport,
    StreamReport,
)
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.errors import InputError
from taver.core.frames import PICTURES, FrameStatus, Modality
from taver.core.grid import common_span, fill_grid
from taver.core.session import clocks
from taver.core.session.footage import Footage

if TYPE_CHECKING:
    import numpy.typing as npt

    from taver.core.progress import Progress
    from taver.core.session.clocks import ClockRecord
    from taver.core.session.folder import Session
    from taver.core.session.manifest import Manifest, StreamRecord

    Ints = npt.NDArray[np.int64]

_BINS: Final = 40
_BINS_REACH: Final = 4.0  # times the usual interval


def measured(session: Session, progress: Progress | None = None) -> SessionReport:
    """Return the report of `session`."""
    manifest = session.manifest
    if progress is not None:
        progress.begin(f"looking at {session.name}", len(manifest.streams))
    streams, times = {}, {}
    for modality, record in manifest.streams.items():
        streams[modality], times[modality] = _stream(session, modality, record)
        if progress is not None:
            progress.advance()
    firsts = [int(t[0]) for t in times.values() if len(t)]
    return SessionReport(
        session=session.name,
        participant=manifest.participant,
        simulated=manifest.simulated,
        state=manifest.state,
        began_unix_ns=min(firsts, default=manifest.epoch.unix_ns),
        length_s=round(manifest.length_s, 3),
        streams=streams,
        grid=_grid(manifest, {m: t for m, t in times.items() if m in PICTURES}),
        clocks={
            name: _clock(record) for name, record in clocks.read(session.folder).clocks.items()
        },
        phases=manifest.phases,
        markers=tuple(sorted(manifest.markers, key=lambda marker: marker.unix_ns)),
        reports=manifest.reports,
        warnings=tuple(_warnings(manifest, streams)),
        software=manifest.software,
    )


def _stream(
    session: Session, modality: Modality, record: StreamRecord
) -> tuple[StreamReport, Ints]:
    with Footage(session, modality) as footage:
        times = np.array(footage.unix_ns, np.int64)
        statuses = [footage.stamp(number).status for number in range(len(footage))]
        rate_hz = footage.header.rate_hz
    first = record.pieces[0]
    told = StreamReport(
        frames=len(times),
        dropped=record.dropped,
        pieces=len(record.pieces),
        size_bytes=record.size_bytes,
        device=f"{first.driver} {first.serial}",
        device_hz=rate_hz,
        intervals=_intervals(times),
        incomplete=sum(bool(s & FrameStatus.INCOMPLETE) for s in statuses),
        frozen=sum(bool(s & FrameStatus.FROZEN) for s in statuses),
    )
    return told, times


def _intervals(times: Ints) -> Intervals | None:
    if len(times) < 2:
        return None
    apart_ms = np.diff(times) / NS_PER_MS
    p50, p99 = np.percentile(apart_ms, [50, 99])
    width_ms = max(float(p50) * _BINS_REACH / _BINS, 0.001)
    reach_ms = width_ms * _BINS
    counts, _ = np.histogram(apart_ms, bins=_BINS, range=(0.0, reach_ms))
    return Intervals(
        p50_ms=_rounded(p50),
        p99_ms=_rounded(p99),
        longest_ms=_rounded(apart_ms.max()),
        histogram=Histogram(
            width_ms=width_ms,
            counts=tuple(int(count) for count in counts),
            longer=int((apart_ms > reach_ms).sum()),
        ),
    )


def _grid(manifest: Manifest, times: dict[Modality, Ints]) -> GridReport | None:
    """Lay the session's own grid, or the usual one where every frame was kept, over the streams."""
    rate_hz = manifest.grid.rate_hz if manifest.grid is not None else GRID_HZ
    try:
        span = common_span({str(m): t for m, t in times.items()}, rate_hz)
    except InputError:  # an empty stream, or none
        return None
    start_ns, count = span.start_ns, span.count
    if manifest.grid is not None:  # its slots are where they are: from the first one in the span
        period = NS_PER_S / rate_hz
        skipped = max(0, int(np.ceil((span.start_ns - manifest.grid.start_unix_ns) / period - 0.5)))
        start_ns = manifest.grid.start_unix_ns + round(skipped * period)
        end_ns = min(int(t[-1]) for t in times.values())
        count = max(1, int((end_ns - start_ns) / period + 0.5) + 1)
    grids = {
        m: fill_grid(t, start_ns=start_ns, count=count, rate_hz=rate_hz) for m, t in times.items()
    }
    complete = np.logical_and.reduce([grid.filled for grid in grids.values()])
    taken = np.array([times[m][grid.frame_index[complete]] for m, grid in grids.items()])
    skews_ms = (taken.max(axis=0) - taken.min(axis=0)) / NS_PER_MS
    return GridReport(
        rate_hz=rate_hz,
        slots=int(np.logical_or.reduce([grid.filled for grid in grids.values()]).sum()),
        filled={m: int(grid.filled.sum()) for m, grid in grids.items()},
        complete=int(complete.sum()),
        skew_p50_ms=_percentile(skews_ms, 50),
        skew_p99_ms=_percentile(skews_ms, 99),
        residual_p99_ms={
            m: _percentile(np.abs(grid.residual_ns[grid.filled]) / NS_PER_MS, 99) or 0.0
            for m, grid in grids.items()
        },
    )


def _clock(record: ClockRecord) -> ClockReport:
    offset_ns = 0
    if record.knots:
        offset_ns = record.knots[0].master_ns - record.knots[0].host_ns
    return ClockReport(
        offset_ms=_rounded(offset_ns / NS_PER_MS),
        drift_ppm=_rounded(record.drift_ppm),
        uncertainty_us=_rounded(record.uncertainty_us),
        residual_p50_us=_rounded(record.residual_p50_us),
        residual_p99_us=_rounded(record.residual_p99_us),
        exchanges=len(record.exchanges),
    )


def _warnings(manifest: Manifest, streams: dict[Modality, StreamReport]) -> list[str]:
    """Return what is not as it should be, worst first."""
    told = []
    if manifest.state != "complete":
        told.append(f"the session is {manifest.state}: it was not finished as recordings are")
    for marker in manifest.markers:
        if marker.source in {"device", "machine"}:
            lasted = ""
            if marker.until_unix_ns is not None:
                lasted = f" for {(marker.until_unix_ns - marker.unix_ns) / NS_PER_S:.1f} s"
            told.append(f"{marker.name}{lasted}: {marker.note}".rstrip(": "))
    for modality, stream in streams.items():
        if not stream.frames:
            told.append(f"{modality} has no frames")
        if stream.incomplete:
            told.append(f"{modality}: {stream.incomplete} frames have packets missing")
    told += [
        marker.note
        for marker in manifest.markers
        if marker.source == "health" and _is_bad(marker.name)
    ]
    told += [f"{d.driver} {d.serial}: {said}" for d in manifest.devices for said in d.warnings]
    return list(dict.fromkeys(told))


def _is_bad(name: str) -> bool:
    return name.startswith("warning")


def _percentile(values: npt.NDArray[np.float64], at: float) -> float | None:
    return _rounded(np.percentile(values, at)) if len(values) else None


def _rounded(value: float) -> float:
    return round(float(value), 3)
