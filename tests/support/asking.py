"""Questions to a page server, as a program asks them."""

from __future__ import annotations

import http.client


def ask(server, method, path, body=None, **headers):
    """Send one request; return the answer's status, body and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, answer.headers
