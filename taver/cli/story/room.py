"""Whether the disk has room for all that the demo has still to record; told before it begins."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from capture.sim.scenario import interview
from capture.simulation import ALL, needed_bytes
from taver.cli.story import board, interviews, names
from taver.core.errors import StorageError
from taver.core.frames import PICTURES
from taver.core.storage import explained

if TYPE_CHECKING:
    from taver.cli.story.names import Size
    from taver.core.study import Study

_BESIDE_BYTES: Final = 20_000_000  # faces, clips, dataset and models of one person; measured


def check(study: Study, size: Size) -> None:
    """Raise if the disk will be full before the demo is over."""
    needed = sum(
        needed_bytes(interviews.scenario(size, place), size.interview_s, ALL, pictures=False)
        + _BESIDE_BYTES
        for place, name in enumerate(names.interviews(size))
        if not (study.sessions_folder / name).exists()
    )
    if not (study.sessions_folder / names.LIVE).exists():
        live = interview(size.live_s)
        needed += needed_bytes(live, live.seconds, ALL, pictures=False)
    if not study.rig_file.is_file():
        shown = board.scenario(size)
        needed += needed_bytes(shown, shown.seconds, PICTURES, pictures=False)
    with explained(study.folder):
        free = shutil.disk_usage(study.folder).free
    if free < needed:
        raise StorageError(
            f"The demo has to write about {needed / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are "
            f"free where {study.folder} is",
            fix="free space on that disk, or choose another folder with --out; what is there is "
            "kept, and the demo goes on from it",
        )
