"""What has to happen within a time, on a machine that may be busy with something else."""

from __future__ import annotations

import contextlib
import threading
import time

NAP_S = 0.01
TURNS = 4


@contextlib.contextmanager
def within(seconds):
    """Fail if the block takes longer than that, and than a busy machine excuses.

    A mere sleeper tells how long one has to wait for a turn; what is waited for takes some turns.
    """
    over = threading.Event()
    late_s = 0.0

    def sleep():
        nonlocal late_s
        while not over.is_set():
            began_s = time.monotonic()
            time.sleep(NAP_S)
            late_s += time.monotonic() - began_s - NAP_S

    sleeper = threading.Thread(target=sleep, daemon=True)
    sleeper.start()
    began_s = time.monotonic()
    try:
        yield
        took_s = time.monotonic() - began_s
    finally:
        over.set()
        sleeper.join()
    assert took_s < seconds + TURNS * late_s, f"{took_s:.1f} s; a sleeper came {late_s:.1f} s late"
