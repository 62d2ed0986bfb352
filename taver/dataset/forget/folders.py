"""Where a study keeps things: its own folder, and what study.toml puts elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taver.core.storage import explained

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.study import Study

_REMOTE = "://"


def folders(study: Study) -> list[Path]:
    """Return all of them, none inside another; those that are not there are left out."""
    named = [
        study.folder,
        study.participants.folder,
        study.sessions_folder,
        study.clips_folder,
        study.folder / study.config.training.folder,
    ]
    if _REMOTE not in study.config.dataset.store:
        store = study.folder / study.config.dataset.store
        named += [store, store.with_name(f"{store.name.removesuffix('.zarr')}.about")]
    kept: list[Path] = []
    with explained(study.folder):
        for folder in sorted({folder.resolve() for folder in named if folder.is_dir()}):
            if not any(folder.is_relative_to(other) for other in kept):
                kept.append(folder)
    return kept


def everything(study: Study) -> list[Path]:
    """Return every file and folder below them, in order."""
    with explained(study.folder):
        return [path for folder in folders(study) for path in sorted(folder.rglob("*"))]


def told(path: Path, study: Study) -> str:
    """Return a path as it is told of: from the study's folder where it is in it."""
    if path.is_relative_to(study.folder):
        return path.relative_to(study.folder).as_posix()
    return str(path)
