"""Aravis' simulated GigE Vision camera, made to look like an A65, as a process of its own."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import gvcp
import needing
from filelock import FileLock

from capture.gige import kernel

PROGRAM = "arv-fake-gv-camera-0.8"
INSTALL = "apt-get install aravis-tools"  # it brings the library too
ADDRESS = "127.0.0.1"
SERIAL = "A65-T1"
DESCRIPTION = Path(__file__).parents[1] / "data" / "a65.xml"
# Registers of the description, to look past every library at what was done to the camera.
NUC_MODE, NUC_ACTION = 0x1050, 0x1060
FRAME_PERIOD_US = 0x138

_START_S = 40
_SENT = re.compile(r"Send frame (\d+)")
_DROPPED = re.compile(r"Drop GVSP (leader|data|trailer) packet frame: ?(\d+)")


class Simulated:
    """A camera that runs; `log` is what it says it sent."""

    def __init__(self, process, log):
        self.process = process
        self._log = log

    def unplug(self):
        """Let it be gone at once, with whatever is in its hands."""
        self.process.kill()
        self.process.wait()

    def sent(self):
        """Return the block id of every frame it says it sent, in order."""
        return [int(block) for block in _SENT.findall(self._said())]

    def dropped(self):
        """Return (packet, block id) for every packet it says it left out."""
        return [(packet, int(block)) for packet, block in _DROPPED.findall(self._said())]

    def _said(self):
        return self._log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def camera(serial=SERIAL, *, lost_per_1000=0, description=DESCRIPTION):
    """Start the camera and wait until it answers; it ends with the block for certain."""
    needing.needs(shutil.which(PROGRAM), "Aravis' simulated camera", install=INSTALL)
    needing.needs(
        not kernel.warnings(kernel.PICTURES_WAITING * 640 * 512 * 2),
        "a kernel that holds four pictures' packets",
        install="sudo sysctl -w net.core.rmem_max=4194304",
    )
    # It listens where every GigE Vision camera does, so there is one at a time on a machine.
    with (
        FileLock(Path(tempfile.gettempdir()) / "taver-tests-gige.lock", timeout=100),
        tempfile.TemporaryDirectory() as folder,
        (Path(folder) / "camera.log").open("wb") as log,
    ):
        command = [PROGRAM, "-i", ADDRESS, "-s", serial, "-g", str(description)]
        command += ["-r", str(lost_per_1000), "-d", "stream-thread:3"]
        with subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process:
            try:
                _wait_for(serial, process, Path(log.name))
                yield Simulated(process, Path(log.name))
            finally:
                process.kill()


def described(folder, *changes):
    """Write a description that differs from the usual one, each change an (old, new) text."""
    text = DESCRIPTION.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "changed.xml"
    path.write_text(text, encoding="utf-8")
    return path


def _wait_for(serial, process, log):
    patience = time.monotonic() + _START_S
    while gvcp.serial_at(ADDRESS) != serial:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        assert time.monotonic() < patience, f"{PROGRAM} does not answer at {ADDRESS}"
        time.sleep(0.02)
