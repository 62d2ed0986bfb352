"""A recording with agents on other machines: other clocks, networks that break, deaths of all."""

import shutil
import signal
import sys
import time

import agents
import children
import numpy as np
import prompt
import pytest
import studies
import telling
from agents import elsewhere, hear, local, together, wait_for_frames

from capture.agent.launch import Skew
from capture.keys import files as keys
from capture.master import awaited
from capture.master.collect import COLLECTING
from capture.master.master import Master
from capture.plan import Plan
from capture.status import HappeningKind
from taver.core import lock
from taver.core.clock import NS_PER_MS, NS_PER_S
from taver.core.errors import AlreadyThereError, BusyError, DeviceError
from taver.core.frames import Modality
from taver.core.session import check, clocks
from taver.core.session.folder import find, folders
from taver.core.session.footage import Footage
from taver.core.session.manifest import State

COLOR, DEPTH, THERMAL = Modality.COLOR, Modality.DEPTH, Modality.THERMAL
AHEAD = Skew(ahead_ns=10 * NS_PER_S, drift_ppm=100)
BEHIND = Skew(ahead_ns=-10 * NS_PER_S, drift_ppm=-100)


def plan(name="s01", **more):
    return Plan(**{"session": name, "participant": "P01", "seconds": 1.5, "grid_hz": 10, **more})


def held(agent):
    """Return what an agent's spool still holds."""
    return sorted(p.name for p in agent.spool.rglob("*") if p.is_file() and p.name[0] != ".")


def test_clocks_that_are_wrong_by_seconds_give_one_time(study):
    there = [
        agents.Elsewhere(study, "one", COLOR, skew=AHEAD),
        agents.Elsewhere(study, "two", DEPTH, skew=BEHIND),
    ]
    with together(*there):
        crews = [*(agent.crew for agent in there), local(THERMAL)]
        with Master(study, plan(), crews) as master:
            machines = master.prepare().machines
            assert [machine.clock_error_us > 0 for machine in machines] == [True, True, False]
            master.start()
            session = master.finish()
    assert session.manifest.state is State.COMPLETE
    assert check.problems(session) == []
    assert [held(agent) for agent in there] == [[], []]
    assert not (session.folder / awaited.FILE).exists()
    clock_of = {m: s.pieces[0].clock for m, s in session.manifest.streams.items()}
    assert clock_of == {COLOR: "one", DEPTH: "two", THERMAL: ""}
    records = clocks.read(session.folder).clocks
    assert records["one"].drift_ppm == pytest.approx(100, abs=40)  # of two seconds
    assert records["two"].drift_ppm == pytest.approx(-100, abs=40)
    start_ns = session.manifest.grid.start_unix_ns
    for modality in (COLOR, DEPTH, THERMAL):
        with Footage(session, modality) as footage:
            slots = start_ns + np.arange(len(footage)) * 100 * NS_PER_MS
            assert len(footage) == 15
            assert np.abs(footage.unix_ns - slots).max() < 10 * NS_PER_MS


def test_a_clock_that_stands_still_for_a_while_is_noticed(study):
    # By then it is followed, even where starting takes its time.
    slept = Skew(ahead_ns=NS_PER_S, stands_at_s=6.0, stands_for_s=1.0)
    with (
        elsewhere(study, "one", DEPTH, skew=slept) as agent,
        Master(study, plan(seconds=60.0, grid_hz=0), [agent.crew]) as master,
    ):
        master.start()
        jump = hear(master, HappeningKind.CLOCK)
        assert "one jumped by -" in jump.text
        time.sleep(3.0)
        master.stop()
        session = master.finish()
    assert "clock jumped" in [marker.name for marker in session.manifest.markers]
    knots = clocks.read(session.folder).clocks["one"].knots
    hosts = [knot.host_ns for knot in knots]
    assert len(set(hosts)) < len(hosts)  # two lines meet at one moment of the machine
    ahead = [(knot.host_ns - knot.master_ns) / NS_PER_S for knot in (knots[0], knots[-1])]
    assert ahead == pytest.approx([1.0, 0.0], abs=0.05)


def test_an_agent_that_dies_elsewhere_and_is_started_again_goes_on(study):
    with elsewhere(study, "one", DEPTH) as agent:
        with Master(study, plan(seconds=60), [agent.crew, local(THERMAL)]) as master:
            master.start()
            wait_for_frames(agent.spool, "depth.mcap", 3)
            agent.kill()
            with prompt.within(2):
                hear(master, HappeningKind.LOST)
            agent.start().listening()
            hear(master, HappeningKind.BACK)
            wait_for_frames(agent.spool, "depth.2.mcap", 2)
            master.stop()
            session = master.finish()
        assert held(agent) == []
    pieces = session.manifest.streams[DEPTH].pieces
    assert [piece.file for piece in pieces] == ["depth.mcap", "depth.2.mcap"]
    assert [piece.clock for piece in pieces] == ["one", "one.2"]
    assert all(piece.frames > 0 for piece in pieces)
    assert "gap" in [marker.name for marker in session.manifest.markers]
    with Footage(session, THERMAL) as footage:  # the others never noticed
        assert np.diff(footage.unix_ns).max() == 100 * NS_PER_MS
    assert session.manifest.state is State.COMPLETE
    assert check.problems(session) == []


