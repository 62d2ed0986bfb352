"""TLS before waitress, which has none: ends it, and hands the bytes on within the machine.

Browsers' connections end here. For each there is one connection to waitress on a private loopback
port; by the port it comes from, the application learns the browser's true address. Nothing inside
the bytes is read or changed, so there is nothing to be fooled by. A connection to the private port
that is not one of ours is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from typing import TYPE_CHECKING, Any, Final, Self

from taver.core.errors import InputError
from taver.core.storage import explained

if TYPE_CHECKING:
    import socket
    from pathlib import Path

_CHUNK: Final = 64 * 1024
_HANDSHAKE_S: Final = 10.0
_GOODBYE_S: Final = 2.0


class Front:
    """Takes TLS connections on a listening socket for as long as it is entered."""

    def __init__(
        self, outside: socket.socket, inside_port: int, certificate: Path, key: Path
    ) -> None:
        self._outside = outside
        self._inside_port = inside_port
        self._context = context(certificate, key)
        self._clients: dict[str, tuple[str, str]] = {}  # our port -> the browser's address, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="tls", daemon=True)
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def tell_address(self, app: Any) -> Any:
        """Return `app` with the browser's address for that of our own connection."""

        def inner(environ: dict[str, Any], start_response: Any) -> Any:
            client = self._clients.get(environ["REMOTE_PORT"])
            if client is None:
                start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
                return [b"This port is not for browsers.\n"]
            environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client
            environ.pop("REMOTE_HOST", None)
            return app(environ, start_response)

        return inner

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(
                self._meet,
                sock=self._outside,
                ssl=self._context,
                ssl_handshake_timeout=_HANDSHAKE_S,
                ssl_shutdown_timeout=_GOODBYE_S,
                backlog=1024,
            )
        )
        self._loop.set_exception_handler(_hear_nothing)
        self._listening.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one browser's bytes to waitress, and waitress' to the browser."""
        host, port = writer.get_extra_info("peername")[:2]
        ours = ""
        inner_writer: asyncio.StreamWriter | None = None
        try:
            inner_reader, inner_writer = await asyncio.open_connection(
                "127.0.0.1", self._inside_port
            )
            ours = str(inner_writer.get_extra_info("sockname")[1])
            self._clients[ours] = (host, str(port))  # before the first byte can arrive
            there = asyncio.create_task(_carry(reader, inner_writer))
            back = asyncio.create_task(_carry(inner_reader, writer))
            _, left = await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if there not in left:  # the browser has gone; what it asked last is still answered
                await asyncio.wait({back}, timeout=_GOODBYE_S)
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
        except OSError:
            pass  # either side may go at any time
        finally:
            for stream in (writer, inner_writer):
                if stream is not None:
                    stream.close()
            # waitress reads a request whole before the application asks for the address; what
            # it still works on belongs to a browser that has gone.
            self._clients.pop(ours, None)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()  # a slow browser slows its film, and fills no memory


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return how to speak TLS with a certificate, or say what is wrong with the files."""
    for path in (certificate, key):
        with explained(path):
            path.read_bytes()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    try:
        made.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise InputError(
            f"{certificate} and {key} are no certificate with its key ({reason})",
            fix="give both in PEM form, the certificate with its chain first, the key without a "
            "password: --tls CERT KEY",
        ) from None
    return made


def _no_password() -> str:
    raise ValueError("the key has a password")


def _hear_nothing(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Let strangers' broken handshakes fill no log."""
    if not isinstance(context.get("exception"), (OSError, ssl.SSLError, TimeoutError)):
        asyncio.get_event_loop().default_exception_handler(context)
