"""What a server of the annotator is told: where things are, how it is reached, its limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from taver.core.clock import NS_PER_S

MINUTE_NS: Final = 60 * NS_PER_S
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of anything the server takes."""

    body_bytes: int = 512 * 1024
    batch_events: int = 1000
    batches_per_s: float = 10.0  # of one person, in the long run
    batches_at_once: float = 60.0  # after an hour offline there is much to send
    comment_characters: int = 2000
    sequence: int = 10_000_000
    idle_ns: int = 12 * HOUR_NS  # a log-in that nobody used ends
    session_ns: int = 7 * DAY_NS  # and each one ends after this
    invitation_ns: int = 14 * DAY_NS
    throttle_ns: int = 15 * MINUTE_NS
    attempts_of_both: int = 5  # failed log-ins as one name from one address
    attempts_of_name: int = 30
    attempts_of_address: int = 60  # a whole laboratory may share one
    heard_ns: int = 15 * NS_PER_S  # a sitting that was silent for so long may be taken over


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that `create_app` needs."""

    database: str  # an SQLAlchemy URL
    media: Path  # the folder with the clips' films
    public_url: str = ""  # as annotators type it; empty: wherever the server listens
    proxied: bool = False  # requests come through a web server, which may call us otherwise
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    limits: Limits = Limits()
    now_ns: Callable[[], int] = time.time_ns
    # Why pictures of a session may not be shown today, or nothing: consent can be withdrawn.
    refusal: Callable[[str, bool], str] = lambda _session, _with_sound: ""

    @property
    def secure(self) -> bool:
        """Whether browsers come by HTTPS, so that cookies are kept from anything else."""
        return self.public_url.startswith("https://")

    @property
    def called(self) -> str:
        """What browsers call the server, whatever a web server before it says; empty: as it says.

        Where pages come from is compared with it, and not all web servers pass it on.
        """
        return urlsplit(self.public_url).netloc if self.proxied else ""

    @property
    def hosts(self) -> list[str]:
        """By which names the server answers: another page's name for it is refused."""
        named = urlsplit(self.public_url).hostname
        return [*self.trusted_hosts, *([named] if named else [])]