def test_an_agent_that_is_away_at_the_end_is_collected_later(study, cli):
    with elsewhere(study, "one", DEPTH) as agent:
        with Master(study, plan(seconds=2.5), [agent.crew, local(THERMAL)]) as master:
            master.start()
            wait_for_frames(agent.spool, "depth.mcap", 3)
            agent.kill()
            with pytest.raises(DeviceError) as caught:
                master.finish()
        assert "taver agent collect s01" in caught.value.fix
        session = find(study, "s01")
        assert session.manifest.streams[THERMAL].frames == 25
        assert DEPTH not in session.manifest.streams
        done = cli(study, "agent", "collect", "s01")
        telling.assert_told(done.code, done.err, DeviceError)
        agent.start().listening()
        done = cli(study, "agent", "collect", "s01")
        assert done.code == 0, done.err
        assert held(agent) == []
    session = find(study, "s01")
    assert session.manifest.streams[DEPTH].frames > 2
    assert session.manifest.state is State.COMPLETE
    assert check.problems(session) == []
    assert "broken off" in [marker.name for marker in session.manifest.markers]


MASTER = """
import sys
sys.path[:0] = sys.argv[3].split("|")
import signal
from pathlib import Path
from agents import local
from capture.master.crews import RemoteAgent
from capture.master.master import Master
from capture.plan import Plan
from taver.core.frames import Modality
from taver.core.study import Study

signal.signal(signal.SIGINT, signal.default_int_handler)
study = Study(Path(sys.argv[1]))
crews = [local(Modality.COLOR), local(Modality.THERMAL)]
if sys.argv[2] != "0":
    address = f"127.0.0.1:{sys.argv[2]}"
    crews.append(RemoteAgent(name="one", address=address, keys=study.keys_folder))
plan = Plan(session="s01", participant="P01", seconds=float(sys.argv[4]), grid_hz=10)
with Master(study, plan, crews) as master:
    master.start()
    master.begin_phase("interview")
    master.mark("door")
    print("started", *(m.process_id() or 0 for m in master._recording.members), flush=True)
    while master.running:
        master.poll(1.0)
    master.finish()
"""


def start_master(study, port=0, seconds=60.0):
    paths = "|".join(path for path in sys.path if path)
    return children.started(MASTER, study.folder, port, paths, seconds, cwd=study.folder)


def wait_until_free(session):
    until_s = time.monotonic() + 30
    while lock.is_held(session.folder):
        assert time.monotonic() < until_s, "local agents do not end"
        time.sleep(0.05)


@telling.posix_only
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_master_that_dies_leaves_finished_files(study, cli, sent):
    with start_master(study) as master:
        assert master.stdout.readline().startswith("started")
        for file in ("color.mcap", "thermal.mcap"):
            wait_for_frames(study.folder, file)
        master.send_signal(sent)
        master.wait()
        session = find(study, "s01")
        with prompt.within(6):
            wait_until_free(session)
    assert session.manifest.state is State.RECORDING
    assert not list(session.folder.glob("*.partial"))
    assert cli(study, "session", "recover", "s01").code == 0
    session = find(study, "s01")
    assert session.manifest.state is State.RECOVERED
    assert [m.name for m in session.manifest.markers] == ["door"]
    assert [p.name for p in session.manifest.phases] == ["interview"]
    assert all(stream.frames >= 5 for stream in session.manifest.streams.values())
    assert check.problems(session) == []


@telling.posix_only
def test_ctrl_c_ends_a_master_cleanly(study):
    with start_master(study) as master:
        assert master.stdout.readline().startswith("started")
        wait_for_frames(study.folder, "color.mcap", 3)
        master.send_signal(signal.SIGINT)
        master.wait(60)
        assert "KeyboardInterrupt" in master.stderr.read()
    session = find(study, "s01")
    assert session.manifest.state is State.COMPLETE
    assert check.problems(session) == []


