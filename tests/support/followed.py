"""Pages of README and docs followed from top to bottom, in a copy of the study of the demo."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import built
from typed import ROOT, blocks, typed

from taver.cli.main import run
from taver.core.study import Study

# A page on annotating begins with sessions that nobody has rated yet.
UNRATED = ("s07", "s08")
# Typed on the first page that has the line: they take long, and do the same on the next.
ONCE = (
    "taver calibrate", "taver evaluate", "taver doctor", "taver devices", "taver predict",
    "taver simulate", "taver build-dataset --audience", "taver annotate add --practice",
)  # fmt: skip
_TYPED: dict[str, str] = {}  # the page that had a line first
# Pages whose Python goes on from block to block in a study; that of others has tests of its own.
PYTHON = ("python.md", "faces.md", "labels.md")
PAGES = [
    page
    for page in (
        ROOT / "README.md",
        *sorted((ROOT / "docs" / "howto").glob("*.md")),
        *sorted((ROOT / "docs").glob("*.md")),
    )
    if any(line.startswith("taver ") for line in typed(page)) or page.name in PYTHON
]
# What the demo writes of itself; a study of one's own has none of it.
ITS_OWN = ("demo.html", "demo.json", "labels.html", "build.toml")


def prepared(page, demo, folder):
    """Return a copy of the demo's study beside the examples, as the reader of a page has them."""
    study = folder / demo.folder.name
    own = ITS_OWN if page.parent.name == "howto" else ()
    shutil.copytree(demo.folder, study, ignore=shutil.ignore_patterns(*own))
    shutil.copytree(ROOT / "examples", folder / "examples")
    return study


def follow(page, study, chdir, capfd):
    """Type what can be typed, and return what was said to each line that failed."""
    lines = list(typed(page))
    for name in UNRATED:
        if any(name in line for line in lines):
            built.twin(Study(study), "s01", name, "P01")
    for block in blocks(page):
        if block.language == "toml" and "licence" in block.text:
            (study / "about.toml").write_text(block.text, encoding="utf-8")
    chdir(study.parent if page.name == "README.md" else study)
    told = {}
    for line in lines:
        words = shlex.split(line)
        if words[0] == "cd":
            there = Path(words[1])
            chdir(there if there.is_dir() else study.parent / there)
            continue
        if words[1] == "init":
            chdir(study.parent)  # a new chapter begins where people started
        first = _TYPED.setdefault(line, page.name)
        if words[1] == "demo" or (line.startswith(ONCE) and first != page.name):
            continue
        capfd.readouterr()
        if run(words[1:]):
            told[line] = capfd.readouterr().err
    if page.name in PYTHON:
        names: dict[str, object] = {}
        for block in blocks(page):
            if block.language == "python":
                exec(compile(block.text, page.name, "exec"), names)
    return told
