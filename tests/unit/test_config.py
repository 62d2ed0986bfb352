"""study.toml and other configs: typed, and every mistake named with its place and remedy."""

from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from taver.core import config
from taver.core.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path


class Camera(config.Section, frozen=True, kw_only=True):
    serial: config.Words
    rate_hz: float = 30.0


class Rig(config.Section, frozen=True, kw_only=True):
    name: str
    camera: Camera | None = None
    extra: tuple[Camera, ...] = ()
    by_place: dict[str, Camera] = msgspec.field(default_factory=dict)


@pytest.fixture
def load(tmp_path):
    """Write a config file; read it as a rig."""

    def written(text: str | bytes) -> Rig:
        path: Path = tmp_path / "rig.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return config.load(path, Rig)

    return written


@pytest.fixture
def problem(load):
    """Write a config file that is wrong; return the error."""

    def of(text: str | bytes) -> ConfigError:
        with pytest.raises(ConfigError) as caught:
            load(text)
        assert "rig.toml" in caught.value.what
        assert caught.value.fix
        return caught.value

    return of


def test_tables_become_typed_objects(load):
    rig = load("name = 'left'\n[camera]\nserial = 'a1'\n[[extra]]\nserial = 'b'\nrate_hz = 10.5\n")
    assert rig == Rig(
        name="left", camera=Camera(serial="a1"), extra=(Camera(serial="b", rate_hz=10.5),)
    )


def test_a_file_from_an_editor_on_windows_is_read(load):
    assert load(b"\xef\xbb\xbfname = 'left'\r\n[camera]\r\nserial = 'a1'\r\n").camera.serial == "a1"


def test_every_unknown_key_is_listed_with_its_line_and_what_was_probably_meant(problem):
    error = problem(
        "name = 'left'\n# a \u2028 comment\nnmae = 'x'\n[camera]\nserial = 'a'\nserail = 'b'\n"
        "[camra]\nserial = 'c'\n[[extra]]\nserial = 'd'\nrate = 1\n[by_place.door]\nzzz = 1\n"
    )
    assert "4 unknown keys" in problem("a=1\nb=1\nc=1\nd=1\n").what
    assert "5 unknown keys" in error.what
    assert error.problems == (
        "nmae, line 3: did you mean 'name'?",
        "camera.serail, line 6: did you mean 'serial'?",
        "camra, line 7: did you mean 'camera'?",
        "extra.1.rate, line 11: did you mean 'rate_hz'?",
        "by_place.door.zzz, line 13: known here: serial, rate_hz",
    )


def test_a_key_is_found_in_the_table_it_is_in_however_often_that_comes_again(problem):
    error = problem("name = 'left'\n[[extra]]\nserial = 'a'\n[[extra]]\nserail = 'b'\nrat = 1\n")
    assert [told.partition(":")[0] for told in error.problems] == [
        "extra.2.serail, line 5",
        "extra.2.rat, line 6",
    ]


def test_a_key_inside_braces_is_found_on_the_line_of_the_braces(problem):
    (told,) = problem("name = 'left'\ncamera = { serial = 'a', rat = 3 }\n").problems
    assert told.startswith("camera.rat, line 2: ")


def test_a_value_of_the_wrong_kind_is_named_with_its_key_and_line(problem):
    error = problem("name = 'left'\n[camera]\nserial = 'a'\nrate_hz = 'fast'\n")
    assert ", line 4: camera.rate_hz: " in error.what


def test_a_wrong_value_in_a_table_that_comes_again_is_found(problem):
    error = problem("name = 'left'\n[[extra]]\nserial = 'a'\n[[extra]]\nserial = 3\n")
    assert ", line 5: extra.2.serial: " in error.what


class Lenses(config.Section, frozen=True, kw_only=True):
    lenses: tuple[Literal["long", "wide"], ...]


def test_a_value_that_is_none_of_few_is_told_which_they_are(tmp_path):
    path = tmp_path / "lenses.toml"
    path.write_text("lenses = ['wide', 'narrow']\n")
    with pytest.raises(ConfigError, match=r"lenses\.2: ") as told:
        config.load(path, Lenses)
    assert told.value.fix == "choose among long, wide"


def test_a_key_that_must_be_there_is_asked_for(problem):
    error = problem("name = 'left'\n[camera]\nrate_hz = 3\n")
    assert "line 2: camera: 'serial' is missing" in error.what
    assert "'name' is missing" in problem("").what


@pytest.mark.parametrize("words", ["''", '"a\\u0000b"'])
def test_words_that_cannot_name_anything_are_refused(problem, words):
    assert "camera.serial" in problem(f"name = 'left'\n[camera]\nserial = {words}\n").what


@pytest.mark.parametrize(
    "text",
    [
        b"name = left",
        b"name = 'left",
        b"name = 'a'\nname = 'b'",
        b"[[[",
        b"name = 2026-99-99",
        b"name = " + b"9" * 5000,
        b"name = " + b"[" * 100_000,
        b"name = " + b"{a=" * 100_000,
        b"\xff\xfe",
        b"n\x00ame = 'left'",
        b"#" * 1_000_001,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_toml_is_refused_in_words(problem, text):
    assert "Traceback" not in str(problem(text))
    assert len(problem(text).what) < 1000  # not the file over again


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFoundError, match=r"rig\.toml"):
        config.load(tmp_path / "rig.toml", Rig)
