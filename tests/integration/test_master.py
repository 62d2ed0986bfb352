"""A recording led by a master: agents in processes of their own, and whatever befalls them."""

import os
import signal
import threading
import time

import msgspec
import numpy as np
import prompt
import pytest
import studies
import telling
from agents import hear, local, wait_for_frames

from capture.master.master import Master
from capture.plan import Plan
from capture.recorder import record
from capture.status import HappeningKind
from taver.core.clock import NS_PER_MS
from taver.core.consent import Scope
from taver.core.errors import (
    AlreadyThereError,
    ConsentError,
    DeviceError,
    InputError,
    NotFoundError,
)
from taver.core.frames import Modality
from taver.core.session import check
from taver.core.session.folder import find, folders
from taver.core.session.footage import Footage
from taver.core.session.manifest import SelfReport, State

COLOR, DEPTH, THERMAL = Modality.COLOR, Modality.DEPTH, Modality.THERMAL
RIG = (COLOR, DEPTH, THERMAL)


def rig(**config):
    return [local(modality, **config) for modality in RIG]


def plan(name="s01", **more):
    return Plan(**{"session": name, "participant": "P01", "seconds": 1.0, "grid_hz": 10, **more})


def frames(session):
    return {m: stream.frames for m, stream in session.manifest.streams.items()}


def test_three_agents_start_at_one_moment_and_what_they_store_is_one_session(study):
    with Master(study, plan(seconds=3.0), rig()) as master:
        preview = master.prepare()
        assert folders(study) == []
        assert [device.serial for device in preview.devices] == ["color-0", "depth-0", "thermal-0"]
        master.start()
        assert master.running
        session = master.finish()
        assert not master.running
    manifest = find(study, "s01").manifest
    assert manifest == session.manifest
    assert manifest.state is State.COMPLETE
    assert manifest.consent == study.participants.get("P01").consent
    assert frames(session) == dict.fromkeys(RIG, 30)
    # All by one clock: the first frames carry the very moment that was agreed on.
    firsts = {stream.first_unix_ns for stream in manifest.streams.values()}
    assert firsts == {manifest.grid.start_unix_ns}
    assert check.problems(session) == []


def test_what_is_noted_stands_in_the_document_at_once(study):
    with Master(study, plan(seconds=30.0), rig()[:1]) as master:
        master.start()
        master.begin_phase("relax")
        master.mark("door", "somebody came in")
        master.begin_phase("interview")
        report = SelfReport(phase="relax", unix_ns=master.now_unix_ns(), valence=7, arousal=2)
        master.self_report(report)
        written = find(study, "s01").manifest
        assert written.state is State.RECORDING
        assert [piece.file for piece in written.streams[COLOR].pieces] == ["color.mcap"]
        assert [phase.name for phase in written.phases] == ["relax", "interview"]
        assert written.phases[0].end_unix_ns == written.phases[1].start_unix_ns
        assert [(m.name, m.note, m.source) for m in written.markers] == [
            ("door", "somebody came in", "operator")
        ]
        assert written.reports == (report,)
        status = master.status()
        assert (status.phase, status.markers) == ("interview", 1)
        master._keeper._wall_off_ns += 10**9  # as if somebody had set the clock since
        happening = hear(master, HappeningKind.CLOCK)
        assert "set by -1.0 s" in happening.text
        master.stop()
        session = master.finish()
    assert session.manifest.phases[1].end_unix_ns is not None
    assert session.manifest.length_s < 10


def test_a_check_shows_pictures_and_rates_and_keeps_nothing(study):
    with Master(study, plan(), rig()) as master:
        found = master.check(1.2)
        assert folders(study) == []
        assert telling.tree(study.sessions_folder) == {}
        assert {
            modality: len(seen) > 0 for modality, seen in found.glimpses.items()
        } == dict.fromkeys(RIG, True)
        streams = [s for m in found.status.machines for d in m.devices for s in d.streams]
        assert [stream.modality for stream in streams] == list(RIG)
        assert all(stream.stored > 0 for stream in streams)
        assert found.status.skew_ms == 0.0
        master.start()
        session = master.finish()
    assert frames(session) == dict.fromkeys(RIG, 10)


