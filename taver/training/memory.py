"""Memory that a step gave back is kept for the next one, where the C library can be told so."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

# <malloc.h> of glibc.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_LARGEST: Final = 1 << 30  # bytes of one array


def keep() -> bool:
    """Keep freed memory in this process; tell whether its C library does.

    glibc hands each large array back to the system when it is freed. Every step of a training then
    gets a gigabyte of empty pages anew, page by page, which takes a sixth of its time.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    # Older ones take no more than 32 MiB.
    kept = tell(_MMAP_THRESHOLD, _LARGEST) or tell(_MMAP_THRESHOLD, 32 << 20)
    return bool(kept) and bool(tell(_TRIM_THRESHOLD, -1))
