"""Keeps clock.json: each machine's exchanges with the master, and the fit to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capture.timesync.fit import fit
from taver.core.session import clocks
from taver.core.session.clocks import ClockRecord, Clocks

if TYPE_CHECKING:
    from pathlib import Path

    from capture.timesync.estimate import Estimate
    from taver.core.clock import Epoch


class ClockBook:
    """Those of earlier parts are kept as they are."""

    def __init__(self, folder: Path, master: Epoch) -> None:
        self._folder = folder
        self._master = master
        self._earlier = clocks.read(folder).clocks
        self._now: dict[str, tuple[str, Estimate]] = {}

    def enter(self, machine: str, estimate: Estimate) -> str:
        """Take up a machine, and again after its program was started anew; return its entry."""
        name, number = machine, 1
        while name in self._earlier or name in self._now:
            number += 1
            name = f"{machine}.{number}"
        self._now[name] = (machine, estimate)
        return name

    def save(self) -> dict[str, ClockRecord]:
        """Fit what is known by now and write it; a recording on one machine needs no file."""
        records = {
            name: fit(machine, self._master, estimate.exchanges)
            for name, (machine, estimate) in self._now.items()
            if estimate.exchanges
        }
        if records or self._earlier:
            Clocks(clocks={**self._earlier, **records}).write(self._folder / clocks.FILE)
        return records
