"""A sitting without a connection, and on a full disk: it goes on, is told, and loses nothing."""

import pytest
import sat


def test_offline_one_goes_on_and_is_told(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.context.set_offline(True)
    page.keyboard.press("w")
    sat.shown(page, "No connection")
    page.wait_for_selector("body[data-phase=over]")
    page.locator("#finish").click()
    sat.shown(page, "wait in this browser")
    assert desk.state(assignment) == "working"
    page.context.set_offline(False)
    page.wait_for_url(f"{desk.server.address}/", timeout=40_000)
    assert desk.state(assignment) == "done"


@pytest.fixture
def unsent(sit):
    """Finish a sitting without a connection; return page and assignment."""
    page, assignment = sit(frames=15)
    sat.begin(page)
    page.wait_for_selector("body[data-phase=over]")
    sat.saved(page)
    page.context.set_offline(True)
    page.locator("#finish").click()
    sat.shown(page, "wait in this browser")
    return page, assignment


def left(page):
    """Close a page, which else would still send by itself; return another one of its browser."""
    page.close()
    return page.context.new_page()


def test_behind_the_end_nothing_holds_up_what_waits(desk, unsent):
    page, assignment = unsent
    page.keyboard.press("c")
    assert not page.locator("#remark").is_visible()
    assert page.locator("#speed").is_disabled()
    page.context.set_offline(False)
    page.wait_for_url(f"{desk.server.address}/", timeout=40_000)
    assert desk.state(assignment) == "done"


def test_what_was_left_unsent_is_sent_from_the_list(desk, unsent):
    page, assignment = unsent
    page = left(page)
    page.context.set_offline(False)
    page.goto(f"{desk.server.address}/")
    page.locator(".state.done").wait_for(timeout=40_000)
    assert desk.state(assignment) == "done"


def test_what_was_left_unsent_waits_for_whoever_did_it(desk, unsent):
    page, assignment = unsent
    page = left(page)
    cookies = page.context.cookies()
    page.context.set_offline(False)
    desk.log_in(page.context, desk.annotator())
    page.goto(f"{desk.server.address}/")
    sat.shown(page, "Movements of other people that wait in this browser: 1")
    assert desk.state(assignment) == "working"
    page.context.add_cookies(cookies)
    page.goto(f"{desk.server.address}/")
    page.locator(".state.done").wait_for(timeout=40_000)
    assert desk.state(assignment) == "done"
    assert not page.locator("#leftover").is_visible()


def test_an_end_that_the_list_has_not_heard_of_is_heard_of(desk, unsent):
    page, assignment = unsent
    # The list is written before the end arrives, and the sitting's window is still there then.
    waiting = page.context.new_page()
    page.context.set_offline(False)
    waiting.goto(f"{desk.server.address}/")
    waiting.locator(".state.done").wait_for(timeout=40_000)
    assert desk.state(assignment) == "done"


def test_a_list_that_was_written_before_the_end_is_written_anew(desk, unsent):
    page, assignment = unsent
    address = f"{desk.server.address}/"
    page.route("**/api/**", lambda route: route.abort())
    page.context.set_offline(False)
    waiting, held = page.context.new_page(), []
    waiting.route(address, lambda route: held.append(route), times=1)  # noqa: PLW0108  no builtin can
    with waiting.expect_event("request"):
        waiting.evaluate("address => { location.href = address; }", address)
    written = page.context.request.get(address)  # before the end is heard of
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_url(address, timeout=40_000)  # nothing of it is left in the browser
    assert desk.state(assignment) == "done"
    held[0].fulfill(response=written)
    waiting.locator(".state.done").wait_for(timeout=40_000)


def test_a_disk_that_is_full_for_a_while_is_told_and_nothing_is_lost(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.evaluate(
        """() => {
          window.added = IDBObjectStore.prototype.add;
          const full = () => { throw new DOMException("", "QuotaExceededError"); };
          IDBObjectStore.prototype.add = full;
        }"""
    )
    page.keyboard.press("w")
    page.wait_for_selector("body[data-phase=paused]")
    sat.shown(page, "cannot keep what you do")
    sat.shown(page, "are in this page only")
    page.evaluate("() => { IDBObjectStore.prototype.add = window.added; }")
    page.locator("#trouble").wait_for(state="hidden", timeout=30_000)
    sat.saved(page)
    assert [row.value for row in desk.told(assignment, "arousal")] == [1]