def test_every_problem_is_told_at_once_and_nothing_is_made(study):
    studies.record_pattern(study)
    before = telling.tree(study.folder)
    crews = [local(COLOR, drop_every=1), local(DEPTH, nonsense=3), local(THERMAL)]
    with (
        Master(study, plan(participant="P09"), crews) as master,
        pytest.raises(AlreadyThereError) as caught,
    ):
        master.prepare()
    told = "\n".join(caught.value.problems)
    for part in ("'s01' exists", "'P09'", "drop_every", "nonsense"):
        assert part in told
    assert telling.tree(study.folder) == before


@pytest.mark.parametrize(
    ("crews", "kind", "what"),
    [
        ([local(DEPTH, "a"), local(DEPTH, "b")], DeviceError, "depth is delivered by"),
        ([local(DEPTH, "a"), local(COLOR, "a")], DeviceError, "a is there twice"),
        ([], InputError, "No device"),
        ([local(DEPTH)], DeviceError, "No device delivers thermal"),
    ],
    ids=["one stream twice", "one serial twice", "no device", "a stream that nobody delivers"],
)
def test_a_rig_that_does_not_fit_the_plan_is_refused(study, crews, kind, what):
    streams = (DEPTH, THERMAL) if what.startswith("No device d") else None
    with Master(study, plan(streams=streams), crews) as master, pytest.raises(kind) as caught:
        master.start()
    assert what in "\n".join([caught.value.what, *caught.value.problems])
    assert folders(study) == []


def test_who_did_not_agree_to_a_stream_is_not_recorded_by_it(study):
    studies.add_person(study, "P02", studies.form(scopes=(Scope.COLOR,)))
    with (
        Master(study, plan(participant="P02"), rig()[:2]) as master,
        pytest.raises(ConsentError, match="depth"),
    ):
        master.start()
    assert folders(study) == []


def test_a_killed_agent_is_told_of_and_back_with_a_file_of_its_own(study):
    with Master(study, plan(seconds=60.0), rig()[:2]) as master:
        master.start()
        wait_for_frames(study.folder, "color.mcap")
        os.kill(master._recording.members[0].process_id(), signal.SIGKILL)
        with prompt.within(2):
            lost = hear(master, HappeningKind.LOST)
        assert "pattern:color-0" in lost.text
        back = hear(master, HappeningKind.BACK)
        assert "pattern:color-0" in back.text
        wait_for_frames(study.folder, "color.2.mcap", 2)
        (gap,) = [m for m in find(study, "s01").manifest.markers if m.name == "gap"]
        master.stop()
        session = master.finish()
    pieces = session.manifest.streams[COLOR].pieces
    assert [piece.file for piece in pieces] == ["color.mcap", "color.2.mcap"]
    assert all(piece.frames > 0 for piece in pieces)
    assert (gap.source, gap.unix_ns < gap.until_unix_ns) == ("machine", True)
    assert pieces[0].last_unix_ns >= gap.unix_ns
    assert gap.until_unix_ns <= pieces[1].first_unix_ns
    with Footage(session, DEPTH) as footage:  # the other never noticed
        assert np.diff(footage.unix_ns).max() == 100 * NS_PER_MS
    assert session.manifest.state is State.COMPLETE
    assert check.problems(session) == []


