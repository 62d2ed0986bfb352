"""Films that cannot be shown, and browsers that cannot show them: told before anything begins."""

import sat


def test_a_film_that_cannot_be_decoded_is_told_without_a_trace(desk, browser, tmp_path):
    bad = tmp_path / "bad.webm"
    bad.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(5000))
    user = desk.annotator()
    assignment = desk.given(user, desk.clip(film=bad))
    page = desk.page(browser, user)
    page.goto(f"{desk.server.address}/sitting/{assignment}")
    sat.shown(page, "cannot decode it")
    assert page.get_by_role("link", name="Go on").is_visible()
    assert desk.events(assignment) == []
    page.context.close()


def test_a_film_that_is_not_there_can_be_asked_for_again(desk, browser):
    user = desk.annotator()
    clip = desk.clip()
    film = max(desk.server.media.glob("*.webm"), key=lambda path: path.stat().st_mtime_ns)
    away = film.rename(film.with_suffix(".away"))
    assignment = desk.given(user, clip)
    page = desk.page(browser, user)
    page.goto(f"{desk.server.address}/sitting/{assignment}")
    sat.shown(page, "could not be fetched")
    away.rename(film)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("body[data-phase=ready]")
    assert not page.get_by_text("could not be fetched").is_visible()
    page.context.close()


def test_a_browser_without_exact_times_is_told_at_the_door(desk, browser):
    user = desk.annotator()
    assignment = desk.given(user)
    page = desk.page(browser, user)
    page.add_init_script("delete HTMLVideoElement.prototype.requestVideoFrameCallback")
    for path in ("/", f"/sitting/{assignment}"):
        page.goto(desk.server.address + path)
        sat.shown(page, "requestVideoFrameCallback")
    assert desk.events(assignment) == []
    page.context.close()
