"""A small web server for this machine alone: what it serves needs a secret in the address.

Whoever sends it nonsense gets a refusal, and the recording beside it goes on.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from capture.desk.pages import person, preview

if TYPE_CHECKING:
    from capture.desk.view import Board

LOOPBACK: Final = "127.0.0.1"
_PATIENCE_S: Final = 5.0  # for a request to come in whole
_AT_ONCE: Final = 32  # connections; others are closed unheard
_LARGEST_FORM_BYTES: Final = 4_096
_SAFE: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with none at all, forms would not say whence they come
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Answer(NamedTuple):
    """What is sent back."""

    status: HTTPStatus
    kind: str = "text/plain; charset=utf-8"
    body: bytes = b""
    goes_to: str = ""


class PageServer:
    """Serves the pages in threads of its own, from a port that the system chose."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.operator_secret = secrets.token_urlsafe(24)
        self.person_secret = secrets.token_urlsafe(24)
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.pages = self
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            name="pages",
            daemon=True,
            kwargs={"poll_interval": 0.1},
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def preview_address(self) -> str:
        """Where the operator sees the pictures."""
        return f"http://{LOOPBACK}:{self.port}/{self.operator_secret}/"

    @property
    def person_address(self) -> str:
        """Where the person reports; it shows no pictures and leads to none."""
        return f"http://{LOOPBACK}:{self.port}/{self.person_secret}/"

    def get(self, path: str) -> Answer:
        """Answer a question."""
        secret, name = _split(path)
        if _same(secret, self.operator_secret):
            return self._preview(name)
        if _same(secret, self.person_secret):
            return self._person(name)
        return Answer(HTTPStatus.NOT_FOUND, body=b"There is nothing here.\n")

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """Take a self-report."""
        secret, name = _split(path)
        if not _same(secret, self.person_secret) or name != "answer":
            return Answer(HTTPStatus.NOT_FOUND, body=b"There is nothing here.\n")
        if person.take(self.board, form):
            return Answer(HTTPStatus.SEE_OTHER, goes_to=f"/{self.person_secret}/")
        html = person.page(self.board, form)
        return Answer(HTTPStatus.BAD_REQUEST, "text/html; charset=utf-8", html)

    def _preview(self, name: str) -> Answer:
        if name == "":
            return Answer(HTTPStatus.OK, "text/html; charset=utf-8", preview.page())
        if name == "state.json":
            state = preview.state(self.board.view(), self.board.glimpses())
            return Answer(HTTPStatus.OK, "application/json", state)
        picture = preview.picture(name, self.board.glimpses())
        if picture is not None:
            return Answer(HTTPStatus.OK, "image/jpeg", picture)
        return Answer(HTTPStatus.NOT_FOUND, body=b"There is no such picture.\n")

    def _person(self, name: str) -> Answer:
        if name == "":
            html = person.page(self.board)
            return Answer(HTTPStatus.OK, "text/html; charset=utf-8", html)
        if name == "state.json":
            return Answer(HTTPStatus.OK, "application/json", person.state(self.board))
        return Answer(HTTPStatus.NOT_FOUND, body=b"There is nothing here.\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # a browser opens several connections at once
    block_on_close = False
    pages: PageServer

    def __init__(self, *arguments: Any) -> None:
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Bind without asking any name server who we are."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hear so many at once; others are hung up on."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Hear one, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who hung up or sent nonsense must not write over the operator's screen."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    server: _Server

    def version_string(self) -> str:
        """Tell nobody which program this is."""
        return "taver"

    def log_message(self, *_: object) -> None:
        """Write nothing to the operator's terminal."""

    def do_GET(self) -> None:
        """Answer a question."""
        if self._is_for_us():
            self._send(self.server.pages.get(self.path))

    def do_POST(self) -> None:
        """Take a form."""
        if not self._is_for_us():
            return
        form = self._form()
        if form is None:
            self._send(Answer(HTTPStatus.BAD_REQUEST, body=b"This is no form of ours.\n"))
        else:
            self._send(self.server.pages.post(self.path, form))

    def _is_for_us(self) -> bool:
        """Refuse what a page from elsewhere made a browser send: its host or origin is another."""
        ours = {f"{name}:{self.server.pages.port}" for name in (LOOPBACK, "localhost")}
        origin = self.headers.get("Origin")
        hosts = self.headers.get_all("Host") or []
        is_ours = len(hosts) == 1 and hosts[0].strip() in ours
        if is_ours and (origin is None or urlsplit(origin).netloc in ours):
            return True
        self._send(Answer(HTTPStatus.FORBIDDEN, body=b"This machine serves itself alone.\n"))
        return False

    def _form(self) -> dict[str, str] | None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            return None
        if not 0 <= length <= _LARGEST_FORM_BYTES:
            return None
        try:
            text = self.rfile.read(length).decode("utf-8")
            fields = parse_qs(text, max_num_fields=16, keep_blank_values=True)
        except (ValueError, OSError):
            return None
        return {name: values[0] for name, values in fields.items()}

    def _send(self, answer: Answer) -> None:
        with contextlib.suppress(OSError):  # who hung up needs no answer
            self.send_response(answer.status)
            for name, value in _SAFE.items():
                self.send_header(name, value)
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.goes_to:
                self.send_header("Location", answer.goes_to)
            self.end_headers()
            self.wfile.write(answer.body)


def _allowed(text: str) -> str:
    """Return how a policy names an inline script or style that it lets pass: by its hash."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        f"style-src {_allowed(preview.STYLE)} {_allowed(person.STYLE)}",
        f"script-src {_allowed(preview.SCRIPT)} {_allowed(person.SCRIPT)}",
    )
)


def _split(path: str) -> tuple[str, str]:
    """Return the secret in an address, and what is asked for behind it."""
    secret, slash, name = urlsplit(path).path.removeprefix("/").partition("/")
    return (secret, name) if slash else ("", "")


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
