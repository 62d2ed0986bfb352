"""Asks for GigE Vision cameras on every network of this machine, by the protocol itself.

Aravis can search too, but keeps one camera for each serial: two that answer to the same one, which
a person must be told of, would look like one. GigE Vision 2.2, 16.1: DISCOVERY_CMD and its answer.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORT: Final = 3956
_EVERYBODY: Final = "255.255.255.255"
# Key, flags (answer wanted, to everybody if need be), command, length, number of the request.
_ASK: Final = struct.pack(">BBHHH", 0x42, 0x11, 0x0002, 0, 0xFFFF)
_ANSWER: Final = struct.pack(">HH", 0, 0x0003)  # success, DISCOVERY_ACK
_HEADER_BYTES: Final = 8
_TOLD_BYTES: Final = 248
# Where in the answer a text begins, and how long it may be.
_VENDOR, _MODEL, _VERSION, _SERIAL = (0x48, 32), (0x68, 32), (0x88, 32), (0xD8, 16)
_ADDRESS: Final = 0x24
_SIOCGIFADDR: Final = 0x8915  # Linux: the address of a network interface by its name


def answers(patience_s: float) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield vendor, model, version, serial and address of every camera that answers in time."""
    with contextlib.ExitStack() as stack:
        waiting = stack.enter_context(selectors.DefaultSelector())
        for address in _own_addresses():
            mouth = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            mouth.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            # Bound to an interface's address it speaks through that interface. One that is down,
            # or allows no broadcast, has no cameras.
            with contextlib.suppress(OSError):
                mouth.bind((address, 0))
                mouth.sendto(_ASK, (_EVERYBODY, _PORT))
                waiting.register(mouth, selectors.EVENT_READ)
        if not waiting.get_map():
            return
        seen = set()
        end_s = time.monotonic() + patience_s
        while (left_s := end_s - time.monotonic()) > 0:
            for key, _ in waiting.select(left_s):
                told = _heard(key.fileobj)  # type: ignore[arg-type]  # only sockets are registered
                if told is not None and told not in seen:
                    seen.add(told)
                    yield told


def _heard(mouth: socket.socket) -> tuple[str, str, str, str, str] | None:
    try:
        return read(mouth.recv(2048))
    except OSError:
        return None


def read(said: bytes) -> tuple[str, str, str, str, str] | None:
    """Return what an answer tells, as `answers` does, or None if it is none."""
    if not said.startswith(_ANSWER) or len(said) < _HEADER_BYTES + _TOLD_BYTES:
        return None
    body = said[_HEADER_BYTES:]
    vendor, model, version, serial = (
        body[start : start + length].split(b"\0")[0].decode(errors="replace").strip()
        for start, length in (_VENDOR, _MODEL, _VERSION, _SERIAL)
    )
    return vendor, model, version, serial, socket.inet_ntoa(body[_ADDRESS : _ADDRESS + 4])


def _own_addresses() -> set[str]:
    """Return the machine's IPv4 addresses, one an interface."""
    found = {"127.0.0.1"}
    with contextlib.suppress(OSError):
        found.update(socket.gethostbyname_ex(socket.gethostname())[2])
    if sys.platform == "linux":
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            for _, name in socket.if_nameindex():
                asked = struct.pack("256s", name.encode()[:15])
                with contextlib.suppress(OSError):  # an interface without an address
                    answer = fcntl.ioctl(any_socket.fileno(), _SIOCGIFADDR, asked)
                    found.add(socket.inet_ntoa(answer[20:24]))
    return found
