"""The system's Chromium, driven without a window."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

from needing import needs

if TYPE_CHECKING:
    from collections.abc import Iterator


_running: list[Any] = []


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Start it for the length of the block; where it runs for others in this process, share it.

    There is one driver a process. Tests are kept apart by a context of their own each.
    """
    if _running:
        yield _running[0]
        return
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    needs(path, "Chromium", install="apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # it gives up after 5 s else
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        _running.append(started)
        try:
            yield started
        finally:
            _running.clear()
            started.close()
