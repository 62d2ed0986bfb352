"""Serves the application until it is stopped: on loopback, by TLS, or behind a proxy."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import select
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
import waitress.server
from werkzeug.middleware.proxy_fix import ProxyFix

from annotate_web import tls
from annotate_web.app import create_app
from taver.core.errors import BusyError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annotate_web.db.open import Database
    from annotate_web.settings import Settings

PORT: Final = 7300
CONNECTIONS: Final = 1000  # a browser keeps several open; waitress' own 100 stalls 40 people
_THREADS: Final = 16  # as many batches at most wait for the disk together
_FILES: Final = 4096
_WILDCARDS: Final = ("0.0.0.0", "::")  # noqa: S104  what is looked for, not what is bound


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server listens, and how browsers come to it."""

    host: str = "127.0.0.1"
    port: int = PORT
    certificate: Path | None = None
    key: Path | None = None
    proxy: str = ""  # the address of the one web server that requests come through
    public_url: str = ""

    @property
    def address(self) -> str:
        """What people type."""
        if self.public_url:
            return self.public_url
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{_bracketed(self.host)}:{self.port}"


def listening(
    listen: str,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    proxy: str = "",
    public_url: str = "",
) -> Listening:
    """Return where to listen, or say why it would not be safe or could not work."""
    host, port = _host_and_port(listen)
    public_url = public_url.rstrip("/")
    if public_url:
        check_url(public_url)
    if certificate and proxy:
        raise InputError(
            "Either this server speaks TLS, or the proxy before it does",
            fix="leave out --tls, or --behind-proxy",
        )
    if proxy:
        _check_proxy(proxy, public_url)
    elif certificate:
        if host in _WILDCARDS and not public_url:
            raise InputError(
                f"{host} is no name that annotators can type",
                fix="say under which name they come: --public-url https://NAME:PORT",
            )
        if public_url and not public_url.startswith("https://"):
            raise InputError(
                f"{public_url} is plain HTTP, and --tls is not",
                fix="write --public-url https://NAME:PORT",
            )
    elif not is_loopback(host):
        raise InputError(
            f"Plain HTTP on {host} would send passwords and faces through the network for "
            "anybody to read",
            fix=f"give a certificate: --tls CERT KEY --public-url https://NAME:{port}; or put a "
            "web server with HTTPS before it: --behind-proxy ADDRESS --public-url https://NAME",
        )
    return Listening(
        host=host, port=port, certificate=certificate, key=key, proxy=proxy, public_url=public_url
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Tell whether nothing but this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    settings: Settings,
    where: Listening,
    database: Database,
    started: Callable[[str], None],
) -> None:
    """Serve until Ctrl-C or the system's end; `started` is told the address once it listens."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue for a moment is usual
    _allow_files()
    with contextlib.ExitStack() as stack:
        outside = _bound(where.host, where.port)
        stack.callback(outside.close)
        where = msgspec.structs.replace(where, port=outside.getsockname()[1])  # of 0: a free one
        settings = msgspec.structs.replace(
            settings,
            public_url=where.address,
            proxied=bool(where.proxy),
            trusted_hosts=(
                *settings.trusted_hosts, *([] if where.proxy else [_bracketed(where.host)])
            ),
        )  # fmt: skip
        app: Any = create_app(settings, database)
        if where.certificate and where.key:
            inside = _bound("127.0.0.1", 0)
            stack.callback(inside.close)
            front = tls.Front(outside, inside.getsockname()[1], where.certificate, where.key)
            stack.enter_context(front)
            app = front.tell_address(app)
        else:
            inside = outside
        if where.proxy:
            app = _only_from(where.proxy, ProxyFix(app, x_for=1, x_proto=1))
        server = waitress.server.create_server(
            app,
            sockets=[inside],
            threads=_THREADS,
            connection_limit=CONNECTIONS,
            url_scheme="https" if where.certificate else "http",
            clear_untrusted_proxy_headers=not where.proxy,
            max_request_body_size=2 * settings.limits.body_bytes,
            max_request_header_size=32 * 1024,
            asyncore_use_poll=hasattr(select, "poll"),  # select() ends at 1024 files
            ident="",
        )
        stack.enter_context(_stopped_by_the_system())
        started(where.address)
        server.run()


def _only_from(proxy: str, app: Any) -> Any:
    """Refuse whoever does not come through the proxy: they could say they were anybody."""
    wanted = ipaddress.ip_address(proxy)

    def inner(environ: dict[str, Any], start_response: Any) -> Any:
        asks = ipaddress.ip_address(environ["REMOTE_ADDR"])
        # What listens on [::] is told of IPv4 as ::ffff:192.0.2.1.
        if wanted in {asks, getattr(asks, "ipv4_mapped", None)}:
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Come through the web server that stands before this one.\n"]

    return inner


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(
            f"{host!r} is no address of this machine ({error.strerror})",
            fix="use 127.0.0.1, 0.0.0.0, or an address of this machine",
        ) from None
    try:
        if sys.platform != "win32":  # there it would let two servers listen at once
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(1024)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise BusyError(
                f"Port {port} is taken by another program",
                fix=f"stop it, or choose another: --listen {host}:{port + 1}",
            ) from None
        raise InputError(
            f"Nothing can listen on {host}:{port} ({error.strerror})",
            fix="use an address of this machine, and a port above 1023",
        ) from None
    return made


def _host_and_port(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise InputError(
            f"{listen!r} is no address to listen on", fix=f"write it as 127.0.0.1:{PORT}"
        )
    return host, int(port)


def check_url(url: str) -> None:
    """Raise if browsers cannot find a server by this, or not safely."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        _ = parts.port
    except ValueError:
        fits, parts = None, urlsplit("")
    if not fits or parts.path or parts.query or parts.fragment:
        raise InputError(
            f"{url!r} is not how a browser finds a server",
            fix="write it as https://annotate.example.org, without anything behind",
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise InputError(
            f"{url} is plain HTTP: passwords and faces could be read on the way",
            fix="use https://, by --tls CERT KEY or a web server before it (--behind-proxy)",
        )


def _check_proxy(proxy: str, public_url: str) -> None:
    try:
        ipaddress.ip_address(proxy)
    except ValueError:
        raise InputError(
            f"{proxy!r} is no address of a proxy",
            fix="give the one its requests come from, such as --behind-proxy 127.0.0.1",
        ) from None
    if not public_url.startswith("https://"):
        raise InputError(
            "Behind a proxy it has to be said under which name annotators come",
            fix="add --public-url https://NAME",
        )


@contextlib.contextmanager
def _stopped_by_the_system() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl-C does: requests that run are finished."""

    def stop(*_: object) -> None:
        raise SystemExit(0)

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever runs it stops it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _allow_files() -> None:
    """Ask for as many open files as connections may need; Windows sets no such bound."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
