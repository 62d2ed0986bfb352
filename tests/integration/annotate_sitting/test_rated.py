"""What of a sitting arrives on the server: pictures seen, marks, and what was given anew."""

import numpy as np
import pytest
import sat


def test_each_event_names_the_picture_and_its_delay(desk, sit):
    page, assignment = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 10")
    page.keyboard.press("w")
    page.keyboard.press("Space")
    sat.saved(page)
    (event,) = desk.told(assignment, "arousal")
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
    sat.shown(page, "because this page was not in view")
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
    (unseen,), (seen,) = desk.told(assignment, "unseen"), desk.told(assignment, "seen")
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
    sat.shown(page, "The sliders show what you said")
    page.keyboard.press("w")
    sat.shown(page, "Rating anew")
    sat.until(page, "taverSitting.state.frame >= 15")
    page.keyboard.press("Space")
    sat.saved(page)
    first, last = desk.told(assignment, "play")[-1].frame, desk.told(assignment, "stop")[-1].frame
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
