"""What cannot be trained on, or judged: told with what to do, and nothing is lost."""

import contextlib
import json
import re
import sys
import types

import children
import numpy as np
import pytest
import torch
import trained
import zarr

from taver.core.errors import (
    AlreadyThereError,
    DataError,
    InputError,
    MissingExtraError,
    NotFoundError,
    TaverError,
)
from taver.dataset import read as datasets
from taver.training import (
    checkpoint,
    engine,
    failing,
    fitting,
    losses,
    runs,
    samples,
    training,
)

EPOCHS = ("optimiser.epochs=2", "protocol.unit=clip")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return trained.make(tmp_path_factory.mktemp("data") / "d.zarr", modalities=("color", "depth"))


def refused(kind, store, folder, *words, match=None):
    with pytest.raises(kind, match=match) as told:
        training.run(store, folder, trained.settings(*EPOCHS, *words))
    assert told.value.fix
    return told.value


def test_a_dataset_without_a_modality_says_which_and_what_would_do(store, tmp_path):
    told = refused(InputError, store, tmp_path / "run", "model.name=tran", match="has no thermal")
    assert "model.modalities=color,depth" in told.fix
    assert not (tmp_path / "run").exists()


def test_pictures_of_another_size_say_which_setting_helps(store, tmp_path):
    told = refused(InputError, store, tmp_path / "run", "model.size_px=96", match="32 pixels")
    assert "model.size_px=32" in told.fix


def test_a_dataset_of_another_version_is_refused(tmp_path):
    path = trained.make(tmp_path / "d.zarr", people=2, seconds=4)
    root = zarr.open_group(path, mode="r+")
    root.attrs["version"] = 99
    assert "99" in refused(DataError, path, tmp_path / "run").problems[0]


def without_labels(path, *people):
    root = zarr.open_group(path, mode="r+")
    for _, recording in root["recordings"].groups():
        if recording.attrs["participant"] in people:
            recording["valence"][...] = np.nan


def test_clips_without_labels_are_left_out_and_counted(tmp_path):
    path = trained.make(tmp_path / "d.zarr")
    without_labels(path, "P01")
    run = training.run(path, tmp_path / "run", trained.settings(*EPOCHS))
    assert run.about.clips["train"] == "16 clips; left out 16 without labels"


def test_when_nobody_has_labels_there_is_nothing_to_train_on(tmp_path):
    path = trained.make(tmp_path / "d.zarr")
    without_labels(path, "P01", "P02")
    told = refused(DataError, path, tmp_path / "run", match="too few clips")
    assert any("without labels" in problem for problem in told.problems)


def test_a_recording_too_short_for_a_clip_says_so(tmp_path):
    path = trained.make(tmp_path / "d.zarr", seconds=2)
    told = refused(DataError, path, tmp_path / "run", "model.length=16", match="too few clips")
    assert any("too short" in problem for problem in told.problems)


def test_one_person_alone_cannot_train_and_judge(tmp_path):
    path = trained.make(tmp_path / "d.zarr", people=1)
    assert refused(DataError, path, tmp_path / "run", match="one person only").fix


def test_without_people_to_choose_by_a_fixed_number_of_epochs_is_asked_for(tmp_path):
    path = trained.make(tmp_path / "d.zarr", people=2, seconds=8)
    told = refused(DataError, path, tmp_path / "run", match="people to choose by")
    assert "optimiser.patience=0" in told.fix
    config = trained.settings(*EPOCHS, "optimiser.patience=0")
    run = training.run(path, tmp_path / "run", config)
    assert run.about.post == {}
    assert run.about.epochs == 2


def test_an_unknown_split_names_those_that_are_there(store, tmp_path):
    told = refused(NotFoundError, store, tmp_path / "run", "protocol.split=fold-9")
    assert "default" in str(told)


