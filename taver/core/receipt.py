"""What a stage leaves beside its output: from which inputs, by which settings, it was made.

A stage is stale when one of its inputs is no longer what it was.
"""

from __future__ import annotations

import enum
import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from taver.core.digest import sha256_of
from taver.core.document import Document
from taver.core.errors import InputError
from taver.core.private import make_private_folder
from taver.core.recording.source import Source
from taver.core.recording.tail import fingerprint as recording_fingerprint
from taver.core.session.manifest import software
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from taver.core.session.folder import Session
    from taver.core.study import Study

_FOLDER = "stages"


class Stage(enum.StrEnum):
    """What is made of a session after it was recorded, in this order."""

    FACES = "faces"
    RATERS = "raters"
    FUSED = "fused"
    BUILT = "built"


class Receipt(Document, frozen=True, kw_only=True):
    """One stage's account of itself."""

    FORMAT: ClassVar[str] = "taver-receipt"
    VERSION: ClassVar[int] = 1

    stage: Stage
    made_unix_ns: int
    simulated: bool  # as everything made from a simulated session is
    inputs: dict[str, str]  # path, from the study's folder: fingerprint
    outputs: tuple[str, ...]
    settings: dict[str, Any]
    software: dict[str, str]
    done: int | None = None  # of what comes in parts, such as raters
    wanted: int | None = None


class Progressed(NamedTuple):
    """How far a stage has come for a session."""

    receipt: Receipt | None
    stale_because: str | None = None


def write(
    study: Study,
    session: Session,
    stage: Stage,
    *,
    inputs: Iterable[Path],
    outputs: Iterable[Path],
    settings: dict[str, Any],
    done: int | None = None,
    wanted: int | None = None,
) -> Receipt:
    """Note that `stage` was done for `session`: from what, into what, and how."""
    receipt = Receipt(
        stage=stage,
        made_unix_ns=time.time_ns(),
        simulated=session.manifest.simulated,
        inputs={_from_study(study, path): fingerprint(path) for path in inputs},
        outputs=tuple(_from_study(study, path) for path in outputs),
        settings=settings,
        software=software(),
        done=done,
        wanted=wanted,
    )
    path = path_of(session, stage)
    with explained(path.parent):
        if not path.parent.is_dir():
            make_private_folder(path.parent)
    receipt.write(path)
    return receipt


def progressed(study: Study, session: Session, stage: Stage) -> Progressed:
    """Return the receipt of `stage`, if there is one, and why it is stale, if it is."""
    path = path_of(session, stage)
    with explained(path):
        is_there = path.is_file()
    if not is_there:
        return Progressed(None)
    receipt = Receipt.read(path)
    for name, mark in receipt.inputs.items():
        file = study.folder / name
        with explained(file):
            is_there = file.exists()
        if not is_there:
            return Progressed(receipt, f"{name} is gone")
        if fingerprint(file) != mark:
            return Progressed(receipt, f"{name} has changed")
    return Progressed(receipt)


def path_of(session: Session, stage: Stage) -> Path:
    """Return where the receipt of `stage` is: a later stage names it as its input."""
    return session.folder / _FOLDER / f"{stage}.json"


def fingerprint(path: Path) -> str:
    """Return what tells the content of a file from any other content."""
    if path.is_dir():
        raise InputError(
            f"{path} is a folder; a folder has no fingerprint",
            fix="name the receipt of the stage that made it",
        )
    if path.suffix == ".mcap":
        with Source(path) as source:
            try:
                return recording_fingerprint(source)
            except ValueError as error:
                return f"damaged: {error}"  # equal to no whole one
    return f"sha256:{sha256_of(path)}"


def _from_study(study: Study, path: Path) -> str:
    resolved = path.resolve()
    if resolved.is_relative_to(study.folder):
        return resolved.relative_to(study.folder).as_posix()
    return str(resolved)  # a larger disk elsewhere
