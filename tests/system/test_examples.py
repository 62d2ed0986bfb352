"""Every example, run as a person runs it, in a folder with letters of other languages."""

import json
import os
import re
import sys
import tomllib
from pathlib import Path

import buckets
import children
import numpy as np
import pandas as pd
import pytest
import studies
from typed import ROOT

import taver.dataset
from calibration import store
from capture import registry
from capture.agent.choice import config_of
from capture.agent.launch import DeviceLaunch
from capture.sim import scenario
from capture.wire.address import Address
from taver.core.study import FILE, Study

EXAMPLES = ROOT / "examples"
RIGS = sorted((EXAMPLES / "rigs").glob("*.toml"))
SCRIPTS = sorted(EXAMPLES.glob("[0-9]*.py"))
ONE_CORE = {"OMP_NUM_THREADS": "1"}  # small work, and other tests at the same time

pytestmark = pytest.mark.timeout(400)  # a fixture may run several, on a busy machine


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples") / studies.STRANGE_NAME
    folder.mkdir()
    return folder


def ran(place, name, *arguments, **environment):
    """Run an example to its good end; return its lines."""
    done = children.script(
        EXAMPLES / name, *arguments, cwd=place, timeout_s=300, **ONE_CORE, **environment
    )
    assert done.returncode == 0, f"{name}\n{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def recorded(place):
    return ran(place, "04_record.py")


@pytest.fixture(scope="module")
def study(recorded, place):
    return Study(place / "example-study")


@pytest.fixture(scope="module")
def calibrated(study, place):
    return ran(place, "07_calibrate.py")


@pytest.fixture(scope="module")
def faces(calibrated, place):
    return ran(place, "08_faces.py", "example-study", "s01", "s02")


@pytest.fixture(scope="module")
def rated(study, place):
    return ran(place, "11_ratings_into_a_study.py")


@pytest.fixture(scope="module")
def built(faces, rated, place):
    return ran(place, "12_build_dataset.py")


@pytest.fixture(scope="module")
def read(place):
    return ran(place, "13_read_clips.py")


@pytest.fixture(scope="module")
def trained(place):
    return ran(place, "16_train.py")


def test_the_table_lists_every_example_and_the_files_are_there():
    listed = re.findall(r"\]\(([^)]+)\)", (EXAMPLES / "README.md").read_text("utf-8"))
    assert all((EXAMPLES / one).exists() for one in listed)
    there = {p.name for p in EXAMPLES.iterdir() if p.name[0].isdigit()}
    assert there <= {Path(one).parts[0] for one in listed}
    assert {f"rigs/{p.name}" for p in RIGS} <= set(listed)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_each_says_at_its_head_how_it_is_run_and_is_run_here(path):
    text = path.read_text("utf-8")
    head = text.split('"""')[1]
    assert f"python examples/{path.name}" in head
    assert re.search(r"Needs|`pip install", head)
    assert len(text.splitlines()) <= 100
    assert f'"{path.name}"' in Path(__file__).read_text("utf-8")


@pytest.mark.parametrize("path", RIGS, ids=lambda path: path.name)
def test_each_rig_is_a_study_whose_drivers_take_their_settings(path, tmp_path):
    (tmp_path / FILE).write_bytes(path.read_bytes())
    chosen = Study(tmp_path).config
    for device in chosen.capture.devices:
        settings = {**device.settings, **({"serial": device.serial} if device.serial else {})}
        launch = DeviceLaunch(driver=device.driver, config=settings)
        assert config_of(registry.load(device.driver), launch) is not None
    for agent in chosen.capture.agents:
        assert Address.parse(agent.address).port == 7200
    assert chosen.capture.devices or "database" in path.read_text("utf-8")


@pytest.mark.parametrize("name", ["01_interview.toml", "02_calibration_board.toml"])
def test_each_scenario_can_be(name):
    assert scenario.load(EXAMPLES / name).seconds > 0


@pytest.mark.parametrize("name", ["06_read_recording.py", "10_agreement.py", "14_without_taver.py"])
def test_what_is_not_there_is_told_in_a_line(name, tmp_path):
    done = children.script(EXAMPLES / name, "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "nowhere" in done.stderr or "folder of a dataset" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_04_records_two_simulated_people(recorded, study):
    assert [line[:8] for line in recorded] == ["s01: P01", "s02: P02"]
    assert "'thermal': 25" in recorded[0]
    told = json.loads((study.sessions_folder / "s01" / "session.json").read_text("utf-8"))
    assert told["simulated"]


@pytest.fixture(scope="module")
def own_camera(tmp_path_factory):
    """The example's package as pip leaves it: its module, and the names it is found by."""
    folder = tmp_path_factory.mktemp("installed")
    package = EXAMPLES / "05_own_camera"
    about = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    (folder / "own_camera.py").write_bytes((package / "own_camera.py").read_bytes())
    info = folder / f"own_camera-{about['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {about['name']}\nVersion: {about['version']}\n")
    lines = ["[taver.drivers]"]
    lines += [f"{k} = {v}" for k, v in about["entry-points"]["taver.drivers"].items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}


def test_05_is_found_as_a_device_by_its_entry_point(own_camera, tmp_path):
    code = "from capture.devices import survey; print(survey(names=['own_camera'])[0].devices[0])"
    (tmp_path / "ask.py").write_text(code)
    done = children.script(tmp_path / "ask.py", cwd=tmp_path, **own_camera)
    assert "model='noise'" in done.stdout, done.stderr


