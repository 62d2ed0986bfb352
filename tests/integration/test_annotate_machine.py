"""What a sitting does at whatever happens, by its state machine alone: no film, no server."""

import random

import modules
import numpy as np
import pytest

from annotate_web.events.replay import Sat, Told, replay
from taver.labels.trace import Dimension

# `run([...])` gives happenings to a fresh machine: [type, {more}]; a frame is where it happened.
RUN = """async ({ given, happenings }) => {
  const machine = await import("/sitting/machine.js");
  let state = machine.begin(given);
  const done = [];
  for (const [type, more] of happenings) {
    const frame = type === "seek" ? state.frame : (more.frame ?? state.frame);
    const stamp = { frame, media_ns: frame * 1e8, delay_us: 0 };
    const happening = type === "frame" ? { type, ...stamp } : { type, stamp, ...more };
    const before = JSON.stringify(state);
    const [next, effects] = machine.step(state, happening);
    if (JSON.stringify(state) !== before) throw new Error(`${type} changed the state it was given`);
    done.push(...effects);
    state = next;
  }
  return {
    state, done,
    events: done.filter((e) => e.do === "emit").map((e) => e.event),
    overwriting: machine.isOverwriting(state), following: machine.isFollowing(state),
  };
}"""
START = [["begin", {}], ["tick", {}], ["tick", {}], ["tick", {}]]


@pytest.fixture(scope="module")
def page():
    with modules.page() as page:
        yield page


@pytest.fixture
def run(page):
    def run(*happenings, frames=10, **given):
        return page.evaluate(
            RUN, {"given": {"frames": frames, **given}, "happenings": list(happenings)}
        )

    return run


def frame(number):
    return ["frame", {"frame": number}]


def put(dimension, value, at):
    return ["set", {"dimension": dimension, "value": value, "frame": at}]


def kinds(result):
    return [event["kind"] for event in result["events"]]


def through(*, upto=10, first=0):
    return [frame(number) for number in range(first, upto)]


def test_it_counts_three_two_one_before_the_film_plays(run):
    assert [run(*START[:n])["state"]["count"] for n in (1, 2, 3)] == [3, 2, 1]
    result = run(*START)
    assert result["state"]["phase"] == "playing"
    assert [e["do"] for e in result["done"]][:3] == ["count", "count", "count"]


def test_a_pass_begins_with_where_the_sliders_stand(run):
    result = run(*START)
    assert kinds(result) == ["arousal", "valence", "seen", "play"]
    assert result["events"][0]["body"] == {"by": "resume"}


def test_each_frame_that_is_passed_gets_what_the_sliders_say_then(run):
    result = run(*START, *through(upto=4), put("arousal", 5, 3), frame(5), frame(6))
    assert result["state"]["track"]["arousal"][:7] == [0, 0, 0, 5, 5, 5, None]
    assert result["state"]["track"]["valence"][:7] == [0] * 6 + [None]


def test_values_stay_on_the_scale_in_steps_of_one(run):
    result = run(*START, put("arousal", 99, 0), put("valence", -3.4, 0), put("arousal", 99, 0))
    told = [(e["kind"], e["value"]) for e in result["events"][4:]]
    assert told == [("arousal", 10), ("valence", -3)]


def test_pausing_ends_the_pass_with_the_frame_that_was_seen(run):
    result = run(*START, *through(upto=4), ["pause", {"why": "hidden", "frame": 3}])
    assert result["events"][-1]["kind"] == "stop"
    assert result["events"][-1]["frame"] == 3
    assert result["state"]["next"] == 4
    assert result["state"]["why"] == "hidden"
    assert result["done"][-1] == {"do": "pause"}


def test_pausing_while_it_counts_goes_back_to_the_beginning(run):
    result = run(*START[:2], ["pause", {}], ["tick", {}])
    assert result["state"]["phase"] == "ready"
    assert result["events"] == []


