"""One program at a time at an address: an object there says who, and is renewed while it works.

It is written only where there is none (a conditional put), so of two programs one gets it. A
program that dies leaves it behind. Where it ran that is seen by a lock that the system gave back,
and by the token that was noted beside that lock; elsewhere, by the object's age. The host's name
would not do: two containers may have the same, and two users of a machine have a lock each.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import threading
import time
import uuid
from typing import TYPE_CHECKING, Final

import filelock
import msgspec

from taver.core import atomic, home
from taver.core.errors import BusyError, StorageError
from taver.core.private import FILE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from taver.dataset.build.bucket import Objects

RENEWED_EVERY_S: Final = 30.0
BELIEVED_S: Final = 300.0  # that much more, because the clocks of machines differ


class Holder(msgspec.Struct, frozen=True):
    """Who has it."""

    token: str  # of this one time that it is held
    machine: str
    process: int
    since: str

    def __str__(self) -> str:
        """Say it in words."""
        return f"process {self.process} on {self.machine}, since {self.since}"


class Lease:
    """Held by us, as far as we know."""

    def __init__(self, objects: Objects, key: str, what: str, noted: Path | None) -> None:
        self._objects, self._key, self._what = objects, key, what
        self._noted = noted  # tokens of those who took it under the lock that we have now
        self._gone: tuple[str, ...] = ()
        self._me = Holder(
            token=uuid.uuid4().hex, machine=platform.node(), process=os.getpid(),
            since=time.strftime("%Y-%m-%d %H:%M:%S"),
        )  # fmt: skip
        self._tag: str | None = None

    def take(self) -> None:
        """Take it, from one who is no more if need be; otherwise raise BusyError."""
        self._gone = self._read_noted()
        self._note(self._me.token)
        self._tag = self._objects.create(self._key, self._told())
        if self._tag is None:
            there = self._objects.stamped(self._key)
            if there is None:  # let go of this very moment
                self._tag = self._objects.create(self._key, self._told())
            elif self._is_left(there.data, there.modified_unix_s):
                self._tag = self._objects.replace(self._key, self._told(), there.tag)
        if self._tag is None:
            self._note()
            raise self._busy()

    def confirm(self) -> None:
        """Raise BusyError if another program has it by now: ours was away for too long."""
        there = self._objects.stamped(self._key)
        if there is None or self._holder(there.data) != self._me:
            raise self._busy()

    def renew(self) -> bool:
        """Say that we are still there; tell whether it is still ours."""
        if self._tag is None:
            return False
        # Where the server does not answer, the build itself will say so.
        with contextlib.suppress(StorageError):
            tag = self._objects.replace(self._key, self._told(), self._tag)
            if tag is None:  # it is somebody else's, or ours, and the answer to us got lost
                there = self._objects.stamped(self._key)
                if there is not None and self._holder(there.data) == self._me:
                    tag = there.tag
            self._tag = tag
        return self._tag is not None

    def let_go(self) -> None:
        """Take it away, if it is ours."""
        with contextlib.suppress(OSError):  # a StorageError is one, too
            there = self._objects.stamped(self._key)
            if there is not None and self._holder(there.data) == self._me:
                self._objects.delete([self._key])
            self._gone = ()  # what any of them left is no more
            self._note()

    def _note(self, *mine: str) -> None:
        """Note a token beside those that are there, before the object has it."""
        if self._noted is None:
            return
        with contextlib.suppress(OSError):
            if not mine and not self._gone:
                self._noted.unlink(missing_ok=True)
                return
            atomic.write_bytes(self._noted, "\n".join((*self._gone, *mine)).encode())

    def _read_noted(self) -> tuple[str, ...]:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if self._noted is not None and self._noted.is_file():
                return tuple(self._noted.read_text("utf-8").split())
        return ()

    def _told(self) -> bytes:
        return msgspec.json.encode(self._me)

    def _is_left(self, data: bytes, modified_unix_s: float) -> bool:
        holder = self._holder(data)
        # Who noted that token had the lock that we have, and so is gone.
        gone = holder is not None and holder.token in self._gone
        return gone or time.time() - modified_unix_s > BELIEVED_S

    def _holder(self, data: bytes) -> Holder | None:
        try:
            return msgspec.json.decode(data, type=Holder)
        except msgspec.DecodeError:
            return None

    def _busy(self) -> BusyError:
        there = self._objects.stamped(self._key)
        holder = self._holder(there.data) if there is not None else None
        return _busy(self._what, f"({holder})" if holder is not None else "")


@contextlib.contextmanager
def held(objects: Objects, key: str, what: str) -> Iterator[Lease]:
    """Hold the object `key` for the length of the block, or raise BusyError naming who does."""
    with _of_machine(f"{objects.address}/{key}", what) as noted:
        lease = Lease(objects, key, what, noted)
        lease.take()
        over = threading.Event()
        threading.Thread(target=_renew, args=(lease, over), name="lease", daemon=True).start()
        away = False
        try:
            yield lease
        except StorageError:
            away = True  # to be asked again would take as long again
            raise
        finally:
            over.set()
            if not away:
                lease.let_go()


def _renew(lease: Lease, over: threading.Event) -> None:
    while not over.wait(RENEWED_EVERY_S):
        if not lease.renew():
            return


@contextlib.contextmanager
def _of_machine(address: str, what: str) -> Iterator[Path | None]:
    """Be the only program of this user on this machine; the system ends it with the program.

    Gives the file for tokens beside the lock, or None where there can be no lock: then only an
    object's age tells that it was left.
    """
    folder = home.cache() / "leases"
    path = folder / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.lock"
    lock = filelock.FileLock(path, timeout=0, mode=FILE_MODE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise _busy(what, "(another program on this machine)") from None
    except OSError:
        yield None
        return
    try:
        yield path.with_suffix(".tokens")
    finally:
        lock.release()


def _busy(what: str, who: str) -> BusyError:
    return BusyError(
        f"{what} is being built by another program {who}".rstrip(),
        fix="wait until it has finished, or stop it; one that died on another machine is waited "
        f"for {BELIEVED_S / 60:.0f} minutes. Then run again",
    )
