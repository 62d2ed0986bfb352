"""A process that works for another one does not outlive it."""

from __future__ import annotations

import subprocess
import sys

import psutil

# The first process has two at work, as `taver faces --jobs 2` does, tells who they are, and waits.
CODE = """
import sys; sys.path[:0] = sys.argv[1:]
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from taver.core import worker
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=worker.begin) as pool:
        wait = [pool.submit(time.sleep, 0.2) for _ in range(2)]
        [one.result() for one in wait]
        print(*pool._processes, flush=True)
        time.sleep(60)
"""


def test_workers_end_when_who_they_work_for_is_killed(tmp_path):
    script = tmp_path / "first.py"
    script.write_text(CODE)
    command = [sys.executable, str(script), *sys.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        ids = [int(one) for one in first.stdout.readline().split()]
        workers = [psutil.Process(one) for one in ids]
        assert len(workers) == 2
        assert all(one.is_running() for one in workers)
        first.kill()
    gone, alive = psutil.wait_procs(workers, timeout=20)
    assert len(gone) == 2
    assert not alive