def test_a_folder_with_something_else_in_it_is_left_alone(store, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("mine")
    refused(AlreadyThereError, store, tmp_path / "run", match="something else")
    assert (tmp_path / "run" / "thesis.tex").read_text() == "mine"


def test_a_gpu_that_is_not_there_is_told(store, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    assert refused(InputError, store, tmp_path / "run", "machine.device=cuda", match="0 GPUs").fix


def test_a_loss_that_stops_being_a_number_stops_the_run_and_its_own_advice_finishes_it(
    store, tmp_path
):
    """A rate far too high for one step: by the next, weights are beyond all numbers."""
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        training.run(store, folder, trained.settings(*EPOCHS), trained.CtrlC(20))
    good = (folder / "last.ckpt").read_bytes()
    told = refused(
        TaverError, store, folder, "optimiser.learning_rate=1e30", match="no longer a number"
    )
    assert "in step 7" in str(told)
    assert "layer" in str(told)
    assert any("slots" in problem for problem in told.problems)
    assert (folder / "last.ckpt").read_bytes() == good
    assert runs.read(folder).state == "training"
    advised = re.search(r"--set (optimiser\.learning_rate=\S+);", told.fix).group(1)
    run = training.run(store, folder, trained.settings(*EPOCHS, advised))
    assert run.state == "finished"
    assert steps_of(folder) == 16
    assert largest(folder / "last.ckpt") < 10


def steps_of(folder):
    return json.loads(checkpoint.load(folder / "last.ckpt").rest["state"])["step"]


def largest(path):
    return max(float(value.abs().max()) for value in checkpoint.load(path).weights.values())


@pytest.mark.parametrize(
    "words",
    [
        ("machine.save_every_s=0",),
        # The only step there is: nothing comes after it that could notice.
        ("optimiser.batch=1000", "optimiser.epochs=1", "optimiser.patience=0"),
    ],
)
def test_weights_that_give_no_numbers_are_never_saved_nor_called_best(store, tmp_path, words):
    folder = tmp_path / "run"
    told = refused(
        TaverError, store, folder, "optimiser.learning_rate=1e30", *words,
        match="give no numbers any more after step 1",
    )  # fmt: skip
    assert "nothing was saved yet" in told.fix
    assert not list(folder.glob("*.ckpt"))
    assert runs.read(folder).state == "training"


def test_gradients_that_are_no_numbers_stop_before_the_step_though_the_loss_is_one(
    store, tmp_path, monkeypatch
):
    plain = losses.loss

    def rooted(kind, outputs, *rest, **told):
        """Add a root of nothing, whose slope is infinite."""
        return plain(kind, outputs, *rest, **told) + (0 * outputs).sqrt().sum()

    monkeypatch.setattr(losses, "loss", rooted)
    told = refused(TaverError, store, tmp_path / "run", match="gradients are no longer numbers")
    assert "in step 1" in str(told)
    assert "those of emotion" in str(told)
    assert not list((tmp_path / "run").glob("*.ckpt"))


def test_where_numbers_end_is_found_in_pictures_weights_and_layers():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(2, 2)
            self.second = torch.nn.LogSigmoid()

        def forward(self, batch):
            return self.second(torch.log(-self.first(batch["color"]).abs()))

    model, fine = Model(), {"color": torch.ones((1, 2))}
    assert failing.where(model, fine) == "first in the layer second"
    assert failing.where(Demanding(1), {"color": torch.ones((1, 3, 2, 4, 4))}) is None
    assert "color pictures" in failing.where(model, {"color": torch.full((1, 2), torch.nan)})
    model.first.weight.data[0, 0] = torch.inf
    assert failing.where(model, fine) == "the weights first.weight are no longer numbers"


class Demanding(torch.nn.Module):
    """Asks for more memory than there is anywhere as soon as a batch is larger than `most`."""

    def __init__(self, most):
        super().__init__()
        self.most, self.weight = most, torch.nn.Parameter(torch.zeros(1))

    def forward(self, batch):
        clips = len(batch["color"])
        if clips > self.most:
            torch.empty(2**50)
        return batch["color"].mean(dim=(1, 2, 3, 4))[:, None] + self.weight


def test_what_is_said_of_clips_is_said_in_smaller_batches_where_memory_runs_out(store):
    config = trained.settings("optimiser.batch=8")
    data = datasets.open(store)
    some, _ = samples.labelled(data.recordings.values(), config.clip_options, ("valence",), "mean")
    device, told = torch.device("cpu"), []
    whole = engine.predictions(Demanding(8), some, config, device)
    parts = engine.predictions(Demanding(2), some, config, device, told=told.append)
    assert parts == pytest.approx(whole, abs=1e-6)
    assert sum(told) == len(some.clips) == 64
    assert max(told) == 2
    with pytest.raises(TaverError, match="nor does a single clip") as refused_:
        engine.predictions(Demanding(0), some, config, device)
    assert "--width" in refused_.value.fix


def test_the_batch_that_fits_is_told_of_all_processes_together(monkeypatch):
    """Each of two had 8 of 16 clips; 2 fit into each."""
    config = trained.settings("optimiser.batch=16")
    fabric = types.SimpleNamespace(
        world_size=2, device=torch.device("cpu"), autocast=contextlib.nullcontext
    )
    monkeypatch.setattr(failing.models, "build", lambda _: Demanding(3))
    no_room = failing.NoRoomError(8, MemoryError())
    told = failing.out_of_memory(Demanding(3), config, fabric, no_room)
    assert "A batch of 16 clips (8 in each of 2 processes)" in str(told)
    assert "one of 4 does" in str(told)
    assert "optimiser.batch=4" in told.fix


# After what a run imports is there, so that it is pictures and layers that find no room.
_LITTLE_MEMORY = """
import resource
import lightning_fabric, torch._dynamo
from taver.training import engine, evaluate, loop, training
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 700 * 2**20,) * 2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by Linux's own means")
def test_when_memory_runs_out_it_is_said_which_batch_fits(tmp_path):
    path = trained.make(
        tmp_path / "d.zarr", people=3, seconds=20, size_px=96, modalities=("color",)
    )
    done = children.taver(
        "train-baseline", "--data", str(path), "--out", "run", "--model", "cnn3d",
        "--width", "0.1", "--set", "optimiser.batch=64", "--set", "optimiser.patience=0",
        "--set", "clips.stride=1", "--set", "optimiser.epochs=1",
        cwd=tmp_path, before=_LITTLE_MEMORY, timeout_s=110, MALLOC_ARENA_MAX="1",
    )  # fmt: skip
    assert done.returncode == TaverError.exit_code, done.stderr
    assert "A batch of 64 clips does not fit into the memory of the cpu; one of" in done.stderr
    assert "--set optimiser.batch=" in done.stderr


def test_processes_need_a_dataset_that_all_of_them_can_open(store, tmp_path):
    memory = zarr.storage.MemoryStore()
    with pytest.raises(InputError, match="in memory"):
        fitting._in_several(
            memory, tmp_path, trained.settings("machine.processes=2"), "select", 1, (), None
        )


def test_without_torch_the_extra_is_named():
    from taver.core.extras import need

    with pytest.raises(MissingExtraError, match="train"):
        need("torch_that_is_not_there", extra="train", to="train")
