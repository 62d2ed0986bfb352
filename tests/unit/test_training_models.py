"""The models are as large as published, take clips of any length, and say between -1 and 1."""

from pathlib import Path

import msgspec
import pytest
import torch

from taver.core.errors import DataError, NotFoundError
from taver.training.models import CHANNELS, MODELS, ModelConfig, build, names, weights
from taver.training.models.table import count, filled, parameters_table

torch.set_num_threads(1)


def small(name="tran", **told):
    return ModelConfig(**{"name": name, "width": 0.06, "size_px": 32, "length": 4, **told})


def clips(config, count=2, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    side = config.size_px
    return {
        name: 2 * torch.rand((count, CHANNELS[name], config.length, side, side), generator=drawn)
        - 1
        for name in config.sees
    }


def made(config, seed=0):
    torch.manual_seed(seed)
    return build(config).eval()


@pytest.mark.parametrize(
    ("name", "peephole", "weights_"),
    [
        ("tran", "literal", 13_370_236),
        ("tran", "hadamard", 13_273_414),
        ("tran", "none", 13_003_846),
        ("uran", "literal", 11_421_696),
        ("cnn3d", "literal", 10_631_201),
    ],
)
def test_models_are_as_large_as_the_paper_resolved(name, peephole, weights_):
    assert count(ModelConfig(name=name, peephole=peephole)) == weights_


@pytest.mark.parametrize("name", names())
def test_the_table_of_layers_accounts_for_every_weight(name):
    config = small(name)
    rows = parameters_table(config)
    assert sum(row.parameters for row in rows) == count(config)
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in build(config).parameters())


@pytest.mark.parametrize("name", names())
def test_every_model_learns_from_every_weight_and_stays_between_minus_one_and_one(name):
    config = small(name, target="both", dropout=0.0)
    torch.manual_seed(1)
    model = build(config)
    outputs = model(clips(config, 3))
    assert outputs.shape == (3, 2)
    assert outputs.abs().max() <= 1
    (outputs - 1).square().sum().backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert without == []


@pytest.mark.parametrize("length", [3, 4, 8, 16, 24, 32])
def test_clips_of_other_lengths_have_the_same_weights(length):
    config = small(length=length)
    model = made(config)
    assert model(clips(config)).shape == (2, 1)
    assert count(config) == count(small(length=16))


@pytest.mark.parametrize("name", ["tran", "uran"])
def test_attention_is_one_on_average_and_depends_on_what_is_seen(name):
    config = small(name)
    model = made(config)
    batch = clips(config)
    with torch.no_grad():
        maps = model.attention(batch)
        other = model.attention({**batch, "color": -batch["color"]})
        printed = made(small(name, attention_scale="none")).attention(batch)
    assert maps.shape == (2, 4, 32, 32)
    assert torch.allclose(maps.mean((2, 3)), torch.ones(2, 4), atol=1e-4)
    assert not torch.allclose(maps, other)
    assert torch.allclose(printed.sum((2, 3)), torch.ones(2, 4), atol=1e-4)


@pytest.mark.parametrize("guide", ["depth", "thermal"])
def test_a_guide_changes_attention_a_frame_later_and_colour_alone_goes_through(guide):
    config = small(width=0.12)
    model = made(config)
    batch = clips(config)
    other = {**batch, guide: batch[guide].clone()}
    other[guide][:, :, 1] += 1.0
    with torch.no_grad():
        changed = (model.attention(batch) - model.attention(other)).abs().amax((0, 2, 3))
    assert changed[:2].max() == 0
    assert changed[2:].min() > 0


def test_any_subset_with_colour_is_a_tran():
    for guides in ((), ("depth",), ("thermal",), ("thermal", "depth")):
        config = small(modalities=("color", *guides))
        assert set(config.sees) == {"color", *guides}
        assert made(config)(clips(config)).shape == (2, 1)
    # Without guides it is URAN.
    assert count(small(modalities=("color",))) == count(small("uran"))


