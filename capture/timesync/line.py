"""A machine's clock against the master's, as a straight line from a moment on."""

from __future__ import annotations

import msgspec

from taver.core.clock import Ns


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's clock against the master's, from `host_ns` on until a better one comes."""

    host_ns: Ns
    unix_ns: Ns  # the same moment by the master
    gain: float  # seconds by the master for one of the machine's, less 1
    error_us: float  # how far off it may be

    def at(self, host_ns: int) -> int:
        """Tell a moment of the machine as the master's date."""
        since_ns = host_ns - self.host_ns
        return self.unix_ns + since_ns + round(since_ns * self.gain)
