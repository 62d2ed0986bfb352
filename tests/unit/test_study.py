"""A study is a folder with study.toml; commands find it from anywhere inside."""

import os
import tomllib

import children
import pytest
import studies
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from taver.core.errors import AlreadyThereError, ConfigError, InputError, NotFoundError
from taver.core.study import FILE, Study, StudyConfig, _text


@pytest.fixture
def made(tmp_path):
    return Study.create(tmp_path / "deep" / studies.STRANGE_NAME, "Étude")


def test_a_new_study_has_its_file_and_private_folders(made):
    assert made.name == "Étude"
    assert {p.name for p in made.folder.iterdir() if not p.name.startswith(".")} == {
        FILE,
        "participants",
        "sessions",
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_faces_and_people_are_for_the_owner_alone(made):
    for name in ("participants", "sessions"):
        assert (made.folder / name).stat().st_mode & 0o777 == 0o700


def test_it_is_found_from_any_folder_inside(made):
    inner = made.folder / "sessions" / "s01" / "stages"
    inner.mkdir(parents=True)
    assert Study.find(inner).folder == made.folder
    assert Study.find(made.folder).folder == made.folder


def test_the_nearest_study_counts(made):
    inner = Study.create(made.folder / "pilot", "pilot")
    assert Study.find(made.folder / "pilot" / "sessions").folder == inner.folder


def test_where_there_is_none_the_way_to_make_one_is_told(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        Study.find(tmp_path)
    assert "taver init" in caught.value.fix


def test_a_study_that_is_there_is_never_overwritten(made):
    before = (made.folder / FILE).read_bytes()
    with pytest.raises(AlreadyThereError):
        Study.create(made.folder, "another")
    assert (made.folder / FILE).read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege there")
def test_a_link_to_a_study_on_a_disk_that_is_away_is_not_overwritten(tmp_path):
    (tmp_path / FILE).symlink_to(tmp_path / "not mounted" / FILE)
    with pytest.raises(AlreadyThereError):
        Study.create(tmp_path, "another")
    assert (tmp_path / FILE).is_symlink()


def test_of_many_who_make_a_study_at_once_one_does(tmp_path):
    code = """
import sys
from pathlib import Path
from taver.core.errors import AlreadyThereError
from taver.core.study import Study
sys.stdin.readline()
try:
    Study.create(Path(sys.argv[1]), sys.argv[2])
except AlreadyThereError:
    print("refused")
else:
    print("made")
"""
    folder = tmp_path / "study"
    with (
        children.started(code, folder, "a", cwd=tmp_path) as a,
        children.started(code, folder, "b", cwd=tmp_path) as b,
    ):
        for child in (a, b):
            child.stdin.write("go\n")
            child.stdin.flush()
        said = {"a": a.communicate(timeout=60)[0], "b": b.communicate(timeout=60)[0]}
    (winner,) = [name for name, words in said.items() if words == "made\n"]
    assert Study(folder).name == winner
    assert sorted(said.values()) == ["made\n", "refused\n"]


@pytest.mark.parametrize("name", ["", "  ", "\n", "a\udcff"])
def test_a_name_that_says_nothing_is_refused_and_nothing_is_made(tmp_path, name):
    with pytest.raises(InputError):
        Study.create(tmp_path / "study", name)
    assert list(tmp_path.iterdir()) == []


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@example('"]\n[sessions]\nfolder = "/etc')
@example("\\u0000 \x00 \x7f \x1b[31m \r\n \u2028 {name}")
def test_whatever_a_study_is_called_its_file_says_exactly_that(name):
    if name.strip():
        tree = tomllib.loads(_text(name).decode())
        assert tree["study"] == {"name": name}
        assert set(tree) == set(StudyConfig.__struct_fields__)


@pytest.mark.filterwarnings("default")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_the_file_of_a_study_of_any_name_is_read_back(tmp_path, name):
    if not name.strip() or "\0" in name:
        return
    (tmp_path / FILE).write_bytes(_text(name))
    assert Study(tmp_path).name == name


def test_what_the_file_leaves_out_is_where_a_new_study_has_it(tmp_path):
    (tmp_path / FILE).write_text("[study]\nname = 'short'\n")
    short, full = Study(tmp_path), Study.create(tmp_path / "full", "full")
    assert short.config.sessions == full.config.sessions
    for section in StudyConfig.__struct_fields__[1:]:
        assert getattr(short.config, section) == getattr(full.config, section)


def test_sessions_may_be_on_another_disk(tmp_path):
    (tmp_path / FILE).write_text(
        f"[study]\nname = 'far'\n[sessions]\nfolder = '{(tmp_path / 'disk').as_posix()}'\n"
    )
    assert Study(tmp_path).sessions_folder == tmp_path / "disk"


@pytest.mark.parametrize("folder", ['""', '"a\\u0000"', "3", "[]"])
def test_a_folder_that_is_none_is_refused(tmp_path, folder):
    (tmp_path / FILE).write_text(f"[study]\nname = 'x'\n[sessions]\nfolder = {folder}\n")
    with pytest.raises(ConfigError, match=r"line 4: sessions\.folder"):
        Study(tmp_path)
