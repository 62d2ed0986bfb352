"""Forgets a person: first what is to go is listed, then it is deleted, then it is looked for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from taver.core import atomic, lock
from taver.core.errors import BusyError, DataError, NotFoundError
from taver.core.progress import Silent
from taver.core.session.folder import MANIFEST, folders
from taver.core.storage import explained
from taver.dataset.forget import builds, datasets, ratings, runs
from taver.dataset.forget.folders import everything, told
from taver.dataset.forget.scan import Scan, scan
from taver.dataset.forget.who import Who, is_emptied, look_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from taver.core.progress import Progress
    from taver.core.study import Study

BEYOND: Final = (
    "copies on the machines that recorded: the spool of each agent",
    "datasets, pictures and reports that left this folder: releases, whoever asked for data",
    "backups and snapshots of this folder and of the database",
    "what the disk keeps of deleted files until it is overwritten",
)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that would be removed."""

    who: Who
    on_file: bool
    sessions: tuple[Path, ...]
    recordings: dict[str, tuple[str, ...]]  # of each dataset, by where it is
    half_built: tuple[Any, ...]
    left_over: tuple[Any, ...]  # of a run that was killed: half deleted recordings and sessions
    documents: tuple[Path, ...]  # folders beside datasets that the person is in
    rows: dict[str, int]  # of the annotation database, by table
    films: tuple[str, ...]
    runs: tuple[Path, ...]
    others: tuple[Path, ...]  # files anywhere in the study that are called by the person's words
    models: tuple[Path, ...]  # trained on the person: they stay

    def in_words(self, study: Study) -> list[str]:
        """Say what would go, a line a thing."""
        lines = [f"{study.participants.folder.name}/{self.who.name}.json"] if self.on_file else []
        lines += [f"session {folder.name}: {_size(folder)}" for folder in self.sessions]
        lines += [
            f"{where}: {len(names)} recording{'s'[: len(names) > 1]} ({', '.join(names)})"
            for where, names in self.recordings.items()
            if names
        ]
        lines += [f"{begun}: a dataset that was never finished" for begun in self.half_built]
        lines += [f"{left}: left of a run that was stopped" for left in self.left_over]
        lines += [
            f"{folder.name}: write it again with taver dataset document"
            for folder in self.documents
        ]
        lines += [f"annotations: {count} {table}" for table, count in self.rows.items() if count]
        lines += [f"film {film}" for film in self.films]
        lines += [f"{told(path, study)}: in it" for path in self.runs]
        lines += [told(path, study) for path in self.others]
        return lines

    def beyond(self, study: Study) -> list[str]:
        """Say what stays, because it cannot be reached or not be taken apart."""
        models = [
            f"a model of a run that {self.who.name} is in: {told(path, study)}"
            " (delete it and train again, if that was promised)"
            for path in self.models
        ]
        return [*models, *BEYOND]


def plan(study: Study, name: str) -> Plan:
    """List all that a study holds of a person; nothing is deleted."""
    builds.mend(study)
    who = look_for(study, name)
    on_file = name.casefold() in {known.casefold() for known in study.participants.names()}
    sessions = tuple(study.sessions_folder / session for session in who.sessions)
    stores = datasets.of_study(study)
    rows: dict[str, int] = {}
    films: tuple[str, ...] = ()
    with ratings.opened(study) as database:
        if database is not None:
            rows = ratings.count(database, who)
            films = ratings.films_of(database, who)
    found = Plan(
        who=who,
        on_file=on_file,
        sessions=sessions,
        recordings={str(store): tuple(datasets.recordings_of(store, who)) for store in stores},
        half_built=tuple(datasets.half_built(study)),
        left_over=(*datasets.left_over(stores), *_emptied(study)),
        documents=tuple(datasets.documents(stores, who)),
        rows=rows,
        films=films,
        runs=tuple(runs.touched(study, who)),
        others=tuple(_others(study, who, sessions, films)),
        models=tuple(runs.trained_on(study, who)),
    )
    if not _anything(found):
        known = ", ".join(study.participants.names()) or "nobody"
        raise NotFoundError(
            f"Nothing in this study is of {name!r} (on file: {known})",
            fix="check the name with: taver participant ls; somebody who rated is erased with: "
            "taver annotate people erase",
        )
    return found


