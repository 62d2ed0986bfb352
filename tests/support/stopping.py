"""Forgets a person, is killed in the middle, and runs again: a program of its own, which forks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import sqlalchemy  # noqa: F401  once, and not in every child
import zarr  # noqa: F401

import annotate_web.db.open  # noqa: F401
from taver.core.errors import NotFoundError
from taver.core.study import Study
from taver.dataset.forget import person

_CHANGES = {"os.remove", "os.rmdir", "os.rename", "os.mkdir"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(study, name, every):
    """Kill it at every so many-th change of the disk; print what a second run leaves, by change."""
    work = study.with_name("stopped")
    left, change = {}, 1
    while True:
        shutil.copytree(study, work)
        ended = _in_child(lambda at=change: _stopped_at(work, name, at))
        if os.WIFSIGNALED(ended):
            again = _in_child(lambda: _finish(work, name))
            named = [p.name for p in work.rglob("*") if name in p.name or p.name.startswith("s02")]
            left[change] = [*named, *([] if not again else [f"it ended with {again}"])]
        shutil.rmtree(work)
        if not os.WIFSIGNALED(ended):
            break
        change += every
    print(json.dumps(left))


def serve():
    """Forget whom each line of the standard input names, in a process that may be ended."""
    for line in sys.stdin:
        study, name = json.loads(line)
        child = _begun(lambda at=Path(study), whom=name: _finish(at, whom))
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


def _stopped_at(folder, name, change):
    study = Study(folder)
    plan = person.plan(study, name)
    seen = 0

    def hook(event, args):
        nonlocal seen
        if event in _CHANGES or (
            event == "open" and isinstance(args[2], int) and args[2] & _WRITES
        ):
            seen += 1
            if seen == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    person.forget(study, plan)


def _finish(folder, name):
    study = Study(folder)
    try:
        plan = person.plan(study, name)
    except NotFoundError:
        return  # it was killed behind the last deletion
    assert not person.forget(study, plan).traces


def _in_child(does):
    return os.waitpid(_begun(does), 0)[1]


def _begun(does):
    child = os.fork()
    if not child:
        code = 1
        try:
            does()
            code = 0
        finally:
            os._exit(code)
    return child


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    else:
        serve()
