"""How an engine tells how far it has come, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of work that is under way."""

    def begin(self, title: str, total: int) -> None:
        """Say that `total` steps of `title` are about to start; ends the one before."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Say that `steps` more are done."""
        ...


class Silent:
    """Hears and says nothing."""

    def begin(self, title: str, total: int) -> None:
        """Take note of nothing."""

    def advance(self, steps: int = 1) -> None:
        """Take note of nothing."""
