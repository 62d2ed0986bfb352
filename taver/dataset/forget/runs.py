"""Takes a person out of what training runs wrote down: lists, scores, predictions, reports."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

import msgspec

from taver.core import atomic
from taver.core.storage import explained
from taver.dataset.forget import words
from taver.dataset.forget.datasets import without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.core.study import Study
    from taver.dataset.forget.who import Who

_WEIGHTS: Final = frozenset({".ckpt", ".pt", ".pth", ".safetensors", ".onnx", ".pt2"})
_TEXTS: Final = frozenset({".html", ".md", ".txt", ".toml", ".svg", ".yaml", ".yml", ".log"})


def files(study: Study) -> Iterator[Path]:
    """Yield all files of all runs."""
    with explained(study.runs_folder):
        if study.runs_folder.is_dir():
            yield from sorted(path for path in study.runs_folder.rglob("*") if path.is_file())


def touched(study: Study, who: Who) -> list[Path]:
    """Return the files of runs that name the person."""
    return [path for path in files(study) if _names(path, who)]


def trained_on(study: Study, who: Who) -> list[Path]:
    """Return the weights in runs that name the person, or that say so themselves.

    A checkpoint knows who trained it: by that it is found when all else of its run is cleaned.
    """
    named = {path.relative_to(study.runs_folder).parts[0] for path in touched(study, who)}
    return [
        path
        for path in files(study)
        if path.suffix in _WEIGHTS
        and (path.relative_to(study.runs_folder).parts[0] in named or words.named_in(path, who))
    ]


def clean(path: Path, who: Who) -> None:
    """Take the person out of a file; what cannot be kept without them is deleted."""
    with explained(path):
        if who.named_in(path.name) or path.suffix in _TEXTS:
            path.unlink()
            return
        text = path.read_text("utf-8", "replace")
    if path.suffix == ".json":
        try:
            tree = without(json.loads(text), who)  # which knows NaN as Python writes it
        except ValueError:
            with explained(path):
                path.unlink()
            return
        atomic.write_bytes(path, msgspec.json.format(msgspec.json.encode(tree), indent=2) + b"\n")
    else:
        atomic.write_bytes(path, _without_rows(text, who).encode())


def _without_rows(text: str, who: Who) -> str:
    kept = io.StringIO()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    columns = [place for place, cell in enumerate(rows[0]) if who.named_in(cell)] if rows else []
    writer = csv.writer(kept, lineterminator="\n")
    for number, row in enumerate(rows):
        if number and any(who.named_in(cell) for cell in row):
            continue
        writer.writerow([cell for place, cell in enumerate(row) if place not in columns])
    return kept.getvalue()


def _names(path: Path, who: Who) -> bool:
    if who.named_in(path.name):
        return True
    if path.suffix not in _TEXTS | {".json", ".csv"}:
        return False
    with explained(path):
        return who.named_in(path.read_text("utf-8", "replace"))
