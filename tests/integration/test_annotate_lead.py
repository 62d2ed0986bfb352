"""The pages of those who lead, and the films, as a real server gives them to real browsers."""

import datetime as dt
import json
import time

import annotating
import axe_playwright_python.sync_playwright as axe
import leading
import pytest
import studies
import webm
from browsing import browser as chromium

from annotate_web.assign import change
from annotate_web.auth import accounts
from annotate_web.db import tables
from taver.core.consent import Scope

FIRST, SECOND, EMPTY = (f"s01-interview-{n}" for n in (1, 2, 3))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with annotating.served(tmp_path_factory.mktemp("lead 얼굴")) as made:
        yield made


@pytest.fixture(scope="module")
def campaign(server):
    made = leading.campaign(server.database, server.media, frames=(300, 130))
    left_out = made.assignments[SECOND, "rater-4"]
    change.exclude(server.database, None, left_out, "was <i>interrupted</i>", time.time_ns())
    return made


@pytest.fixture(scope="module")
def lead(server, campaign):
    return server.as_user(campaign.people["lead"])


@pytest.fixture(scope="module")
def rater(server, campaign):
    return server.as_user(campaign.people["rater-1"])


@pytest.fixture
def film(campaign):
    return f"/media/{campaign.clips[FIRST]}/{FIRST}.webm"


