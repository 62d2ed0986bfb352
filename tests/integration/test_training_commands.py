"""taver train-baseline, evaluate, predict: as typed in a study and outside of one."""

import contextlib
import csv
import json
import signal
import subprocess
import sys
import time

import built
import msgspec
import pytest
import studies
import telling
import trained

from taver.cli.main import run
from taver.core.errors import InputError, NotFoundError
from taver.core.study import Study
from taver.training import runs

WORDS = [word for one in (*trained.SMALL, "optimiser.epochs=3") for word in ("--set", one)]
TRAIN = ["train-baseline", *WORDS]


@pytest.fixture(scope="module")
def trained_study(tmp_path_factory):
    """A study with a session of one person, its faces found, and a dataset of others."""
    study = built.study_of(tmp_path_factory.mktemp("commands"), seconds=2.4)
    built.with_faces(study, "s01")
    trained.make(study.folder / "dataset.zarr", seconds=12)
    return study


@pytest.fixture(scope="module")
def run_once(trained_study):
    with contextlib.chdir(trained_study.folder):
        assert run([*TRAIN, "--set", "model.name=tran"]) == 0
    return trained_study


def test_in_a_study_a_bare_command_trains_on_its_dataset_into_its_runs_once(run_once, cli):
    folder = run_once.folder / "runs" / "tran"
    before = (folder / "last.ckpt").stat().st_mtime_ns
    done = cli(run_once, *TRAIN, "--set", "model.name=tran")
    assert done.code == 0
    assert (folder / "last.ckpt").stat().st_mtime_ns == before
    assert "validation CCC" in done.out
    assert str(folder / "report.html") in done.out
    assert "taver evaluate" in done.err


def test_a_run_is_judged_by_its_name_and_the_table_is_printed(run_once, cli):
    study = run_once
    done = cli(study, "evaluate", "tran")
    assert done.code == 0, done.err
    for words in ("valence of test, 120 values, one a frame", "95 % between", "P04",
                  "baseline: mean of the training people", "report.html"):  # fmt: skip
        assert words in done.out
    assert "fitted on P03" in done.err
    page = (study.folder / "runs" / "tran" / "report.html").read_text()
    assert "Judged on test, by frame" in page
    assert (
        cli(study, "evaluate", "tran", "--part", "train", "--device", "auto", "--post", "none").code
        == 0
    )
    assert "it judges nothing" in (study.folder / "runs" / "tran" / "report.html").read_text()


