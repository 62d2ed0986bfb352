"""A run from a dataset to a judged model: what it reads, keeps, goes on with and refuses."""

import csv
import shutil
import zipfile

import msgspec
import numpy as np
import pytest
import torch
import trained
import zarr

from taver.core.errors import BusyError, DataError, InputError, TaverError
from taver.core.lock import held
from taver.training import checkpoint, evaluate, report, runs, training

EPOCHS = ("optimiser.epochs=2", "optimiser.patience=0")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Four people: two train, P03 validates, P04 tests; a face is lost for a moment."""
    return trained.make(tmp_path_factory.mktemp("données d'été") / "d.zarr", lost=(40, 41, 42))


@pytest.fixture(scope="module")
def finished_once(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "cnn3d"
    told = trained.Titles()
    training.run(store, folder, trained.settings("optimiser.epochs=6"), told)
    return folder, told


@pytest.fixture
def finished(finished_once, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished_once[0], folder)
    return folder


def test_a_run_leaves_what_is_needed_to_judge_and_to_understand_it(finished_once):
    folder, told = finished_once
    run = runs.finished(folder)
    assert run.about.people == {"train": ("P01", "P02"), "validation": ("P03",)}
    assert run.about.simulated
    assert run.about.began == "from scratch"
    assert set(run.about.post) == {"avec", "clean"}
    assert run.about.post["avec"]["valence"].fitted_on == ("P03",)
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    best = max(rows, key=lambda row: float(row["ccc"]))
    assert int(best["epoch"]) == run.about.epochs == run.best.epoch
    result = msgspec.json.decode((folder / "metrics.json").read_bytes())
    assert result["best"]["ccc"] == pytest.approx(float(best["ccc"]))
    assert any("loss" in title and "CCC" in title and "for all" in title for title in told.titles)


def test_what_is_judged_is_every_slot_with_those_without_a_face_interpolated(finished, store):
    found = evaluate.evaluate(finished)
    assert (found.part, found.unit, found.post) == ("test", "frame", "avec")
    assert (found.n, found.interpolated, found.unknown) == (160, 3, 0)
    judged = found.judged[0]
    assert judged.all.ccc > 0.6
    assert set(judged.people) == {"P04"}
    low, high = judged.intervals["ccc"]
    assert low <= high
    assert {row.ccc for row in judged.baselines.values()} == {0.0}
    there = finished / "evaluation" / "test-frame-avec"
    with (there / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["interpolated"] for row in rows[39:44]] == ["0", "1", "1", "1", "0"]
    raw = np.array([float(row["valence_raw"]) for row in rows])
    assert raw[40:43] == pytest.approx(np.linspace(raw[39], raw[43], 5)[1:4], abs=1e-5)


def test_it_can_be_judged_clip_by_clip_and_without_post_processing(finished):
    found = evaluate.evaluate(finished, unit="clip", post="none")
    assert (found.unit, found.post) == ("clip", "none")
    assert found.n == 15  # of 16, one has lost frames
    assert found.judged[0].all == found.judged[0].raw
    with pytest.raises(InputError, match="fitted by frame, not by clip"):
        evaluate.evaluate(finished, unit="clip", post="clean")


def test_the_page_shows_scores_curves_and_traces_and_says_that_it_is_simulated(finished):
    assert "Not judged yet" in report.run_page(finished)
    evaluate.evaluate(finished)
    page = report.run_page(finished)
    for words in ("SIMULATED", "baseline: mean of the training people", "P04", "fitted on P03",
                  "Loss of the training clips", "<svg"):  # fmt: skip
        assert words in page


def spoil(store, *names):
    """Put garbage in the place of everything these people's arrays hold."""
    root = zarr.open_group(store, mode="r")
    spoilt = 0
    for name, recording in root["recordings"].groups():
        if recording.attrs["participant"] in names:
            for chunk in (store / "recordings" / name).rglob("c/**/*"):
                if chunk.is_file():
                    chunk.write_bytes(b"nobody may read this")
                    spoilt += 1
    return spoilt


def test_training_opens_nothing_of_the_test_people(store, tmp_path):
    config = trained.settings(*EPOCHS)
    copy = tmp_path / "d.zarr"
    shutil.copytree(store, copy)
    training.run(copy, tmp_path / "before", config)
    assert spoil(copy, "P04") > 10
    training.run(copy, tmp_path / "after", config)
    one, other = (checkpoint.load(tmp_path / n / "best.ckpt") for n in ("before", "after"))
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)
    with pytest.raises(TaverError):
        evaluate.evaluate(tmp_path / "after")


