"""What a recording came to: figures that are right, and a page that says them all."""

import datetime as dt
import html.parser
import os

import msgspec
import numpy as np
import pytest
import studies

from capture import shades
from capture.report import charts, make
from capture.report.document import Histogram, SessionReport
from capture.report.measure import measured
from taver.core.clock import NS_PER_S, Epoch
from taver.core.consent import Audience, Scope
from taver.core.frames import Modality
from taver.core.session import clocks
from taver.core.session.clocks import ClockRecord, Clocks, Knot
from taver.core.session.folder import find
from taver.core.session.manifest import GridPlan, Marker, Phase, SelfReport


class Reader(html.parser.HTMLParser):
    """Holds a page's text and what it would load."""

    def __init__(self, page):
        super().__init__()
        self.text, self.loads, self.open = "", [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in {"meta", "img", "link", "input", "br"}:
            self.open.append(tag)
        self.loads += [v for k, v in attributes if k in {"src", "href"} and v]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data


def read(session):
    reader = Reader((session.folder / make.PAGE).read_text("utf-8"))
    assert reader.open == []
    return reader


def changed(session, **more):
    session.save(msgspec.structs.replace(session.manifest, **more))
    return session


def noted(session):
    """Add a protocol, markers and a report to a session of a second."""
    start_ns = session.manifest.streams[Modality.COLOR].first_unix_ns
    at = lambda seconds: start_ns + round(seconds * NS_PER_S)  # noqa: E731
    return changed(
        session,
        phases=(
            Phase(name="video", start_unix_ns=at(0), end_unix_ns=at(0.4)),
            Phase(name="talk & <laugh>", start_unix_ns=at(0.4)),
        ),
        markers=(
            Marker(name="marker 1", unix_ns=at(0.3), note="<b>smiled</b>", source="operator"),
            Marker(
                name="gap", unix_ns=at(0.5), until_unix_ns=at(0.7), note="gone", source="device"
            ),
            Marker(name="warning: face", unix_ns=at(0.6), note="no face", source="health"),
            Marker(name="well again: face", unix_ns=at(0.8), note="a face", source="health"),
        ),
        reports=(SelfReport(phase="video", unix_ns=at(0.35), valence=7, arousal=2),),
    )


def test_the_figures_are_those_of_the_files(recorded):
    report = measured(recorded.session)
    for modality, stream in recorded.session.manifest.streams.items():
        told = report.streams[modality]
        assert (told.frames, told.dropped, told.size_bytes) == (
            stream.frames, stream.dropped, stream.size_bytes,
        )  # fmt: skip
        assert told.intervals.p50_ms == pytest.approx(100.0, abs=0.1)
        assert sum(told.intervals.histogram.counts) + told.intervals.histogram.longer == 9
    assert report.grid.slots == report.grid.complete == 10
    assert report.grid.skew_p99_ms == 0.0
    assert report.simulated


def test_a_late_stream_and_a_lost_frame_are_seen_on_the_grid(study):
    late = studies.pattern([Modality.THERMAL], serial="b", drop_every=7)
    early = studies.pattern([Modality.COLOR, Modality.DEPTH], serial="a")
    session = studies.record_pattern(study, "s01", early, late, seconds=2.0)
    grid = measured(session).grid
    lost = sum(session.manifest.streams[Modality.THERMAL].dropped.values())
    missing = grid.filled[Modality.COLOR] - grid.filled[Modality.THERMAL]
    assert 0 < missing <= lost  # one of them may have been the first or the last
    assert grid.complete == grid.filled[Modality.THERMAL]


def test_the_sessions_own_grid_is_laid_where_it_was(recorded):
    start_ns = recorded.session.manifest.streams[Modality.COLOR].first_unix_ns
    session = changed(
        recorded.session, grid=GridPlan(rate_hz=20, start_unix_ns=start_ns - 7_000_000)
    )
    grid = measured(session).grid
    assert grid.rate_hz == 20
    assert grid.complete == 10  # every other slot has a frame, 7 ms after it
    assert grid.residual_p99_ms[Modality.COLOR] == pytest.approx(7.0, abs=0.01)


def test_report_json_is_read_back_as_it_was_and_the_page_needs_nothing_else(recorded):
    session = noted(recorded.session)
    path = make.make(recorded.study, session)
    assert path == session.folder / make.PAGE
    report = SessionReport.read(session.folder / make.FIGURES)
    assert report == measured(session)
    page = read(session)
    assert all(target.startswith("data:image/jpeg;base64,") for target in page.loads)
    assert len(page.loads) == 15
    for words in (
        "SIMULATED", "s01", "P01", "marker 1", "<b>smiled</b>", "talk & <laugh>", "no face",
        "gap for 0.2 s: gone", "depth, 0.5 to 2 m, near is bright", "10 of 10 slots",
        "taver session report s01",
    ):  # fmt: skip
        assert words in page.text, words


def test_only_the_owner_may_read_it(recorded):
    path = make.make(recorded.study, recorded.session)
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600


def test_pictures_are_of_what_the_person_agrees_to_today(recorded):
    scopes = dict.fromkeys((Scope.DEPTH, Scope.THERMAL), Audience.LAB)
    person = recorded.study.participants.get("P01")
    consent = msgspec.structs.replace(person.consents[-1], scopes=scopes)
    put_on_file(recorded.study, person, consent)
    make.make(recorded.study, recorded.session)
    page = read(recorded.session)
    assert len(page.loads) == 10
    assert "color not shown" in page.text
    gone = msgspec.structs.replace(consent, withdrawn_on=dt.date(2026, 4, 1))
    put_on_file(recorded.study, person, gone)
    make.make(recorded.study, recorded.session)
    page = read(recorded.session)
    assert page.loads == []
    assert "withdrew consent" in page.text


def put_on_file(study, person, consent):
    path = study.folder / study.config.participants.folder / f"{person.name}.json"
    msgspec.structs.replace(person, consents=(*person.consents, consent)).write(path)


def test_a_session_without_a_frame_has_a_report_too(study):
    session = studies.record_pattern(study, "s01", studies.pattern(rate_hz=1), seconds=0.5)
    assert sum(s.frames for s in session.manifest.streams.values()) <= 3
    make.make(study, session)
    assert "no time in common" in read(session).text or "slots" in read(session).text


def test_one_lonely_interval_is_still_seen_in_the_histogram():
    drawn = charts.histogram(Histogram(width_ms=10.0, counts=(0, 10_000, 0, 1), longer=0))
    heights = [float(part.split('"')[0]) for part in drawn.split(' height="')[1:]]
    most, lonely = heights
    assert most > lonely >= 2.0


def test_the_time_line_stays_in_its_picture_whatever_is_marked(recorded):
    session = noted(recorded.session)
    far = Marker(name="late", unix_ns=session.manifest.epoch.unix_ns * 2, source="operator")
    report = measured(changed(session, markers=(*session.manifest.markers, far)))
    drawn = charts.timeline(report)
    lefts = [float(part.split('"')[0]) for part in drawn.split(' x="')[1:]]
    assert min(lefts) >= 0.0
    assert max(lefts) <= 1000.0


def test_the_command_makes_it_again_and_says_where(cli, recorded):
    done = cli(recorded.study, "session", "report", "s01")
    assert done.code == 0, done.err
    assert make.PAGE in done.out
    (recorded.session.folder / make.PAGE).unlink()
    assert cli(recorded.study, "session", "report", "s01").code == 0
    assert find(recorded.study, "s01").folder.joinpath(make.PAGE).is_file()


def test_percentiles_of_a_jittering_stream_are_near_what_was_planted(study):
    source = studies.pattern([Modality.DEPTH], rate_hz=50, jitter_ns=4_000_000)
    session = studies.record_pattern(study, "s01", source, seconds=4.0)
    intervals = measured(session).streams[Modality.DEPTH].intervals
    assert intervals.p50_ms == pytest.approx(20.0, abs=1.0)
    assert 2.0 < intervals.p99_ms - intervals.p50_ms < 5.0
    assert np.isfinite(intervals.longest_ms)


def test_each_machines_clock_is_told_with_its_drift_and_uncertainty(recorded):
    clock = ClockRecord(
        machine="a65",
        master=Epoch(host_ns=0, unix_ns=1),
        exchanges=(),
        knots=(Knot(host_ns=5 * NS_PER_S, master_ns=15 * NS_PER_S),),
        drift_ppm=-49.3,
        uncertainty_us=11.0,
        residual_p50_us=9.0,
        residual_p99_us=80.0,
    )
    Clocks(clocks={"a65": clock}).write(recorded.session.folder / clocks.FILE)
    report = measured(recorded.session)
    told = report.clocks["a65"]
    assert (told.offset_ms, told.drift_ppm, told.uncertainty_us) == (10_000.0, -49.3, 11.0)
    make.make(recorded.study, recorded.session)
    text = read(recorded.session).text
    for words in ("10.000000 s", "-49.30 ppm", "±11 us", "9 / 80 us"):
        assert words in text


def test_colours_mean_the_same_all_session_long_and_nothing_is_grey():
    near = np.array([[500, 2000, 0, 9000]], np.uint16)
    within = shades.bounds(Modality.DEPTH, "mm", near)
    assert within == shades.bounds(Modality.DEPTH, "mm", near[:, :1])
    shown = shades.shown(Modality.DEPTH, near, within)[0]
    assert shown[2].tolist() == [127, 127, 127]
    assert shown[1].tolist() == shown[3].tolist()  # farther than the range: its end
    assert shown[0].sum() > shown[1].sum()  # near is bright
    heat = shades.bounds(Modality.THERMAL, "0.04 K", near)
    assert heat.low * 0.04 - 273.15 == pytest.approx(20.0)
    assert shades.bounds(Modality.IR, "ir", np.zeros((2, 2), np.uint16)).high > 0
