"""A sitting in a real browser before a real server: hands, eyes, and everything that goes wrong."""

import numpy as np
import pytest
import sat
from browsing import browser as started


@pytest.fixture(scope="module")
def browser():
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with sat.desk(tmp_path_factory.mktemp("Sitzung für 세션")) as desk:
        yield desk


@pytest.fixture
def sit(desk, browser):
    """Open a new clip for a new person; return page and assignment."""
    pages = []

    def sit(*, context=None, **clip):
        user = desk.annotator()
        assignment = desk.given(user, **clip)
        page = desk.page(browser, user, **(context or {}))
        pages.append(page)
        return desk.open(page, assignment), assignment

    yield sit
    for page in pages:
        page.context.close()


def told(desk, assignment, *kinds):
    return [row for row in desk.events(assignment) if row.kind in kinds and not row.body]


def values(page):
    return page.evaluate("[taverSitting.state.values.arousal, taverSitting.state.values.valence]")


def shown(page, text):
    page.get_by_text(text).first.wait_for(timeout=30_000)


def test_keys_alone_lead_from_the_list_to_done(desk, browser):
    user = desk.annotator()
    assignment = desk.given(user, frames=25)
    page = desk.page(browser, user)
    page.goto(f"{desk.server.address}/")
    page.locator("a.button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-phase=ready]")
    sat.begin(page, waiting=True)
    page.keyboard.down("w")
    page.keyboard.down("ArrowDown")
    sat.until(
        page, "taverSitting.state.values.arousal > 4 && taverSitting.state.values.valence < -4"
    )
    page.keyboard.up("w")
    page.keyboard.up("ArrowDown")
    page.wait_for_selector("body[data-phase=over]")
    page.locator("#finish").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.server.address}/")
    assert desk.state(assignment) == "done"
    track = desk.track(assignment)
    assert (track.passed > 0).all()
    assert track.values["arousal"][-1] > 4
    assert track.values["valence"][-1] < -4
    assert page.complaints == []
    page.context.close()


def test_a_mouse_drags_a_slider(sit):
    page, _ = sit()
    box = page.locator("[data-slider=valence] .track").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.25)
    page.mouse.up()
    assert values(page) == [0, 5]
    assert page.locator("#valence").get_attribute("aria-valuetext") == "+5"


def test_two_fingers_move_both_sliders_at_once(sit):
    page, _ = sit(context={"has_touch": True, "viewport": {"width": 360, "height": 740}})
    spots = [
        page.locator(f"[data-slider={name}] .track").bounding_box()
        for name in ("arousal", "valence")
    ]
    devtools = page.context.new_cdp_session(page)

    def touch(kind, shares):
        points = [
            {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2, "id": number}
            for number, (box, share) in enumerate(zip(spots, shares, strict=False))
        ]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", [0.5, 0.5])
    touch("touchMove", [0.75, 0.25])
    touch("touchEnd", [])
    assert values(page) == [5, -5]


