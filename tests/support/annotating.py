"""The annotator as it is really served: a process of its own, people in it, and their browsers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import children
import numpy as np
import ports
import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from annotate_web.assign import places
from annotate_web.auth import accounts, passwords, sessions
from annotate_web.db import tables
from annotate_web.db.open import open_database
from annotate_web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annotate_web.db.open import Database

PASSWORD = "four words by heart"
_hash: list[str] = []
_LONGEST_S = 60
START_UNIX_NS = 1_790_000_000_000_000_000
PERIOD_NS = 100_000_000


class People(NamedTuple):
    """Numbers of users by name."""

    ids: dict[str, int]

    def __getattr__(self, name: str) -> int:
        return self.ids[name]


def add_people(database: Database, *names: str, role=tables.Role.ANNOTATOR) -> list[int]:
    """Put users on file who have the password PASSWORD and have read the instructions."""
    if not _hash:
        _hash.append(passwords.hashed(PASSWORD))  # it takes a while, and may be shared
    made = []
    with database.writing() as connection:
        for name in names:
            user = accounts.create(connection, name, role, time.time_ns(), password_hash=_hash[0])
            accounts.note_instructed(connection, user, time.time_ns())
            made.append(user)
    return made


def add_clip(
    database: Database, name="clip", *, frames=100, wanted=3, session="s01", media="", **more
) -> int:
    """Put a clip on file whose film is there or not; return its number."""
    times = START_UNIX_NS + np.arange(frames, dtype="<i8") * PERIOD_NS
    row = {
        "name": name, "session": session, "phase": None, "from_unix_ns": int(times[0]),
        "until_unix_ns": int(times[-1]) + 1, "width_px": 320, "height_px": 180,
        "frame_unix_ns": times.tobytes(), "frames": frames, "media": media or f"{name}.webm",
        "media_sha256": "0" * 64, "sound": False, "simulated": True, "wanted_raters": wanted,
        "practice": False, "reference": None, "added_ns": START_UNIX_NS, **more,
    }  # fmt: skip
    with database.writing() as connection:
        return connection.execute(
            sa.insert(tables.clips).values(row).returning(tables.clips.c.id)
        ).scalar_one()


def assign(database: Database, clip: int, user: int) -> int:
    """Give a clip to a user; return the assignment's number."""
    with database.drawing() as connection:
        return places.give(connection, None, clip, user, time.time_ns())


def event(seq: int, kind: str, frame: int | None = None, value: int | None = None, **more):
    """Return an event as a page sends it."""
    media_ns = None if frame is None else frame * PERIOD_NS
    return {
        "seq": seq, "kind": kind, "frame": frame, "media_ns": media_ns, "value": value,
        "delay_us": 8000 if frame is not None else None,
        "client_ns": START_UNIX_NS + seq * 50_000_000, **more,
    }  # fmt: skip


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]  # by their names in small letters
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Asks as a browser does: cookies kept, one connection, the token on every change."""

    def __init__(self, address: str, *, tls=None, timeout_s=_LONGEST_S) -> None:
        parts = urlsplit(address)
        self.address = address
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        more = {"context": tls} if parts.scheme == "https" else {}
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_s, **more)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, given: Any = None, *, form=None, token=None, **headers) -> Answer:
        """Send JSON, or a form; with this browser's own token unless another is given."""
        token = self.token if token is None else token
        if form is not None:
            body = urlencode({"csrf_token": token, **form}).encode()
            kind = "application/x-www-form-urlencoded"
        else:
            body = given if isinstance(given, bytes) else json.dumps(given or {}).encode()
            kind = "application/json"
        told = {"Content-Type": kind, "Referer": f"{self.address}/", **headers}
        if token and form is None:
            told["X-CSRFToken"] = token
        return self.ask("POST", path, body, told)

    def ask(self, method: str, path: str, body: bytes | None = None, headers=None) -> Answer:
        told = dict(headers or {})
        if self.cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            self._connection.request(method, path, body, told)
            response = self._connection.getresponse()
            data = response.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()  # the next request begins anew
            raise
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self.cookies[key] = morsel.value
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data)

    def fetch_token(self) -> str:
        self.token = self.get("/api/token").json["token"]
        return self.token

    def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Log in by the page that people see."""
        page = self.get("/login")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        self.token = found[1] if found else self.fetch_token()
        answer = self.post("/login", form={"name": name, "password": password})
        if answer.status == 302:
            self.fetch_token()
        return answer

    def open(self, assignment: int, **more: Any) -> str:
        """Open a sitting; return its UUID."""
        answer = self.post(
            f"/api/assignments/{assignment}/sitting", {"client": str(uuid.uuid4()), **more}
        )
        assert answer.status == 200, answer.text
        return answer.json["sitting"]

    def send(self, sitting: str, *events: dict[str, Any]) -> Answer:
        return self.post(f"/api/sittings/{sitting}/events", {"batch": list(events)})

    def close(self) -> None:
        self._connection.close()


class Server:
    """One `taver annotate serve`; it can be killed and started again on the same port."""

    def __init__(self, folder: Path, *, url: str = "", options=(), port: int = 0, tls=None) -> None:
        self.folder = folder
        self.media = folder / "clips"
        self.media.mkdir(exist_ok=True)
        self.url = url or f"sqlite:///{folder / 'annotations.sqlite'}"
        self.options = [str(option) for option in options]
        self.port = port or ports.free_port()
        self.tls = tls  # how browsers check the certificate
        self.address = ""
        self.printed = ""
        self.process: subprocess.Popen[str] | None = None
        self._browsers: list[Browser] = []
        self.database = open_database(self.url)

    def start(self) -> Server:
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-c", children.TAVER, "annotate", "serve",
                    "--database", self.url, "--media", str(self.media),
                    "--listen", f"127.0.0.1:{self.port}", *self.options,
                ],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    "PYTHONUNBUFFERED": "1",
                },
            )  # fmt: skip
        line = self.process.stdout.readline()
        assert line.startswith("http"), line + (self.folder / "server.log").read_text()
        self.address = line.strip()
        return self

    def first_password(self) -> str:
        """Return what is printed when there is no administrator yet."""
        line = self.process.stdout.readline()
        return line.strip().rpartition(" ")[2]

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """End it as the system does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait(_LONGEST_S)
        self.process.stdout.close()
        return code

    def browser(self, **more: Any) -> Browser:
        made = Browser(self.address, tls=self.tls, **more)
        self._browsers.append(made)
        return made

    def close(self) -> None:
        """End it if it still runs, and let go of everything."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for browser in self._browsers:
            browser.close()
        self.database.close()

    def as_user(self, user: int) -> Browser:
        """Return a browser in which this user has logged in, without the slow log-in."""
        with self.database.writing() as connection:
            token = sessions.begin(connection, user, time.time_ns(), Limits())
        app = Flask("annotate_web")
        app.secret_key = self.database.kept("secret")
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        browser = self.browser()
        browser.cookies["taver"] = signer.dumps({"_user_id": token, "_fresh": True})
        browser.fetch_token()
        return browser


@contextlib.contextmanager
def served(folder: Path, **more: Any) -> Iterator[Server]:
    """Serve annotators for the length of the block."""
    server = Server(folder, **more)
    try:
        yield server.start()
    finally:
        server.close()
