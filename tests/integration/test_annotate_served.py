"""`taver annotate serve` as a process of its own: who gets in, what is refused, what survives."""

import http.client
import json
import re
import socket
import uuid
from urllib.parse import urlsplit

import annotating
import pytest
import routes
import sqlalchemy as sa
import webm

from annotate_web.app import create_app
from annotate_web.db import tables
from annotate_web.db.tables import Role
from annotate_web.settings import Limits, Settings

event = annotating.event


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests that do not stop it, in a folder with spaces and other letters."""
    folder = tmp_path_factory.mktemp("annotator") / "Müller & 얼굴"
    folder.mkdir()
    with annotating.served(folder) as served:
        served.once = served.first_password()
        yield served


def people(server, *names, **more):
    return annotating.add_people(server.database, *(f"{n}{uuid.uuid4().hex[:8]}" for n in names),
                                 **more)  # fmt: skip


def clip_for(server, user, **more):
    name = f"clip{uuid.uuid4().hex[:8]}"
    clip = annotating.add_clip(server.database, name, session=name, **more)
    return clip, annotating.assign(server.database, clip, user)


def test_the_first_administrator_logs_in_once_and_chooses_a_password(server):
    browser = server.browser()
    assert browser.log_in("administrator", server.once).status == 302
    for page in ("/", "/people/", "/account/"):
        answer = browser.get(page)
        behind = "" if page == "/" else f"?to={page}"  # where they go on once they have chosen one
        assert (answer.status, answer.headers["location"]) == (302, f"/account/password{behind}")
    assert browser.post("/api/assignments/claim").status == 403
    form = {"old": server.once, "new": annotating.PASSWORD}
    assert browser.post("/account/password", form=form).status == 302
    assert browser.get("/people/").status == 200
    assert server.browser().log_in("administrator", server.once).status == 403


def test_somebody_joins_by_a_link_and_the_link_is_used_up(server):
    (adam,) = people(server, "adam", role=Role.ADMINISTRATOR)
    page = server.as_user(adam).post("/people/invite", form={"role": "annotator"})
    link = urlsplit(re.search(r"http://[^<]+/invite/[^<\s]+", page.text)[0]).path
    name = f"new{uuid.uuid4().hex[:8]}"
    form = {"name": name, "password": annotating.PASSWORD, "age": "31", "gender": "woman"}
    guest = server.browser()
    assert guest.get(link).status == 200
    guest.fetch_token()
    bad = guest.post(link, form={**form, "name": "Kim Lee"})
    assert (bad.status, "cannot name an annotator" in bad.text) == (422, True)
    assert guest.post(link, form={**form, "password": "short"}).status == 422
    for age in ("12", "twelve"):
        assert guest.post(link, form={**form, "age": age}).status == 422
    assert guest.post(link, form=form).status == 302
    assert name in guest.get("/account/").text
    late = server.browser()
    late.fetch_token()
    assert late.get(link).status == 404
    assert late.post(link, form={**form, "name": "another"}).status == 404


def test_a_form_that_is_filled_in_wrongly_says_what_and_changes_nothing(server):
    (ann,) = people(server, "ann")
    browser = server.as_user(ann)
    for age in ("twelve", "12", "200", "1.5"):
        answer = browser.post("/account/", form={"age": age, "gender": ""})
        assert answer.status == 422
        assert 'role="alert"' in answer.text


def test_too_many_failed_log_ins_are_slowed_down_for_one_name_at_one_address(server):
    (ann,) = people(server, "ann")
    with server.database.reading() as connection:
        name = connection.execute(
            sa.select(tables.users.c.name).where(tables.users.c.id == ann)
        ).scalar_one()
    browser = server.browser()
    statuses = [browser.log_in(name, "wrong").status for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    assert browser.log_in(name).status == 429
    # A link for a new password lets them in at once, and lets them log in at once, too.
    (adam,) = people(server, "adam", role=Role.ADMINISTRATOR)
    page = server.as_user(adam).post(f"/people/{ann}/password", form={})
    link = urlsplit(re.search(r"http://[^<]+/invite/[^<\s]+", page.text)[0]).path
    browser.fetch_token()
    assert browser.post(link, form={"name": "", "password": "four other words"}).status == 302
    assert server.browser().log_in(name, "four other words").status == 302


def test_after_logging_out_a_copied_cookie_opens_nothing(server):
    (ann,) = people(server, "ann")
    browser = server.as_user(ann)
    thief = server.browser()
    thief.cookies = dict(browser.cookies)
    assert thief.get("/account/").status == 200
    assert browser.post("/logout", form={}).status == 302
    assert thief.get("/account/").headers["location"].startswith("/login")
    answer = thief.get("/api/assignments/")
    assert (answer.status, answer.json["code"]) == (401, "not_logged_in")
    assert answer.json["fix"]


def test_a_cookie_that_was_changed_or_signed_elsewhere_opens_nothing(server, tmp_path):
    (ann,) = people(server, "ann")
    good = server.as_user(ann).cookies["taver"]
    changed = good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:]
    for cookie in (changed, "x", good.partition(".")[2]):
        browser = server.browser()
        browser.cookies["taver"] = cookie
        assert browser.get("/api/assignments/").status == 401


def test_a_token_of_another_browser_changes_nothing(server):
    ann, bob = people(server, "ann", "bob")
    mine, other = server.as_user(ann), server.as_user(bob)
    for token in (other.token, "", "x", mine.token[:-2]):
        answer = mine.post("/api/instructed", token=token)
        assert answer.status == 400
        assert "load it again" in answer.json["fix"]
    assert mine.post("/api/instructed").status == 200


def test_every_answer_forbids_inline_code_and_frames_and_is_not_kept(server):
    (ann,) = people(server, "ann")
    browser = server.as_user(ann)
    for path in ("/", "/login", "/account/", "/api/assignments/", "/nothing", "/static/site.css"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        if not path.startswith("/static/"):
            assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_pages_hold_no_inline_code_or_style(server):
    (adam,) = people(server, "adam", role=Role.ADMINISTRATOR)
    browser = server.as_user(adam)
    for path in ("/", "/account/", "/people/", "/lead/", "/instructions/1", "/account/password"):
        page = browser.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=\"", page), path


def test_the_cookie_is_kept_from_scripts_and_other_sites(server):
    answer = server.browser().get("/api/token")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_name_that_is_not_the_servers_is_refused(server):
    browser = server.browser()
    for host in (
        "evil.example",
        "evil.example:7300",
        "127.0.0.1.evil.example",
        "[::2]",
        "[",
        "",
        "x@localhost",
    ):
        assert browser.get("/login", Host=host).status == 400, host
    assert browser.get("/login", Host="LOCALHOST:1").status == 200
    assert browser.get("/login", **{"X-Forwarded-Host": "evil.example"}).status == 200


def test_logging_in_leads_back_to_ones_own_pages_only(server):
    (ann,) = people(server, "ann")
    with server.database.reading() as connection:
        name = connection.execute(
            sa.select(tables.users.c.name).where(tables.users.c.id == ann)
        ).scalar_one()
    wanted = {"/account/": "/account/", "//evil.example": "/", "https://evil.example": "/",
              "/\\evil.example": "/", "": "/"}  # fmt: skip
    browser = server.browser()
    for to, leads in wanted.items():
        browser.fetch_token()
        answer = browser.post(
            "/login", form={"name": name, "password": annotating.PASSWORD, "to": to}
        )
        assert answer.headers["location"] == leads
        browser.fetch_token()
        browser.post("/logout", form={})


def test_what_is_too_large_or_no_json_is_refused_and_nothing_is_kept(server):
    (ann,) = people(server, "ann")
    _, key = clip_for(server, ann)
    browser = server.as_user(ann)
    path = f"/api/sittings/{browser.open(key)}/events"
    assert browser.post(path, b'{"batch": "' + b"x" * 600_000 + b'"}').status == 413
    for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"batch": {}}', b"null", b"[" * 100_000):
        answer = browser.post(path, body)
        assert answer.status == 422, body[:20]
        assert answer.json["fix"]
    assert browser.send(path.split("/")[3], event(1, "play", 0)).json["acknowledged"] == 1


def test_numbers_that_no_database_holds_are_the_addresses_of_nothing(server):
    (adam,) = people(server, "adam", role=Role.ADMINISTRATOR)
    browser = server.as_user(adam)
    asked = [entrance for entrance in routes.ENTRANCES if "<int:" in entrance.rule]
    assert len(asked) > 20
    for number in ("9223372036854775808", "9" * 5000):
        for entrance in asked:
            path = re.sub(r"<int:\w+>", number, entrance.rule)
            answer = browser.ask(
                entrance.method, re.sub(r"<\w+>", "x", path), b"", {"X-CSRFToken": browser.token}
            )
            assert answer.status == 404, entrance.rule


def test_what_is_nested_without_end_or_holds_no_letter_is_refused(server):
    (ann,) = people(server, "ann")
    _, key = clip_for(server, ann)
    browser = server.as_user(ann)
    sitting = browser.open(key)
    for depth in (25, 900, 970):  # the last can just be read, and not be written again
        body = json.dumps({"batch": [event(1, "comment", 3, body={"text": "a", "z": "@"})]})
        nested = body.replace('"@"', "[" * depth + "]" * depth).encode()
        assert browser.post(f"/api/sittings/{sitting}/events", nested).status == 422, depth
    for form in ({"age": "", "gender": "a\0b"}, {"age": "9" * 5000, "gender": ""}):
        assert browser.post("/account/", form=form).status == 422
    assert browser.post("/login", form={"name": "a\0b", "password": "x"}).status == 422
    assert browser.send(sitting, event(1, "play", 0)).json["acknowledged"] == 1


def test_whoever_sends_too_fast_is_asked_to_wait_and_loses_nothing(server):
    (ann,) = people(server, "ann")
    _, key = clip_for(server, ann)
    browser = server.as_user(ann)
    sitting = browser.open(key)
    # A bucket of two that hardly fills: a server that is slow today fills its own meanwhile.
    limits = Limits(batches_at_once=2, batches_per_s=0.001)
    strict = create_app(
        Settings(database=server.url, media=server.media, limits=limits), server.database
    ).test_client()
    strict.set_cookie("taver", browser.cookies["taver"])
    answers = [
        strict.post(
            f"/api/sittings/{sitting}/events",
            json={"batch": [event(n, "arousal", n, n)]},
            headers={"X-CSRFToken": browser.token},
        )
        for n in (1, 2, 3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "2"
    assert browser.send(sitting, event(3, "arousal", 3, 3)).json["acknowledged"] == 3


def test_a_film_is_for_those_who_have_the_clip_in_parts_too(server):
    ann, bob = people(server, "ann", "bob")
    name = f"film{uuid.uuid4().hex[:8]}"
    webm.barcode(server.media / f"{name}.webm", frames=10)
    clip = annotating.add_clip(server.database, name, session=name, frames=10)
    annotating.assign(server.database, clip, ann)
    path = f"/media/{clip}/{name}.webm"
    whole = server.as_user(ann).get(path)
    assert whole.status == 200
    assert whole.body == (server.media / f"{name}.webm").read_bytes()
    part = server.as_user(ann).get(path, Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole.body[10:20])
    for headers in ({}, {"Range": "bytes=10-19"}):
        assert server.as_user(bob).get(path, **headers).status == 403
        assert server.browser().get(path, **headers).status == 302
    for trick in (f"/media/{clip}/..%2fannotations.webm", f"/media/{clip}/other.webm"):
        assert server.as_user(ann).get(trick).status in {403, 404}


def test_an_annotator_learns_nothing_of_what_others_did(server):
    ann, bob = people(server, "ann", "bob")
    clip, key = clip_for(server, ann)
    other = annotating.assign(server.database, clip, bob)
    writer = server.as_user(bob)
    writer.send(writer.open(other), event(1, "play", 0), event(2, "arousal", 1, 7))
    browser = server.as_user(ann)
    told = browser.get(f"/api/sittings/{browser.open(key)}").json
    assert told["values"] == {"arousal": 0, "valence": 0}
    assert browser.get(f"/sitting/{other}/track.json").status == 403
    listed = browser.get("/api/assignments/").json["assignments"]
    assert {row["id"] for row in listed} == {key}


def test_killed_while_batches_come_it_has_every_event_it_acknowledged_once(tmp_path):
    with annotating.served(tmp_path) as server:
        (ann,) = annotating.add_people(server.database, "ann")
        key = annotating.assign(server.database, annotating.add_clip(server.database), ann)
        browser = server.as_user(ann)
        sitting, acknowledged, sent = browser.open(key), 0, 0
        for _ in range(3):
            for _ in range(5):
                batch = [
                    event(n, "arousal", n % 100, n % 21 - 10) for n in range(sent + 1, sent + 9)
                ]
                acknowledged, sent = browser.send(sitting, *batch).json["acknowledged"], sent + 8
            server.kill()
            with pytest.raises((http.client.HTTPException, OSError)):
                browser.send(sitting, event(sent + 1, "arousal", 1, 1))
            server.start()
            assert browser.get(f"/api/sittings/{sitting}").json["acknowledged"] == acknowledged
        with server.database.reading() as connection:
            kept = connection.execute(
                sa.select(tables.events.c.seq, tables.events.c.value).order_by(tables.events.c.seq)
            ).all()
    assert [tuple(row) for row in kept] == [(n, n % 21 - 10) for n in range(1, acknowledged + 1)]


def test_ctrl_c_and_the_systems_end_stop_it_well(tmp_path):
    with annotating.served(tmp_path) as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        assert server.stop() == 0
        idle.close()
        assert "Traceback" not in (tmp_path / "server.log").read_text()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as made:
            made.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_it_listens_by_ipv6_too(tmp_path):
    with annotating.served(tmp_path, options=["--listen", "[::1]:0"]) as server:
        assert server.address.startswith("http://[::1]:")
        assert server.browser().get("/login").status == 200
        (adam,) = annotating.add_people(server.database, "adam", role=Role.ADMINISTRATOR)
        page = server.as_user(adam).post("/people/invite", form={"role": "annotator"})
        assert f"{server.address}/invite/" in page.text  # the port that was free, not 0


def test_nobody_can_do_what_is_not_theirs_to_do(tmp_path):
    assert routes.holes(tmp_path / "routes") == []
