"""A recording that nobody sits at: no screen, no keys; everything else is as with an operator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from capture.desk.keyboard import NoKeyboard
from capture.desk.run import run

if TYPE_CHECKING:
    from capture.desk.view import View
    from capture.desk.wish import Wish
    from capture.master.master import Master
    from taver.core.progress import Progress
    from taver.core.session.folder import Session


class _NoScreen:
    def show(self, view: View) -> None:
        pass


def unattended(master: Master, wanted: Wish, progress: Progress | None = None) -> Session:
    """Record as was wished, until its length is reached or a signal ends it."""
    return run(
        master,
        wanted.order,
        screen=contextlib.nullcontext(_NoScreen()),
        keyboard=contextlib.nullcontext(NoKeyboard()),
        progress=progress,
    )
