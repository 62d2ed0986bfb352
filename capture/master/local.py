"""Starts an agent on this machine: a process of its own, that ends when we do."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Final

import msgspec

from capture.agent.__main__ import Ready
from capture.agent.launch import DeviceLaunch, Launch
from capture.keys.pair import KeyPair
from capture.wire.address import Address
from taver.core.errors import DeviceError

if TYPE_CHECKING:
    from capture.master.crews import LocalDevice

_HOST: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 30.0
_GONE_WITHIN_S: Final = 12.0
_TOLD_BYTES: Final = 4_000


class LocalAgent:
    """A running agent process, and the keys only the two of us know."""

    def __init__(self, crew: LocalDevice) -> None:
        self.name = crew.name
        self.agent_pair, self.own_pair = KeyPair.fresh(), KeyPair.fresh()
        launch = Launch(
            name=crew.name,
            listen=f"{_HOST}:0",
            pair=self.agent_pair,
            masters=(self.own_pair.public,),
            devices=(DeviceLaunch(driver=crew.driver, config=crew.config),),
        )
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  until it is gone
        self._process = subprocess.Popen(
            [sys.executable, "-m", "capture.agent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            # Ctrl-C at the terminal goes to us alone.
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        try:
            self._tell(launch)
            ready = self._hear()
        except BaseException:
            self.kill()
            raise
        self.address = Address(host=_HOST, port=ready.port)

    @property
    def process_id(self) -> int:
        """The agent's process."""
        return self._process.pid

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def why(self) -> str:
        """Return what its last words were."""
        with contextlib.suppress(OSError, ValueError):
            size = self._said.seek(0, 2)
            self._said.seek(max(0, size - _TOLD_BYTES))
            lines = self._said.read().decode(errors="replace").strip().splitlines()
            if lines:
                return lines[-1]
        code = self._process.poll()
        return "it ended" if code is None else f"it ended with code {code}"

    def end(self) -> None:
        """Let it finish what it does and wait for its end."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_GONE_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self.kill()

    def kill(self) -> None:
        """End it at once; may be called twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _tell(self, launch: Launch) -> None:
        pipe = self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            if pipe is not None:
                pipe.write(msgspec.json.encode(launch) + b"\n")
                pipe.flush()

    def _hear(self) -> Ready:
        """Wait for its first line; a thread waits, since Windows cannot poll a pipe."""
        lines: list[bytes] = []
        pipe = self._process.stdout
        if pipe is None:
            raise AssertionError
        thread = threading.Thread(target=lambda: lines.append(pipe.readline()), daemon=True)
        thread.start()
        thread.join(_READY_WITHIN_S)
        if not lines:
            raise DeviceError(
                f"The process for {self.name} did not start within {_READY_WITHIN_S:.0f} s",
                fix="look at what else this machine is busy with, then try again",
            )
        try:
            ready = msgspec.json.decode(lines[0], type=Ready)
        except msgspec.DecodeError:
            self._process.wait(_GONE_WITHIN_S)
            raise DeviceError(
                f"The process for {self.name} ended before it began: {self.why()}",
                fix="see what is missing: taver doctor",
            ) from None
        if not ready.port:
            raise DeviceError(f"{self.name}: {ready.what}", fix=ready.fix)
        return ready
