"""`taver simulate`: a session as the recorder writes one, and truth that fits it frame by frame."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import children
import numpy as np
import pytest
import studies
import zarr

from capture.drivers.sim import SimDriver
from capture.invented import invent
from capture.sim.scenario import load
from capture.sim.truth_schema import problems as truth_problems
from capture.simulation import simulate
from taver.core.errors import (
    AlreadyThereError,
    ConfigError,
    DeviceError,
    InputError,
    StorageError,
)
from taver.core.frames import FrameStatus, Modality
from taver.core.participant import Participant
from taver.core.recording.reader import StreamReader
from taver.core.session.check import problems
from taver.core.session.folder import find
from taver.core.study import Study

EXAMPLES = Path(__file__).parents[2] / "examples"
SCENARIOS = sorted(p for p in EXAMPLES.glob("*.toml") if not p.stem.endswith("_protocol"))

SCENARIO = """
seconds = 3
seed = 5

[cameras]
kinect_hz = 5
thermal_hz = 5
shutter_every_s = 2

[[parts]]
name = "relaxing"

[[parts]]
name = "interview"
start_s = 1

[[people]]
identity = 12
participant = "P90"
valence = [[0, -0.5], [3, 0.5]]
arousal = [[0, 0.0], [3, 1.0]]
talking = [[0.5, 2.5]]

[faults.kinect]
drop_every = 4
drift_ppm = 200

[faults.thermal]
jitter_ms = 20
"""

DIGESTS = """
import hashlib, sys
from pathlib import Path
from capture.sim.scenario import load
from capture.simulation import simulate
from taver.core.recording.reader import StreamReader
from taver.core.study import Study

study = Study.create(Path(sys.argv[2]), "again")
made = simulate(study, load(Path(sys.argv[1])), "s01")
for modality in made.manifest.streams:
    digest = hashlib.sha256()
    with StreamReader(made.stream_files(modality)[0]) as reader:
        for stored in reader:
            digest.update(stored.data)
    print(modality.value, digest.hexdigest())