def test_what_was_rated_is_shown_again_and_not_changed(run):
    rated = [*START, *through(upto=3), put("arousal", 4, 3), *through(first=4, upto=7)]
    result = run(*rated, ["seek", {"frame": 1}], frame(1), frame(2))
    assert result["following"]
    assert result["state"]["values"]["arousal"] == 0
    assert kinds(result)[-2:] == ["stop", "seek"]
    result = run(*rated, ["seek", {"frame": 1}], frame(1), frame(3))
    assert result["state"]["values"]["arousal"] == 4


def test_moving_a_slider_there_rates_anew_and_the_other_one_keeps_its_values(run):
    rated = [
        *START, *through(upto=3), put("valence", -2, 3), *through(first=4, upto=8),
        ["seek", {"frame": 0}], frame(0), frame(1),
    ]  # fmt: skip
    result = run(
        *rated, put("arousal", 7, 1), frame(2), frame(3), frame(4), ["pause", {"frame": 4}]
    )
    track = result["state"]["track"]
    assert track["arousal"] == [0, 7, 7, 7, 7, 0, 0, 0, None, None]
    assert track["valence"] == [0, 0, 0, -2, -2, -2, -2, -2, None, None]
    kept = [e for e in result["events"] if e.get("body") == {"by": "kept"}]
    assert [(e["kind"], e["value"], e["frame"]) for e in kept] == [("valence", -2, 3)]
    assert result["state"]["next"] == 8


def test_after_a_pause_the_rest_of_what_was_rated_stands(run):
    result = run(
        *START, *through(upto=8), ["seek", {"frame": 0}], frame(0), put("arousal", 7, 0), frame(1),
        frame(2), ["pause", {"frame": 2}], ["play", {}], frame(3), frame(4),
    )  # fmt: skip
    assert result["following"]
    assert result["state"]["track"]["arousal"][:5] == [7, 7, 7, 0, 0]


def test_behind_what_was_rated_a_new_pass_begins_by_itself(run):
    result = run(
        *START,
        *through(upto=5),
        ["seek", {"frame": 2}],
        frame(2),
        frame(3),
        frame(4),
        frame(5),
        frame(6),
    )
    assert not result["following"]
    assert not result["overwriting"]
    assert result["events"][-1]["kind"] == "play"
    assert result["events"][-1]["frame"] == 5


def test_rating_anew_can_be_asked_for_without_moving(run):
    rated = [*START, put("arousal", 3, 0), *through(upto=6), ["seek", {"frame": 1}], frame(1)]
    result = run(*rated, ["anew", {"on": True, "frame": 1}])
    assert result["overwriting"]
    result = run(*rated, ["anew", {"on": True, "frame": 1}], frame(3), ["anew", {"on": False}])
    assert result["following"]


def test_a_face_that_was_hidden_where_one_looked_back_is_not_hidden_where_one_goes_on(run):
    rated = [
        *START, *through(upto=2), ["unseen", {"on": True, "frame": 2}], frame(3),
        ["unseen", {"on": False, "frame": 4}], put("arousal", 6, 5), *through(first=5, upto=8),
        ["seek", {"frame": 2}], frame(2), put("valence", -3, 2), frame(3), ["pause", {"frame": 3}],
    ]  # fmt: skip
    looked = run(*rated)
    assert (looked["state"]["values"]["unseen"], looked["state"]["next"]) == (1, 8)
    on = run(*rated, ["seek", {"frame": 9}], ["play", {}], frame(8), frame(9), ["pause", {}])
    assert on["state"]["track"]["arousal"][7:] == [6, 6, 6]
    assert on["state"]["track"]["valence"][7:] == [0, 0, 0]
    # Nor where the pictures between were never shown.
    skipped = run(*rated, ["play", {}], frame(3), frame(9), ["pause", {"frame": 9}])
    assert skipped["state"]["track"]["arousal"][7:] == [6, 6, 6]
    track = {"arousal": [None, None], "valence": [None, None], "unseen": [1, None]}
    assert run(frames=2, track=track, next=1)["state"]["values"]["unseen"] == 1  # after a reload


def test_what_is_set_in_a_pause_stays_where_one_is(run):
    paused = [*START, *through(upto=4), ["pause", {"frame": 3}], frame(4), put("arousal", 5, 4)]
    result = run(*paused, ["seek", {"frame": 4}], ["play", {}], frame(5), ["pause", {}])
    assert result["state"]["track"]["arousal"][:6] == [0, 0, 0, 0, 5, 5]


