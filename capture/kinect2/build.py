"""Builds the shim to libfreenect2 with the system's compiler, once, into the user's cache."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

from taver.core import atomic, install
from taver.core.errors import MissingExtraError

LIBRARY: Final = "freenect2"
_COMPILERS: Final = ("c++", "g++", "clang++")
_PATIENCE_S: Final = 300
_LAST_LINES: Final = 5


def missing() -> str | None:
    """Return the line that installs what building the shim lacks here, or None."""
    if not sys.platform.startswith("linux"):
        return "use the driver kinect2_windows, on Windows; this one is for Linux"
    lacking = [
        package
        for package, there in (("g++", _compiler()), ("pkg-config", shutil.which("pkg-config")))
        if there is None
    ]
    if "pkg-config" not in lacking and _ask("--exists") is None:
        return install.freenect2()
    return install.apt(*lacking) if lacking else None


def shim(cache: Path) -> Path:
    """Return the shim for the libfreenect2 that is installed, built now if it is not in `cache`.

    Its name tells what it was made from, so another version of either is another file.
    """
    lacks = missing()
    compiler = _compiler()
    if lacks is not None or compiler is None:
        raise MissingExtraError(
            "The driver kinect2_linux needs libfreenect2 and a C++ compiler", fix=lacks or "g++"
        )
    source = files("capture.kinect2").joinpath("shim.cpp").read_bytes()
    flags = _ask("--cflags", "--libs") or []
    built = cache / f"kinect2-{_made_from(source, compiler, flags)}.so"
    if built.is_file():
        return built
    try:
        built.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with atomic.replacing(built) as beside:
            _compile(compiler, source, flags, beside)
    except OSError as error:  # StorageError is one, too
        raise MissingExtraError(
            f"The shim to libfreenect2 cannot be put into {cache}: {error}",
            fix="free that disk or get write permission to this folder; or set XDG_CACHE_HOME",
        ) from error
    return built


def _compile(compiler: str, source: bytes, flags: list[str], out: Path) -> None:
    # The library may lie where the loader does not look by itself, such as /usr/local or a home.
    folders = [f"-Wl,-rpath,{flag[2:]}" for flag in flags if flag.startswith("-L")]
    folders += [f"-Wl,-rpath,{folder}" for folder in _ask("--variable=libdir") or []]
    command = [compiler, "-std=c++11", "-O2", "-fPIC", "-shared", "-x", "c++", "-", "-o", str(out)]
    try:
        done = subprocess.run(
            [*command, "-x", "none", *flags, *folders, "-pthread"],
            input=source,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _refused([f"{compiler} did not end within {_PATIENCE_S} s"]) from None
    if done.returncode:
        errors = [x for x in done.stderr.decode(errors="replace").splitlines() if "error" in x]
        raise _refused(errors or [f"{compiler} ended with code {done.returncode}"])


def _refused(problems: list[str]) -> MissingExtraError:
    return MissingExtraError(
        f"The shim to libfreenect2 cannot be built: {problems[0]}",
        fix=f"install libfreenect2 0.2 or newer, whole: {install.freenect2()}",
        problems=problems[1:_LAST_LINES],
    )


def _made_from(source: bytes, compiler: str, flags: list[str]) -> str:
    """Return what tells this shim from one of another source, library or machine."""
    made = hashlib.sha256(source)
    version = "-".join(_ask("--modversion") or ["unknown"])
    for part in (compiler, *flags, version, platform.machine(), *_installed()):
        made.update(b"\0" + part.encode(errors="surrogateescape"))
    return f"{version}-{made.hexdigest()[:12]}"


def _installed() -> list[str]:
    """Return what tells one build of the library from another of the same version."""
    try:
        found = [
            path
            for folder in _ask("--variable=libdir") or []
            for path in sorted(Path(folder).glob(f"lib{LIBRARY}.*"))
        ]
        return [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in found]
    except OSError:
        return []


def _compiler() -> str | None:
    chosen = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, (*([chosen] if chosen else []), *_COMPILERS))), None)


def _ask(*questions: str) -> list[str] | None:
    """Return the words that pkg-config answers of libfreenect2, or None if it does not know it."""
    try:
        told = subprocess.run(
            ["pkg-config", *questions, LIBRARY], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if told.returncode:
        return None
    # It puts a backslash before every byte of a letter that is not ASCII: bytes first, then text.
    words = shlex.split(told.stdout.decode("latin-1"))
    return [os.fsdecode(word.encode("latin-1")) for word in words]