def test_both_schedules_say_the_same_of_whole_clips():
    config = small()
    model = made(config).double()
    batch = {name: values.double() for name, values in clips(config).items()}
    with torch.no_grad():
        fast = model(batch)
        model.schedule = "literal"
        assert torch.allclose(model(batch), fast, rtol=0, atol=1e-12)


def test_bfloat16_says_nearly_the_same():
    config = small(width=0.12)
    model = made(config)
    last = [module for module in model.modules() if isinstance(module, torch.nn.Linear)][-1]
    last.weight.data *= 20  # outputs are small as models begin
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = model(clips(config, 8)).float()
    with torch.no_grad():
        whole = model(clips(config, 8))
    assert whole.abs().max() > 0.3
    assert (whole - half).abs().max() < 0.05 * whole.abs().max()


@pytest.mark.parametrize(("label", "frame"), [("last", 3), ("centre", 2)])
def test_a_frame_by_frame_model_looks_at_the_frame_its_label_is_of(label, frame):
    config = small("cnn2d", clip_label=label)
    model = made(config)
    batch = clips(config)
    alone = {"color": batch["color"][:, :, frame : frame + 1].expand(-1, -1, 4, -1, -1)}
    with torch.no_grad():
        assert torch.allclose(model(batch), model(alone), atol=1e-6)
        whole = made(small("cnn2d"))(batch)
    assert not torch.allclose(model(batch), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"modalities": ["depth"]}, "add color"),
        ({"modalities": ["color", "depth", "depth"]}, "named twice"),
        ({"length": 2}, "3 frames or more"),
        ({"weights": "x.pt"}, "starts from scratch"),
        ({"size_px": 90}, "multiple"),
        ({"name": "transformer"}, "Invalid enum value"),
    ],
)
def test_a_model_that_cannot_be_is_refused_in_words(told, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(told, ModelConfig)


def test_weights_trained_elsewhere_are_taken_by_their_names(tmp_path):
    torch.manual_seed(8)
    other = {n: v + 1 for n, v in build(small("vgg16")).state_dict().items()}
    other = {n: v for n, v in other.items() if n.startswith("features.")}
    other["classifier.6.weight"] = torch.zeros(1000, 5)
    path = tmp_path / "Gewichte für VGG.pt"
    torch.save(other, path)
    config = small("vgg-face", weights=str(path))
    model = build(config)
    told = weights.begin(model, config)
    assert "sha256" in told
    assert "26 of 32 arrays" in told
    assert torch.equal(model.state_dict()["features.0.weight"], other["features.0.weight"])
    assert model.eval()(clips(config)).shape == (2, 1)


def test_weights_that_do_not_fit_or_run_code_are_refused(tmp_path):
    import pickle

    with pytest.raises(NotFoundError):
        weights.begin(build(small("vgg16")), small("vgg16", weights=str(tmp_path / "none.pt")))
    foreign = tmp_path / "foreign.pt"
    torch.save(build(small("resnet50")).state_dict(), foreign)
    with pytest.raises(DataError) as told:
        weights.begin(build(small("vgg16")), small("vgg16", weights=str(foreign)))
    assert any("features.0.weight is missing" in problem for problem in told.value.problems)
    harmful = tmp_path / "harmful.pt"
    harmful.write_bytes(pickle.dumps({"a": print}))
    with pytest.raises(DataError, match="no file of weights"):
        weights.begin(build(small("vgg16")), small("vgg16", weights=str(harmful)))
    for name in ("nothing.pt", "nothing.safetensors"):
        for content in (b"", b"\x80", b"abc", b"\x08\0\0\0\0\0\0\0{}"):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(DataError):
                weights._read(tmp_path / name)


def test_models_are_named_once_and_described():
    assert names() == tuple(MODELS)
    assert all(entry.about for entry in MODELS.values())


def test_the_tables_in_the_docs_are_those_of_the_code():
    page = Path(__file__).parents[2] / "docs" / "models.md"
    text = page.read_text("utf-8")
    assert text.count("<!-- layers: ") == len(MODELS)
    # To make them anew: page.write_text(filled(page.read_text("utf-8")), "utf-8")
    assert filled(text) == text
