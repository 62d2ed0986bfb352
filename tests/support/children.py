"""Real processes: `taver` as a person starts it, and what can happen to it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A child may run in another folder: what is relative here would lead it elsewhere.
_PATH = os.pathsep.join(
    os.path.abspath(part)  # noqa: PTH100  resolve() would follow links
    for part in (str(Path(__file__).parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if part
)
TAVER = "from taver.cli.main import main; main()"
_TIMEOUT_S = 100

# Root is then bound by the permissions of files like anybody else.
WITHOUT_PRIVILEGES = """
import ctypes, os, struct
if hasattr(os, "geteuid") and os.geteuid() == 0:
    header, nothing = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")
"""


def without(*packages: str) -> str:
    """Return the code after which `packages` cannot be imported."""
    return f"""
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, NotInstalled())
"""


def with_files_up_to(size_bytes: int) -> str:
    """Return the code after which no file can grow beyond `size_bytes`."""
    return f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size_bytes}, {size_bytes}))
"""


# The commands of `paced` stand in the table then.
RECORDING = "import paced; paced.join()\n"


def taver(*arguments, cwd, before="", timeout_s=_TIMEOUT_S, **environment):
    """Run one command line to its end, with the code `before` ahead of it."""
    return subprocess.run(
        _command(before, arguments),
        cwd=cwd,
        env=environment_with(environment),
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


def script(path, *arguments, cwd, timeout_s=_TIMEOUT_S, **environment):
    """Run a Python file to its end, as a person does."""
    return subprocess.run(
        [sys.executable, str(path), *map(str, arguments)],
        cwd=cwd,
        env=environment_with(environment),
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


def shell(line, *arguments, cwd):
    """Run a line as a person types it in a shell, with its pipes."""
    return subprocess.run(
        ["/bin/sh", "-c", line, *map(str, arguments)],
        cwd=cwd,
        env=environment_with({}),
        capture_output=True,
        encoding="utf-8",
        timeout=_TIMEOUT_S,
        check=False,
    )


@contextlib.contextmanager
def started(code, *arguments, cwd) -> Iterator[subprocess.Popen[str]]:
    """Start a piece of Python whose output can be read as it comes; end it with the block."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env=environment_with({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@contextlib.contextmanager
def recording(name, *, cwd) -> Iterator[subprocess.Popen[str]]:
    """Start a recording that goes on for minutes; it prints a line when a frame is stored."""
    # Ctrl-C must reach it, even where whoever runs the tests ignores it.
    code = f"{RECORDING}paced.hear_interrupts(); {TAVER}"
    with started(code, "paced", name, cwd=cwd) as child:
        yield child


def environment_with(more):
    """Return the environment of a child, and more."""
    return {**os.environ, "PYTHONPATH": _PATH, "PYTHONIOENCODING": "utf-8", **more}


def _command(before, arguments):
    return [sys.executable, "-c", before + TAVER, *map(str, arguments)]
