"""A local agent: its orders come over standard input, and its end when that ends.

Its master may be killed at any moment; then the pipe closes, on every system. What is recorded is
finished within seconds, and if a device keeps it from that, it ends all the same: what was stored
is in its file already.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

if TYPE_CHECKING:
    from capture.agent.agent import Agent

_ENDS_WITHIN_S: Final = 8.0
_OPENING_MAY_TAKE_S: Final = 3.0


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a local agent tells its master first, as a line of JSON."""

    port: int = 0
    what: str = ""  # why it cannot run
    fix: str = ""


def main() -> None:
    """Run until the master says goodbye or is gone."""
    # Ctrl-C at the terminal is for the master, who ends us in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What drivers print must not fill the pipe to the master, who reads one line of it.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    line = sys.stdin.buffer.readline()
    if not line:
        return
    from capture.agent.agent import Agent
    from capture.agent.launch import Launch
    from taver.core.errors import TaverError

    try:
        agent = Agent(msgspec.json.decode(line, type=Launch))
    except TaverError as error:
        _tell(out, Ready(what=error.what, fix=error.fix))
        return
    signal.signal(signal.SIGTERM, lambda *_: agent.end())
    threading.Thread(target=_end_with_master, args=(agent,), daemon=True).start()
    _tell(out, Ready(port=agent.address.port))
    agent.run()


def _end_with_master(agent: Agent) -> None:
    # Not through sys.stdin: its lock would be held when the interpreter ends.
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    agent.end()
    # Whoever holds a device in a call that never returns ends here.
    recording = agent.state == "recording"
    threading.Event().wait(_ENDS_WITHIN_S if recording else _OPENING_MAY_TAKE_S)
    os._exit(1)


def _tell(out: BinaryIO, ready: Ready) -> None:
    with contextlib.suppress(OSError):  # the master is gone already
        out.write(msgspec.json.encode(ready) + b"\n")
        out.close()


if __name__ == "__main__":
    main()
