"""How people read lengths, sizes and times."""

from __future__ import annotations

import datetime as dt

from taver.core.clock import NS_PER_S


def clock(seconds: float) -> str:
    """Say a length as people read it off a clock: 04:05, or 1:04:05."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def minutes(seconds: float) -> str:
    """Say a planned length: 10 min, 90 s, 1.5 min."""
    if seconds < 120 and seconds % 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:.3g} min"


def time_of_day(unix_ns: int) -> str:
    """Say when it was, by the clock on the wall."""
    moment = dt.datetime.fromtimestamp(unix_ns / NS_PER_S, tz=dt.UTC).astimezone()
    return moment.strftime("%H:%M:%S")


def size(count: float) -> str:
    """Say how much is on a disk."""
    for unit, power in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= power:
            return f"{count / power:.3g} {unit}"
    return f"{count / 1e3:.0f} kB"


def disk_time(minutes_left: float) -> str:
    """Say how long a disk lasts."""
    if minutes_left >= 600:
        return f"{minutes_left / 60:.0f} h"
    return f"{minutes_left:.0f} min"