def test_05_keeps_what_every_driver_promises(own_camera, tmp_path):
    (tmp_path / "run.py").write_text(
        "import pytest, sys; sys.exit(pytest.main([sys.argv[1], '-q', '-n', '0', '-p', "
        "'no:cacheprovider', '--rootdir', sys.argv[2], '-c', sys.argv[2] + '/pyproject.toml']))"
    )
    suite = ROOT / "tests" / "conformance" / "test_drivers.py"
    done = children.script(
        tmp_path / "run.py", suite, ROOT, cwd=tmp_path, timeout_s=300,
        TAVER_DRIVER="own_camera", **own_camera,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b1[0-9] passed", done.stdout), done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_06_reads_the_pictures_of_one_moment(study, place):
    lines = ran(place, "06_read_recording.py", "example-study", "s02", "1.5")
    assert lines[0] == "s02: P02, 2.4 s, simulated"
    with np.load(place / "moment.npz") as moment:
        assert moment["color"].shape == (1080, 1920, 3)
        assert moment["depth"].shape == (424, 512)
        assert 290 < float(np.median(moment["kelvin"])) < 310


def test_07_makes_a_rig_near_the_simulated_one_that_says_so(calibrated, study):
    from capture.sim.rig import standard_rig

    rig = store.read(study.rig_file)
    assert rig.simulated
    assert rig.depth_shift_mm == pytest.approx(standard_rig().depth_shift_mm, abs=3)
    assert "SIMULATED" in (study.folder / "rig-report.html").read_text("utf-8")
    assert calibrated[-1] == "rig.json, rig-report.html"


def test_08_finds_the_face_in_every_frame_and_tells_temperatures(faces):
    assert faces[0] == "s01: a face in 25 of 25 frames"
    nose, forehead = map(float, re.findall(r"(\d+\.\d+)", faces[2]))
    assert 25 < nose < 37
    assert 30 < forehead < 37


def test_09_lays_depth_and_heat_on_the_colour_picture(faces, place):
    lines = ran(place, "09_heat_on_colour.py")
    with np.load(place / "face.npz") as face:
        high, wide = face["depth_mm"].shape
        assert face["color"].shape == (high, wide, 3)
        assert face["kelvin"].shape == (high, wide)
        assert 900 < float(np.median(face["depth_mm"][high // 2, wide // 3 : wide // 2])) < 1100
    assert "mm away" in lines[0]


def test_10_tells_how_well_raters_agree_and_who_is_late(place):
    lines = "\n".join(ran(place, "10_agreement.py"))
    late = {name: float(s) for name, s in re.findall(r"(\w+) reacts ([+-][\d.]+) s", lines)}
    assert late["ann"] < late["ben"] < late["cho"]
    assert float(re.search(r"cronbach_alpha +([\d.]+)", lines)[1]) > 0.9
    fused = pd.read_csv(place / "fused.csv")
    assert {"mean", "median", "ewe", "lag-mean"} <= set(fused.columns)
    again = "\n".join(ran(place, "10_agreement.py", "ratings.csv"))
    assert "what is so" not in again  # of one's own nobody knows the truth


def test_11_makes_labels_of_another_tools_traces(rated, study):
    assert sum("100% of the frames" in line for line in rated) == 6
    assert (study.folder / "labels.html").is_file()
    labels = pd.read_csv(study.sessions_folder / "s01" / "labels.csv")
    assert len(labels) == 20


def test_12_builds_a_dataset_that_holds_what_raters_said(built, study):
    assert "2 recordings of 2 people" in built[0]
    assert "  every chunk can be read, and nothing contradicts itself" in built
    data = taver.dataset.open(study.folder / "dataset.zarr")
    assert all(r.labels()["valence"].notna().all() for r in data.recordings.values())


def test_13_gives_clips_to_torch_and_14_reads_them_without_taver(read, place):
    assert "'thermal': (4, 4, 32, 32)" in read[-1]
    lines = ran(place, "14_without_taver.py", "task.zarr")
    assert [line.split(":")[0].strip() for line in lines] == [
        "task.zarr", "zarr", "xarray", "tensorstore",
    ]  # fmt: skip


def test_15_makes_a_dataset_of_films(study, place):
    lines = ran(place, "15_own_videos.py")
    assert lines[0] == "videos.zarr: 2 films of 2 people, 50 slots"
    assert lines[-1].startswith("  s02 (P02): a face in ")
    data = taver.dataset.open(place / "videos.zarr")
    assert data.people == ("P01", "P02")
    assert (data.recordings["s01"].column("face") > 0).mean() > 0.9


def test_16_trains_and_judges_two_models_and_shows_where_was_looked(trained, place):
    assert [line for line in trained if line.startswith("tiny-runs")][:2] == [
        "tiny-runs/tran: color and depth and thermal, epoch 2",
        "tiny-runs/cnn3d: color, epoch 2",
    ]
    assert sum("on P04, P05: CCC" in line for line in trained) == 2
    assert sum("instead: RMSE" in line for line in trained) == 4
    pages = [place / line.strip() for line in trained if line.endswith(".html")]
    assert len(pages) == 4
    assert all("SIMULATED" in page.read_text("utf-8") for page in pages)


def test_17_runs_an_exported_model_without_taver(trained, place):
    lines = ran(place, "17_onnx.py")
    assert lines[0].startswith("handed-on: model.onnx, ")
    assert -1.5 < float(lines[-2].rsplit(" ", 1)[1]) < 1.5
    assert "SIMULATED" in (place / "handed-on" / "README.md").read_text("utf-8")


def test_18_builds_into_s3_with_a_cluster(faces, place):
    with buckets.serving("faces") as server:
        lines = ran(place, "18_cluster_and_s3.py", "s3://faces/data.zarr", **server.environment)
        assert lines[0].startswith("s3://faces/data.zarr: 2 recordings, ")
        assert lines[1].endswith("the first pictures (4, 96, 96, 3)")