PAGES = (
    "/lead/", "/lead/clips/{first}", "/lead/clips/{first}/export.csv",
    "/lead/clips/{first}/export.json", "/lead/clips/{first}/export.eaf", "/lead/export.csv",
    "/lead/export.json", "/lead/clips/{first}/arousal.svg", "/lead/plots/arousal-valence.svg",
    "/lead/plots/frames-per-video.svg",
)  # fmt: skip
BUTTONS = (
    "/lead/deal", "/lead/assignments/1/exclude", "/lead/assignments/1/withdraw",
    "/lead/assignments/1/reopen", "/lead/assignments/1/reassign",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_leads_see_their_pages_and_nobody_else_does(server, campaign, lead, rater, path):
    path = path.format(first=campaign.clips[FIRST])
    assert lead.get(path).status == 200
    assert rater.get(path).status == 403
    nobody = server.browser()
    answer = nobody.get(path)
    assert (answer.status, answer.headers.get("location", "").partition("?")[0]) == (302, "/login")


@pytest.mark.parametrize("path", BUTTONS)
def test_buttons_are_for_leads_with_their_token_and_never_by_get(server, lead, rater, path):
    assert rater.post(path, form={"reason": "x"}).status == 403
    assert server.browser().post(path, form={"reason": "x"}).status == 401
    assert lead.post(path, form={"reason": "x"}, token="stolen").status == 400
    assert lead.get(path).status == 405


def test_the_overview_tells_progress_agreement_and_flags(lead):
    page = lead.get("/lead/").text
    for words in (FIRST, EMPTY, "5 of 9 ratings done", "3 of 3", "flat line", "dropped frames",
                  "each rater&#39;s mean of each clip taken off", "SIMULATED"):  # fmt: skip
        assert words in page
    assert page.count("<svg") == 4


def test_a_clip_shows_every_rating_with_its_oddities_and_escapes_what_people_wrote(campaign, lead):
    page = lead.get(f"/lead/clips/{campaign.clips[FIRST]}").text
    assert "arousal stays at 0 all the time" in page
    assert "the browser did not show 30 frames (10.0%)" in page
    assert "rater-3 never moved" in page
    assert "She turns away here &lt;b&gt;now&lt;/b&gt;" in page
    page = lead.get(f"/lead/clips/{campaign.clips[SECOND]}").text
    assert "was &lt;i&gt;interrupted&lt;/i&gt;" in page
    assert "rater-4 (left out)" in page


def test_a_clip_that_nobody_rated_and_one_with_one_rater_are_pages_too(server, campaign, lead):
    empty = lead.get(f"/lead/clips/{campaign.clips[EMPTY]}")
    assert (empty.status, "Nobody has this clip yet" in empty.text) == (200, True)
    alone = annotating.add_clip(server.database, "alone", frames=50, session="s02")
    user = campaign.people["rater-2"]
    curve = leading.curve(50, seed=3)
    given = annotating.assign(server.database, alone, user)
    leading.rate(server.database, given, user, curve, curve)
    page = lead.get(f"/lead/clips/{alone}")
    assert page.status == 200
    assert "one rater alone agrees with nobody" in page.text
    assert "The film of alone (alone.webm) is not on the server" in lead.get("/lead/").text
    with server.database.writing() as connection:  # the others count clips
        connection.execute(
            tables.clips.update().where(tables.clips.c.id == alone).values(removed_ns=1)
        )
    assert lead.get(f"/lead/clips/{alone}").status == 404


def test_what_a_clip_has_beyond_its_raters_fills_no_other_s_places(server, campaign, lead):
    extra = annotating.add_clip(server.database, "wants-one", frames=60, session="s03", wanted=1)
    for rater in ("rater-1", "rater-2"):
        given = annotating.assign(server.database, extra, campaign.people[rater])
        curve = leading.curve(60, seed=4)
        leading.rate(server.database, given, campaign.people[rater], curve, curve)
    page = lead.get("/lead/").text
    assert "6 of 10 ratings done, 6 given out" in page
    assert "Give out 4 free places" in page
    with server.database.writing() as connection:
        connection.execute(
            tables.clips.update().where(tables.clips.c.id == extra).values(removed_ns=1)
        )


def test_a_lead_who_rates_is_told_of_among_the_annotators(server, campaign, lead):
    (user,) = annotating.add_people(server.database, "busy-lead", role=tables.Role.LEAD)
    assert ">busy-lead" not in lead.get("/lead/").text
    given = annotating.assign(server.database, campaign.clips[EMPTY], user)
    curve = leading.curve(200, seed=5)
    hidden = [("unseen", 100, None, {}), ("seen", 150, None, {})]
    leading.rate(server.database, given, user, curve, curve, more=hidden)
    row = lead.get("/lead/").text.partition('<th scope="row">busy-lead')[2].partition("</tr>")[0]
    assert "0:20 / 0:20" in row  # all of it: that the face cannot be seen is an answer, too
    page = lead.get(f"/lead/clips/{campaign.clips[EMPTY]}").text
    assert "Rated: 75 % · Face not visible: 25 %" in page
    assert 'class="odd"' not in page
    change.withdraw(server.database, None, given, "the others count", time.time_ns())


def test_a_lead_reassigns_leaves_out_and_reopens_with_a_reason(server, campaign, lead):
    database = server.database
    clip = campaign.clips[EMPTY]
    users = [campaign.people[f"rater-{n}"] for n in (1, 2)]
    given = annotating.assign(database, clip, users[0])
    page = f"/lead/clips/{clip}"
    assert lead.post(f"/lead/assignments/{given}/exclude", form={"reason": " "}).status == 422
    told = lead.post(f"/lead/assignments/{given}/reassign", form={"reason": "ill", "to": users[1]})
    assert (told.status, told.headers["location"]) == (302, page)
    assert "taken away" in lead.get(page).text
    assert lead.post(
        f"/lead/assignments/{given}/reassign", form={"reason": "ill", "to": users[1]}
    ).status == 422  # fmt: skip
    again = lead.post(f"/lead/assignments/{given}/reopen", form={"reason": "back again"})
    assert again.status == 302
    assert "Reason: back again" in lead.get(page).text
    assert lead.post("/lead/assignments/9999/reopen", form={"reason": "x"}).status == 404
    for key in (given, given + 1):
        lead.post(f"/lead/assignments/{key}/withdraw", form={"reason": "clean up"})


def test_places_of_somebody_who_is_gone_are_shown_and_freed(server, campaign, lead):
    database, clip = server.database, campaign.clips[EMPTY]
    (gone,) = annotating.add_people(database, "gone-away")
    annotating.assign(database, clip, gone)
    free = f"/lead/people/{gone}/free"
    assert free not in lead.get("/lead/").text  # they may come back tomorrow
    with database.drawing() as connection:
        accounts.set_disabled(connection, None, gone, time.time_ns(), disabled=True)
    page = lead.get("/lead/").text
    note = page.partition("gone-away may not log in")[2].partition("</details>")[0]
    assert f'href="/lead/clips/{clip}"' in note
    assert f'action="{free}"' in note
    assert "may not log in" in lead.get(f"/lead/clips/{clip}").text
    places = page.partition("Give out ")[2].partition(" free")[0]
    assert lead.post(free, form={"reason": ""}).status == 422
    assert lead.post(free, form={"reason": "has left"}).headers["location"] == "/lead/"
    page = lead.get("/lead/").text
    assert free not in page
    assert f"Give out {int(places) + 1} free places" in page
    assert lead.post(free, form={"reason": "has left"}).status == 422


def test_a_lead_who_rates_is_blind_until_done(server, campaign):
    (user,) = annotating.add_people(server.database, "rating-lead", role=tables.Role.LEAD)
    clip = campaign.clips[SECOND]
    given = annotating.assign(server.database, clip, user)
    browser = server.as_user(user)
    for path in (f"/lead/clips/{clip}", f"/lead/clips/{clip}/export.csv",
                 f"/lead/clips/{clip}/valence.svg"):  # fmt: skip
        assert browser.get(path).status == 403
    assert SECOND.encode() not in browser.get("/lead/export.csv").body
    assert "after yours" in browser.get("/lead/").text
    change.withdraw(server.database, None, given, "test", time.time_ns())
    assert browser.get(f"/lead/clips/{clip}").status == 200


def test_films_come_whole_or_in_parts_to_those_who_are_to_watch(server, lead, rater, film):
    data = (server.media / f"{FIRST}.webm").read_bytes()
    whole = rater.get(film)
    assert (whole.status, whole.body) == (200, data)
    assert whole.headers["content-type"] == "video/webm"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"].startswith("private")
    part = rater.get(film, Range="bytes=100-199")
    assert (part.status, part.body) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    assert rater.get(film, Range="bytes=-50").body == data[-50:]
    assert rater.get(film, Range=f"bytes={len(data)}-").status == 416
    same = rater.get(film, **{"If-None-Match": whole.headers["etag"]})
    assert (same.status, same.body) == (304, b"")
    assert lead.get(film).body == data


@pytest.mark.parametrize("span", [None, "bytes=0-9"])
def test_nobody_else_gets_a_byte_of_a_film(server, campaign, film, span):
    headers = {"Range": span} if span else {}
    other = server.as_user(campaign.people["rater-4"])  # has the second clip, not the first
    answers = [other.get(film, **headers), server.browser().get(film, **headers)]
    assert [answer.status for answer in answers] == [403, 302]
    assert not any(b"webm" in answer.body[:64] for answer in answers)
    missing = other.get("/media/9999/none.webm", **headers)
    assert missing.status == answers[0].status  # whether it is there is not told either
    left_out = f"/media/{campaign.clips[SECOND]}/{SECOND}.webm"
    assert other.get(left_out, **headers).status == 403


def test_a_film_that_is_gone_is_told_and_others_play_on(server, campaign, lead, rater, film):
    path = server.media / f"{FIRST}.webm"
    data = path.read_bytes()
    path.unlink()
    answer = rater.get(film)
    assert answer.status == 404
    assert "not on the server" in answer.text
    assert f"The film of {FIRST}" in lead.get("/lead/").text
    path.write_bytes(data)
    assert rater.get(film).status == 200
    assert lead.get(f"/media/{campaign.clips[FIRST]}/other.webm").status == 404
    assert lead.get(f"/media/{campaign.clips[FIRST]}/..%2f..%2fannotations.sqlite").status == 404


@pytest.fixture(scope="module")
def pages(server, lead):
    """Open a page of the lead in a real browser; errors in its console fail the test."""
    with chromium() as started:
        contexts = []

        def open_page(path, **more):
            context = started.new_context(viewport={"width": 1280, "height": 800}, **more)
            contexts.append(context)
            context.add_cookies(
                [{"name": "taver", "value": lead.cookies["taver"], "url": server.address}]
            )
            page = context.new_page()
            page.said = []
            page.on("console", lambda told: page.said.append(told.text))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.goto(server.address + path)
            return page

        yield open_page
        for context in contexts:
            context.close()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_everybody_can_use_a_lead_s_pages(campaign, pages, look):
    for path in ("/lead/", f"/lead/clips/{campaign.clips[FIRST]}",
                 f"/lead/clips/{campaign.clips[EMPTY]}"):  # fmt: skip
        page = pages(path, color_scheme=look)
        for details in page.locator("details").all():
            details.evaluate("one => { one.open = true; }")
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.set_viewport_size({"width": 640, "height": 400})  # 1280 px at 200 %
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
        assert page.said == []


def test_values_are_read_by_mouse_and_by_keys(campaign, pages):
    page = pages(f"/lead/clips/{campaign.clips[FIRST]}")
    plot, told = page.locator(".over").first, page.locator(".told").first
    plot.focus()
    for key in ("End", "ArrowLeft", "PageDown"):
        page.keyboard.press(key)
    wanted = leading.curve(300, seed=0, lag=5)[198]
    assert "0:19.8" in told.inner_text()
    assert f"rater-2 {wanted}" in told.inner_text()
    assert plot.get_attribute("aria-valuenow") == "198"
    assert f"rater-2 {wanted}" in plot.get_attribute("aria-valuetext")
    box = plot.locator("svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    middle = int(plot.get_attribute("aria-valuenow"))
    assert 130 < middle < 170
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    there = f"Math.abs(document.querySelector('video').currentTime - {middle / 10}) < 1"
    page.wait_for_function(there)
    assert page.said == []


def test_plots_are_taken_away_as_svg_and_png(campaign, pages, tmp_path):
    page = pages("/lead/")
    with page.expect_download() as loaded:
        page.locator("[data-png]").first.click()
    loaded.value.save_as(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert loaded.value.suggested_filename == "arousal-valence.png"
    with page.expect_download() as loaded:
        page.locator(".take a").first.click()
    loaded.value.save_as(tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text("utf-8").startswith("<svg")
    assert page.said == []


def test_a_film_that_cannot_be_played_is_told_on_the_page(server, campaign, pages):
    path = server.media / f"{EMPTY}.webm"
    data = path.read_bytes()
    path.write_bytes(b"no film at all")
    try:
        page = pages(f"/lead/clips/{campaign.clips[EMPTY]}")
        page.locator("#no-film").wait_for(state="visible")
        assert page.locator("#no-film").inner_text()
    finally:
        path.write_bytes(data)


def test_the_pages_speak_korean_too(campaign, server, lead):
    page = lead.get("/lead/?language=ko").text
    assert "평가자" in page
    assert "lead." not in page.replace("lead.css", "").replace("lead.js", "")
    assert "평가자마다 영상별 평균을 뺀 값" in page
    assert "each rater" not in page
    page = lead.get(f"/lead/clips/{campaign.clips[FIRST]}", **{"Accept-Language": "ko-KR"}).text
    assert "내내 0에 머묾" in page
    assert "rater-3: 모두가 평가한 프레임에서 한 번도 움직이지 않음" in page
    assert "never moved" not in page
    assert json.dumps("각성")[1:-1] in page or "각성" in page


def test_nobody_is_shown_who_withdrew_and_ratings_are_kept(tmp_path):
    study = studies.make_study(tmp_path / studies.STRANGE_NAME)
    session = studies.record_pattern(study)
    with annotating.served(study.folder) as server:
        clip = annotating.add_clip(server.database, "s01-1", frames=10, session=session.name)
        webm.barcode(server.media / "s01-1.webm", frames=10)
        (annotator,) = annotating.add_people(server.database, "ann")
        annotating.assign(server.database, clip, annotator)
        browser = server.as_user(annotator)
        film = f"/media/{clip}/s01-1.webm"
        assert browser.get(film).status == 200
        with server.database.writing() as connection:
            connection.execute(tables.clips.update().values(sound=True))
        study.participants.sign("P01", studies.form(scopes=[Scope.COLOR]))
        refused = browser.get(film)
        assert (refused.status, "agree to sound" in refused.text) == (403, True)
        with server.database.writing() as connection:
            connection.execute(tables.clips.update().values(sound=False))
        assert browser.get(film).status == 200
        study.participants.withdraw("P01", dt.date(2026, 11, 21))
        refused = browser.get(film, Range="bytes=0-99")
        assert (refused.status, "withdrew" in refused.text) == (403, True)
