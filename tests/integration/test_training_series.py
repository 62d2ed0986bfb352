"""Several runs of one plan: processes, folds, seeds, the paper's tables; each is done once."""

import csv
import json

import datasets as making
import msgspec
import numpy as np
import pytest
import torch
import trained

from taver.core.errors import InputError
from taver.core.progress import Silent
from taver.training import ablate, checkpoint, cross, evaluate, runs, series, training
from taver.training.report import ablation as ablation_report
from taver.training.report import cross as cross_report

SHORT = ("optimiser.epochs=1", "optimiser.patience=0", "protocol.unit=clip", "protocol.post=none")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    people = making.people_of(4)
    splits = {
        "default": {"train": people[:2], "validation": [people[2]], "test": [people[3]]},
        "fold-1": {"train": [people[2]], "validation": [people[3]], "test": people[:2]},
        "fold-2": {"train": [people[0]], "validation": [people[1]], "test": people[2:]},
    }
    folder = tmp_path_factory.mktemp("series") / "d.zarr"
    return trained.make(folder, seconds=12, splits=splits)


def changed_since(folder, before):
    return {path for path, when in times_of(folder).items() if before.get(path) != when}


def times_of(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.ckpt")}


def test_two_processes_train_as_one_does_and_stop_together(store, tmp_path):
    """Batches of 3: shares of unequal size, a last batch of 2. Dropout would differ by process.

    Ctrl-C reaches both in the same step, however late; one process is stopped there, too.
    """
    words = (*SHORT[1:], "optimiser.epochs=2000", "optimiser.batch=3", "model.dropout=0",
             "optimiser.loss=ccc", "optimiser.learning_rate=1e-5")  # fmt: skip
    several = trained.settings(*words, "machine.processes=2")
    with pytest.raises(KeyboardInterrupt):
        training.run(store, tmp_path / "two", several, trained.CtrlC(7))
    two = checkpoint.load(tmp_path / "two" / "last.ckpt")
    state = json.loads(two.rest["state"])
    clips = state["epoch"] * 24 + state["seen"]
    assert state["step"] >= 3
    with pytest.raises(KeyboardInterrupt):
        training.run(store, tmp_path / "one", trained.settings(*words), trained.CtrlC(clips))
    one = checkpoint.load(tmp_path / "one" / "last.ckpt")
    assert json.loads(one.rest["state"])["step"] == state["step"]
    apart = max(float((one.weights[n] - two.weights[n]).abs().max()) for n in one.weights)
    assert apart <= several.optimiser.learning_rate
    losses = [[e.loss for e in training.history_of(found.rest)] for found in (one, two)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_everybody_is_judged_once_by_a_run_that_has_not_seen_them(store, tmp_path):
    said = []
    config = trained.settings(*SHORT, "protocol.seeds=2")
    found = cross.cross(store, tmp_path / "cv", "folds", config, Silent(), say=said.append)[0]
    assert set(found.people) == {"P01", "P02", "P03", "P04"}
    assert {name.removesuffix(f"-seed{found.seed}") for name in found.folds} == {"fold-1", "fold-2"}
    assert found.all.n == sum(row.n for row in found.people.values()) == 48
    assert found.seeds[str(found.seed)] == found.all
    assert {row.n for row in found.seeds.values()} == {48}
    assert found.all.ccc == min(row.ccc for row in found.seeds.values())  # of two
    assert len(said) == 4
    page = cross_report.write(tmp_path / "cv", [found]).read_text()
    assert "fold-2" in page
    assert "in the middle of 2 seeds" in page
    # What else a run was judged by is not taken for what is asked for.
    evaluate.evaluate(tmp_path / "cv" / "fold-1-seed0", unit="clip", post="avec")
    before = times_of(tmp_path / "cv")
    again = cross.cross(store, tmp_path / "cv", "folds", config, Silent())
    assert again[0] == found
    assert not changed_since(tmp_path / "cv", before)


def test_cross_validation_wants_splits_that_the_dataset_has(store, tmp_path):
    with pytest.raises(InputError, match="no splits for cross-validation by people") as refused:
        cross.cross(store, tmp_path / "cv", "people", trained.settings(*SHORT), Silent())
    assert "leave_one_out" in refused.value.fix


def test_a_table_of_the_paper_stands_beside_ones_own_figures_and_is_gone_on_with(store, tmp_path):
    """Ctrl-C in the second row: the first is kept, the rest is done by the same command."""
    folder, config = tmp_path / "ablation", trained.settings(*SHORT, "protocol.seeds=2")
    with pytest.raises(KeyboardInterrupt):
        ablate.ablate(store, folder, "attention", config, trained.CtrlC(540))
    before = times_of(folder)
    assert before
    assert not (folder / ablate.FILE).exists()
    found = ablate.ablate(store, folder, "attention", config, Silent())
    finished = {path for path in before if path.name == "best.ckpt"}
    assert finished
    assert not changed_since(folder, before) & finished
    assert [line.label for line in found.lines] == ["with attention (TRAN)", "without attention"]
    assert found.lines[0].printed == (0.112, 0.563, 0.521)
    assert all(line.seeds == 2 and line.lowest <= line.ccc <= line.highest for line in found.lines)
    html = ablation_report.write(folder, found).read_text()
    text = (folder / "ablation.md").read_text()
    assert "| with attention (TRAN) | 0.112 | 0.563 | 0.521 |" in text
    assert "SIMULATED" in text
    with (folder / "ablation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["variant"] for row in rows] == ["with attention (TRAN)", "without attention"]
    assert "SIMULATED" in html


def test_a_row_that_cannot_be_trained_says_why_and_the_others_are_done(tmp_path):
    """Clips of 32 frames take 8 s: these recordings have 6."""
    store = trained.make(tmp_path / "short.zarr", people=3, seconds=6, modalities=("color",))
    config = trained.settings(*SHORT, "model.modalities=color", "clips.stride=1")
    plan = [one for one in ablate.plan("length", config) if one.name in {"T04", "T32"}]
    plan = [one._replace(config=trained.settings(*SHORT, "clips.stride=1",
            f"model.length={one.config.model.length}")) for one in plan]  # fmt: skip
    outcomes = series.run_all(store, tmp_path / "out", plan, Silent())
    assert [outcome.error is None for outcome in outcomes] == [True, False]
    assert "too few clips" in str(outcomes[1].error)
    series.raise_if_all_failed(outcomes)
    with pytest.raises(type(outcomes[1].error)):
        series.raise_if_all_failed(outcomes[1:])


def test_weights_are_given_to_the_rows_that_can_take_them_and_each_says_what_it_began_from():
    config = trained.settings("model.name=vgg16", "model.weights=faces.pt")
    given = {one.name: one.config.model.weights for one in ablate.plan("models", config)}
    assert given == {
        "cnn2d": None, "vgg16": "faces.pt", "resnet50": "faces.pt", "vgg-face": "faces.pt",
        "cnn-rnn": None, "vgg-face-lstm": "faces.pt", "uran": None, "tran": None,
    }  # fmt: skip
    about = runs.About(dataset="d", made="m", simulated=False, people={}, clips={})
    began = {"cnn-rnn": "from scratch", "vgg16": "faces.pt (sha256 ab)", "uran": "from scratch"}
    outcomes = [
        series.Outcome(
            name, runs.Run(config=config, about=msgspec.structs.replace(about, began=words)), None
        )
        for name, words in began.items()
    ]
    lines = {line.name: line for line in ablate._lines(ablate.TABLES["models"], outcomes)}
    assert lines["cnn-rnn"].note.endswith("weights trained before; here: from scratch")
    assert lines["vgg16"].note.endswith("here: faces.pt (sha256 ab)")
    assert lines["uran"].note == ""
    assert "Khorrami's network" in lines["cnn2d"].note


def test_every_table_can_be_planned_and_drawn_without_figures_of_ones_own():
    for what, table in ablate.TABLES.items():
        plan = ablate.plan(what, trained.settings("protocol.seeds=3"))
        rows = [variant for variant in table.variants if variant.settings is not None]
        assert len(plan) == 3 * len(rows)
        assert len({one.name for one in plan}) == len(plan)
        found = ablate.Ablation(
            what=what, target="valence", dataset="d", simulated=False, unit="frame", post="avec",
            lines=tuple(ablate._lines(table, [])),
        )  # fmt: skip
        assert table.name in ablation_report.page_of(found)


def test_seeds_give_other_weights_and_the_same_seed_the_same(store, tmp_path):
    config = trained.settings(*SHORT, "protocol.seeds=2", "protocol.seed=5")
    plan = series.with_seeds([series.Planned("", config)])
    assert [one.name for one in plan] == ["seed5", "seed6"]
    weights = []
    for name, one in zip(("a", "b", "c"), [*plan, plan[0]], strict=True):
        training.run(store, tmp_path / name, one.config)
        found = checkpoint.load(tmp_path / name / "best.ckpt").weights
        weights.append(np.concatenate([v.numpy().ravel() for v in found.values()]))
    assert (weights[0] == weights[2]).all()
    assert (weights[0] != weights[1]).mean() > 0.9
    assert evaluate.evaluate(tmp_path / "a", unit="clip").n == 12
    assert torch.get_num_threads() >= 1
