"""The command and build.toml are refused in words, with the key and with what to type."""

from __future__ import annotations

import pytest

from taver.core.errors import ConfigError, InputError, NotFoundError
from taver.dataset import config


def test_a_build_toml_that_says_nonsense_is_refused_with_the_key(study):
    path = study.folder / "build.toml"
    path.write_text('modalities = ["color", "sound"]\n')
    with pytest.raises(ConfigError, match="sound"):
        config.load(path)
    path.write_text("sise_px = 96\n")
    with pytest.raises(ConfigError) as told:
        config.load(path)
    assert "size_px" in told.value.problems[0]
    for text, said in (
        ('[clips]\nlabels = ["valance"]\n', "choose among arousal, valence"),
        ("[split]\nfolds = 1\n", "nobody train"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=said) as told:
            config.load(path)
        assert str(path) in told.value.what
    path.write_text("size_px = 48\nrate_hz = 5\n[clips]\nlength = 8\n[split]\nfolds = 3\n")
    assert config.load(path).clips.length == 8


def test_the_command_tells_everything_in_words(study, cli, refused):
    done = cli(study, "build-dataset", "--config", str(given(study)))
    assert done.code == 0, done.err
    assert "1 recordings of 1 people" in done.out
    assert "unchanged" in cli(study, "build-dataset", "--config", str(given(study))).out
    again = cli(study, "build-dataset", "--again", "--config", str(given(study)))
    assert (again.code, "unchanged" in again.out) == (0, False)
    assert "hundred" not in refused(InputError, study, "build-dataset", "--jobs", "0", "--out", "x")
    refused(NotFoundError, study, "build-dataset", "--session", "s77")
    refused(
        InputError, study, "build-dataset", "--jobs", "2", "--scheduler", "tcp://x:1", "--out", "y"
    )
    study.rig_file.unlink()
    assert "taver calibrate" in refused(NotFoundError, study, "build-dataset")


def given(study):
    path = study.folder / "short.toml"
    path.write_text("[clips]\nlength = 2\n")
    return path