def test_an_unplugged_camera_leaves_the_others_alone_and_a_gap(study):
    crews = [local(COLOR), local(DEPTH, unplug_after=7)]
    with Master(study, plan(seconds=60.0), crews) as master:
        master.start()
        with prompt.within(0.7 + 2):
            lost = hear(master, HappeningKind.LOST)
        assert "unplugged" in lost.text
        hear(master, HappeningKind.BACK)
        master.stop()
        session = master.finish()
    with Footage(session, COLOR) as footage:  # the other never noticed
        assert np.diff(footage.unix_ns).max() == 100 * NS_PER_MS
    assert 7 < frames(session)[DEPTH] < frames(session)[COLOR]
    gaps = [m for m in session.manifest.markers if m.name == "gap"]
    assert gaps
    assert {gap.source for gap in gaps} == {"device"}
    assert check.problems(session) == []


def test_a_second_part_goes_on_where_the_session_ended(study):
    for part in (1, 2, 2):
        who = "P01" if part == 1 else None
        with Master(study, plan(part=part, participant=who, seconds=0.5), rig()[1:2]) as master:
            master.start()
            session = master.finish()
    manifest = find(study, "s01").manifest
    assert manifest == session.manifest
    assert [p.file for p in manifest.streams[DEPTH].pieces] == [
        "depth.mcap",
        "depth.2.mcap",
        "depth.3.mcap",
    ]
    assert [(m.name, m.note) for m in manifest.markers] == [
        ("resumed", "part 2"),
        ("resumed", "part 3"),
    ]
    assert len(manifest.devices) == 1
    assert check.problems(session) == []


@pytest.mark.parametrize(
    ("changed", "kind", "what"),
    [
        ({"participant": "P02"}, InputError, "is of P01, not of P02"),
        ({"streams": (COLOR,)}, InputError, "has the streams depth; now there would be color"),
        ({"grid_hz": 0}, InputError, "keeps to a grid of 10 Hz"),
        ({"session": "s02"}, NotFoundError, "no session 's02'"),
    ],
    ids=["another person", "other streams", "another grid", "no such session"],
)
def test_a_part_that_does_not_fit_its_session_is_refused(study, changed, kind, what):
    studies.add_person(study, "P02")
    record(study, plan(), [studies.pattern((DEPTH,))])
    before = telling.tree(study.folder)
    crews = rig()[:2] if "streams" in changed else rig()[1:2]
    with Master(study, plan(part=2, **changed), crews) as master, pytest.raises(kind) as caught:
        master.start()
    assert what in "\n".join([caught.value.what, *caught.value.problems])
    assert telling.tree(study.folder) == before


def test_an_error_while_recording_leaves_a_complete_session(study):
    def fail():
        with Master(study, plan(seconds=60.0), rig()[:1]) as master:
            master.start()
            master.begin_phase("relax")
            wait_for_frames(study.folder, "color.mcap", 3)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    session = find(study, "s01")
    assert session.manifest.state is State.COMPLETE
    assert session.manifest.phases[0].end_unix_ns is not None
    assert check.problems(session) == []


def test_a_session_that_cannot_be_begun_leaves_nothing(study, monkeypatch):
    with Master(study, plan(), rig()[:2]) as master:
        master.prepare()
        os.kill(master._recording.members[1].process_id(), signal.SIGKILL)
        with pytest.raises(DeviceError):
            master.start()
        assert folders(study) == []
    assert [t.name for t in threading.enumerate() if t.name.startswith("link to")] == []


def test_glimpses_come_while_they_are_asked_for(study):
    with Master(study, plan(seconds=100.0), rig()[1:2]) as master:
        master.start()
        seen = set()
        until_s = time.monotonic() + 60
        while time.monotonic() < until_s and len(seen) < 3:
            glimpse = master.glimpse(DEPTH)
            if glimpse is not None:
                seen.add(glimpse.number)
            time.sleep(0.05)
        master.stop()
        master.finish()
    assert len(seen) >= 3
    assert msgspec.structs.asdict(glimpse)["unit"] == "mm"


def test_agents_are_gone_when_the_master_has_left(study):
    with Master(study, plan(), rig()[:2]) as master:
        master.prepare()
        processes = [member.process_id() for member in master._recording.members]
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
