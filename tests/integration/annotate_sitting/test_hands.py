"""What hands do in a sitting: keys, mouse and fingers move the sliders and the film."""

import sat


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
    assert sat.values(page) == [0, 5]
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
    assert sat.values(page) == [5, -5]


def test_a_click_into_the_strip_leaves_the_arrows_to_the_slider(sit):
    page, _ = sit()
    sat.begin(page)
    sat.until(page, "taverSitting.state.frame >= 4")
    page.keyboard.press("Space")
    page.locator("#position").click(position={"x": 2, "y": 10})
    sat.until(page, "taverSitting.state.frame === 0")
    page.keyboard.press("ArrowUp")
    assert sat.values(page) == [0, 1]
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


def test_the_keys_are_the_pages_again_at_once_when_a_comment_is_closed(sit):
    page, _ = sit()
    page.keyboard.press("c")
    page.locator("#remark-text").wait_for()
    field, phase = page.evaluate(
        """() => {
          document.getElementById("remark").close();
          const field = document.activeElement;
          field.dispatchEvent(new KeyboardEvent("keydown", { code: "Space", bubbles: true }));
          return [field.id, taverSitting.state.phase];
        }"""
    )
    assert field == "remark-text"  # it has the focus until the page is drawn anew
    assert phase == "counting"


def test_the_systems_own_keys_play_and_pause_as_the_pages_do(sit):
    page, _ = sit()
    sat.begin(page)
    page.evaluate("document.getElementById('film').dispatchEvent(new Event('ended'))")
    assert page.evaluate("taverSitting.state.phase") == "playing"  # an end that was left by a jump
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
    assert [row.value for row in desk.told(assignment, "rate")] == [50]
