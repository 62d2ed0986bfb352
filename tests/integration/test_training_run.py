"""A run from a dataset to a judged model: what it reads, keeps, goes on with and refuses."""

import csv
import json
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
from taver.training import checkpoint, engine, evaluate, predict, runs, training
from taver.training.export import card
from taver.training.export.run import export
from taver.training.report import run as report

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
    assert "at most" not in "".join(told.titles)  # what it takes is not known so well


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
    assert "Not judged yet" in report.page_of(finished)
    evaluate.evaluate(finished)
    page = report.page_of(finished)
    for words in ("SIMULATED", "baseline: mean of the training people", "P04", "fitted on P03",
                  "Loss of the training clips", "<svg"):  # fmt: skip
        assert words in page


def spoil(store, *names):
    """Put garbage in the place of everything these people's arrays hold."""
    root = zarr.open_group(store, mode="r")
    spoilt = 0
    for name, recording in root["recordings"].groups():
        if recording.attrs["participant"] in names:
            for chunk in (store / "recordings" / name).rglob("c.*"):
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
        [(e.phase, e.step, e.loss, e.ccc) for e in runs.read_metrics(tmp_path / n)]
        for n in ("through", "stopped")
    ]
    assert histories[0] == histories[1]
    assert {phase for phase, *_ in histories[0]} == {"select", "refit"}


def test_refitting_trains_as_long_as_was_best_on_both_with_settings_frozen(store, tmp_path):
    config = trained.settings("optimiser.epochs=3", "protocol.refit=true", "protocol.unit=clip")
    run = training.run(store, tmp_path / "run", config)
    history = runs.read_metrics(tmp_path / "run")
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
    # What the trivial prediction says was learnt from the same people, and no card says of these
    # weights what was said of others.
    assert best.about["label_means"] != selected.about["label_means"]
    words = card.text(run, {}, {})
    assert "refitted" in words
    assert "CCC" not in words


def test_patience_ends_a_run_that_gets_no_better(store, tmp_path):
    config = trained.settings(
        "optimiser.epochs=50", "optimiser.patience=2", "optimiser.learning_rate=1e-30",
        "protocol.unit=clip",
    )  # fmt: skip
    run = training.run(store, tmp_path / "run", config)
    assert len(runs.read_metrics(tmp_path / "run")) <= run.about.epochs + 2 < 20


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


def test_a_finished_run_stays_finished_without_its_last_checkpoint(finished, store):
    (finished / "last.ckpt").unlink()
    before = {path: path.read_bytes() for path in finished.iterdir() if path.is_file()}
    assert training.run(store, finished, trained.settings("optimiser.epochs=6")).state == "finished"
    with pytest.raises(InputError, match="other settings"):
        training.run(store, finished, trained.settings("optimiser.epochs=6", "optimiser.batch=2"))
    assert {path: path.read_bytes() for path in finished.iterdir() if path.is_file()} == before


def test_two_programs_do_not_train_one_run_and_the_second_changes_nothing(store, tmp_path):
    folder, config = tmp_path / "run", trained.settings(*EPOCHS)
    with pytest.raises(KeyboardInterrupt):
        training.run(store, folder, config, trained.CtrlC(4))
    with held(folder, "The run"), pytest.raises(BusyError):
        training.run(store, folder, config)
    (folder / "last.ckpt").unlink()  # as in its first minutes, when other settings are allowed
    before = (folder / "run.json").read_bytes()
    with held(folder, "The run"), pytest.raises(BusyError):
        training.run(store, folder, trained.settings(*EPOCHS, "optimiser.batch=2"))
    assert (folder / "run.json").read_bytes() == before


def test_ctrl_c_while_the_last_epoch_is_judged_is_obeyed_once_that_is_saved(
    store, tmp_path, monkeypatch
):
    judge, folder, config = engine.predictions, tmp_path / "run", trained.settings(*EPOCHS)
    judged = []

    def pressed(*arguments, **named):
        judged.append(1)
        if len(judged) == 2:
            trained.CtrlC(0).advance()
        return judge(*arguments, **named)

    monkeypatch.setattr(engine, "predictions", pressed)
    with pytest.raises(KeyboardInterrupt):
        training.run(store, folder, config)
    monkeypatch.undo()
    assert len(judged) == 2
    last = checkpoint.load(folder / "last.ckpt")
    assert len(training.history_of(last.rest)) == 2
    assert runs.read(folder).state == "training"
    assert training.run(store, folder, config).state == "finished"
    assert torch.equal(
        last.rest["random"], checkpoint.load(folder / "last.ckpt").rest["random"]
    )  # no further step


