"""Which extras are complete is read from a distribution's metadata, and nowhere else."""

from __future__ import annotations

import tomllib
from importlib.metadata import Distribution, PathDistribution, version
from pathlib import Path

import pytest

from taver.cli.diagnosis import extras
from taver.cli.diagnosis.finding import Finding, State
from taver.cli.main import run
from taver.core.errors import InputError, MissingExtraError

METADATA = """\
Metadata-Version: 2.4
Name: taver
Version: 0.1.0
Requires-Dist: click>=1
Provides-Extra: whole
Requires-Dist: pytest>=1; extra == 'whole'
Provides-Extra: faces
Requires-Dist: pytest>=1; extra == 'faces'
Requires-Dist: taver-no-such-package>=1; extra == 'faces'
Provides-Extra: old
Requires-Dist: click<1,>=0.5; extra == 'old'
Provides-Extra: new
Requires-Dist: click>=999; extra == 'new'
Requires-Dist: taver-no-such-package; extra == 'new'
Provides-Extra: elsewhere
Requires-Dist: taver-no-such-package; (sys_platform == 'no-such') and extra == 'elsewhere'
Provides-Extra: nested
Requires-Dist: taver-parent[c]; extra == 'nested'
Provides-Extra: all
Requires-Dist: taver-no-such-package; extra == 'all'
"""


@pytest.fixture
def of(tmp_path: Path) -> Distribution:
    info = tmp_path / "taver-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    return PathDistribution(info)


def told(of: Distribution, name: str) -> Finding:
    return next(f for f in extras.findings(of, (name,)) if f.name == name)


def test_a_complete_extra_tells_its_versions(of: Distribution) -> None:
    whole = told(of, "whole")
    assert (whole.state, whole.more) == (State.OK, f"pytest {version('pytest')}")
    assert whole.install == ""


def test_an_incomplete_extra_tells_what_it_is_for_what_it_lacks_and_its_install_line(
    of: Distribution,
) -> None:
    faces = told(of, "faces")
    assert faces.state is State.MISSING
    assert faces.detail == "track faces; lacks taver-no-such-package"
    assert "[faces]" in faces.install
    assert "(" not in faces.install


@pytest.mark.parametrize(("name", "wanted"), [("old", ">=0.5,<1"), ("new", ">=999")])
def test_a_version_outside_the_range_is_wrong_and_told_with_the_range(
    of: Distribution, name: str, wanted: str
) -> None:
    found = told(of, name)
    assert found.state is State.WRONG
    assert f"has click {version('click')} (needs {wanted})" in found.detail
    assert f"[{name}]" in found.install


def test_an_extra_with_nothing_for_this_platform_is_complete(of: Distribution) -> None:
    assert told(of, "elsewhere").state is State.NOTE


def test_a_package_that_is_wanted_with_an_extra_of_its_own_needs_that_too(
    of: Distribution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tmp_path / "site" / "taver_parent-1.dist-info"
    parent.mkdir(parents=True)
    (parent / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: taver-parent\nVersion: 1\nProvides-Extra: c\n"
        "Requires-Dist: taver-parent-c==1; extra == 'c'\nRequires-Dist: ???\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert told(of, "nested").detail == "lacks taver-parent-c"


def test_the_union_of_all_extras_is_shown_to_whoever_needs_it(of: Distribution) -> None:
    assert "all" not in [f.name for f in extras.findings(of, ())]
    assert told(of, "all").state is State.MISSING


def test_the_base_is_wrong_where_it_is_incomplete(of: Distribution, tmp_path: Path) -> None:
    (tmp_path / "taver-0.1.0.dist-info" / "METADATA").write_text(
        METADATA.replace("click>=1\n", "taver-no-such-package\n")
    )
    assert extras.findings(of, ())[0].state is State.WRONG


def test_a_taver_that_was_never_installed_says_so() -> None:
    (found,) = extras.findings(None, ())
    assert found.state is State.NOTE
    assert "pip install" in found.install
    with pytest.raises(MissingExtraError):
        extras.checked(None, ("faces",))


def test_needs_may_be_repeated_or_joined_by_commas(of: Distribution) -> None:
    assert extras.checked(of, ("faces, Old", "new", "faces")) == ("faces", "old", "new")


def test_an_unknown_need_is_refused_with_the_list_of_those_there_are(of: Distribution) -> None:
    with pytest.raises(InputError, match="no extra 'nosuch'") as refused:
        extras.checked(of, ("faces,nosuch",))
    assert "faces" in refused.value.fix


def test_the_command_refuses_an_unknown_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--need", "nosuch"]) in (2, 4)  # 4: runs without being installed
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error")


@pytest.mark.parametrize(("need", "code"), [("whole", 0), ("elsewhere", 0), ("whole,faces", 1)])
def test_the_command_leaves_with_1_unless_what_is_needed_is_complete(
    of: Distribution,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    need: str,
    code: int,
) -> None:
    metadata = tmp_path / "taver-0.1.0.dist-info" / "METADATA"
    metadata.write_text("".join(x for x in METADATA.splitlines(True) if "click" not in x))
    monkeypatch.syspath_prepend(tmp_path)
    assert run(["doctor", "--need", need]) == code
    page = capsys.readouterr().out
    assert ("needed, but not complete: faces" in page) is bool(code)


def test_every_extra_says_what_it_is_for() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    declared = tomllib.loads(project.read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(extras.PURPOSES) == {"", *declared}
