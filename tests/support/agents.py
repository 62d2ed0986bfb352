"""Agents on "other machines": processes of their own, with their own clocks, spools and keys."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from calibration.sources.growing import Growing
from capture.agent.launch import DeviceLaunch, Launch, Skew
from capture.keys import files as keys
from capture.keys.pair import KeyPair
from capture.master.crews import LocalDevice, RemoteAgent
from taver.core.frames import Modality
from taver.core.recording.writer import PARTIAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = 0.1
LONGEST_S = 60
HEARD_WITHIN_S = 60


def local(modality, serial=None, **config):
    """Return a small test pattern of this machine."""
    serial = serial or f"{modality}-0"
    config = {"modalities": [str(modality)], "serial": serial, "scale": SMALL, **config}
    return LocalDevice(driver="pattern", config=config)


def hear(master, kind):
    """Wait for a happening of that kind."""
    until_s = time.monotonic() + HEARD_WITHIN_S
    while time.monotonic() < until_s:
        for happening in master.poll(0.1):
            if happening.kind is kind:
                return happening
    raise AssertionError(kind)


def wait_for_frames(folder, file, count=6):
    """Wait until so many whole frames are in a file below a folder that is being recorded."""
    until_s = time.monotonic() + HEARD_WITHIN_S
    growing = None
    while growing is None or growing.frames < count:
        assert time.monotonic() < until_s, (file, growing and growing.frames)
        if growing is None:
            found = list(folder.rglob(f"{file}{PARTIAL}"))
            growing = Growing(found[0].with_name(file), Modality.DEPTH) if found else None
        else:
            growing.follow()
        time.sleep(0.02)


class Elsewhere:
    """One agent process; it can be killed and started again on its spool."""

    def __init__(self, study, name, modality, *, skew=None, key=None, port=0, code=None, **config):
        self.study, self.name, self.port = study, name, port
        self.command = ["-c", code] if code else ["-m", "capture.agent"]
        if not (study.keys_folder / f"{name}.key").exists():
            keys.make(study.keys_folder, name)
        self.key = key or keys.read_agent(study.keys_folder / f"{name}.key")
        self.spool: Path = study.folder / f"spool of {name}"
        config = {"modalities": [str(modality)], "serial": f"{name}-1", "scale": SMALL, **config}
        self.devices = (DeviceLaunch(driver="pattern", config=config),)
        self.skew: Skew | None = skew
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def crew(self):
        """What a master is told of it."""
        address = f"127.0.0.1:{self.port}"
        return RemoteAgent(name=self.name, address=address, keys=self.study.keys_folder)

    def start(self):
        launch = Launch(
            name=self.name,
            listen=f"127.0.0.1:{self.port}",
            pair=self.key.pair,
            masters=(self.key.master_public,),
            devices=self.devices,
            spool=str(self.spool),
            skew=self.skew,
        )
        self.process = subprocess.Popen(
            [sys.executable, *self.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.process.stdin.write(msgspec.json.encode(launch) + b"\n")
        self.process.stdin.flush()
        return self

    def listening(self):
        """Wait until it does."""
        ready = json.loads(self.process.stdout.readline())
        assert ready["port"], ready
        self.port = ready["port"]
        return self

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        """Let it come to its end, and wait for it."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait(LONGEST_S)
        self.process.stdout.close()


@contextlib.contextmanager
def elsewhere(study, name, modality, **more) -> Iterator[Elsewhere]:
    """Start an agent; end it with the block."""
    with together(Elsewhere(study, name, modality, **more)) as (agent,):
        yield agent


@contextlib.contextmanager
def together(*agents: Elsewhere) -> Iterator[tuple[Elsewhere, ...]]:
    """Start several at once, and end them at once."""
    try:
        for agent in agents:
            agent.start()
        for agent in agents:
            agent.listening()
        yield agents
    finally:
        for agent in agents:
            if agent.process is not None:
                with contextlib.suppress(OSError):
                    agent.process.stdin.close()
        for agent in agents:
            if agent.process is not None:
                agent.end()


def stranger() -> keys.AgentKey:
    """Return the key of an agent of somebody else's study."""
    return keys.AgentKey(name="x", pair=KeyPair.fresh(), master_public=KeyPair.fresh().public)
