"""The control protocol of GigE Vision, as far as tests ask a camera past every library."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading

PORT = 3956
_KEY, _ACK_WANTED = 0x42, 0x01
_DISCOVERY, _READ_REGISTER = 0x0002, 0x0080
_DISCOVERY_ACK = 0x0003
_PATIENCE_S = 0.5


def serial_at(address):
    """Return the serial of the camera at an address, or None if none answers."""
    answer = _ask(address, _DISCOVERY, b"")
    return None if answer is None else answer[0xD8 : 0xD8 + 16].rstrip(b"\0").decode()


def register(address, where):
    """Return one register of a camera; anybody may read, whoever controls it."""
    answer = _ask(address, _READ_REGISTER, struct.pack(">I", where))
    assert answer is not None, f"no camera answers at {address}"
    return struct.unpack(">I", answer[:4])[0]


@contextlib.contextmanager
def second_camera(serial, address):
    """Answer searches as a camera that has a serial, as a second one in the network would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
        ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ears.bind(("255.255.255.255", PORT))
        over = threading.Event()
        thread = threading.Thread(target=_answer, args=(ears, serial, address, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _answer(ears, serial, address, over):
    told = bytearray(248)
    told[0x24:0x28] = socket.inet_aton(address)
    for where, text in ((0x48, "Aravis"), (0x68, "Fake"), (0x88, "1"), (0xD8, serial)):
        told[where : where + len(text)] = text.encode()
    while not over.is_set():
        if not select.select([ears], [], [], 0.05)[0]:
            continue
        asked, whom = ears.recvfrom(1024)
        if len(asked) >= 8 and asked[0] == _KEY and asked[2:4] == struct.pack(">H", _DISCOVERY):
            number = asked[6:8]
            ears.sendto(struct.pack(">HHH", 0, _DISCOVERY_ACK, len(told)) + number + told, whom)


def _ask(address, command, content):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.settimeout(_PATIENCE_S)
        mouth.connect((address, PORT))
        try:
            mouth.send(struct.pack(">BBHHH", _KEY, _ACK_WANTED, command, len(content), 7) + content)
            return mouth.recv(1024)[8:]
        except OSError:  # nobody listens there, or does not answer
            return None
