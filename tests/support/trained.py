"""Small training runs: seconds each, on datasets whose content is known."""

import os
import signal
import sys

import datasets

from taver.training import config

SMALL = (
    "model.name=cnn3d", "model.width=0.1", "model.size_px=32", "model.length=4",
    "optimiser.learning_rate=2e-3", "machine.threads=1",
)  # fmt: skip


def make(folder, **told):
    """Write a dataset of small pictures."""
    return datasets.make_dataset(folder, **{"people": 4, "seconds": 16, "size_px": 32, **told})


def settings(*words):
    """Return a config of a model so small that it trains in a second."""
    return config.changed(config.TrainingConfig(), *SMALL, *words)


class CtrlC:
    """Presses Ctrl-C once so many clips are done."""

    def __init__(self, clips):
        self.left = clips

    def begin(self, title, total):
        """Nothing is to be told."""

    def advance(self, steps=1):
        """Count, and press."""
        self.left -= steps
        if self.left <= 0:
            self.left = 10**9
            if sys.platform == "win32":
                signal.raise_signal(signal.SIGINT)
            else:  # as a terminal does it: to the process, whichever thread this is
                os.kill(os.getpid(), signal.SIGINT)


class Titles:
    """Keeps what is told of progress."""

    def __init__(self):
        self.titles = []
        self.steps = 0

    def begin(self, title, _):
        """Keep the title."""
        self.titles.append(title)

    def advance(self, steps=1):
        """Count."""
        self.steps += steps
