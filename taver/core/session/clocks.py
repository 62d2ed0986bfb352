"""clock.json: what each machine's clock was against the leading one's, as exchanged and as fitted.

The recordings keep what each machine's own monotonic clock said. Brought together they are by the
fit, which was made when all exchanges were known, and can be made again from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from taver.core.clock import Epoch, Ns
from taver.core.document import Document, Part
from taver.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

FILE = "clock.json"


class Exchange(Part, frozen=True, kw_only=True):
    """Four readings, as in NTP: a question leaves and arrives, its answer leaves and arrives."""

    asked_master_ns: Ns
    heard_host_ns: Ns
    answered_host_ns: Ns
    received_master_ns: Ns


class Knot(Part, frozen=True, kw_only=True):
    """One moment by both monotonic clocks."""

    host_ns: Ns
    master_ns: Ns


class ClockRecord(Part, frozen=True, kw_only=True):
    """One machine's clock from when it joined until it left."""

    machine: str
    master: Epoch  # of the leading machine's monotonic clock
    exchanges: tuple[Exchange, ...]
    # Straight lines between them, and the first and last ones beyond; a jump of the clock is two
    # knots with the same host_ns: times from there on belong to the second.
    knots: tuple[Knot, ...] = ()
    drift_ppm: float = 0.0  # how much faster than the leading clock it ran
    uncertainty_us: float = 0.0  # of a time told by the fit, one standard deviation
    residual_p50_us: float = 0.0  # what the exchanges differ from the fit by
    residual_p99_us: float = 0.0

    def to_unix_ns(self, host_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Tell times of that machine's monotonic clock as dates by the leading one."""
        if not self.knots:
            raise DataError(
                f"The clock of {self.machine} was never fitted to the leading machine's",
                fix="fit it from the exchanges in clock.json: taver session recover",
            )
        hosts = np.array([knot.host_ns for knot in self.knots], np.int64)
        masters = np.array([knot.master_ns for knot in self.knots], np.int64)
        # The line that each time is on; whole numbers near their knot, so that no float is large.
        line = np.clip(np.searchsorted(hosts, host_ns, side="right") - 1, 0, len(hosts) - 1)
        rates = _rates(hosts, masters)[line]
        since = host_ns - hosts[line]
        on_master = masters[line] + since + np.rint(since * rates).astype(np.int64)
        return on_master + (self.master.unix_ns - self.master.host_ns)


class Clocks(Document, frozen=True, kw_only=True):
    """The clocks of all machines of a session but the leading one, by their names in its pieces."""

    FORMAT: ClassVar[str] = "taver-clocks"
    VERSION: ClassVar[int] = 1

    clocks: dict[str, ClockRecord]


def read(folder: Path) -> Clocks:
    """Read clock.json of a session; a session of one machine has none."""
    path = folder / FILE
    return Clocks.read(path) if path.is_file() else Clocks(clocks={})


def _rates(hosts: npt.NDArray[np.int64], masters: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return by how much a second of each line is longer on the leading clock."""
    if len(hosts) == 1:
        return np.zeros(1)
    spans = np.diff(hosts)
    gains = np.divide(
        np.diff(masters) - spans, spans, out=np.full(len(spans), np.nan), where=spans > 0
    )
    # Beyond the last knot its line goes on; at a jump the line before it does.
    rates = np.append(gains, np.nan)
    for place in range(len(rates)):
        if np.isnan(rates[place]):
            rates[place] = rates[place - 1] if place else 0.0
    return rates
