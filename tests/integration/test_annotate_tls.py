"""Annotators who come from their own desks: TLS, or a web server with it before this one."""

import concurrent.futures
import http.client
import socket
import ssl

import annotating
import certificates
import pytest
import sqlalchemy as sa
import webm

from annotate_web.auth import throttle
from annotate_web.db import tables
from annotate_web.serve import _only_from

event = annotating.event


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = certificates.certified(folder)
    options = ["--tls", made.certificate, made.key]
    with annotating.served(folder, options=options, tls=made.trusting) as served:
        served.first_password()
        yield served


def test_a_sitting_by_https(server):
    (ann,) = annotating.add_people(server.database, "ann")
    key = annotating.assign(server.database, annotating.add_clip(server.database), ann)
    browser = server.browser()
    assert server.address.startswith("https://")
    assert browser.log_in("ann").status == 302
    answer = browser.send(browser.open(key), event(1, "play", 0), event(2, "stop", 3))
    assert answer.json["acknowledged"] == 2
    assert browser.get("/").headers["strict-transport-security"]
    assert "Secure" in server.browser().get("/login").headers["set-cookie"]


def test_without_a_referer_of_ours_a_change_by_https_is_refused(server):
    (bob,) = annotating.add_people(server.database, "bob")
    browser = server.as_user(bob)
    assert browser.post("/api/instructed").status == 200
    for referer in ("https://evil.example/", ""):
        assert browser.post("/api/instructed", Referer=referer).status == 400


def test_failed_log_ins_are_counted_by_the_browsers_own_address(server):
    annotating.add_people(server.database, "cid")
    browser = server.browser()
    for _ in range(2):
        browser.log_in("cid", "wrong")
    with server.database.reading() as connection:
        counted = {row.who for row in connection.execute(sa.select(tables.login_attempts))}
    assert throttle._key("both", "cid", "127.0.0.1") in counted
    lie = {"X-Forwarded-For": "10.9.8.7", "Forwarded": "for=10.9.8.7"}
    browser.fetch_token()
    browser.post("/login", form={"name": "cid", "password": "wrong"}, **lie)
    with server.database.reading() as connection:
        counted = {row.who for row in connection.execute(sa.select(tables.login_attempts))}
    assert throttle._key("both", "cid", "10.9.8.7") not in counted


def test_a_large_film_arrives_whole_in_many_browsers_at_once(server):
    (dee,) = annotating.add_people(server.database, "dee")
    webm.barcode(server.media / "film.webm", frames=60, width_px=640, height_px=480)
    clip = annotating.add_clip(server.database, "film", session="film", frames=60)
    annotating.assign(server.database, clip, dee)
    whole = (server.media / "film.webm").read_bytes()
    browsers = [server.as_user(dee) for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda b: b.get(f"/media/{clip}/film.webm"), browsers))
    assert all(answer.body == whole for answer in answers)


def test_the_private_port_inside_is_not_for_anybody_else(server):
    import psutil

    inside = [
        c.laddr.port
        for c in psutil.Process(server.process.pid).net_connections("tcp")
        if c.status == "LISTEN" and c.laddr.port != server.port
    ]
    assert len(inside) == 1
    plain = annotating.Browser(f"http://127.0.0.1:{inside[0]}")
    assert plain.get("/login").status == 403
    plain.close()


def test_broken_handshakes_and_plain_http_leave_it_running(server):
    for junk in (
        b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + b"x" * 600,
        b"",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as stranger:
            stranger.sendall(junk)
            stranger.shutdown(socket.SHUT_WR)
            while stranger.recv(4096):
                pass
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(raw)
    assert server.browser().get("/login").status == 200
    assert "Traceback" not in (server.folder / "server.log").read_text()


def test_a_browser_that_goes_in_the_middle_of_a_film_is_forgotten(server):
    (eve,) = annotating.add_people(server.database, "eve")
    before = server.as_user(eve)
    for _ in range(5):
        gone = server.browser()
        gone._connection.request("GET", "/login")
        gone._connection.sock.close()
        gone.close()
    assert before.get("/account/").status == 200


def test_behind_a_proxy_its_word_counts_for_who_asks_and_nobody_elses(tmp_path):
    options = ["--behind-proxy", "127.0.0.1", "--public-url", "https://annotate.example"]
    with annotating.served(tmp_path, options=options) as server:
        assert server.address == "https://annotate.example"
        server.first_password()
        browser = annotating.Browser(f"http://127.0.0.1:{server.port}")
        told = {
            "Host": "annotate.example", "X-Forwarded-For": "10.1.2.3",
            "X-Forwarded-Proto": "https",
        }  # fmt: skip
        page = browser.get("/login", **told)
        assert page.status == 200
        assert "Secure" in page.headers["set-cookie"]
        browser.token = browser.get("/api/token", **told).json["token"]
        form = {"name": "nobody", "password": "wrong"}
        answer = browser.post(
            "/login", form=form, **{**told, "Referer": "https://annotate.example/"}
        )
        assert answer.status == 403
        with server.database.reading() as connection:
            counted = {row.who for row in connection.execute(sa.select(tables.login_attempts))}
        assert throttle._key("both", "nobody", "10.1.2.3") in counted
        # Many a web server calls us by the address it asks at, if it is not told otherwise.
        other = {"Host": f"127.0.0.1:{server.port}", "X-Forwarded-For": "10.1.2.3"}
        ours, theirs = "https://annotate.example/login", "https://127.0.0.1/login"
        assert browser.post("/login", form=form, **{**other, "Referer": ours}).status == 403
        assert browser.post("/login", form=form, **{**other, "Referer": theirs}).status == 400
        moved = browser.get("/account", **other).headers["location"]
        assert moved == "https://annotate.example/account/"
        assert browser.get("/login", **{**told, "Host": "evil.example"}).status == 400
        browser.close()
    options[1] = "127.0.0.9"
    with annotating.served(tmp_path, options=options) as server:
        stranger = annotating.Browser(f"http://127.0.0.1:{server.port}")
        assert stranger.get("/login", **told).status == 403
        stranger.close()


def test_a_proxy_that_comes_by_ipv4_to_an_ipv6_socket_is_the_same_proxy():
    def answer(address, proxy="127.0.0.1"):
        (said,) = _only_from(proxy, lambda *_: [b"in"])({"REMOTE_ADDR": address}, lambda *_: None)
        return said

    assert answer("127.0.0.1") == answer("::ffff:127.0.0.1") == answer("::1", "::1") == b"in"
    assert answer("::ffff:127.0.0.2") == answer("::1") != b"in"


def test_a_plain_connection_to_the_tls_port_gets_no_page(server):
    plain = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    plain.request("GET", "/login")
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.getresponse()
    plain.close()
