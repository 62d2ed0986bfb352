"""A server that goes away in the middle of a sitting, and comes back."""

import sat


def test_a_server_that_dies_and_comes_back_has_everything_once(tmp_path, browser):
    with sat.desk(tmp_path) as desk:
        user = desk.annotator()
        assignment = desk.given(user)
        page = desk.open(desk.page(browser, user), assignment)
        sat.begin(page)
        page.keyboard.press("w")
        sat.until(page, "taverSitting.waiting < 4")
        desk.server.kill()
        page.keyboard.press("w")
        page.keyboard.press("ArrowDown")
        page.get_by_text("No connection").first.wait_for(timeout=30_000)
        page.wait_for_selector("body[data-phase=over]")
        desk.server.start()
        page.evaluate("dispatchEvent(new Event('online'))")  # nobody waits for the next attempt
        sat.saved(page, 30)
        rows = desk.events(assignment)
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert (desk.track(assignment).passed == 1).all()
        page.locator("#finish").click()
        page.wait_for_url(f"{desk.server.address}/")
        assert desk.state(assignment) == "done"
        page.context.close()
