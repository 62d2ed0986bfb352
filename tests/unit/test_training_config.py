"""Settings: the paper's by default, changed by file or word, refused with what was meant."""

import msgspec
import pytest

from taver.core.errors import ConfigError, InputError
from taver.training import config
from taver.training.published import TABLES


def test_the_defaults_are_the_papers():
    chosen = config.TrainingConfig()
    assert chosen.model.name == "tran"
    assert chosen.modalities == ("color", "depth", "thermal")
    assert (chosen.model.length, chosen.clips.rate_hz, chosen.clips.stride) == (16, 4.0, None)
    assert (chosen.optimiser.learning_rate, chosen.optimiser.batch) == (1e-4, 4)
    assert (chosen.optimiser.loss, chosen.model.dropout) == ("mse", 0.5)
    assert chosen.clip_options.length == 16


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("optimiser.batch=8", lambda c: c.optimiser.batch == 8),
        ("optimiser.learning_rate=3e-5", lambda c: c.optimiser.learning_rate == 3e-5),
        ("model.name=uran", lambda c: c.modalities == ("color",)),
        ("model.modalities=color,thermal", lambda c: c.modalities == ("color", "thermal")),
        ('model.modalities=["color"]', lambda c: c.modalities == ("color",)),
        ("clips.stride=none", lambda c: c.clips.stride is None),
        ("protocol.post=none", lambda c: c.protocol.post == "none"),
        ("model.peephole=none", lambda c: c.model.peephole == "none"),
        ("protocol.refit=true", lambda c: c.protocol.refit is True),
        ("model.target=both", lambda c: c.targets == ("arousal", "valence")),
        ("protocol.split=fold-1", lambda c: c.protocol.split == "fold-1"),
    ],
)
def test_one_word_changes_one_setting(word, read):
    assert read(config.changed(config.TrainingConfig(), word))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("optimiser.batsh=8", "optimiser.batch"),
        ("batch=8", "known are|did you mean"),
        ("optimiser.batch", "KEY=VALUE"),
        ("optimiser.batch=none", "optimiser.batch"),
        ("optimiser.batch=0", "optimiser.batch"),
        ("optimiser.loss=huber", "optimiser.loss"),
        ("model.modalities=depth", "colour"),
        ("model.name.first=1", "no setting"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(word, told):
    with pytest.raises(InputError) as refused:
        config.changed(config.TrainingConfig(), word)
    words = f"{refused.value} {refused.value.fix}"
    assert any(part in words for part in told.split("|"))


def test_a_file_is_read_and_words_come_after_it(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text('[model]\nname = "cnn3d"\n[optimiser]\nbatch = 2\nepochs = 3\n')
    chosen = config.load(path, ["optimiser.batch=6"])
    assert (chosen.model.name, chosen.optimiser.batch, chosen.optimiser.epochs) == ("cnn3d", 6, 3)


def test_an_unknown_key_in_a_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text("[optimiser]\nbach = 2\n")
    with pytest.raises(ConfigError) as refused:
        config.load(path)
    assert "line 2" in refused.value.problems[0]
    assert "batch" in refused.value.problems[0]


def test_what_may_not_change_under_way_is_listed():
    before = config.TrainingConfig()
    now = config.changed(
        before, "optimiser.batch=8", "optimiser.epochs=7", "machine.device=cuda",
        "optimiser.learning_rate=1e-5", "scaling.fill=0.5",
    )  # fmt: skip
    found = config.problems_of_resuming(before, now)
    assert len(found) == 2
    assert "optimiser.batch was 4, and is 8 now" in found
    assert any(problem.startswith("scaling.fill") for problem in found)


@pytest.mark.parametrize("what", TABLES)
def test_every_row_of_the_papers_tables_is_a_config_or_only_printed(what):
    for variant in TABLES[what].variants:
        assert variant.settings is not None or variant.published is not None
        if variant.settings is not None:
            chosen = config.changed(config.TrainingConfig(), *variant.settings)
            assert msgspec.json.decode(msgspec.json.encode(chosen), type=config.TrainingConfig)
