"""Where an agent listens: a host and a port, as people write them."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final

import msgspec

from taver.core.errors import InputError

PORT: Final = 7200
_WRITTEN: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^\[\]:/\s]+))(?::(?P<port>\d{1,5}))?\Z"
)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A host by name or number, and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, any_port: bool = False) -> Address:
        """Read `host:port`, `host`, `[ipv6]:port`; port 0 stands for any that is free."""
        found = _WRITTEN.match(text.strip())
        port = int(found["port"]) if found and found["port"] else PORT
        if found is None or not (0 if any_port else 1) <= port <= 65535:
            raise InputError(
                f"{text!r} is no address",
                fix=f"write host:port, for example 192.168.1.20:{PORT}, or thermal-pc:{PORT}",
            )
        return cls(host=found["v6"] or found["host"], port=port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def resolved(self) -> Address:
        """Return it with the host as a number, which is what can be listened at."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise InputError(
                f"The host {self.host!r} cannot be found: {error}",
                fix="check the name, or write its number, such as 192.168.1.20",
            ) from None
        return msgspec.structs.replace(self, host=str(found[0][4][0]))

    @property
    def is_ipv6(self) -> bool:
        """Whether the host is a number of six groups."""
        return ":" in self.host

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can come here."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.casefold() == "localhost"

    @property
    def for_zmq(self) -> str:
        """As ZeroMQ wants it."""
        return f"tcp://{self}" if self.port else f"tcp://{str(self).rpartition(':')[0]}:*"
