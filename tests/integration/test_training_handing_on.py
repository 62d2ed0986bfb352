"""A trained run is handed on and looked into: exported, with a card, its attention shown."""

import json
import struct
import tracemalloc

import av
import numpy as np
import pytest
import torch
import trained

from taver import dataset
from taver.cli.main import run as typed
from taver.core.errors import AlreadyThereError, DataError, InputError, TaverError
from taver.dataset import schema
from taver.training import checkpoint, models, predict, runs, synthetic, training
from taver.training.attention import draw, maps, regions
from taver.training.export import program
from taver.training.export.run import export

torch.set_num_threads(1)
SMALL = (
    "model.name=tran", "model.width=0.06", "model.length=3",
    "optimiser.epochs=1", "optimiser.patience=0",
    "protocol.unit=clip", "optimiser.batch=16",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return trained.make(tmp_path_factory.mktemp("tri modal é") / "d.zarr")


@pytest.fixture(scope="module")
def finished(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs ü") / "tran"
    training.run(store, folder, trained.settings(*SMALL))
    return folder


@pytest.fixture(scope="module")
def plain(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "cnn3d"
    training.run(store, folder, trained.settings(*SMALL, "model.name=cnn3d"))
    return folder


def of_run(folder):
    """Return the trained model, rebuilt from what stands in the run."""
    loaded = checkpoint.load(folder / checkpoint.BEST)
    model = models.build(loaded.config.model)
    checkpoint.into(model, loaded.weights, folder)
    return model.eval(), loaded.config


def noise(chosen, clips, seed=3):
    drawn = torch.Generator().manual_seed(seed)
    side = chosen.size_px
    return {
        name: torch.rand(clips, models.CHANNELS[name], chosen.length, side, side, generator=drawn)
        for name in chosen.sees
    }


@pytest.mark.timeout(400)  # the exporters are slow on a busy machine
@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_what_is_exported_says_what_was_trained_for_any_number_of_clips(finished, tmp_path, kind):
    import onnxruntime

    made = export(finished, kind, tmp_path / "handed on")
    assert made.difference <= 1e-4
    model, config = of_run(finished)
    for clips in (1, 5):
        batch = noise(config.model, clips)
        with torch.no_grad():
            expected = model(batch).numpy()
        if kind == "onnx":
            session = onnxruntime.InferenceSession((made.folder / "model.onnx").read_bytes())
            found = session.run(["outputs"], {k: v.numpy() for k, v in batch.items()})[0]
        else:
            with torch.no_grad():
                found = torch.export.load(made.folder / "model.pt2").module()(batch).numpy()
        assert found == pytest.approx(expected, abs=1e-4)
    assert np.ptp(expected) > 1e-6  # it does not say the same of everything


def test_the_card_and_the_weights_tell_what_they_are(plain, tmp_path, capfd):
    import safetensors.torch

    assert typed(["export", str(plain), "--format", "torch", "--out", str(tmp_path / "x")]) == 0
    assert "simulated" in capfd.readouterr().err
    card = (tmp_path / "x" / "README.md").read_text("utf-8")
    for words in ("SIMULATED", "from scratch", "2 people", "`color`", "model.pt2", "raters"):
        assert words in card
    assert "P01" not in card  # who it was is nobody's business
    kept = safetensors.torch.load_file(tmp_path / "x" / "weights.safetensors")
    loaded = checkpoint.load(plain / checkpoint.BEST)
    assert kept.keys() == loaded.weights.keys()
    assert all(torch.equal(kept[name], loaded.weights[name]) for name in kept)
    config = json.loads((tmp_path / "x" / "config.json").read_text("utf-8"))
    assert config["model"]["name"] == "cnn3d"


def test_nothing_is_left_of_an_export_that_went_wrong(plain, tmp_path, monkeypatch):
    with pytest.raises(AlreadyThereError):
        export(plain, "torch", plain)
    monkeypatch.setattr(program, "ALIKE", -1.0)
    with pytest.raises(TaverError, match="differs"):
        export(plain, "torch", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_none_is_told_so(tmp_path, capfd):
    assert typed(["export", str(tmp_path / "nowhere")]) == 7
    assert "There is no run" in capfd.readouterr().err


def test_attention_is_shown_as_a_sheet_a_film_and_a_page(finished, store):
    found = predict.predict(finished, "s01", store=store, attention=True)
    page = found.attention[0]
    sheet = page.with_suffix(".png").read_bytes()
    wide, high = struct.unpack(">II", sheet[16:24])
    assert wide >= 3 * 32
    assert high >= 2 * 2 * 32
    with av.open(str(page.with_suffix(".webm"))) as film:
        frames = sum(1 for _ in film.decode(video=0))
        assert film.metadata["title"].endswith("SIMULATED")
    assert frames == 63  # 16 seconds at 4 a second, in clips of 3
    text = page.read_text("utf-8")
    assert "SIMULATED" in text
    assert "mouth" in text


def test_a_model_without_attention_is_told_before_anything_is_computed(plain, store):
    with pytest.raises(InputError, match="no attention"):
        predict.predict(plain, "s01", store=store, attention=True)
    assert not (plain / predict.FOLDER).exists()


def test_shares_of_attention_are_those_that_were_planted():
    size, mouth = 40, np.s_[30:36, 12:28]
    points = np.full((1, 2, 68, 2), 5.0, np.float32)
    grid = np.meshgrid(np.linspace(13.2, 26.2, 5), [31.2, 32, 33, 34.2])
    points[..., 48:68, :] = np.stack(grid, -1).reshape(20, 2)
    planted = np.full((1, 2, size, size), 0.5, np.float32)
    planted[(..., *mouth)] = 5.0
    color = np.zeros((1, 2, size, size, 3), np.uint8)
    seen = maps.Looked("r", np.zeros((1, 2), np.int64), color, planted, points)
    found = {share.part: share for share in regions.shares(seen)}
    inside = 6 * 16
    assert found["mouth"].area == pytest.approx(inside / size**2, abs=0.02)
    expected = 5 * inside / (5 * inside + 0.5 * (size**2 - inside))
    assert found["mouth"].attention == pytest.approx(expected, abs=0.05)
    assert found["eyes"].attention < found["eyes"].area


def test_where_a_model_looked_is_not_shown_on_frames_that_were_lost(tmp_path):
    lost = trained.make(tmp_path / "d.zarr", people=2, seconds=4, lost=(5,))
    config = trained.settings(*SMALL, "clips.missing=mask", "clips.most_missing=0.5")
    recording = next(iter(dataset.open(lost).recordings.values()))
    model = models.build(config.model)
    seen = maps.looked(model, recording, config, torch.device("cpu"))
    assert len(seen.slots) == 5
    assert 5 not in seen.slots
    assert seen.color.mean(axis=(2, 3, 4)).min() > 20


def test_an_hour_of_attention_is_drawn_frame_by_frame():
    """All of its film's frames at once would take 14 GB."""
    side, clips = 96, 900
    seen = maps.Looked(
        "r",
        np.zeros((clips, 16), np.int64),
        np.broadcast_to(np.uint8(90), (clips, 16, side, side, 3)),
        np.broadcast_to(np.float32(1), (clips, 16, side, side)),
        np.zeros((clips, 16, 68, 2), np.float32),
    )
    tracemalloc.start()
    frames = draw.film_frames(seen, 3)
    assert next(frames).shape == (3 * side, 6 * side, 3)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**30


def test_tasks_of_another_seed_or_size_are_other_datasets(tmp_path):
    small = {"people": 2, "test_people": 1, "clips": 2, "length": 4}
    tasks = [synthetic.Task(**small, seed=seed) for seed in (0, 1)]
    made = [synthetic.write(tmp_path / f"{task.seed}.zarr", task) for task in tasks]
    one, other = (runs.fingerprint(dataset.open(path)) for path in made)
    assert one != other


def test_the_task_hides_its_label_as_it_says(tmp_path):
    task = synthetic.Task(people=4, test_people=1, clips=120, length=4)
    opened = dataset.open(synthetic.write(tmp_path / "tâche.zarr", task))
    assert schema.problems(opened.root) == []
    assert opened.simulated
    assert [len(opened.part(part)) for part in ("train", "validation", "test")] == [3, 0, 1]
    label, mean, told_row = [], [], []
    for number in range(4):
        seen = synthetic.person(number, task)
        label.append(seen.valence)
        brightness = seen.color.astype(float).mean((1, 2, 3))
        mean.append(brightness - brightness.mean())
        lower = seen.depth[:, 16:].astype(float).mean((1, 2)) - seen.depth[:, :16].mean((1, 2))
        told_row.append(lower - lower.mean())
    label, mean, told_row = map(np.concatenate, (label, mean, told_row))
    # Colour as a whole goes with the label by about a half; the guides do not, by themselves.
    assert 0.35 < np.corrcoef(label, mean)[0, 1] < 0.65
    assert abs(np.corrcoef(label, told_row)[0, 1]) < 0.15
    with pytest.raises(AlreadyThereError):
        synthetic.write(tmp_path / "tâche.zarr", task)
    with pytest.raises(InputError):
        synthetic.write(tmp_path / "other", synthetic.Task(people=2, test_people=2))


def test_too_short_a_session_has_no_attention_to_show(finished, tmp_path):
    short = trained.make(tmp_path / "short.zarr", seconds=0.2)
    with pytest.raises(DataError, match="clip"):
        predict.predict(finished, "s01", store=short, attention=True)
