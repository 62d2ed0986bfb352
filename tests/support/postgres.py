"""A real PostgreSQL of its own, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ports
from needing import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_S = 60


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Start one on a free port of this machine; give the URL of an empty database with a password.

    It refuses to run as root; then it is run by the user that its package made.
    """
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    needs(initdb and pg_ctl, "PostgreSQL", install="apt-get install postgresql")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if root else {}
    with tempfile.TemporaryDirectory(prefix="taver-pg-") as name:
        folder = Path(name)
        password = folder / "password"
        password.write_text("hush: it's secret@home")
        if root:
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(password, "postgres", "postgres")
        data, port = folder / "data", ports.free_port()
        _run(
            [initdb, "-D", data, "-U", "taver", "-A", "scram-sha-256", "--pwfile", password,
             "-E", "UTF8", "--no-sync"], user, folder,
        )  # fmt: skip
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k '{folder}' -c fsync=off"
        _run([pg_ctl, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], user, folder)
        try:
            yield f"postgresql+psycopg://taver:hush%3A%20it%27s%20secret%40home@127.0.0.1:{port}/postgres"
        finally:
            _run([pg_ctl, "-D", data, "-w", "-m", "immediate", "stop"], user, folder)


def _run(command: list[Any], user: dict[str, Any], folder: Path) -> None:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        timeout=_LONGEST_S, **user,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def _program(name: str) -> str | None:
    if found := shutil.which(name):
        return found
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else None
