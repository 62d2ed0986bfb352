"""Writes both reports into a session's folder; they can be made again at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capture.report.measure import measured
from capture.report.page import page
from capture.report.thumbnails import strips
from taver.core import atomic

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.core.session.folder import Session
    from taver.core.study import Study

FIGURES: Final = "report.json"
PAGE: Final = "report.html"


def make(study: Study, session: Session, progress: Progress | None = None) -> Path:
    """Measure `session` and write report.json and report.html; return where the page is.

    The page shows pictures of those streams alone that the person agrees to today.
    """
    report = measured(session, progress)
    report.write(session.folder / FIGURES)
    path = session.folder / PAGE
    atomic.write_bytes(path, page(report, strips(study, session, report.began_unix_ns)))
    return path
