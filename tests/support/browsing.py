"""The system's Chromium, driven without a window."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

from needing import needs

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Start it for the length of the block."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    needs(path, "Chromium", install="apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()
