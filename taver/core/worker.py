"""A process that works for another one: in one thread, and no longer than the other one lives."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from typing import Final

from taver.core.extras import need

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def begin() -> None:
    """Get this process ready, as the first thing it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it, and tells us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_thread()


def one_thread() -> None:
    """Let the libraries in this process work in one thread each, or cores are shared out twice."""
    for name in _THREADS:
        os.environ[name] = "1"
    need("cv2", extra="faces", to="work on pictures").setNumThreads(1)
    need("numcodecs.blosc", extra="capture", to="read recordings").use_threads = False


def _end_with_parent() -> None:
    """End this process when the first one was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