def test_a_run_that_was_stopped_goes_on_bit_by_bit_also_in_the_middle_of_an_epoch(store, tmp_path):
    config = trained.settings("optimiser.epochs=3", "protocol.refit=true", "protocol.unit=clip")
    training.run(store, tmp_path / "through", config)
    for clips in (22, 47, 10):
        with pytest.raises(KeyboardInterrupt):
            training.run(store, tmp_path / "stopped", config, trained.CtrlC(clips))
        assert runs.read(tmp_path / "stopped").state == "training"
        with pytest.raises(TaverError, match="not finished"):
            evaluate.evaluate(tmp_path / "stopped")
    training.run(store, tmp_path / "stopped", config)
    for name in ("best.ckpt", "last.ckpt", "selected.ckpt"):
        one, other = (checkpoint.load(tmp_path / n / name) for n in ("through", "stopped"))
        assert all(torch.equal(one.weights[key], other.weights[key]) for key in one.weights)
        assert one.about == other.about
    assert torch.equal(
        one.rest.get("random", torch.ones(1)), other.rest.get("random", torch.ones(1))
    )
    histories = [
        [(e.phase, e.step, e.loss, e.ccc) for e in report._history(tmp_path / n)]
        for n in ("through", "stopped")
    ]
    assert histories[0] == histories[1]
    assert {phase for phase, *_ in histories[0]} == {"select", "refit"}


def test_refitting_trains_as_long_as_was_best_on_both_with_settings_frozen(store, tmp_path):
    config = trained.settings("optimiser.epochs=3", "protocol.refit=true", "protocol.unit=clip")
    run = training.run(store, tmp_path / "run", config)
    history = report._history(tmp_path / "run")
    refit = [epoch for epoch in history if epoch.phase == "refit"]
    assert len(refit) == run.about.epochs
    assert refit[0].ccc is None
    assert refit[0].step > history[0].step  # more clips, so more steps an epoch
    assert run.about.post["avec"]["valence"].fitted_on == ("P03",)
    best, selected = (
        checkpoint.load(tmp_path / "run" / name) for name in ("best.ckpt", "selected.ckpt")
    )
    assert any(not torch.equal(best.weights[n], selected.weights[n]) for n in best.weights)
    assert best.about["post"] == selected.about["post"]


def test_patience_ends_a_run_that_gets_no_better(store, tmp_path):
    config = trained.settings(
        "optimiser.epochs=50", "optimiser.patience=2", "optimiser.learning_rate=1e-30",
        "protocol.unit=clip",
    )  # fmt: skip
    run = training.run(store, tmp_path / "run", config)
    assert len(report._history(tmp_path / "run")) <= run.about.epochs + 2 < 20


def test_a_finished_run_is_not_trained_again_and_other_settings_are_refused(finished, store):
    before = (finished / "last.ckpt").read_bytes()
    training.run(store, finished, trained.settings("optimiser.epochs=6"))
    assert (finished / "last.ckpt").read_bytes() == before
    with pytest.raises(InputError, match="other settings") as refused:
        training.run(store, finished, trained.settings("optimiser.epochs=6", "optimiser.batch=2"))
    assert refused.value.problems == ("optimiser.batch was 4, and is 2 now",)
    with pytest.raises(InputError, match="finished"):
        training.run(store, finished, trained.settings("optimiser.epochs=9"))
    assert (finished / "last.ckpt").read_bytes() == before


def test_two_programs_do_not_train_one_run(store, tmp_path):
    config = trained.settings(*EPOCHS)
    with pytest.raises(KeyboardInterrupt):
        training.run(store, tmp_path / "run", config, trained.CtrlC(4))
    with held(tmp_path / "run", "The run"), pytest.raises(BusyError):
        training.run(store, tmp_path / "run", config)


def test_both_targets_are_learnt_from_all_three_modalities_with_what_else_can_be_chosen(
    store, tmp_path
):
    config = trained.settings(
        "model.name=tran", "optimiser.loss=ccc", "model.target=both", "protocol.unit=clip",
        "clips.missing=mask", "machine.precision=bf16", "machine.preload=true",
        "optimiser.epochs=1", "optimiser.patience=0",
    )  # fmt: skip
    run = training.run(store, tmp_path / "run", config)
    assert set(run.about.label_means) == {"arousal", "valence"}
    found = evaluate.evaluate(tmp_path / "run", unit="clip")
    assert [judged.target for judged in found.judged] == ["arousal", "valence"]


def test_the_absolute_error_is_learnt_from_too(store, tmp_path):
    config = trained.settings("optimiser.loss=l1", "optimiser.epochs=6", "protocol.unit=clip")
    run = training.run(store, tmp_path / "run", config)
    assert run.best.ccc > 0.3


def test_a_run_that_knows_the_test_people_is_not_judged_on_them(finished, tmp_path):
    other = trained.make(tmp_path / "other.zarr", people=2, seconds=8)
    with pytest.raises(DataError, match="has seen people of the test part: P02"):
        evaluate.evaluate(finished, store=other)


def test_a_changed_checkpoint_is_refused_when_judging_and_when_going_on(store, finished):
    path = finished / "best.ckpt"
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"x"
    tree = torch.load(path, weights_only=True)
    tree["about"] = tree["about"].replace("P03", "P04")
    torch.save(tree, path)
    with pytest.raises(DataError, match="changed after it was written"):
        evaluate.evaluate(finished)
