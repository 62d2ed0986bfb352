"""The page with the pictures: for this machine and its secret alone, whatever it is sent."""

import http.client
import json
import random
import socket
import threading

import numpy as np
import pytest
import simplejpeg
from asking import ask
from browsing import browser
from desks import RIG, picture, status, warm

from capture.desk.health.finding import Finding, Level
from capture.desk.pages.server import PageServer
from capture.desk.view import Board, Event, Tone, View
from taver.core.frames import Modality

GREY = np.full((54, 96, 3), 120, np.uint8)


def pictures(number=0):
    return {
        Modality.COLOR: picture(Modality.COLOR, GREY, number),
        Modality.DEPTH: picture(Modality.DEPTH, np.full((53, 64), 1000, np.uint16), number),
        Modality.THERMAL: picture(Modality.THERMAL, warm(), number),
    }


def shown(**given):
    return View(
        **{"status": status(), "participant": "P07", "simulated": True, "keys": True, **given}
    )


@pytest.fixture
def board():
    board = Board()
    board.pin(shown(), pictures())
    return board


@pytest.fixture
def server(board):
    with PageServer(board) as server:
        yield server


def secret(server):
    return f"/{server.operator_secret}/"


def test_it_listens_on_this_machine_alone(server):
    assert server.preview_address.startswith("http://127.0.0.1:")
    assert server._server.socket.getsockname()[0] == "127.0.0.1"


def test_the_page_brings_all_it_needs_and_lets_nothing_else_in(server):
    code, page, headers = ask(server, "GET", secret(server))
    assert code == 200
    assert b"http" not in page.replace(b"http-equiv", b"")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pictures_have_their_true_sizes_and_the_page_says_what_the_colours_mean(server):
    _, state, _ = ask(server, "GET", secret(server) + "state.json")
    captions = {p["name"]: p["caption"] for p in json.loads(state)["pictures"]}
    assert captions == {
        "color": "color",
        "depth": "depth, 0.5 to 2 m, near is bright",
        "thermal": "thermal, 20 to 40 °C",
    }
    for modality, glimpse in pictures().items():
        code, data, headers = ask(server, "GET", f"{secret(server)}{modality}.jpg?7")
        assert (code, headers["Content-Type"]) == (200, "image/jpeg")
        assert simplejpeg.decode_jpeg(data).shape[:2] == glimpse.pixels.shape[:2]


def test_before_the_first_picture_it_says_so(server):
    server.board.__init__()
    code, state, _ = ask(server, "GET", secret(server) + "state.json")
    assert code == 200
    assert json.loads(state)["ending"] == "Getting ready."
    assert ask(server, "GET", secret(server) + "color.jpg")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/x/",
        "/x/state.json",
        "//",
        "/../../etc/passwd",
        "/%00/",
    ],
)
def test_without_the_secret_there_is_nothing(server, path):
    if not path:
        path = "/?" + server.operator_secret
    code, body, _ = ask(server, "GET", path)
    assert code == 404
    assert b"nothing here" in body


def test_the_persons_address_leads_to_no_pictures_and_the_operators_to_no_answer(server):
    assert ask(server, "GET", f"/{server.person_secret}/color.jpg")[0] == 404
    assert ask(server, "POST", secret(server) + "answer", b"")[0] == 404
    assert server.operator_secret.encode() not in ask(server, "GET", f"/{server.person_secret}/")[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_what_another_page_made_a_browser_send_is_refused(server, headers):
    code, body, _ = ask(server, "GET", secret(server), **headers)
    assert code == 403
    assert b"main" not in body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "X"])
def test_it_only_answers_and_takes_a_form(server, method):
    assert ask(server, method, secret(server))[0] == 501


def raw(server, data):
    """Send bytes as they are; return what comes back, if anything does."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(100)
        except ConnectionError:
            return b""


def test_nonsense_of_every_kind_does_it_no_harm(server, capfd):
    chance = random.Random(7)
    host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    line = f"POST /{server.person_secret}/answer HTTP/1.1\r\n".encode()
    nonsense = [
        b"", b"\r\n", b"GET", b"GET /\xc3\xa9/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n", b"GET  / \r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + host + b"\r\n",
        line + host + b"Content-Length: 99999999999\r\n\r\n",
        line + host + b"Content-Length: -5\r\n\r\nabc",
        line + host + b"Content-Length: x\r\n\r\n",
        line + host + b"Content-Length: 50\r\n\r\nshort",
        line + host + b"Content-Length: 4\r\n\r\n\xff\xfe=1",
        line + host + b"Content-Length: 40\r\n\r\n" + b"a=1&" * 10,
        line + host + b"Content-Length: 200\r\n\r\n" + b"a=1&" * 50,
    ]  # fmt: skip
    nonsense += [chance.randbytes(chance.randrange(1, 400)) for _ in range(60)]
    good = b"GET /" + server.operator_secret.encode() + b"/state.json HTTP/1.1\r\n" + host + b"\r\n"
    for _ in range(60):
        spoilt = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        nonsense.append(bytes(spoilt))
    for data in nonsense:
        raw(server, data)
    assert ask(server, "GET", secret(server))[0] == 200
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")  # nothing is written over the operator's screen
    assert server.board.answers() == []


def test_connections_that_say_nothing_do_not_keep_others_out_for_long(server, monkeypatch):
    from capture.desk.pages import server as module

    monkeypatch.setattr(module._Handler, "timeout", 0.3)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(60)]
    done = threading.Event()
    for _ in range(50):
        try:
            if ask(server, "GET", secret(server))[0] == 200:
                done.set()
                break
        except (OSError, http.client.HTTPException):
            done.wait(0.1)
    for connection in idle:
        connection.close()
    assert done.is_set()


def test_after_it_ended_the_port_is_free_again(board):
    with PageServer(board) as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
        pass


def test_in_a_browser_pictures_move_warnings_show_and_nothing_is_refused(server, board):
    warning = Finding(about="x", level=Level.BAD, text="it is too dark", fix="turn on <more> light")
    event = Event(number=1, unix_ns=10**18, text="marker 1", tone=Tone.PLAIN)
    with browser() as chromium:
        from playwright.sync_api import expect

        for scheme in ("light", "dark"):
            board.pin(shown(warnings=(warning,), events=(event,)), pictures())
            page = chromium.new_page(color_scheme=scheme)
            wrong = []
            page.on("console", lambda message, into=wrong: into.append(message.text))
            page.on("pageerror", lambda error, into=wrong: into.append(str(error)))
            page.goto(server.preview_address)
            for modality in RIG:
                image = page.locator(f"#picture-{modality} img")
                expect(image).to_have_attribute("src", f"{modality}.jpg?0")
                expect(image).to_have_js_property("complete", value=True)
                assert image.evaluate("image => image.naturalWidth") > 0
            text = page.inner_text("main")
            for words in ("SIMULATED", "it is too dark", "turn on <more> light", "marker 1"):
                assert words in text
            board.pin(shown(status=status(elapsed_s=61.0)), pictures(8))
            expect(page.locator("#picture-color img")).to_have_attribute("src", "color.jpg?8")
            expect(page.locator("#clock")).to_contain_text("01:01")
            assert page.locator("#warnings li").count() == 0
            assert wrong == []
            page.close()
