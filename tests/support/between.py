"""A server between a client and S3: it counts changes, and is gone, or ends the client, at one."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import threading

_CHANGES = {"PUT", "POST", "DELETE"}
_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Between:
    """Hands requests on; `changes` are those that were handed on and change what is kept."""

    def __init__(self, server):
        self._port = server.port
        self._lock = threading.Lock()
        self.changes = []
        self.gone_at = _never  # of a request: whether we are gone from then on
        self.behind = lambda: None  # called behind each change, before it is answered
        self._gone = False
        listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        listening.daemon_threads = True
        self.environment = server.environment | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listening.server_port}"
        }
        self._listening = listening

    def back(self):
        """Be there again."""
        self._gone = False
        self.gone_at = _never

    def serve(self):
        """Serve until `close`."""
        threading.Thread(target=self._listening.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Serve no more."""
        self._listening.shutdown()
        self._listening.server_close()

    def _handler(between):  # noqa: N805  self is the handler below
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # an answer's head and body at once

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except ConnectionError:  # the client was ended
                    self.close_connection = True

            def hand_on(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                change = f"{self.command} {self.path}"
                if self.command == "POST":  # which objects are deleted
                    change = f"{change} {body.decode('utf-8', 'replace')}"
                with between._lock:
                    between._gone = between._gone or between.gone_at(change)
                    if between._gone:
                        self.close_connection = True
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                status, headers, data = between._ask(self.command, self.path, self.headers, body)
                if self.command in _CHANGES:
                    between.changes.append(change)
                    between.behind()
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in _OF_ONE_CONNECTION:
                        self.send_header(name, value)
                if self.command == "HEAD":
                    length = next((v for n, v in headers if n.lower() == "content-length"), "0")
                else:
                    length = str(len(data))
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = hand_on  # noqa: N815

            def log_message(self, *_):
                pass

        return Handler

    def _ask(self, method, path, headers, body):
        asked = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            asked.connect()
            asked.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked.request(method, path, body or None, dict(headers.items()))
            answer = asked.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            asked.close()


def _never(_):
    return False


@contextlib.contextmanager
def between(server):
    """Stand before a server for the length of the block."""
    made = Between(server)
    made.serve()
    try:
        yield made
    finally:
        made.close()
