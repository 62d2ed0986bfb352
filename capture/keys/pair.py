"""A CurveZMQ key pair, as the 40 letters that ZeroMQ writes keys in."""

from __future__ import annotations

from typing import Annotated

import msgspec

from taver.core.document import Part

Z85 = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z", max_length=40)
]


class KeyPair(Part, frozen=True, kw_only=True):
    """What one side proves itself with (secret), and what the other side knows it by (public)."""

    public: Z85
    secret: Z85

    @classmethod
    def fresh(cls) -> KeyPair:
        """Make a new one."""
        import zmq

        public, secret = zmq.curve_keypair()
        return cls(public=public.decode(), secret=secret.decode())

    @property
    def belongs_together(self) -> bool:
        """Whether the public half is that of the secret one."""
        import zmq

        try:
            return bool(zmq.curve_public(self.secret.encode()).decode() == self.public)
        except zmq.ZMQError:
            return False  # 40 letters that are no key

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r})"  # the other half belongs into no log