def test_each_event_names_the_picture_and_its_delay(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 10")
    page.keyboard.press("w")
    page.keyboard.press("Space")
    sat.saved(page)
    (event,) = told(desk, assignment, "arousal")
    assert event.frame >= 10
    assert event.media_ns == pytest.approx(event.frame * 1e8, abs=1.1e8)
    assert abs(event.delay_us) < 1_000_000


def test_a_page_out_of_view_pauses(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.wait_for_selector("body[data-phase=paused]")
    shown(page, "because this page was not in view")
    sat.saved(page)
    assert desk.events(assignment)[-1].kind == "stop"


def test_comments_and_hidden_faces_are_marked_at_their_frames(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 5")
    page.keyboard.press("f")
    sat.until(page, "taverSitting.state.frame >= 8")
    page.keyboard.press("f")
    page.keyboard.press("c")
    page.keyboard.type("웃음 <b>& a yawn")
    page.locator("#remark button[value=keep]").click()
    sat.saved(page)
    assert "웃음 <b>& a yawn" in page.locator("#comments").inner_text()
    comment = next(row for row in desk.events(assignment) if row.kind == "comment")
    assert comment.body == {"text": "웃음 <b>& a yawn"}
    (unseen,), (seen,) = told(desk, assignment, "unseen"), told(desk, assignment, "seen")
    assert 5 <= unseen.frame < seen.frame <= comment.frame


def test_an_interval_is_given_anew_and_the_rest_stands(desk, sit):
    page, assignment = sit(frames=40)
    sat.begin(page)
    page.wait_for_selector("body[data-phase=over]")
    sat.saved(page)
    page.locator("#position").fill("5")
    sat.until(page, "taverSitting.state.frame === 5")
    page.keyboard.press("Space")
    sat.until(page, "taverSitting.state.frame >= 8")
    shown(page, "The sliders show what you said")
    page.keyboard.press("w")
    shown(page, "Rating anew")
    sat.until(page, "taverSitting.state.frame >= 15")
    page.keyboard.press("Space")
    sat.saved(page)
    first, last = told(desk, assignment, "play")[-1].frame, told(desk, assignment, "stop")[-1].frame
    arousal = desk.track(assignment).values["arousal"]
    assert 8 <= first < last < 30
    assert arousal.tolist() == [1.0 if first <= k <= last else 0.0 for k in range(40)]


def test_jumping_with_the_keys_held_gives_the_server_what_the_page_shows(desk, sit):
    page, assignment = sit(frames=100)
    sat.begin(page)
    page.keyboard.down("w")
    for turn in range(6):
        sat.until(page, f"taverSitting.state.values.arousal >= {1 + turn}")
        sat.until(page, f"taverSitting.state.next > {6 * turn}")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("e")
    page.keyboard.up("w")
    page.keyboard.press("Space")
    sat.saved(page)
    shown, reached = page.evaluate("[taverSitting.state.track, taverSitting.state.next]")
    track = desk.track(assignment)
    for name in ("arousal", "valence"):
        np.testing.assert_array_equal(track.values[name], np.array(shown[name], float))
    assert (track.passed[:reached] > 0).all()


def test_a_click_into_the_strip_leaves_the_arrows_to_the_slider(sit):
    page, _ = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 4")
    page.keyboard.press("Space")
    page.locator("#position").click(position={"x": 2, "y": 10})
    sat.until(page, "taverSitting.state.frame === 0")
    page.keyboard.press("ArrowUp")
    assert values(page) == [0, 1]
    assert page.evaluate("taverSitting.state.frame") == 0


def test_a_comment_stops_the_countdown_and_the_next_one_takes_its_time(sit):
    page, _ = sit()
    page.evaluate(
        """() => {
          taverSitting.happen("begin");
          const pressed = new KeyboardEvent("keydown", { code: "KeyC", bubbles: true });
          document.body.dispatchEvent(pressed);
        }"""
    )
    page.locator("#remark").wait_for()
    assert page.evaluate("taverSitting.state.phase") == "ready"
    page.keyboard.press("Escape")
    page.locator("#remark").wait_for(state="hidden")
    began_ms = page.evaluate("performance.now()")
    page.keyboard.press("Space")
    page.wait_for_selector("body[data-phase=playing]")
    assert page.evaluate("performance.now()") - began_ms > 2500


def test_the_systems_own_keys_play_and_pause_as_the_pages_do(sit):
    page, _ = sit()
    sat.begin(page)
    page.evaluate("document.getElementById('film').pause()")
    page.wait_for_selector("body[data-phase=paused]")
    assert page.evaluate("document.getElementById('film').paused")
    page.evaluate("void document.getElementById('film').play()")
    page.wait_for_selector("body[data-phase=playing]")
    frame = page.evaluate("taverSitting.state.frame")
    sat.until(page, f"taverSitting.state.frame > {frame}")
    assert not page.evaluate("document.getElementById('film').paused")


def test_slow_and_fast_keep_to_the_pictures(desk, sit):
    page, assignment = sit()
    page.locator("#speed").dispatch_event("pointerdown")  # a mouse chooses
    page.locator("#speed").focus()
    page.locator("#speed").select_option("50")
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 5")
    assert page.evaluate("document.getElementById('film').playbackRate") == 0.5
    page.keyboard.press("Space")
    sat.saved(page)
    assert [row.value for row in told(desk, assignment, "rate")] == [50]


def test_after_a_reload_one_goes_on_where_one_was(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 6")
    page.keyboard.press("w")
    sat.until(page, "taverSitting.state.frame >= 10")
    desk.open(page, assignment)  # without a word of farewell
    assert values(page) == [1, 0]
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
    shown(other, "open in another window")
    other.get_by_role("button", name="Go on here").click()
    shown(page, "Another window has taken over")
    other.wait_for_selector("body[data-phase=ready]")
    assert values(other) == [1, 0]
    sat.begin(other)
    other.keyboard.press("w")
    other.keyboard.press("Space")
    page.keyboard.press("s")  # writes nothing any more
    sat.saved(other)
    assert [row.value for row in told(desk, assignment, "arousal")] == [1, 2]
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
    shown(page, "Another window has taken over")
    assert not page.locator("#begin").is_visible()
    page.context.close()


def test_offline_one_goes_on_and_is_told(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.context.set_offline(True)
    page.keyboard.press("w")
    shown(page, "No connection")
    page.wait_for_selector("body[data-phase=over]")
    page.locator("#finish").click()
    shown(page, "wait in this browser")
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
    shown(page, "wait in this browser")
    return page, assignment


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
    page.goto("about:blank")  # else it would still send by itself
    page.context.set_offline(False)
    page.goto(f"{desk.server.address}/")
    page.locator(".state.done").wait_for(timeout=40_000)
    assert desk.state(assignment) == "done"


def test_an_end_that_the_list_has_not_heard_of_is_heard_of(desk, unsent):
    page, assignment = unsent
    # The list is written before the end arrives, and the sitting's window is still there then.
    waiting = page.context.new_page()
    page.context.set_offline(False)
    waiting.goto(f"{desk.server.address}/")
    waiting.locator(".state.done").wait_for(timeout=40_000)
    assert desk.state(assignment) == "done"


def test_whoever_is_logged_out_goes_on_and_logs_in_beside_it(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    page.keyboard.press("w")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.keyboard.press("w")
    shown(page, "Your log-in has ended")
    page.keyboard.press("w")
    page.wait_for_selector("body[data-phase=over]")
    page.context.add_cookies(cookies)
    sat.saved(page)
    assert [row.value for row in told(desk, assignment, "arousal")] == [1, 2, 3]


def test_somebody_else_who_logs_in_beside_takes_and_loses_nothing(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    cookies = page.context.cookies()
    desk.log_in(page.context, desk.annotator())
    page.keyboard.press("w")
    shown(page, "Somebody else is logged in")
    page.context.add_cookies(cookies)
    page.keyboard.press("Space")
    sat.saved(page)
    assert [row.value for row in told(desk, assignment, "arousal")] == [1]
    assert not page.locator("#trouble").is_visible()


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
    shown(page, "cannot keep what you do")
    shown(page, "are in this page only")
    page.evaluate("() => { IDBObjectStore.prototype.add = window.added; }")
    page.locator("#trouble").wait_for(state="hidden", timeout=30_000)
    sat.saved(page)
    assert [row.value for row in told(desk, assignment, "arousal")] == [1]


def test_a_film_that_cannot_be_decoded_is_told_without_a_trace(desk, browser, tmp_path):
    bad = tmp_path / "bad.webm"
    bad.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(5000))
    user = desk.annotator()
    assignment = desk.given(user, desk.clip(film=bad))
    page = desk.page(browser, user)
    page.goto(f"{desk.server.address}/sitting/{assignment}")
    shown(page, "cannot decode it")
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
    shown(page, "could not be fetched")
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
        shown(page, "requestVideoFrameCallback")
    assert desk.events(assignment) == []
    page.context.close()


def test_somebody_elses_clip_is_not_shown(desk, browser):
    assignment = desk.given(desk.annotator())
    page = desk.page(browser, desk.annotator())
    answer = page.goto(f"{desk.server.address}/sitting/{assignment}")
    assert answer.status == 403
    shown(page, "somebody else's")
    page.context.close()
