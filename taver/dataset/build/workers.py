"""Who does the work: this process, several of its own, or machines that a Dask scheduler leads.

All three are executors of Python's own kind, so that whoever gives them work need not know.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Final, TypeVar

from taver.core import worker
from taver.core.errors import InputError, TaverError
from taver.core.extras import need
from taver.core.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    In = TypeVar("In")
    Out = TypeVar("Out")

MOST_JOBS: Final = 64
_ANSWERS_S: Final = 10


class _Here(Executor):
    """Does each piece of work when it is given."""

    def submit(self, function: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Do it now; what goes wrong is raised here and now, too."""
        done: Future[Any] = Future()
        done.set_result(function(*given, **named))
        return done


def check(jobs: int, scheduler: str | None) -> None:
    """Raise InputError where it cannot be meant, before anything is done."""
    if not 1 <= jobs <= MOST_JOBS:
        raise InputError(f"{jobs} jobs", fix=f"give 1 to {MOST_JOBS}; as many as there are cores")
    if scheduler is not None and jobs != 1:
        raise InputError(
            "Both --jobs and --scheduler were given",
            fix="give --jobs for this machine, or --scheduler for others, which have their own "
            "number of workers",
        )


def processes(jobs: int, places: int) -> contextlib.AbstractContextManager[Pool | None]:
    """Give a pool that works for all of a build, or None where this process does everything."""
    return contextlib.nullcontext() if jobs == 1 else Pool(jobs, places)


@contextlib.contextmanager
def workers(pool: Pool | None, scheduler: str | None = None) -> Iterator[Executor]:
    """Give an executor; after the block nothing is done any more, and the pool has ended."""
    if scheduler is not None:
        with _dask(scheduler) as executor:
            yield executor
    elif pool is None:
        yield _Here()
    else:
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def each(executor: Executor, function: Callable[[In], Out], given: Sequence[In]) -> Iterator[Out]:
    """Yield what comes of each piece of work, in the order in which they are done."""
    if isinstance(executor, _Here):
        yield from (function(one) for one in given)
        return
    waiting: list[Future[Out]] = []
    try:
        waiting += (executor.submit(function, one) for one in given)
        for done in as_completed(waiting):
            yield done.result()
    except BrokenProcessPool:
        raise TaverError(
            "A process that cut pictures was ended from outside",
            fix="run again: what is done is kept. If memory ran out, give fewer --jobs",
        ) from None
    finally:
        for one in waiting:
            one.cancel()


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Executor]:
    distributed: Any = need("distributed", extra="scale", to=f"work through {address}")
    try:
        client = distributed.Client(address, timeout=_ANSWERS_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise TaverError(
            f"No Dask scheduler answers at {address} ({error})",
            fix="start one (dask scheduler) and its workers (dask worker tcp://HOST:8786), with "
            "the same taver installed, and give its address: tcp://HOST:8786",
        ) from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise TaverError(
                f"The Dask scheduler at {address} has no workers",
                fix=f"start some: dask worker {address}",
            )
        client.run(worker.one_thread)
        yield client.get_executor(pure=False)
