"""Whether the kernel may hold a picture's packets until the program takes them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

PICTURES_WAITING: Final = 4  # that the kernel is to hold when the program is late
_LIMIT: Final = Path("/proc/sys/net/core/rmem_max")
_ENOUGH: Final = 4_194_304  # four pictures of an A65, and their headers


def warnings(picture_bytes: int) -> tuple[str, ...]:
    """Say so if packets of a picture will be lost on this machine; root has another way in."""
    if sys.platform != "linux" or os.geteuid() == 0:
        return ()
    try:
        limit = int(_LIMIT.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ()
    if limit >= picture_bytes:
        return ()
    said = (
        f"the kernel holds {limit} bytes of packets and a picture has {picture_bytes}: packets "
        f"will be lost; allow it more with: sudo sysctl -w net.core.rmem_max={_ENOUGH}"
    )
    return (said,)
