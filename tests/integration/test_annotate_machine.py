"""What a sitting does at whatever happens, by its state machine alone: no film, no server."""

import modules
import pytest

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


def test_what_does_not_exist_is_an_error(run):
    with pytest.raises(Exception, match="nothing is known of nonsense"):
        run(["nonsense", {}])
