"""A sitting in a page that is loaded anew, and in two windows."""

import sat


def test_after_a_reload_one_goes_on_where_one_was(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 6")
    page.keyboard.press("w")
    sat.until(page, "taverSitting.state.frame >= 10")
    desk.open(page, assignment)  # without a word of farewell
    assert sat.values(page) == [1, 0]
    assert page.evaluate("taverSitting.state.next") >= 7
    sat.begin(page)
    page.wait_for_selector("body[data-phase=over]")
    sat.saved(page)
    rows = desk.events(assignment)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert len({row.sitting_id for row in rows}) == 1
    assert (desk.track(assignment).passed >= 1).all()


def test_a_second_window_is_told_and_may_take_over(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.keyboard.press("w")
    other = sat.watched(page.context.new_page())
    other.goto(page.url)
    sat.shown(other, "open in another window")
    other.get_by_role("button", name="Go on here").click()
    sat.shown(page, "Another window has taken over")
    other.wait_for_selector("body[data-phase=ready]")
    assert sat.values(other) == [1, 0]
    sat.begin(other)
    other.keyboard.press("w")
    other.keyboard.press("Space")
    page.keyboard.press("s")  # writes nothing any more
    sat.saved(other)
    assert [row.value for row in desk.told(assignment, "arousal")] == [1, 2]
    assert page.complaints == other.complaints == []


def test_a_window_that_is_taken_over_while_it_fetches_the_film_does_not_begin(desk, browser):
    user = desk.annotator()
    page = desk.page(browser, user)
    other, held = page.context.new_page(), []
    page.route("**/media/**", lambda asked: held.append(asked))  # noqa: PLW0108  it is marked
    with page.expect_request("**/media/**"):
        page.goto(f"{desk.server.address}/sitting/{desk.given(user)}")
    other.goto(page.url)
    other.get_by_role("button", name="Go on here").click()
    other.wait_for_selector("body[data-phase=ready]")
    held[0].continue_()
    sat.until(page, "document.getElementById('film').readyState >= 2")
    page.evaluate("new Promise((seen) => setTimeout(seen, 500))")  # a film that is there begins
    sat.shown(page, "Another window has taken over")
    assert not page.locator("#begin").is_visible()
    page.context.close()
