"""Where a study keeps things: its own folder, and what study.toml puts elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from taver.core.storage import explained
from taver.dataset.documents.sums import documents_of
from taver.dataset.stores import is_remote, of_study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taver.core.study import Study


def folders(study: Study) -> list[Path]:
    """Return all of them, none inside another; those that are not there are left out."""
    named = [
        study.folder,
        study.participants.folder,
        study.sessions_folder,
        study.clips_folder,
        study.runs_folder,
    ]
    store = of_study(study)
    if not is_remote(store):
        named += [Path(store), documents_of(Path(store))]
    kept: list[Path] = []
    with explained(study.folder):
        for folder in sorted({folder.resolve() for folder in named if folder.is_dir()}):
            if not any(folder.is_relative_to(other) for other in kept):
                kept.append(folder)
    return kept


def everything(study: Study) -> list[Path]:
    """Return every file and folder below them, in order; links to folders are followed."""
    with explained(study.folder):
        seen: set[Path] = set()
        return [path for folder in folders(study) for path in _below(folder, seen)]


def _below(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield what is in a folder, once, however many links lead to it."""
    real = folder.resolve()
    if real in seen:
        return
    seen.add(real)
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir():
            yield from _below(path, seen)


def told(path: Path, study: Study) -> str:
    """Return a path as it is told of: from the study's folder where it is in it."""
    if path.is_relative_to(study.folder):
        return path.relative_to(study.folder).as_posix()
    return str(path)