def forget(
    study: Study,
    plan: Plan,
    progress: Progress | None = None,
    unname: Callable[[Path, Who], object] | None = None,
) -> Scan:
    """Remove all of it, and look for what is left; may be run again after it was interrupted.

    What says whose something is goes last, so that a second run finds the rest. `unname` takes a
    person's name out of a model's file.
    """
    progress = progress or Silent()
    _refuse_busy(plan)
    with builds.kept_out(study):
        _remove(study, plan, progress, unname)
    return scan(study, plan.who, progress)


def _remove(
    study: Study,
    plan: Plan,
    progress: Progress,
    unname: Callable[[Path, Who], object] | None,
) -> None:
    who = plan.who
    steps = len(plan.sessions) + len(plan.recordings) + len(plan.runs) + 2
    progress.begin(f"Forgetting {who.name}", steps)
    for begun in plan.half_built:
        datasets.remove_half_built(begun)
    for folder in plan.documents:
        with explained(folder):
            shutil.rmtree(folder)
    for store in datasets.of_study(study):
        datasets.remove(store, who)
        progress.advance()
    with ratings.opened(study) as database:
        if database is not None:
            for film in plan.films:
                _delete_all_called(film, study)
            ratings.remove(database, who)
        progress.advance()
    if unname is not None:
        for path in plan.models:
            unname(path, who)
    for path in plan.runs:
        runs.clean(path, who)
        progress.advance()
    for path in plan.others:
        with explained(path):
            path.unlink(missing_ok=True)
    for folder in _emptied(study):
        with explained(folder):
            shutil.rmtree(folder)
    for folder in plan.sessions:
        _delete_session(folder)
        progress.advance()
    if plan.on_file:
        _delete_document(study, who)
    progress.advance()


def refuse_traces(found: Scan, who: Who) -> None:
    """Raise DataError where something of the person is left."""
    if found.traces:
        raise DataError(
            f"{who.name} is still named in {len(found.traces)} places of this study",
            fix="delete or correct these by hand, then run it again",
            problems=found.traces,
        )


def _anything(plan: Plan) -> bool:
    listed: list[Any] = [
        plan.sessions, plan.left_over, plan.runs, plan.films, plan.others, plan.documents,
    ]  # fmt: skip
    return plan.on_file or any(listed) or any(plan.recordings.values()) or any(plan.rows.values())


def _emptied(study: Study) -> list[Path]:
    return [folder for folder in folders(study) if is_emptied(folder)]


def _refuse_busy(plan: Plan) -> None:
    busy = [folder.name for folder in plan.sessions if lock.is_held(folder)]
    if busy:
        raise BusyError(
            f"These sessions are being used: {', '.join(busy)}",
            fix="wait until that program has finished, or stop it; then run again",
        )


def _others(
    study: Study, who: Who, sessions: tuple[Path, ...], films: tuple[str, ...]
) -> list[Path]:
    """Return further files called by the person's words: exports, films, predictions."""
    left_out = {*sessions, study.participants.folder, study.runs_folder}
    stores = datasets.of_study(study)
    left_out |= {folder for folder in stores if not isinstance(folder, str)}
    left_out |= set(datasets.documents(stores, who))
    left_out = {folder.resolve() for folder in left_out}
    return [
        path
        for path in everything(study)
        if who.named_in(path.name)
        and path.name not in films
        and path.is_file()
        and not left_out.intersection(path.parents)
    ]


def _delete_all_called(name: str, study: Study) -> None:
    with explained(study.folder):
        for path in everything(study):
            if path.name == name and path.is_file():
                path.unlink()


def _delete_session(folder: Path) -> None:
    """Delete a session's folder, its document last: until then it is known whose it is."""
    with explained(folder):
        with lock.held(folder, f"Session {folder.name}"):
            for path in sorted(folder.iterdir()):
                if path.name == MANIFEST or path.name.startswith(".lock"):
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        (folder / MANIFEST).unlink(missing_ok=True)
        if folder.is_symlink():  # to a larger disk
            shutil.rmtree(folder.resolve())
            folder.unlink()
        else:
            shutil.rmtree(folder)


def _delete_document(study: Study, who: Who) -> None:
    people = study.participants.folder
    with lock.held(people, "The list of participants"), explained(people):
        for path in (*people.glob("*.json"), *atomic.leftovers(people)):
            if path.name.casefold().removeprefix(".").startswith(f"{who.name.casefold()}.json"):
                path.unlink()


def _size(folder: Path) -> str:
    with explained(folder):
        files = [path for path in folder.rglob("*") if path.is_file()]
        megabytes = sum(path.stat().st_size for path in files) / 1e6
    return f"{len(files)} files, {megabytes:.1f} MB"
