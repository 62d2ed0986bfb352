"""What docs/reading.md and docs/sharing.md tell of Python and TOML is so."""

from __future__ import annotations

import re
from pathlib import Path

import datasets
import pytest

from taver.dataset.documents import told
from taver.dataset.forget.person import BEYOND
from taver.dataset.importing.layouts import LAYOUTS
from taver.dataset.select import ClipOptions
from taver.dataset.split import SplitOptions

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page, kind):
    text = (DOCS / page).read_text("utf-8")
    return re.findall(rf"(?ms)^```{kind}\n(.*?)^```", text)


@pytest.fixture
def inside(tmp_path, monkeypatch):
    datasets.make_dataset(tmp_path / "dataset.zarr", people=3, seconds=5)
    monkeypatch.chdir(tmp_path)


def test_the_python_of_the_reading_chapter_runs(inside):
    names = {}
    exec(compile(blocks("reading.md", "python")[0], "reading.md", "exec"), names)
    assert names["buffer"].any()
    assert names["counts"].taken == len(names["found"]) > 0


def test_every_clip_option_and_layout_is_told_with_its_default():
    text = (DOCS / "reading.md").read_text("utf-8")
    for name in ClipOptions.__struct_fields__:
        assert f"| `{name}` |" in text, name
    for name, layout in LAYOUTS.items():
        (row,) = re.findall(rf"(?m)^\| `{name}` \|.*$", text)
        assert f"{layout.scale[0]:g} to {layout.scale[1]:g} |" in row


def test_every_option_of_splits_is_told():
    text = (DOCS / "sharing.md").read_text("utf-8")
    for name in SplitOptions.__struct_fields__:
        assert f"`{name}`" in text, name
    assert len(BEYOND) == 4


def test_the_about_toml_of_the_sharing_chapter_is_read_and_whole(tmp_path):
    (written,) = blocks("sharing.md", "toml")
    (tmp_path / "about.toml").write_text(written, "utf-8")
    about = told.load(tmp_path / "about.toml")
    unsaid = {"licence_url"}  # found from the licence
    empty = {name for name in about.__struct_fields__ if not getattr(about, name)}
    assert empty == unsaid
