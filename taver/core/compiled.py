"""Functions compiled by numba when they are first called: once for all processes, kept on disk."""

from __future__ import annotations

import contextlib
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from taver.core.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from filelock import BaseFileLock

_Function = TypeVar("_Function", bound="Callable[..., Any]")

# What is compiled here takes seconds. Whoever lets others wait for longer was stopped or hangs.
_PATIENCE_S: Final = 60.0
# What is kept is read under the lock, too, in some milliseconds.
_POLL_S: Final = 0.01
# No room or no right to keep it; a file that the power left empty or in part.
_KEPT_BADLY: Final = (OSError, EOFError, pickle.UnpicklingError)


class Compiler:
    """Compiles for one thread, without holding the GIL.

    No fast mathematics: a picture or a dataset made on another processor has to come out the same.
    No parallel loops: numba's own threads abort the program where two of ours call them at once.
    """

    def __init__(self, *, extra: str, to: str) -> None:
        """Load numba, or say that the extra is needed to do so."""
        self._numba = need("numba", extra=extra, to=to)

    def compiled(self, function: _Function) -> _Function:
        """Compile `function`."""
        return cast("_Function", self._made(function, {}))

    def inlined(self, function: _Function) -> _Function:
        """Compile `function` into its callers: to hand over many arrays takes its time."""
        return cast("_Function", self._made(function, {"forceinline": True}))

    def _made(self, function: Callable[..., Any], more: dict[str, bool]) -> Any:
        options = {"nogil": True, "error_model": "numpy", "boundscheck": False, **more}
        try:
            made = self._numba.njit(cache=True, **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's can be written
            return self._numba.njit(**options)(function)
        if not self._numba.config.DISABLE_JIT:  # else numba hands the function itself back
            self._share(made, function)
        return made

    def _share(self, made: Any, function: Callable[..., Any]) -> None:
        """Let processes that need `made` at once wait for the first of them.

        Each function has a lock of its own: whoever compiles a caller compiles what it calls, and
        calls do not go round, so two processes never wait for each other. Threads of one process
        would; numba's own lock, taken first, lets in one of them at a time.
        """
        compile_here = made.compile
        source = function.__code__
        name = f"{Path(source.co_filename).stem}.{source.co_name}-{source.co_firstlineno}.lock"
        lock = _lock(Path(made.stats.cache_path) / name)

        def compile_once(signature: Any) -> Any:
            with self._numba.core.compiler_lock.global_compiler_lock, _one_process(lock):
                try:
                    return compile_here(signature)
                except _KEPT_BADLY:
                    _forget(made)
                return compile_here(signature)

        made.compile = compile_once


def _lock(path: Path) -> BaseFileLock:
    import filelock

    return filelock.FileLock(path, timeout=_PATIENCE_S)


@contextlib.contextmanager
def _one_process(lock: BaseFileLock) -> Iterator[None]:
    """Keep other processes out where that can be had; without, each compiles for itself."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError, NotImplementedError):  # a timeout is an OSError
            Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(lock.acquire(poll_interval=_POLL_S))
        yield


def _forget(made: Any) -> None:
    """Drop what is kept of `made`; where even that fails, keep nothing of it in this process."""
    cache = made._cache  # noqa: SLF001  numba gives no other way to it
    try:
        cache.flush()
    except OSError:
        cache.disable()
