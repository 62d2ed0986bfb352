"""Two commands that record the test pattern: as slowly as a camera does, and at once."""

from __future__ import annotations

import signal
from pathlib import Path

import click
import studies

from capture import contact_sheet
from capture.drivers.pattern import PatternConfig, PatternDriver
from capture.recorder import Plan, Source, record
from taver.cli.base import TaverCommand
from taver.cli.table import COMMANDS, Entry
from taver.core.clock import HostClock
from taver.core.study import Study

MINUTES = 5
LINGERS = 30  # frames after it was told to stop


class Aloud:
    """Prints a line for each frame that was acknowledged."""

    def begin(self, title, total):
        """Say nothing: no frame was stored yet."""

    def advance(self, *_):
        """Say that the frame is stored."""
        print("stored", flush=True)


class Lingering(PatternDriver):
    """A device whose buffers still give frames for a while after it was told to stop."""

    def __init__(self, config, clock):
        super().__init__(config, clock)
        self._left = None

    def frames(self):
        """Yield all frames, and some more after `stop`."""
        for frame in super().frames():
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    return
            yield frame

    def stop(self):
        """Let it come to an end, in its own time."""
        if self._left is None:
            self._left = LINGERS

    def close(self):
        """Let go at once."""
        super().stop()
        super().close()


@click.command(cls=TaverCommand)
@click.argument("name")
def paced(name):
    """Record NAME."""
    clock = HostClock()
    driver = Lingering(PatternConfig(rate_hz=50, scale=0.1, drop_every=5), clock)
    plan = Plan(session=name, participant="P01", seconds=60 * MINUTES)
    record(Study.find(Path.cwd()), plan, [Source(driver, clock)], Aloud())


@click.command(cls=TaverCommand)
@click.argument("name")
def quick(name):
    """Record NAME, and draw its contact sheet."""
    study = Study.find(Path.cwd())
    source = studies.pattern(scale=1.0)
    session = studies.record_pattern(study, name, source, seconds=5)
    contact_sheet.write(study, session, study.folder / "sheet.png")


def join():
    """Put the commands into taver's table, as any other stands there."""
    COMMANDS["paced"] = Entry("paced:paced", "Record the test pattern for minutes.")
    COMMANDS["quick"] = Entry("paced:quick", "Record the test pattern and draw it.")


def hear_interrupts():
    """Take Ctrl-C as a terminal sends it, also where a parent had it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
