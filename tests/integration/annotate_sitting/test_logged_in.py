"""Who is logged in while a sitting goes on, and whose it is."""

from urllib.parse import urlencode

import annotating
import sat


def test_whoever_is_logged_out_goes_on_and_logs_in_beside_it(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.keyboard.press("w")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.keyboard.press("w")
    sat.shown(page, "Your log-in has ended")
    page.keyboard.press("w")
    page.wait_for_selector("body[data-phase=over]")
    page.context.add_cookies(cookies)
    sat.saved(page)
    assert [row.value for row in desk.told(assignment, "arousal")] == [1, 2, 3]


def test_somebody_else_who_logs_in_beside_takes_and_loses_nothing(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    cookies = page.context.cookies()
    desk.log_in(page.context, desk.annotator())
    page.keyboard.press("w")
    sat.shown(page, "Somebody else is logged in")
    page.context.add_cookies(cookies)
    page.keyboard.press("Space")
    sat.saved(page)
    assert [row.value for row in desk.told(assignment, "arousal")] == [1]
    assert not page.locator("#trouble").is_visible()


def test_somebody_elses_clip_is_not_shown(desk, browser):
    assignment = desk.given(desk.annotator())
    page = desk.page(browser, desk.annotator())
    answer = page.goto(f"{desk.server.address}/sitting/{assignment}")
    assert answer.status == 403
    sat.shown(page, "somebody else's")
    page.context.close()


def test_the_way_to_the_log_in_leads_back_to_the_clip_and_all_is_sent(desk, browser):
    user = desk.annotator("owner")
    assignment = desk.given(user)
    page = desk.open(desk.page(browser, user), assignment)
    sat.begin(page)
    page.keyboard.press("w")
    desk.log_in(page.context, desk.annotator("guest"))
    page.keyboard.press("w")
    sat.shown(page, "Somebody else is logged in")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Log in").click()
    beside = opened.value
    sat.shown(beside, "You are logged in here as guest")
    beside.get_by_role("button", name="Log in as somebody else").click()
    beside.get_by_label("Name").fill("owner")
    beside.get_by_label("Password").fill(annotating.PASSWORD)
    beside.get_by_role("button", name="Log in").click()
    beside.wait_for_url(page.url)
    sat.shown(beside, "open in another window")
    sat.saved(page)
    assert [row.value for row in desk.told(assignment, "arousal")] == [1, 2]
    page.context.close()


def test_after_a_log_in_no_other_site_is_led_to(desk):
    browser = desk.server.as_user(desk.annotator())
    for to, leads in (
        ("/sitting/1", "/sitting/1"), ("//evil.org", "/"), ("/\\evil.org", "/"),
        ("https://evil.org/", "/"), ("/\t/evil.org", "/"), ("//[evil", "/"),
    ):  # fmt: skip
        asked = browser.get(f"/login?{urlencode({'to': to})}")
        assert (asked.status, asked.headers["location"]) == (302, leads)
    left = browser.post("/logout", form={"to": "//evil.org"})
    assert (left.status, left.headers["location"]) == (302, "/login")