def test_at_full_width_a_stopped_run_goes_on_bit_by_bit_too(tmp_path):
    """Pictures of 48 pixels and 32 channels or more are convolved by Winograd's way."""
    store = trained.make(tmp_path / "d.zarr", people=3, seconds=8, size_px=48)
    config = trained.settings(
        "model.name=tran", "model.width=1", "model.size_px=48", "optimiser.epochs=1",
        "optimiser.patience=0", "protocol.unit=clip",
    )  # fmt: skip
    training.run(store, tmp_path / "through", config)
    with pytest.raises(KeyboardInterrupt):
        training.run(store, tmp_path / "stopped", config, trained.CtrlC(1))
    training.run(store, tmp_path / "stopped", config)
    one, other = (checkpoint.load(tmp_path / n / "last.ckpt") for n in ("through", "stopped"))
    assert json.loads(one.rest["state"])["step"] == 2
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)
    assert torch.equal(one.rest["random"], other.rest["random"])


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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("model.name=uran",), "model.name was cnn3d, and is uran now"),
        (("protocol.seed=7",), "protocol.seed was 0, and is 7 now"),
        ((), "another dataset, or on other people"),
    ],
)
def test_the_weights_of_another_run_are_noticed_wherever_they_are_used(
    finished, store, tmp_path, words, told
):
    """Of another model, of another seed, or learnt from people who test here."""
    other = store if words else trained.make(tmp_path / "other.zarr", people=6, seconds=8)
    config = trained.settings(*EPOCHS, "optimiser.epochs=1", *words)
    training.run(other, tmp_path / "other", config)
    shutil.copy(tmp_path / "other" / "best.ckpt", finished / "best.ckpt")
    for use in (
        lambda: evaluate.evaluate(finished),
        lambda: predict.predict(finished, "s04", store=store),
        lambda: export(finished, "torch", tmp_path / "out"),
    ):
        with pytest.raises(DataError, match="of another run") as refused:
            use()
        assert any(told in problem for problem in refused.value.problems)
    assert not (finished / "evaluation").exists()


def test_going_on_from_the_last_checkpoint_of_another_run_is_refused(store, tmp_path):
    for name, words in (("mine", EPOCHS), ("other", (*EPOCHS, "protocol.seed=7"))):
        with pytest.raises(KeyboardInterrupt):
            training.run(store, tmp_path / name, trained.settings(*words), trained.CtrlC(4))
    shutil.copy(tmp_path / "other" / "last.ckpt", tmp_path / "mine" / "last.ckpt")
    with pytest.raises(DataError, match="of another run"):
        training.run(store, tmp_path / "mine", trained.settings(*EPOCHS))


def test_what_was_trained_on_a_gpu_is_judged_where_there_is_none(finished):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    run = runs.read(finished)
    machine = msgspec.structs.replace(run.config.machine, device="cuda", threads=64)
    config = msgspec.structs.replace(run.config, machine=machine)
    msgspec.structs.replace(run, config=config).write(finished / "run.json")
    assert evaluate.evaluate(finished, unit="clip", post="none").computed == "cpu, fp32"
    with pytest.raises(InputError, match="0 GPUs"):
        evaluate.evaluate(finished, unit="clip", post="none", device="cuda")


def test_scores_on_another_dataset_stand_beside_those_of_the_runs_own(finished, tmp_path):
    own = evaluate.evaluate(finished, unit="clip", post="none")
    strangers = {"default": {"train": [], "validation": [], "test": ["P07", "P08"]}}
    other = trained.make(tmp_path / "other.zarr", people=8, seconds=4, splits=strangers)
    found = evaluate.evaluate(finished, store=other, unit="clip", post="none")
    assert set(found.judged[0].people) == {"P07", "P08"}
    (mine, folder), (others, _) = evaluate.read_all(finished)
    assert (mine, folder.name, others) == (own, "test-clip-none", found)
    assert "Of another dataset than the run&#x27;s" in report.page_of(finished)


def test_a_changed_checkpoint_is_refused_when_judging_and_when_going_on(store, finished):
    path = finished / "best.ckpt"
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"x"
    tree = torch.load(path, weights_only=True)
    tree["about"] = tree["about"].replace("P03", "P04")
    torch.save(tree, path)
    with pytest.raises(DataError, match="changed after it was written"):
        evaluate.evaluate(finished)
