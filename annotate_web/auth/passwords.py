"""Passwords: hashed by argon2, compared in the same time whether there is such a person or not."""

from __future__ import annotations

import base64
import functools
import secrets
import threading
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from taver.core.errors import InputError

SHORTEST: Final = 10
LONGEST: Final = 200
_WORDS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_hasher: Final = argon2.PasswordHasher()
# Each takes 64 MiB; a crowd that logs in at once must not take the machine's memory.
_at_once: Final = threading.BoundedSemaphore(4)


def checked(password: str, name: str) -> str:
    """Return the password if it is good enough for the person called `name`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"A password has {SHORTEST} to {LONGEST} characters, this one {len(password)}",
            fix="choose a longer one, for example four words",
        )
    # A name of two letters is in many a good password.
    named = len(name) > 3 and name.casefold() in password.casefold()
    if named or len(set(password)) < 5:
        raise InputError(
            "This password is too easy to guess", fix="choose another, for example four words"
        )
    return password


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _at_once:
        return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Tell whether it is the password; without one, take as long and say no."""
    with _at_once:
        try:
            _hasher.verify(kept or _nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Tell whether a hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(kept)


def one_time() -> str:
    """Return a password for the first log-in, easy to copy by hand."""
    return "-".join("".join(secrets.choice(_WORDS) for _ in range(5)) for _ in range(4))


@functools.cache
def _nobodys() -> str:
    # No password's, and made without hashing: the first who asks for nobody waits no longer.
    parts = [base64.b64encode(secrets.token_bytes(n)).rstrip(b"=").decode("ascii")
             for n in (_hasher.salt_len, _hasher.hash_len)]  # fmt: skip
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return "$".join(("", "argon2id", "v=19", costs, *parts))