@telling.posix_only
def test_agents_elsewhere_go_on_without_their_master_and_are_collected(study, cli):
    with elsewhere(study, "one", DEPTH, skew=AHEAD) as agent:
        with start_master(study, agent.port, seconds=3.0) as master:
            assert master.stdout.readline().startswith("started")
            master.kill()
            master.wait()
        session = find(study, "s01")
        over_ns = session.manifest.grid.start_unix_ns + 3 * NS_PER_S
        wait_until_free(session)
        done = cli(study, "agent", "collect", "s01")
        if time.time_ns() < over_ns or done.code:
            telling.assert_told(done.code, done.err, BusyError)
            assert "still records" in done.err
        time.sleep(max(0, over_ns - time.time_ns()) / NS_PER_S)
        assert cli(study, "session", "recover", "s01").code == 0
        until_s = time.monotonic() + 60
        while done.code == BusyError.exit_code and time.monotonic() < until_s:
            time.sleep(0.1)
            done = cli(study, "agent", "collect", "s01")
        assert done.code == 0, done.err
        assert held(agent) == []
    session = find(study, "s01")
    assert session.manifest.streams[DEPTH].frames == 30
    assert session.manifest.state is State.RECOVERED
    assert check.problems(session) == []
    with Footage(session, DEPTH) as footage:
        assert abs(int(footage.unix_ns[0]) - session.manifest.grid.start_unix_ns) < 10 * NS_PER_MS


@pytest.fixture
def left_behind(study):
    """A session whose depth is still with its agent; the agent holds some megabytes of it."""
    with elsewhere(study, "one", DEPTH, scale=1.0) as agent:
        with Master(study, plan(seconds=1.5, grid_hz=0), [agent.crew, local(THERMAL)]) as master:
            master.start()
            while master.running:
                master.poll(0.2)
            (run,) = awaited.read(master.session.folder).runs
            master.stop()
            kept = agent.spool.parent / "kept"
            shutil.copytree(agent.spool / f"s01.{run.run}", kept)
            document = awaited.read(master.session.folder)
            session = master.finish()
        # As if the master had died before it collected anything.
        (session.folder / "depth.mcap").rename(study.folder / "whole.mcap")
        manifest = session.manifest
        streams = {m: s for m, s in manifest.streams.items() if m is not DEPTH}
        session.save(type(manifest)(**{**as_dict(manifest), "streams": streams}))
        shutil.copytree(kept, agent.spool / f"s01.{run.run}")
        awaited.save(session.folder, document)
        yield agent, session


def as_dict(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_collection_goes_on_where_it_was_interrupted_and_overwrites_nothing(
    study, left_behind, cli
):
    agent, session = left_behind
    whole = (study.folder / "whole.mcap").read_bytes()
    other = session.folder / "depth.mcap"
    other.write_bytes(b"somebody's")
    done = cli(study, "agent", "collect", "s01")
    telling.assert_told(done.code, done.err, AlreadyThereError)
    assert "move it away" in done.err
    assert other.read_bytes() == b"somebody's"
    assert "depth.mcap" in held(agent)
    other.unlink()
    part = session.folder / f"depth.mcap{COLLECTING}"
    part.write_bytes(whole[: len(whole) * 2 // 3])
    assert cli(study, "agent", "collect", "s01").code == 0
    assert other.read_bytes() == whole
    assert not part.exists()
    assert held(agent) == []
    assert cli(study, "session", "verify", "s01").code == 0


def test_what_was_damaged_on_the_way_is_fetched_again(study, left_behind, cli):
    agent, session = left_behind
    whole = (study.folder / "whole.mcap").read_bytes()
    part = session.folder / f"depth.mcap{COLLECTING}"
    part.write_bytes(bytes(len(whole)))
    assert cli(study, "agent", "collect", "s01").code == 0
    assert (session.folder / "depth.mcap").read_bytes() == whole
    assert held(agent) == []


def test_the_wrong_key_is_refused_within_seconds(study):
    with elsewhere(study, "one", DEPTH, key=agents.stranger()) as agent:
        with (
            prompt.within(10),
            Master(study, plan(), [agent.crew, local(THERMAL)]) as master,
            pytest.raises(DeviceError, match="refused: key") as caught,
        ):
            master.prepare()
        assert "keygen" in caught.value.fix
    assert folders(study) == []


def test_a_master_of_another_study_is_refused_within_seconds(study, tmp_path):
    other = studies.make_study(tmp_path / "another study")
    keys.make(other.keys_folder, "one")
    with elsewhere(study, "one", DEPTH) as agent:
        shutil.copy(study.keys_folder / "one.pub", other.keys_folder / "one.pub")
        crew = type(agent.crew)(name="one", address=agent.crew.address, keys=other.keys_folder)
        with (
            prompt.within(10),
            Master(other, plan(participant="P01"), [crew]) as master,
            pytest.raises(DeviceError, match="refused: key"),
        ):
            master.prepare()


def test_nobody_there_and_no_key_are_told_of_together(study):
    keys.make(study.keys_folder, "one")
    nobody = agents.Elsewhere(study, "one", DEPTH, port=1).crew
    keyless = type(nobody)(name="two", address="127.0.0.1:1", keys=study.keys_folder)
    with Master(study, plan(), [nobody, keyless]) as master, pytest.raises(DeviceError) as caught:
        master.prepare()
    told = "\n".join(caught.value.problems)
    assert "Nothing listens at 127.0.0.1:1" in told
    assert "two.pub" in told
