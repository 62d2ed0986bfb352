"""The packets clocks are compared with: of fixed length, and known by a secret to be ours."""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import Final, NamedTuple

SECRET_BYTES: Final = 32
_MARK_BYTES: Final = 16
_QUESTION: Final = struct.Struct("<4sQq")
_ANSWER: Final = struct.Struct("<4sQqqq")
_ASKS: Final = b"tvQ1"
_TELLS: Final = b"tvA1"
LONGEST: Final = _ANSWER.size + _MARK_BYTES


class Asked(NamedTuple):
    """A question, and when it left by the master."""

    number: int
    asked_master_ns: int


class Told(NamedTuple):
    """Its answer: the same, and when it arrived and left again by the machine."""

    number: int
    asked_master_ns: int
    heard_host_ns: int
    answered_host_ns: int


def question(asked: Asked, secret: bytes) -> bytes:
    """Return a question as bytes."""
    return _marked(_QUESTION.pack(_ASKS, *asked), secret)


def answer(told: Told, secret: bytes) -> bytes:
    """Return an answer as bytes."""
    return _marked(_ANSWER.pack(_TELLS, *told), secret)


def read_question(data: bytes, secret: bytes) -> Asked | None:
    """Return the question in a packet, or None if it is none of the master's."""
    body = _body(data, _QUESTION.size, _ASKS, secret)
    return None if body is None else Asked(*_QUESTION.unpack(body)[1:])


def read_answer(data: bytes, secret: bytes) -> Told | None:
    """Return the answer in a packet, or None if it is none of the machine's."""
    body = _body(data, _ANSWER.size, _TELLS, secret)
    return None if body is None else Told(*_ANSWER.unpack(body)[1:])


def _marked(body: bytes, secret: bytes) -> bytes:
    return body + _mark(body, secret)


def _mark(body: bytes, secret: bytes) -> bytes:
    return hashlib.blake2b(body, key=secret, digest_size=_MARK_BYTES).digest()


def _body(data: bytes, size: int, kind: bytes, secret: bytes) -> bytes | None:
    if len(data) != size + _MARK_BYTES or not data.startswith(kind):
        return None
    body = data[:size]
    return body if hmac.compare_digest(data[size:], _mark(body, secret)) else None
