"""The sitting's own modules in a browser, without a server of ours: each is tested by itself."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from browsing import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

STATIC = Path(__file__).parents[2] / "annotate_web" / "static"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>modules</title>")
        else:
            super().do_GET()


@contextlib.contextmanager
def page() -> Iterator[Any]:
    """Give a page in which `/sitting/machine.js` and the others can be imported."""
    handler = functools.partial(_Quiet, directory=str(STATIC))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with browser() as started:
            made = started.new_page()
            made.goto(f"http://127.0.0.1:{server.server_port}/")
            yield made
            made.context.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
