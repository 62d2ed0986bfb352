"""A person is taken out of everything that a study holds, and nothing else is touched."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import datasets
import forgetting
import postgres
import pytest
import sqlalchemy as sa
import stopping
import studies
import telling
import torch
import zarr
from forgetting import GONE, STAYS

import taver.dataset
from annotate_web.db import tables
from taver.core import lock
from taver.core.errors import BusyError, DataError, InputError, NotFoundError
from taver.core.progress import Silent
from taver.core.study import Study
from taver.dataset.forget import person
from taver.dataset.forget.scan import scan
from taver.dataset.forget.who import Who, look_for
from taver.training import checkpoint
from taver.training.config import TrainingConfig


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    return forgetting.full_study(tmp_path_factory.mktemp("forget") / studies.STRANGE_NAME)


@pytest.fixture
def full(made_once, tmp_path):
    folder = tmp_path / studies.STRANGE_NAME
    shutil.copytree(made_once.folder, folder)
    return Study(folder)


def test_the_scan_finds_the_person_in_every_kind_of_place_beforehand(full):
    found = "\n".join(scan(full, look_for(full, GONE), Silent()).traces)
    for place in (
        f"participants/{GONE}.json", "sessions/s02/session.json", "sessions/s02/color.mcap: its h",
        "dataset.zarr/zarr.json", "dataset.about/labels.csv", "the table clips",
        "recordings/s02-interview/zarr.json",
        "the table audit", "run.json", "predictions.csv", "report.html", "s02.webm", "s02-export",
    ):  # fmt: skip
        assert place in found, found


def test_after_forgetting_there_is_no_trace_and_the_others_are_untouched(full, cli):
    kept = telling.tree(full.sessions_folder / "s01")
    planted = taver.dataset.open(full.folder / "dataset.zarr").recordings["s01-interview"]
    before = planted.pictures("depth", range(10)).copy()
    done = cli(full, "participant", "forget", GONE, "--yes")
    assert done.code == 0, done.err
    assert "no trace" in done.out
    assert not scan(full, Who(name=GONE, sessions=("s02",)), Silent()).traces
    assert not (full.sessions_folder / "s02").exists()
    assert not (full.sessions_folder / "interview").exists()
    assert not (full.clips_folder / "f81d4fae.webm").exists()
    assert (full.clips_folder / "s01.webm").exists()
    assert telling.tree(full.sessions_folder / "s01") == kept
    data = taver.dataset.open(full.folder / "dataset.zarr")
    assert data.people == (STAYS,)
    assert data.splits == {"default": {"train": [STAYS], "validation": [], "test": []}}
    assert (data.recordings["s01-interview"].pictures("depth", range(10)) == before).all()
    with closing(forgetting.database_of(full)) as database, database.reading() as connection:
        for table, count in ((tables.clips, 1), (tables.events, 5), (tables.audit, 3)):
            assert (
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == count
            )
    assert not (full.folder / "dataset.about").exists()
    run = json.loads((full.folder / "runs/tran/run.json").read_text())
    assert run["about"]["people"]["train"] == [STAYS]
    rows = (full.folder / "runs/tran/evaluation/predictions.csv").read_text().splitlines()
    assert rows == ["recording,slot,valence", "s01-interview,0,0.1"]


def test_what_was_deleted_is_not_left_in_the_pages_of_the_database(full, cli):
    cli(full, "participant", "forget", GONE, "--yes")
    for path in full.folder.glob("annotations.sqlite*"):
        assert b"sitting of s02" not in path.read_bytes()


def test_what_cannot_be_reached_is_listed_with_the_models_trained_on_the_person(full, cli):
    told = cli(full, "participant", "forget", GONE, "--yes").err
    for word in ("agent", "releases", "backups", "runs/tran/best.ckpt"):
        assert word in told


def test_without_yes_and_without_a_terminal_nothing_is_deleted(full, refused):
    assert "--yes" in refused(InputError, full, "participant", "forget", GONE)


def test_who_is_not_there_is_refused(full, refused):
    assert "P99" in refused(NotFoundError, full, "participant", "forget", "P99", "--yes")


def test_a_session_in_use_stops_it_before_anything_is_deleted(full, refused):
    with lock.held(full.sessions_folder / "s02", "the session"):
        assert refused(BusyError, full, "participant", "forget", GONE, "--yes")


def test_a_session_that_nobody_can_attribute_stops_it(full, refused):
    shutil.copytree(full.sessions_folder / "s01", full.sessions_folder / "s09")
    for path in (full.sessions_folder / "s09").iterdir():
        if path.is_file():
            path.write_bytes(b"{")
    assert "s09" in refused(DataError, full, "participant", "forget", GONE, "--yes")


def test_a_session_whose_document_is_damaged_is_known_by_its_recordings(full):
    (full.sessions_folder / "s02" / "session.json").write_text("{")
    assert look_for(full, GONE).sessions == ("interview", "s02")


def test_interrupted_at_any_step_it_can_be_finished(full, monkeypatch):
    steps = [(person.datasets, "remove"), (person.ratings, "remove"), (person.runs, "clean"),
             (person, "_delete_session"), (person, "_delete_document")]  # fmt: skip
    for module, name in steps:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, _stop)
            with pytest.raises(KeyboardInterrupt):
                person.forget(full, person.plan(full, GONE))
    found = person.forget(full, person.plan(full, GONE))
    assert not found.traces


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that forks is killed")
def test_killed_at_any_moment_a_second_run_leaves_nothing(full):
    program = Path(stopping.__file__)
    done = subprocess.run(
        [sys.executable, str(program), str(full.folder), GONE, "23"],
        capture_output=True, text=True, check=True, cwd=program.parent,
    )  # fmt: skip
    left = json.loads(done.stdout)
    assert len(left) > 4
    assert not any(left.values()), (left, done.stderr)


def test_a_longer_name_of_somebody_else_is_not_the_persons(full, cli):
    studies.add_person(full, f"{GONE}-b")
    (full.folder / f"{GONE}-b-notes.csv").write_text(f"{GONE}-b came")
    root = zarr.open_group(full.folder / "dataset.zarr", mode="r+")
    splits = {"default": {"train": [STAYS, f"{GONE}-b"], "test": [GONE]}}
    root.attrs["splits"] = splits
    done = cli(full, "participant", "forget", GONE, "--yes")
    assert done.code == 0, done.err
    assert (full.folder / f"{GONE}-b-notes.csv").exists()
    assert full.participants.get(f"{GONE}-b").name == f"{GONE}-b"
    root = zarr.open_group(full.folder / "dataset.zarr", mode="r")
    assert root.attrs["splits"] == {"default": {"train": [STAYS, f"{GONE}-b"], "test": []}}


def test_a_session_that_is_linked_from_another_disk_is_deleted_there(full, cli, tmp_path):
    elsewhere = tmp_path / "large disk" / "s02"
    shutil.move(full.sessions_folder / "s02", elsewhere)
    (full.sessions_folder / "s02").symlink_to(elsewhere, target_is_directory=True)
    traces = "\n".join(scan(full, look_for(full, GONE), Silent()).traces)
    assert "sessions/s02/color.mcap: its header" in traces
    done = cli(full, "participant", "forget", GONE, "--yes")
    assert done.code == 0, done.err
    assert not elsewhere.exists()
    assert not (full.sessions_folder / "s02").is_symlink()


def test_files_of_runs_that_are_no_proper_text_are_cleaned_too(full):
    run = full.runs_folder / "tran"
    (run / "odd.json").write_text(f'{{"{GONE}": 1, "loss": NaN}}')
    (run / "torn.json").write_text(f'{{"{GONE}": ')
    (run / "odd.csv").write_bytes(f"who,note\n{GONE},x\n{STAYS},".encode() + b"\xe9\n")
    found = person.forget(full, person.plan(full, GONE))
    assert not found.traces
    assert json.loads((run / "odd.json").read_text()) == {"loss": None}
    assert not (run / "torn.json").exists()
    assert (run / "odd.csv").read_text("utf-8").splitlines()[1].startswith(STAYS)


def test_a_model_is_named_even_when_all_else_of_its_run_was_cleaned_before(full):
    run = full.runs_folder / "tran"
    (run / "best.ckpt").write_bytes(bytes(99) + f'"people": ["{GONE}"]'.encode() + bytes(99))
    for path in person.plan(full, GONE).runs:
        person.runs.clean(path, look_for(full, GONE))
    plan = person.plan(full, GONE)
    assert not plan.runs
    assert any("runs/tran/best.ckpt" in line for line in plan.beyond(full))


def test_a_checkpoint_is_used_as_before_and_does_not_name_the_person(full, cli):
    path = full.runs_folder / "tran" / "best.ckpt"
    weights = {"w": torch.arange(3.0)}
    about = {"made": "x", "people": {"train": [STAYS, GONE], "validation": []}}
    checkpoint.save(path, TrainingConfig(), about, weights)
    assert GONE.encode() in path.read_bytes()
    done = cli(full, "participant", "forget", GONE, "--yes")
    assert "runs/tran/best.ckpt" in done.err
    assert GONE.encode() not in path.read_bytes()
    found = checkpoint.load(path)
    run = json.loads((full.runs_folder / "tran" / "run.json").read_text())
    assert found.about["people"] == run["about"]["people"]
    assert torch.equal(found.weights["w"], weights["w"])


def test_who_has_the_dataset_open_reads_nothing_of_who_was_forgotten(full):
    store = full.folder / "dataset.zarr"
    zarr.open_group(store, mode="r+").attrs["splits"] = {}
    theirs = taver.dataset.open(store).recordings["s02-interview"]
    person.forget(full, person.plan(full, GONE))
    with pytest.raises(DataError, match="changed since it was opened"):
        theirs.pictures("depth", range(10))


def test_pixels_that_happen_to_spell_the_name_are_no_trace(full):
    for name in ("c.0.0", "c/0/0"):
        chunk = full.folder / "extra.zarr" / "array" / name
        chunk.parent.mkdir(parents=True, exist_ok=True)
        chunk.write_bytes(bytes(9) + f"!!{GONE} in pixels".encode() + bytes(9))
    (full.folder / "extra.zarr" / "array" / "zarr.json").write_text("{}")
    traces = scan(full, look_for(full, GONE), Silent()).traces
    assert not [trace for trace in traces if "extra" in trace]


def test_a_dataset_that_cannot_be_read_is_named_before_anything_is_deleted(full, refused):
    other = full.folder / "old.zarr"
    shutil.copytree(full.folder / "dataset.zarr", other)
    told = (other / "zarr.json").read_text()
    (other / "zarr.json").write_text(told.replace('"version": 1', '"version": 0'))
    assert "old.zarr" in refused(DataError, full, "participant", "forget", GONE, "--yes")
    assert (full.sessions_folder / "s02").is_dir()
    other.rename(full.folder / ".new.zarr.12345678.tmp")  # an import that was killed is passed over
    assert not person.plan(full, "P01").half_built


def test_what_is_left_in_a_file_that_nobody_knows_is_named(full, cli):
    (full.folder / "notes.txt").write_text("call p02 about the second visit")
    with closing(sqlite3.connect(full.folder / "backup.sqlite")) as database, database:
        database.execute("CREATE TABLE clips (session TEXT)")
        database.execute("INSERT INTO clips VALUES ('s02')")
    done = cli(full, "participant", "forget", GONE, "--yes")
    assert done.code == DataError.exit_code
    assert "notes.txt" in done.err
    assert "backup.sqlite: the table clips" in done.err
    assert not (full.sessions_folder / "s02").exists()


def test_a_build_that_was_never_finished_is_deleted(full, cli):
    half = full.folder / ".dataset.zarr.building"
    datasets.make_dataset(half / "data", people=2, seconds=1, size_px=16)
    assert cli(full, "participant", "forget", GONE, "--yes").code == 0
    assert not half.exists()


def test_a_switch_that_was_cut_short_is_finished_and_the_others_stay(full):
    store = full.folder / "dataset.zarr"
    half = full.folder / ".dataset.zarr.building"
    half.mkdir()
    store.rename(half / "old")
    assert not person.forget(full, person.plan(full, GONE)).traces
    assert taver.dataset.open(store).people == (STAYS,)
    assert not half.exists()


def test_annotations_in_postgresql_forget_too(full, cli):
    with postgres.postgresql() as url:
        put(full, database=url)
        (full.folder / "annotations.sqlite").unlink()
        full = Study(full.folder)
        for film in full.clips_folder.iterdir():
            film.unlink()
        full.clips_folder.rmdir()
        forgetting.annotate(full)
        assert "the table clips: 1 rows" in scan(full, look_for(full, GONE), Silent()).traces
        done = cli(full, "participant", "forget", GONE, "--yes")
        assert done.code == 0, done.err
        with closing(forgetting.database_of(full)) as database, database.reading() as connection:
            left = connection.execute(sa.select(tables.clips.c.session)).scalars().all()
        assert left == ["s01"]


def put(study, **named):
    """Write other places into study.toml."""
    path = study.folder / "study.toml"
    text = path.read_text()
    for key, value in named.items():
        old = {"dataset": 'store = "dataset.zarr"',
               "database": 'database = "sqlite:///annotations.sqlite"'}[key]  # fmt: skip
        assert old in text
        text = text.replace(old, f'{old.partition(" = ")[0]} = "{value}"')
    path.write_text(text)


def test_what_lies_on_another_disk_is_reached(full, cli, tmp_path):
    elsewhere = tmp_path / "large disk"
    shutil.move(full.sessions_folder, elsewhere)
    path = full.folder / "study.toml"
    told = path.read_text().replace('folder = "sessions"', f'folder = "{elsewhere}"')
    path.write_text(told)
    done = cli(full, "participant", "forget", GONE, "--yes")
    assert done.code == 0, done.err
    assert [folder.name for folder in elsewhere.iterdir()] == ["s01"]


def test_words_are_found_whole_and_in_letters_of_either_case():
    who = Who(name="P07", sessions=("s1",))
    named = ["P07", "p07-interview", "/x/s1/color.mcap", "it is P07.", '"S1"']
    assert all(who.named_in(text) for text in named)
    assert not any(who.named_in(text) for text in ("P070", "XP07", "s10", "class1", 7, None))


def _stop(*_):
    raise KeyboardInterrupt