def test_a_session_of_the_study_is_predicted_without_leaving_anything_behind(run_once, cli):
    """Nobody rated it: its faces are cut for the moment, and all of it is predicted."""
    study = run_once
    before = telling.tree(study.sessions_folder)
    done = cli(study, "predict", "tran", "--session", "s01")
    assert done.code == 0, done.err
    assert telling.tree(study.sessions_folder) == before
    folder = study.folder / "runs" / "tran" / "predictions"
    with (folder / "s01.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 20
    assert set(rows[0]) == {
        "recording", "participant", "time_s", "interpolated", "valence", "valence_raw",
    }  # fmt: skip
    assert all(-1 <= float(row["valence"]) <= 1 for row in rows)
    assert "as the study's build.toml says now" in done.err  # its dataset says nothing of it
    run_json = study.folder / "runs" / "tran" / "run.json"
    run = runs.read(run_json.parent)
    cut = {"size_px": 32, "rate_hz": 5, "crop": "frame", "least_seen": 0.3}
    told = msgspec.structs.replace(run.about, cut=cut)
    before_ = run_json.read_bytes()
    msgspec.structs.replace(run, about=told).write(run_json)
    done = cli(study, "predict", "tran", "--session", "s01", "--device", "cpu")
    run_json.write_bytes(before_)
    assert done.code == 0, done.err
    assert "build.toml" not in done.err
    assert len((folder / "s01.csv").read_text().splitlines()) - 1 <= len(rows) // 2 + 1
    assert "SIMULATED" in (folder / "s01.html").read_text()


def test_a_session_of_a_dataset_is_predicted_too_and_who_was_trained_on_is_named(run_once, cli):
    study = run_once
    done = cli(study, "predict", "tran", "--session", "s03", "--data", "dataset.zarr")
    assert done.code == 0, done.err
    assert "P03 was seen in training (part validation)" in done.err
    done = cli(study, "predict", "tran", "--session", "s77", "--data", "dataset.zarr")
    assert done.code == NotFoundError.exit_code
    assert "s01, s02, s03, s04" in done.err
    assert cli(study, "predict", "tran", "--session", "s77").code == NotFoundError.exit_code


def test_outside_of_a_study_data_and_out_have_to_be_said(tmp_path, cli, monkeypatch):
    outside = type("Folder", (), {"folder": tmp_path})
    done = cli(outside, *TRAIN)
    assert done.code == NotFoundError.exit_code
    assert "--data" in done.err
    trained.make(tmp_path / "d.zarr", seconds=6)
    done = cli(outside, *TRAIN, "--data", "d.zarr")
    assert done.code == InputError.exit_code
    assert "--out" in done.err
    done = cli(outside, *TRAIN, "--data", "d.zarr", "--out", "a run", "--set", "protocol.seeds=2")
    assert done.code == 0, done.err
    done = cli(outside, "evaluate", "a run")
    assert done.code == 0, done.err
    assert "median CCC of 2 seeds" in done.out
    done = cli(outside, "predict", "a run", "--session", "s01")
    assert done.code == NotFoundError.exit_code
    assert "several runs" in done.err
    assert cli(outside, "evaluate", "a run/seed1").code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--model", "tram"], "model.name"),
        (["--set", "optimiser.batch"], "KEY=VALUE"),
        (["--set", "optimiser.bath=3"], "optimiser.batch"),
        (["--width", "-1"], "model.width"),
        (["--config", "nothing.toml"], "nothing.toml"),
        (["--data", "nothing.zarr"], "nothing.zarr"),
        (["--ablate", "length", "--cross", "folds"], "both"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_is_made(study, cli, words, told):
    before = telling.tree(study.folder)
    done = cli(study, "train-baseline", "--data", "d.zarr", *words)
    assert done.code in {InputError.exit_code, NotFoundError.exit_code}
    telling.assert_told(done.code, done.err, InputError if done.code == 2 else NotFoundError)
    assert told in done.err
    assert telling.tree(study.folder) == before


def test_a_run_that_is_not_there_is_told(study, cli):
    for words in (["evaluate", "tran"], ["predict", "tran", "--session", "s01"]):
        done = cli(study, *words)
        assert done.code == NotFoundError.exit_code
        assert "taver train-baseline" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as POSIX sends it")
def test_ctrl_c_saves_and_says_so_and_the_same_command_goes_on(tmp_path, cli):
    study = Study.create(tmp_path / studies.STRANGE_NAME, "stopped")
    trained.make(study.folder / "dataset.zarr", seconds=12)
    words = [*TRAIN, "--set", "optimiser.epochs=400", "--set", "optimiser.patience=0"]
    code = f"import sys; sys.argv[1:] = {words!r}; from taver.cli.main import main; main()"
    going = subprocess.Popen(
        [sys.executable, "-c", code], cwd=study.folder, stderr=subprocess.PIPE, text=True
    )
    folder = study.folder / "runs" / "cnn3d"
    until_s = time.monotonic() + 60
    while not (folder / "metrics.csv").is_file() and time.monotonic() < until_s:
        time.sleep(0.05)
    going.send_signal(signal.SIGINT)
    _, told = going.communicate(timeout=60)
    assert going.returncode == 130, told
    assert "the same command goes on" in told
    assert "Traceback" not in told
    done = len((folder / "metrics.csv").read_text().splitlines()) - 1
    words = [*TRAIN, "--set", f"optimiser.epochs={done + 2}", "--set", "optimiser.patience=0"]
    refused = cli(study, *words, "--set", "protocol.unit=clip")
    assert refused.code == InputError.exit_code
    assert "protocol.unit was frame, and is clip now" in refused.err
    assert cli(study, *words).code == 0
    assert json.loads((folder / "metrics.json").read_text())["epochs"] == done + 2
