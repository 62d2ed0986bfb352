"""What a rater's browser does, without one: cookies are kept, each change carries its token."""

from __future__ import annotations

import http.client
import json
import uuid
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from taver.core.errors import DataError

_PATIENCE_S: Final = 30.0


class Browser:
    """One person's connection to the annotation server."""

    def __init__(self, address: str) -> None:
        self._address = address
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=_PATIENCE_S
        )
        self._cookies: dict[str, str] = {}

    def join(self, token: str, name: str, password: str, *, age: int, gender: str) -> None:
        """Accept an invitation, and say that the instructions were read."""
        form = {"name": name, "password": password, "age": age, "gender": gender}
        self._ask("POST", f"/invite/{token}", form=form)
        self._ask("POST", "/api/instructed", given={})

    def assignments(self) -> list[dict[str, Any]]:
        """Return the clips that this person was given."""
        found: list[dict[str, Any]] = self._told("GET", "/api/assignments/")["assignments"]
        return found

    def rate(self, assignment: int, events: list[dict[str, Any]], batch: int = 200) -> None:
        """Open a sitting and send all its events; all of them have to be acknowledged."""
        client = {"client": str(uuid.uuid4())}
        sitting = self._told("POST", f"/api/assignments/{assignment}/sitting", client)["sitting"]
        told: dict[str, Any] = {}
        for start in range(0, len(events), batch):
            part = {"batch": events[start : start + batch]}
            told = self._told("POST", f"/api/sittings/{sitting}/events", part)
        if told.get("acknowledged") != len(events):
            raise DataError(
                f"The server keeps {told.get('acknowledged')} of {len(events)} events",
                fix="report it as a bug, with what the server printed",
            )

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _told(self, method: str, path: str, given: Any = None) -> Any:
        return json.loads(self._ask(method, path, given=given))

    def _ask(self, method: str, path: str, *, given: Any = None, form: Any = None) -> bytes:
        headers = {"Referer": f"{self._address}/"}
        body: bytes | None = None
        if method == "POST":
            headers["X-CSRFToken"] = json.loads(self._sent("GET", "/api/token", None, {}))["token"]
            if form is not None:
                body = urlencode(form).encode()
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            else:
                body = json.dumps(given).encode()
                headers["Content-Type"] = "application/json"
        return self._sent(method, path, body, headers)

    def _sent(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        if self._cookies:
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers = {**headers, "Cookie": cookies}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self._cookies[key] = morsel.value
        if answer.status >= 400:
            raise DataError(
                f"The annotation server answers {method} {path} with {answer.status}: "
                f"{data[:300].decode(errors='replace')}",
                fix="report it as a bug",
            )
        return data