"""


@pytest.fixture(scope="module")
def scenario_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "short.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory, scenario_file):
    if SimDriver.missing() is not None:
        pytest.skip(f"needs the simulated rig; to have it: {SimDriver.missing()}")
    study = Study.create(tmp_path_factory.mktemp("sim") / studies.STRANGE_NAME, "a study")
    simulate(study, load(scenario_file), "s01", pictures=True)
    return study


@pytest.fixture
def session(made):
    return find(made, "s01")


@pytest.fixture
def truth(session):
    return zarr.open_group(session.folder / "truth.zarr", mode="r")


def frames(session, modality):
    with StreamReader(session.stream_files(modality)[0]) as reader:
        return reader.header, [(stored.stamp, stored.unix_ns) for stored in reader]


def test_it_is_a_session_like_any_other_and_whole(session):
    assert problems(session) == []
    counts = {m: s.frames for m, s in session.manifest.streams.items()}
    assert counts == {Modality.COLOR: 12, Modality.DEPTH: 12, Modality.THERMAL: 15}
    assert [device.serial for device in session.manifest.devices] == ["sim-kinect", "sim-a65"]
    assert [phase.name for phase in session.manifest.phases] == ["relaxing", "interview"]


def test_it_says_everywhere_that_it_is_simulated(made, session, truth):
    assert session.manifest.simulated
    assert all(device.simulated for device in session.manifest.devices)
    assert all("simulated" in device.model for device in session.manifest.devices)
    assert all(frames(session, modality)[0].simulated for modality in session.manifest.streams)
    assert truth.attrs["simulated"] is True
    assert made.participants.get("P90").simulated


def test_truth_says_what_it_was_made_from_and_how_to_read_it(scenario_file, truth):
    assert truth.attrs["scenario_sha256"] == load(scenario_file).sha256
    assert truth.attrs["scenario"]["seed"] == 5
    assert truth.attrs["rig"]["thermal"]["camera"]["width_px"] == 640
    assert truth_problems(truth) == []
    meta = json.loads((truth.store.root / "color" / "valence" / "zarr.json").read_text())
    assert meta["zarr_format"] == 3
    assert len(truth["color"].attrs["units"]) == truth["color/units"].shape[1] == 52


@pytest.mark.parametrize("modality", ["color", "depth", "thermal"])
def test_truth_has_one_row_a_frame_aligned_by_its_stamp(session, truth, modality):
    _, stored = frames(session, Modality(modality))
    group = truth[modality]
    assert group["number"][:].tolist() == [stamp.number for stamp, _ in stored]
    assert group["host_ns"][:].tolist() == [stamp.host_ns for stamp, _ in stored]
    assert group["unix_ns"][:].tolist() == [unix_ns for _, unix_ns in stored]
    late_ns = group["host_ns"][:] - truth.attrs["start_host_ns"] - group["taken_ns"][:]
    assert 0 <= late_ns.min() <= late_ns.max() <= (20_000_000 if modality == "thermal" else 0)
    for name in group.array_keys():
        if not name.startswith(("lost", "shutter")):
            assert group[name].shape[0] == len(stored), name


def test_what_the_scenario_drew_is_in_the_truth(truth):
    t_s = truth["color/taken_ns"][:] / 1e9
    assert np.corrcoef(t_s, truth["color/valence"][:])[0, 1] > 0.95
    assert np.all(np.diff(truth["color/arousal"][:]) > 0)
    assert truth["color/skin_k"][-1, 0] < truth["color/skin_k"][0, 0]
    assert truth["color/present"][:].all()
    jaw = truth["color"].attrs["units"].index("jawOpen")
    assert np.ptp(truth["color/units"][:, jaw]) > 0.05
    assert np.abs(truth["voice"][:]).max() > 3_000


def test_landmarks_are_seen_where_the_person_sits(truth):
    for modality, (width_px, height_px) in {
        "color": (1920, 1080),
        "depth": (512, 424),
        "thermal": (640, 512),
    }.items():
        points = truth[modality]["landmarks_px"][:]
        assert np.isfinite(points).all()
        assert (points > 0).all()
        assert (points < (width_px, height_px)).all()
        assert truth[modality]["visible"][:].mean() > 0.8
    z = truth["color/landmarks_mm"][:, :, 2]
    assert 800 < z.min() < z.max() < 1200


def test_the_depth_that_was_measured_is_the_true_one_plus_shift_and_noise(session, truth):
    from taver.core.codec import decode

    with StreamReader(session.stream_files(Modality.DEPTH)[0]) as reader:
        measured = decode(Modality.DEPTH, reader.read(3).data, 424, 512).astype(float)
    true = truth["depth/depth_mm"][3].astype(float)
    shift = truth.attrs["rig"]["depth_shift_mm"]
    valid = measured > 0
    assert valid.mean() > 0.8
    assert np.median(true[valid] - measured[valid]) == pytest.approx(shift, abs=2.0)


def test_the_temperature_that_was_measured_is_about_the_true_one(session, truth):
    from taver.core.codec import decode

    with StreamReader(session.stream_files(Modality.THERMAL)[0]) as reader:
        counts = decode(Modality.THERMAL, reader.read(2).data, 512, 640)
    off_k = counts * 0.04 - truth["thermal/temperature_k"][2]
    assert abs(np.median(off_k)) < 0.6
    assert truth["thermal/temperature_k"][2].max() > 306


def test_dropped_frames_are_told_by_the_truth_and_counted_by_the_recorder(session, truth):
    for modality in (Modality.COLOR, Modality.DEPTH):
        lost = truth[modality.value]["lost_number"][:].tolist()
        assert lost == [3, 7, 11]
        assert not set(lost) & set(truth[modality.value]["number"][:].tolist())
        assert session.manifest.streams[modality].dropped == {"lost by the device": 3}
    assert session.manifest.streams[Modality.THERMAL].dropped == {}


def test_frames_behind_a_closed_shutter_are_marked_and_say_what_they_show(session, truth):
    _, stored = frames(session, Modality.THERMAL)
    shutter = truth["thermal/shutter_ns"][:]
    taken = truth["thermal/taken_ns"][:]
    shown = truth["thermal/shown_ns"][:]
    closed = np.zeros(len(taken), bool)
    for start_ns, end_ns in shutter:
        closed |= (taken >= start_ns) & (taken < end_ns)
    frozen = [stamp.status == FrameStatus.FROZEN for stamp, _ in stored]
    assert frozen == closed.tolist()
    assert any(frozen)
    assert (shown[closed] < taken[closed]).all()
    assert (shown[~closed] == taken[~closed]).all()


def test_a_drifting_clock_drifts_as_planted(session):
    _, stored = frames(session, Modality.COLOR)
    host = np.array([stamp.host_ns for stamp, _ in stored], float)
    device = np.array([stamp.device_ns for stamp, _ in stored], float)
    slope = np.polyfit(host - host[0], device - device[0], 1)[0]
    assert (slope - 1) * 1e6 == pytest.approx(200.0, abs=60.0)  # ticks of 0.125 ms in 3 s


def test_the_same_seed_gives_the_same_bytes_in_another_process(
    session, scenario_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("NUMBA_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with children.started(DIGESTS, scenario_file, tmp_path / "again", cwd=tmp_path) as child:
        printed, errors = child.communicate(timeout=100)
    assert child.returncode == 0, errors
    there = dict(line.split() for line in printed.splitlines())
    for modality in session.manifest.streams:
        digest = hashlib.sha256()
        with StreamReader(session.stream_files(modality)[0]) as reader:
            for stored in reader:
                digest.update(stored.data)
        assert there[modality.value] == digest.hexdigest(), modality


def test_an_existing_session_is_refused_and_stays(made, scenario_file):
    before = (made.sessions_folder / "s01" / "session.json").read_bytes()
    with pytest.raises(AlreadyThereError):
        simulate(made, load(scenario_file), "s01")
    assert (made.sessions_folder / "s01" / "session.json").read_bytes() == before


def test_a_real_persons_name_is_refused(made, scenario_file):
    made.participants.add(Participant(name="P07", consents=(studies.form(),)))
    with pytest.raises(InputError, match="P07 is a real person"):
        simulate(made, load(scenario_file), "s02", participant="P07")
    assert not (made.sessions_folder / "s02").exists()


def test_a_simulated_person_is_put_on_file_once(made):
    first = invent(made, "P91")
    assert invent(made, "P91") == first
    assert first.simulated


def test_no_room_is_told_before_anything_is_drawn(made, scenario_file, monkeypatch):
    usage = shutil.disk_usage(made.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10_000_000))
    with pytest.raises(StorageError, match="GB are free"):
        simulate(made, load(scenario_file), "s03")
    assert not (made.sessions_folder / "s03").exists()


def test_a_board_is_recorded_without_a_person(made, tmp_path):
    path = tmp_path / "board.toml"
    path.write_text("seconds = 0.4\n[boards]\nviews = 3\nseconds_each = 0.2\n", encoding="utf-8")
    session = simulate(made, load(path), "board")
    assert session.manifest.participant is None
    truth = zarr.open_group(session.folder / "truth.zarr", mode="r")
    assert not truth["color/present"][:].any()
    assert np.isnan(truth["color/valence"][:]).all()
    with pytest.raises(InputError, match="no person"):
        simulate(made, load(path), "board2", participant="P90")


@pytest.mark.parametrize("example", SCENARIOS, ids=lambda p: p.stem)
def test_the_beginning_of_each_example_can_be_recorded(made, example):
    session = simulate(made, load(example), example.stem, participant=None, seconds=0.35)
    assert problems(session) == []
    assert all(stream.frames >= 3 for stream in session.manifest.streams.values())
    assert all(phase.name == "relaxing" for phase in session.manifest.phases)


def test_infrared_is_recorded_when_asked_for(made, scenario_file):
    wanted = (Modality.IR, Modality.DEPTH)
    session = simulate(made, load(scenario_file), "ir", seconds=0.5, modalities=wanted)
    ir, depth = (frames(session, m)[1] for m in wanted)
    assert [s for s, _ in ir] == [s for s, _ in depth]
    assert {d.model for d in session.manifest.devices} == {"Kinect v2, simulated"}


def test_an_unplugged_camera_ends_the_session_and_what_was_recorded_stays(made, tmp_path):
    path = tmp_path / "unplug.toml"
    path.write_text(SCENARIO.replace("jitter_ms = 20", "unplug_after_s = 0.5"), encoding="utf-8")
    with pytest.raises(DeviceError) as caught:
        simulate(made, load(path), "unplugged", seconds=1.0)
    assert any("unplugged after 0.5 s" in problem for problem in caught.value.problems)
    session = find(made, "unplugged")
    assert problems(session) == []
    assert session.manifest.streams[Modality.THERMAL].frames == 3
    truth = zarr.open_group(session.folder / "truth.zarr", mode="r")
    assert truth["thermal/number"].shape == (3,)


def test_the_command_says_what_it_made(made, scenario_file, cli):
    command = ("simulate", "--scenario", str(scenario_file), "--session", "s04")
    done = cli(made, *command, "--seconds", "0.5")
    assert (done.code, done.err) == (0, "")
    assert "s04" in done.out
    assert "simulated" in done.out
    again = cli(made, *command)
    assert again.code == AlreadyThereError.exit_code


def test_the_command_names_every_problem_of_a_scenario(made, cli):
    (made.folder / "wrong.toml").write_text(
        "seconds = 2\n[[people]]\nidentity = 1\nvalence = [[0, 7]]\nhand = [[1, 1.1]]\n"
    )
    done = cli(made, "simulate", "--scenario", "wrong.toml", "--session", "s05")
    assert done.code == ConfigError.exit_code
    assert "people.1.valence at 0 s = 7" in done.err
    assert "people.1.hand" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("package", ["anny", "numba"])
def test_without_its_packages_the_install_line_is_told(made, scenario_file, package):
    done = children.taver(
        "simulate", "--scenario", scenario_file, "--session", "s06",
        cwd=made.folder, before=children.without(package),
    )  # fmt: skip
    assert done.returncode == 4
    assert package in done.stderr
    assert "[sim]" in done.stderr
    assert not (made.sessions_folder / "s06").exists()
