"""In the study that the demo leaves, the other commands and all that the pages say can be typed."""

import shlex

import followed
import pytest

from taver.cli.main import run

pytestmark = pytest.mark.timeout(600)  # the whole of it is run once


def test_its_study_works_with_the_other_commands(demo, tmp_path, monkeypatch, capfd):
    """Those that no page of the documentation types in it."""
    monkeypatch.chdir(demo.sessions_folder)
    # Outside the study: what was handed out still names people who are to be forgotten here.
    ratings = shlex.quote(str(tmp_path / "ratings"))
    for line in (
        "session ls",
        "participant show P01",
        "labels --all",
        "dataset verify",
        "dataset stats",
        "annotate status",
        f"annotate export {ratings} --format csv",
        "predict tran --session s01",
        "evaluate uran --part validation",
    ):
        code = run(shlex.split(line))
        printed = capfd.readouterr()
        assert code == 0, f"{line}\n{printed.err}"


@pytest.mark.parametrize("page", followed.PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_can_be_typed_from_top_to_bottom(page, demo, tmp_path, monkeypatch, capfd):
    """README's first command was run above; the study it left is where the others are typed."""
    study = followed.prepared(page, demo, tmp_path)
    assert followed.follow(page, study, monkeypatch.chdir, capfd) == {}
