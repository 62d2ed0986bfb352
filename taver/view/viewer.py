"""Rerun's viewer, started so that this machine alone can reach it.

Started by its own package it listens to the whole network, and who connects is shown the face.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taver.core.errors import InputError

if TYPE_CHECKING:
    from typing import IO

_HOST: Final = "127.0.0.1"
_READY_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.1
_TOLD_LETTERS: Final = 200


def started(fix: str, *more: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the viewer, and return it with the address to send to; it stays when we end.

    `fix` is what to do where it cannot be opened; `more` goes on its command line.
    """
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                [
                    _program(), "--bind", _HOST, "--port", str(port), "--hide-welcome-screen",
                    "--expect-data-soon", *more,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env={**os.environ, "RERUN_APP_ONLY": "true"},  # it asks nobody about statistics
                # Ctrl-C at the terminal goes to us alone.
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )  # fmt: skip
        except OSError as error:
            raise InputError(f"The viewer cannot be opened here: {error}", fix=fix) from None
        until_s = time.monotonic() + _READY_WITHIN_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until_s:
                _end(process)
                raise InputError(f"The viewer cannot be opened here: {_last(said)}", fix=fix)
            time.sleep(_LOOK_EVERY_S)
    return process, f"rerun+http://{_HOST}:{port}/proxy"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with what it started: on the path lies a small program that starts the viewer."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _program() -> str:
    """Return the viewer of this environment, which need not be on the path; else look there."""
    beside = Path(sys.executable).with_name("rerun.exe" if sys.platform == "win32" else "rerun")
    return str(beside) if beside.is_file() else shutil.which("rerun") or "rerun"


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind((_HOST, 0))
        return int(tried.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(_LOOK_EVERY_S)
        return tried.connect_ex((_HOST, port)) == 0


def _last(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:_TOLD_LETTERS] if lines else "it ended without a word"
