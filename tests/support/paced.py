"""A command that records the test pattern as slowly as a camera does, until it is stopped."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from capture.device_thread import Source
from capture.drivers.pattern import PatternConfig, PatternDriver
from capture.recorder import Plan, record
from taver.cli.base import TaverCommand
from taver.cli.table import COMMANDS, Entry
from taver.core.clock import HostClock
from taver.core.study import Study

MINUTES = 5


class Aloud:
    """Prints a line for each frame that was acknowledged."""

    def begin(self, title, total):
        """Say nothing: no frame was stored yet."""

    def advance(self, *_):
        """Say that the frame is stored."""
        print("stored", flush=True)


@click.command(cls=TaverCommand)
@click.argument("name")
def paced(name):
    """Record NAME."""
    clock = HostClock()
    driver = PatternDriver(PatternConfig(rate_hz=50, scale=0.1, drop_every=5), clock)
    plan = Plan(session=name, participant="P01", seconds=60 * MINUTES)
    record(Study.find(Path.cwd()), plan, [Source(driver, clock)], Aloud())


def join():
    """Put the command into taver's table, as any other stands there."""
    COMMANDS["paced"] = Entry("paced:paced", "Record the test pattern for minutes.")


def hear_interrupts():
    """Take Ctrl-C as a terminal sends it, also where a parent had it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