def test_in_a_pause_rating_anew_goes_on_with_the_film(run):
    rated = [*START, *through(upto=6), ["pause", {"frame": 5}], ["seek", {"frame": 1}]]
    result = run(*rated, ["anew", {"on": True}], frame(2))
    assert result["overwriting"]
    assert result["done"][-1]["event"] == {
        "kind": "play", "frame": 1, "media_ns": None, "delay_us": None, "value": None,
    }  # fmt: skip
    at_the_end = run(*START, *through(), ["end", {}], ["anew", {"on": True}])
    assert at_the_end["state"]["phase"] == "over"


def test_whoever_went_back_in_a_whole_clip_can_finish_from_there(run):
    whole = [*START, *through(), ["end", {}], ["seek", {"frame": 2}]]
    assert kinds(run(*whole, ["finish", {}]))[-1] == "done"
    assert "done" not in kinds(run(*whole, ["play", {}], ["finish", {}]))


def test_nothing_can_be_skipped(run):
    result = run(*START, *through(upto=4), ["seek", {"frame": 9}])
    assert result["state"]["frame"] == 3  # the last one passed: the stop gave it


def test_frames_without_a_face_have_no_value(run):
    result = run(
        *START, *through(upto=3), ["unseen", {"on": True, "frame": 3}], frame(5),
        ["unseen", {"on": False, "frame": 5}], frame(6), frame(7),
    )  # fmt: skip
    assert result["state"]["track"]["arousal"][:7] == [0, 0, 0, None, None, 0, 0]
    assert kinds(result)[4:] == ["unseen", "seen"]


def test_at_the_end_a_whole_clip_can_be_finished_and_only_once(run):
    result = run(*START, *through(), ["end", {}])
    assert result["state"]["phase"] == "over"
    result = run(*START, *through(), ["end", {}], ["finish", {}], ["finish", {}])
    assert kinds(result)[-2:] == ["stop", "done"]
    assert kinds(result).count("done") == 1
    early = run(*START, *through(upto=4), ["pause", {}], ["finish", {}])
    assert "done" not in kinds(early)


def test_nothing_is_told_once_it_is_done_or_somebody_elses(run):
    done = [*START, *through(), ["end", {}], ["finish", {}]]
    after = [put("arousal", 5, 9), ["seek", {"frame": 0}], ["play", {}]]
    assert kinds(run(*done, *after)) == kinds(run(*done))
    away = [*START, *through(upto=4), ["elsewhere", {}]]
    result = run(*away, *after, ["pause", {}])
    assert kinds(result) == kinds(run(*away)) == ["arousal", "valence", "seen", "play"]
    assert result["done"][-1] == {"do": "pause"}


def test_after_a_reload_it_goes_on_behind_the_last_frame(run):
    track = {"arousal": [1, 2, None, None], "valence": [0, 0, None, None],
             "unseen": [0, 0, None, None]}  # fmt: skip
    result = run(*START, frames=4, track=track, next=2, values={"arousal": 2, "valence": 0})
    assert [(e["kind"], e["frame"], e["value"]) for e in result["events"]] == [
        ("arousal", 2, 2), ("valence", 2, 0), ("seen", 2, None), ("play", 2, None),
    ]  # fmt: skip
    assert run(frames=2, track={n: [0, 0] for n in track}, next=2)["state"]["phase"] == "over"


def test_a_film_that_breaks_ends_the_pass(run):
    result = run(*START, *through(upto=4), ["broken", {"why": "film", "frame": 3}])
    assert result["state"]["phase"] == "broken"
    assert kinds(result)[-1] == "stop"


def test_behind_the_end_nothing_is_told_whatever_one_touches(run):
    for end in (["finish", {}], ["elsewhere", {}]):
        ended = [*START, *through(), ["end", {}], end]
        touched = [
            ["rate", {"value": 50}], ["comment", {"text": "one more"}],
            ["dropped", {"value": 1, "unheard": 0}], ["broken", {"why": "film"}],
        ]  # fmt: skip
        result = run(*ended, *touched)
        assert kinds(result) == kinds(run(*ended))
        assert result["state"]["phase"] in {"finished", "elsewhere"}


