"""A fit in this process, or in several that share every batch."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from taver.core.errors import InputError, TaverError
from taver.core.progress import Silent
from taver.training import engine, loop
from taver.training.resume import Job
from taver.training.samples import Samples
from taver.training.stopping import Stop

if TYPE_CHECKING:
    from pathlib import Path

    from taver.core.progress import Progress
    from taver.training import runs
    from taver.training.config import TrainingConfig
    from taver.training.training import Prepared

Phase = Literal["select", "refit"]


def fit(
    store: Any,
    folder: Path,
    config: TrainingConfig,
    prepared: Prepared,
    phase: Phase,
    epochs: int,
    before: tuple[runs.Epoch, ...],
    progress: Progress,
) -> tuple[runs.Epoch, ...]:
    """Train one phase to its end, and return its epochs behind those before it."""
    processes = config.machine.processes
    if processes > 1:
        return _in_several(store, folder, config, phase, epochs, before, progress)
    fabric = engine.fabric_for(config.machine)
    with engine.threads(config.machine), Stop() as stop:
        job = _job(folder, config, prepared, phase, epochs, before)
        state = loop.fit(fabric, job, progress, stop)
    if stop.asked:  # after the last epoch: what comes next would not hear of it
        raise KeyboardInterrupt
    return (*before, *state.history)


def _job(
    folder: Path,
    config: TrainingConfig,
    prepared: Prepared,
    phase: Phase,
    epochs: int,
    before: tuple[runs.Epoch, ...],
) -> Job:
    training, validation = prepared.training, prepared.validation
    if phase == "refit" and validation is not None:
        training, validation = together(training, validation), None
    return Job(folder, config, prepared.about, phase, training, validation, epochs, before)


def together(some: Samples, others: Samples) -> Samples:
    """Return the clips of both, the first ones first."""
    return Samples(
        {**some.recordings, **others.recordings},
        [*some.clips, *others.clips],
        np.concatenate([some.labels, others.labels]),
    )


def _in_several(
    store: Any,
    folder: Path,
    config: TrainingConfig,
    phase: Phase,
    epochs: int,
    before: tuple[runs.Epoch, ...],
    progress: Progress,
) -> tuple[runs.Epoch, ...]:
    """Start the processes, pass on what they tell, and let Ctrl-C reach all of them."""
    from torch.multiprocessing.spawn import ProcessException

    if not isinstance(store, str) and not hasattr(store, "__fspath__"):
        raise InputError(
            "A dataset in memory cannot be seen by several processes",
            fix="train in one process, or write the dataset to a folder",
        )
    context = multiprocessing.get_context("spawn")
    words: Any = context.SimpleQueue()
    stop = context.Event()
    errors: list[TaverError] = []
    listener = threading.Thread(target=_listen, args=(words, progress, errors), daemon=True)
    listener.start()
    on_main = threading.current_thread() is threading.main_thread()
    heard = signal.signal(signal.SIGINT, lambda *_: stop.set()) if on_main else None
    fabric = engine.fabric_for(config.machine, processes=config.machine.processes)
    try:
        history = fabric.launch(
            _in_process, str(store), folder, config, phase, epochs, before, words, stop
        )
    except ProcessException as error:
        words.put(None)
        listener.join()
        if errors:
            raise errors[0] from None
        raise TaverError(
            f"A process of the training ended: {str(error).strip().splitlines()[-1]}",
            fix="give the same command again: it goes on from what was saved last",
        ) from None
    finally:
        if on_main:
            signal.signal(signal.SIGINT, heard)
    words.put(None)
    listener.join()
    if history is None or stop.is_set():
        raise KeyboardInterrupt
    return tuple(history)


def _in_process(
    fabric: Any,
    store: str,
    folder: Path,
    config: TrainingConfig,
    phase: Phase,
    epochs: int,
    before: tuple[runs.Epoch, ...],
    words: Any,
    stop: Any,
) -> tuple[runs.Epoch, ...] | None:
    """Train in one of the processes; None if somebody asked to stop."""
    from taver.dataset import read as datasets
    from taver.training.training import prepare

    progress: Progress = _Teller(words) if fabric.is_global_zero else Silent()
    machine, processes = config.machine, config.machine.processes
    try:
        with engine.threads(machine, processes=processes), Stop(stop) as hears:
            prepared = prepare(datasets.open(store), config)
            job = _job(folder, config, prepared, phase, epochs, before)
            state = loop.fit(fabric, job, progress, hears)
    except KeyboardInterrupt:
        return None
    except TaverError as error:
        words.put(error)
        raise
    return (*before, *state.history)


class _Teller:
    """Tells another process of progress."""

    def __init__(self, words: Any) -> None:
        self._words = words

    def begin(self, title: str, total: int) -> None:
        """Pass it on."""
        self._words.put((title, total))

    def advance(self, steps: int = 1) -> None:
        """Pass it on."""
        self._words.put(steps)


def _listen(words: Any, progress: Progress, errors: list[TaverError]) -> None:
    while (word := words.get()) is not None:
        if isinstance(word, TaverError):
            errors.append(word)
        elif isinstance(word, tuple):
            progress.begin(*word)
        else:
            progress.advance(word)
