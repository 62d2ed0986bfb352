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

POOL = """
import sys; sys.path[:0] = sys.argv[1:]
import time
from taver.core.pool import Pool, Teller
def count(place, steps):
    for _ in range(steps):
        Teller(place).advance()
    return steps
def count_on(place):
    while True:
        Teller(place).advance()
        time.sleep(0.001)
if __name__ == "__main__":
    with Pool(2, 2) as pool:
        done = [pool.submit(count, place, 500 * (place + 1)) for place in range(2)]
        print(sum(one.result() for one in done), pool.counted)
    try:
        with Pool(1) as pool:
            endless = [pool.submit(count_on, 0) for _ in range(2)]  # one waits
            while pool.counted < 10:
                time.sleep(0.001)
            raise RuntimeError
    except RuntimeError:
        print(*(type(one.exception()).__name__ for one in endless))
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
    gone, alive = psutil.wait_procs(workers, timeout=60)
    assert len(gone) == 2
    assert not alive


def test_what_a_pool_counts_is_seen_and_it_ends_with_who_it_works_for(tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    command = [sys.executable, str(script), *sys.path]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout
    assert out.splitlines() == ["1500 1500", "KeyboardInterrupt KeyboardInterrupt"]
