"""Checkpoints: all that was put in comes back, and nothing else is ever loaded."""

import pickle
import zipfile

import pytest
import torch

from taver.core.errors import DataError, NotFoundError
from taver.training import checkpoint, models
from taver.training.config import TrainingConfig, changed

SMALL = changed(
    TrainingConfig(), "model.name=cnn3d", "model.width=0.1", "model.size_px=32", "model.length=4"
)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = models.build(SMALL.model)
    path = tmp_path / "best.ckpt"
    checkpoint.save(path, SMALL, {"dataset": "d"}, model.state_dict(), {"state": "{}"})
    return path, model


def test_what_was_saved_comes_back_bit_by_bit(saved):
    path, model = saved
    found = checkpoint.load(path)
    assert found.config == SMALL
    assert found.about == {"dataset": "d"}
    assert found.rest == {"state": "{}"}
    other = models.build(SMALL.model)
    checkpoint.into(other, found.weights, path)
    for name, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


def test_torch_reads_it_without_running_anything(saved):
    tree = torch.load(saved[0], weights_only=True)
    assert tree["format"] == "taver-checkpoint"


class Harm:
    def __reduce__(self):
        return print, ("this must never run",)


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path, capsys):
    for number, write in enumerate((torch.save, lambda o, p: p.write_bytes(pickle.dumps(o)))):
        path = tmp_path / f"{number}.ckpt"
        write({"format": "taver-checkpoint", "version": 1, "weights": Harm()}, path)
        with pytest.raises(DataError, match=r"not loaded|no whole checkpoint"):
            checkpoint.load(path)
    assert "never" not in capsys.readouterr().out


def test_a_changed_weight_is_noticed(saved):
    path, _ = saved
    tree = torch.load(path, weights_only=True)
    next(iter(tree["weights"].values())).view(-1)[0] += 1e-3
    torch.save(tree, path)
    with pytest.raises(DataError, match="changed after it was written"):
        checkpoint.load(path)


def test_a_changed_setting_is_noticed(saved):
    path, _ = saved
    tree = torch.load(path, weights_only=True)
    tree["config"] = tree["config"].replace('"mse"', '"ccc"')
    torch.save(tree, path)
    with pytest.raises(DataError, match="changed after it was written"):
        checkpoint.load(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_a_file_that_ends_early_is_no_whole_checkpoint(saved, share):
    path, _ = saved
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError):
        checkpoint.load(path)


def test_other_programs_files_are_told_apart(tmp_path):
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {"w": torch.zeros(2)}}, path)
    with pytest.raises(DataError, match="not a checkpoint of taver"):
        checkpoint.load(path)
    torch.save(torch.zeros(3), path)
    with pytest.raises(DataError, match="not a checkpoint of taver"):
        checkpoint.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello", "world")
    with pytest.raises(DataError):
        checkpoint.load(path)


def test_another_version_says_so(saved):
    path, _ = saved
    tree = torch.load(path, weights_only=True)
    torch.save({**tree, "version": 99}, path)
    with pytest.raises(DataError, match="version 99"):
        checkpoint.load(path)


def test_there_has_to_be_one(tmp_path):
    with pytest.raises(NotFoundError):
        checkpoint.load(tmp_path / "best.ckpt")


def test_weights_of_another_model_are_refused_with_what_differs(saved):
    path, _ = saved
    wider = models.build(changed(SMALL, "model.width=0.2").model)
    with pytest.raises(DataError, match="another model") as refused:
        checkpoint.into(wider, checkpoint.load(path).weights, path)
    assert any(" not " in problem for problem in refused.value.problems)
    other = models.build(changed(SMALL, "model.name=uran").model)
    with pytest.raises(DataError) as refused:
        checkpoint.into(other, checkpoint.load(path).weights, path)
    assert any("missing" in problem for problem in refused.value.problems)