def test_what_was_not_touched_is_kept_where_pictures_were_never_shown(run):
    rated = [
        *START, *through(upto=3), put("valence", -2, 3), put("valence", 5, 4),
        put("valence", 0, 5), *through(first=5, upto=9), ["seek", {"frame": 0}], frame(0),
    ]  # fmt: skip
    result = run(*rated, put("arousal", 7, 1), frame(6), ["pause", {"frame": 6}])
    assert result["state"]["track"]["valence"] == [0, 0, 0, -2, 5, 0, 0, 0, 0, None]
    assert result["state"]["track"]["arousal"][:8] == [0, 7, 7, 7, 7, 7, 7, 0]


def test_a_picture_that_comes_after_a_pause_leaves_no_hole(run):
    result = run(
        *START,
        *through(upto=4),
        ["pause", {"frame": 3}],
        frame(6),
        ["play", {}],
        frame(7),
        frame(8),
    )
    assert None not in result["state"]["track"]["arousal"][:8]


def hands(seed, frames):
    """Return what somebody may do at a film that skips, is late and shows what is over."""
    rng = random.Random(seed)
    happenings, at, reached, playing = [*START], 0, 0, True

    def about(least=0, most=1):
        return min(frames - 1, at + rng.randint(least, most))

    for _ in range(rng.randint(5, 90)):
        chance = rng.random()
        if playing and chance < 0.6:
            at = about(1, rng.choice([1, 1, 1, 3]))
            reached = max(at, reached)
            happenings.append(frame(at))
        elif chance < 0.75:
            slider = rng.choice(["arousal", "valence"])
            happenings.append(put(slider, rng.randint(-10, 10), max(0, about(-2, 2))))
        elif chance < 0.8:
            happenings.append(["unseen", {"on": rng.random() < 0.5, "frame": about()}])
        elif chance < 0.85:
            happenings.append(["pause", {"frame": about()}])
            happenings += [frame(about(0, 2))] * (rng.random() < 0.4)
            playing = False
        elif chance < 0.9:
            happenings.append(["play", {}])
            playing = True
        elif chance < 0.96:
            happenings.append(["seek", {"frame": rng.randint(0, reached)}])
            happenings += [frame(about())] * (rng.random() < 0.3)
            happenings += [put("arousal", rng.randint(-10, 10), about())] * (rng.random() < 0.3)
            at = happenings[-1][1]["frame"] if happenings[-1][0] == "seek" else rng.randint(0, at)
            happenings.append(frame(at))
        else:
            happenings.append(["anew", {"on": rng.random() < 0.6, "frame": at}])
            playing = playing or rng.random() < 0.5  # in a pause it may have begun to play
    return [*happenings, ["pause", {"frame": at}]]


def test_whatever_one_does_the_server_gets_what_the_page_shows(page):
    frames = 30
    results = page.evaluate(
        f"async (all) => Promise.all(all.map({RUN}))",
        [{"given": {"frames": frames}, "happenings": hands(seed, frames)} for seed in range(300)],
    )
    for seed, result in enumerate(results):
        told = [
            Told(seq, one["kind"], one["frame"], one["value"])
            for seq, one in enumerate(result["events"], 1)
        ]
        got = replay([Sat(dict.fromkeys(Dimension, 0), told)], frames)
        state = result["state"]
        for dimension in Dimension:
            shown = [np.nan if v is None else v for v in state["track"][dimension]]
            np.testing.assert_array_equal(got.values[dimension], shown, err_msg=f"hands {seed}")
        reached = state["next"]
        assert (got.passed[:reached] > 0).all(), f"a hole: hands {seed}"
        assert not got.passed[reached:].any(), f"more than was seen: hands {seed}"


def test_what_does_not_exist_is_an_error(run):
    with pytest.raises(Exception, match="nothing is known of nonsense"):
        run(["nonsense", {}])
