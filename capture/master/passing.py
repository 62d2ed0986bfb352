"""Runs all streams for a check: small pictures are looked at, and nothing is kept."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from typing import TYPE_CHECKING, Final

import msgspec

from capture.master import fitness
from capture.master.member import Member
from taver.core.clock import NS_PER_S
from taver.core.private import make_private_folder
from taver.core.storage import explained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from capture.glimpse import Glimpse
    from capture.master.recording import Recording
    from taver.core.frames import Modality
    from taver.core.study import Study

_GLIMPSE_EVERY_S: Final = 0.5


@contextlib.contextmanager
def kept_nothing(recording: Recording, study: Study, seconds: float) -> Iterator[None]:
    """Have all members armed for so long; afterwards they are released and no file is left."""
    whole = recording.plan
    folder = study.sessions_folder / f".check.{secrets.token_hex(4)}.new"
    recording.plan = msgspec.structs.replace(whole, seconds=seconds)
    try:
        _make(folder)
        errors = recording.each(lambda m: m.prepare(recording.plan, folder, passing=True))
        fitness.raise_all(errors or recording.each(recording.arm))
        yield
    finally:
        recording.each(Member.release)
        recording.settle_nothing(whole)
        shutil.rmtree(folder, ignore_errors=True)


def watched(recording: Recording) -> dict[Modality, tuple[Glimpse, ...]]:
    """Wait until the planned end; return the small pictures of each stream on the way."""
    found: dict[Modality, list[Glimpse]] = {}
    while (left_s := (recording.until_unix_ns - recording.now_ns()) / NS_PER_S) > 0:
        time.sleep(min(_GLIMPSE_EVERY_S, left_s))
        for member in recording.members:
            for modality in recording.streams_of(member):
                _keep_new(member.glimpse(modality), found.setdefault(modality, []))
    return {modality: tuple(glimpses) for modality, glimpses in found.items()}


def _keep_new(glimpse: Glimpse | None, found: list[Glimpse]) -> None:
    if glimpse is not None and (not found or found[-1].number != glimpse.number):
        found.append(glimpse)


def _make(folder: Path) -> None:
    with explained(folder):
        if not folder.parent.is_dir():
            make_private_folder(folder.parent)
        for old in folder.parent.glob(".check.*.new"):
            shutil.rmtree(old, ignore_errors=True)  # of a check that was killed
        make_private_folder(folder)
