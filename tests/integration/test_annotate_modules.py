"""The parts of a sitting's program, each by itself in a browser: keys, stamps, keeping, sending."""

import modules
import pytest


@pytest.fixture(scope="module")
def page():
    with modules.page() as page:
        yield page


CLIP = "{ fps: 10, frames: 100 }"


def stamped(page, shown, at_ms, rate=1.0, late_ms=100):
    return page.evaluate(
        f"""async ([shown, at, rate, late]) => (await import("/sitting/stamp.js"))
            .stampOf(shown, at, rate, {CLIP}, late)""",
        [shown, at_ms, rate, late_ms],
    )


def test_a_stamp_is_the_picture_and_what_the_film_moved_on_since(page):
    shown = {"media_s": 2.0, "expected_ms": 1000.0}
    assert stamped(page, shown, 1030) == {"frame": 20, "media_ns": 2_030_000_000, "delay_us": 30000}
    assert stamped(page, shown, 1130)["frame"] == 21
    assert stamped(page, shown, 1130, 0.5)["media_ns"] == 2_065_000_000
    assert stamped(page, shown, 1130, 0)["frame"] == 20  # paused


def test_a_film_that_is_late_is_told_from_a_page_that_is_busy(page):
    shown = {"media_s": 2.0, "expected_ms": 1000.0}
    assert stamped(page, shown, 1420, late_ms=200)["frame"] == 24  # the page heard of nothing
    assert stamped(page, shown, 1420, late_ms=5)["frame"] == 21  # there was nothing to hear of


def test_before_a_picture_is_on_the_screen_nothing_is_added(page):
    shown = {"media_s": 2.0, "expected_ms": 1000.0}
    assert stamped(page, shown, 985) == {"frame": 20, "media_ns": 2_000_000_000, "delay_us": -15000}


def test_a_stamp_never_leaves_the_film(page):
    assert stamped(page, None, 5) == {"frame": 0, "media_ns": 0, "delay_us": None}
    late = stamped(page, {"media_s": 9.9, "expected_ms": 0}, 60_000)
    assert late["frame"] == 99
    assert late["media_ns"] == 10_000_000_000


def test_whoever_comes_back_after_days_has_no_delay(page):
    shown = {"media_s": 2.0, "expected_ms": 1000.0}
    assert stamped(page, shown, 3 * 86_400_000, 0)["delay_us"] is None


def test_times_that_a_film_rounds_name_the_right_picture(page):
    frames = page.evaluate(
        """async () => {
          const { stampOf } = await import("/sitting/stamp.js");
          return Array.from({ length: 300 }, (_, k) => stampOf(
            { media_s: Math.round((k * 1000) / 30) / 1000, expected_ms: 0 }, 0, 1,
            { fps: 30, frames: 300 }).frame);
        }"""
    )
    assert frames == list(range(300))


def test_a_browser_that_counts_in_the_films_pace_does_not_put_pictures_off(page):
    at = "async (told) => (await import('/sitting/stamp.js')).shownAt_ms(told)"
    assert page.evaluate(at, {"expectedDisplayTime": 116.0, "presentationTime": 100.0}) == 116
    assert page.evaluate(at, {"expectedDisplayTime": 200.0, "presentationTime": 100.0}) == 100


def test_pictures_that_were_not_presented_are_told_from_those_not_heard_of(page):
    lost = f"""async ([before, now]) => (await import("/sitting/stamp.js"))
        .lostBetween(before, now, {CLIP})"""
    before = {"media_s": 1.0, "presented": 10}
    assert page.evaluate(lost, [before, {"media_s": 1.1, "presented": 11}]) == {
        "dropped": 0, "unheard": 0,
    }  # fmt: skip
    assert page.evaluate(lost, [before, {"media_s": 1.4, "presented": 12}]) == {
        "dropped": 2, "unheard": 1,
    }  # fmt: skip


def test_a_short_press_is_one_step_and_held_keys_move_on_together(page):
    steps = page.evaluate(
        """async () => {
          const { Held, FIRST_MS, EVERY_MS } = await import("/sitting/hold.js");
          const held = new Held();
          const pressed = [["KeyW", 0], ["KeyW", 10], ["ArrowUp", 40]]
            .map(([code, at]) => held.press(code, at));
          const early = held.due(FIRST_MS - 1).length;
          const later = held.due(FIRST_MS + 2 * EVERY_MS).map(([code]) => code);
          held.release("KeyW");
          const rest = held.due(FIRST_MS + 3 * EVERY_MS + 40).map(([code]) => code);
          held.releaseAll();
          return { pressed, early, later, rest, any: held.any };
        }"""
    )
    assert steps["pressed"] == [True, False, True]
    assert steps["early"] == 0
    assert steps["later"] == ["KeyW", "ArrowUp", "KeyW", "ArrowUp", "KeyW"]
    assert steps["rest"] == ["ArrowUp", "ArrowUp"]
    assert not steps["any"]


KEPT = """async ([name, body]) => {
  const { openStore, TakenError } = await import("/sitting/store.js");
  const store = await openStore();
  const event = (seq, more = {}) => ({ sitting: name, seq, kind: "arousal", value: 1, ...more });
  const run = new Function("store", "event", "TakenError", `return (async () => {${body}})()`);
  try { return await run(store, event, TakenError); } finally { store.close(); }
}"""


def kept(page, name, body):
    return page.evaluate(KEPT, [name, body])


def test_events_are_there_in_order_after_the_page_is_loaded_anew(page):
    kept(
        page, "a", "await Promise.all([event(1), event(3), event(2)].map((e) => store.append(e)));"
    )
    page.reload()
    assert kept(page, "a", "return (await store.events('a')).map((e) => e.seq)") == [1, 2, 3]
    assert kept(page, "a", "return (await store.events('a', 1, 1)).map((e) => e.seq)") == [2]
    assert kept(page, "a", "return store.lastNumber('a')") == 3
    assert kept(page, "a", "return store.lastNumber('nobody')") == 0


def test_a_second_writer_is_noticed_and_changes_nothing(page):
    kept(page, "b", "await store.append(event(1, { value: 4 }))")
    body = """
      const again = store.append(event(1, { value: 9 }));
      return again.then(() => "taken in", (error) => error instanceof TakenError);
    """
    assert kept(page, "b", body) is True
    assert kept(page, "b", "return (await store.events('b')).map((e) => e.value)") == [4]


def test_what_a_second_writer_had_is_set_aside(page):
    body = """
      await store.append(event(1, { value: 4 }));
      const late = Promise.all([store.append(event(1, { value: 9 })), store.append(event(2))]);
      await late.catch(() => {});
      await store.append(event(2, { value: 5 }));
      const aside = await store.aside("e"), others = await store.aside("somebody's");
      return [aside.map((e) => e.value), others, (await store.events("e")).map((e) => e.value)];
    """
    assert kept(page, "e", body) == [[9, 1], [], [4, 5]]


def test_what_a_second_writer_had_is_not_lost_on_a_full_disk_either(page):
    body = """
      await store.append(event(1));
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError"); };
      const first = await store.append(event(1, { value: 9 })).catch((error) => error.name);
      IDBObjectStore.prototype.put = put;
      const second = await store.append().catch((error) => error instanceof TakenError);
      return [first, second, (await store.aside("g")).map((e) => e.value)];
    """
    assert kept(page, "g", body) == ["QuotaExceededError", True, [9]]


def test_a_disk_that_has_room_again_is_told_whatever_is_done_meanwhile(page):
    heard = page.evaluate(
        """async () => {
          const { Sitting } = await import("/sitting/sitting.js");
          const heard = [], written = [];
          const store = {
            append: () => new Promise((done, fail) => written.push({ done, fail })),
            events: async () => [],
          };
          const record = { sitting: "h", assignment: 9, acknowledged: 0 };
          const hear = (type) => heard.push(type);
          const sitting = new Sitting({ store, record, number: 0, hear });
          const stamp = () => ({ frame: 0, media_ns: 0, delay_us: 0 });
          sitting.start({ stamp }, { frames: 9 });
          const later = globalThis.setTimeout;
          globalThis.setTimeout = (act) => later(act, 0);
          sitting.happen("set", { dimension: "arousal", value: 1 });
          written.shift().fail(new DOMException("", "QuotaExceededError"));
          while (!written.length) await new Promise((done) => later(done, 1));
          sitting.happen("set", { dimension: "arousal", value: 2 }); // while it is tried again
          for (const { done } of written) done(); // one transaction took both
          await new Promise((done) => later(done, 20));
          globalThis.setTimeout = later;
          sitting.stop();
          return heard.filter((type) => type.includes("kept"));
        }"""
    )
    assert heard[0] == "unkept"
    assert "kept_again" in heard


def test_what_is_not_sent_is_put_back_where_the_browser_cleared_its_store(page):
    devtools = page.context.new_cdp_session(page)
    whole = {"origin": page.evaluate("origin"), "storageTypes": "indexeddb"}
    page.evaluate(
        """async () => {
          const { openStore } = await import("/sitting/store.js");
          const event = (seq) => ({ sitting: "f", seq, kind: "arousal", value: 1 });
          window.store = await openStore();
          window.put = (...seqs) => Promise.all(seqs.map((seq) => store.append(event(seq))));
          await store.keepSitting({ assignment: 8, sitting: "f", client: "x", acknowledged: 0 });
          await put(1, 2, 3);
          await store.acknowledge(8, "f", 1);
        }"""
    )
    devtools.send("Storage.clearDataForOrigin", whole)
    seqs, client = page.evaluate(
        """async () => {
          await put(4);
          const seqs = (await store.events("f")).map((one) => one.seq);
          const { client } = await store.sitting(8);
          store.close();
          return [seqs, client];
        }"""
    )
    assert seqs == [2, 3, 4]
    assert client == "x"


def test_only_a_sitting_that_is_all_told_is_forgotten(page):
    body = """
      await store.keepSitting({ assignment: 7, sitting: "c", client: "x", acknowledged: 0 });
      await store.append(event(1));
      await store.acknowledge(7, "c", 1);
      await store.acknowledge(7, "other", 9);
      const reached = (await store.sitting(7)).acknowledged;
      await store.forget(7, "c");
      return [reached, (await store.events("c")).length, await store.sitting(7) ?? null];
    """
    assert kept(page, "c", body) == [1, 0, None]


SENT = """async ([answers, events]) => {
  const { Sender } = await import("/sitting/sender.js");
  const said = [], posts = [], aside = [], reached = [];
  const store = {
    events: async (_, after, most) => {
      if (answers[0] === "unread") throw new DOMException(answers.shift(), "UnknownError");
      return events.filter((e) => e.seq > after).slice(0, most);
    },
    acknowledge: async (_, __, to) => reached.push(to),
    setAside: async (which) => aside.push(...which.map((e) => e.seq)),
  };
  const post = async (_, batch) => {
    posts.push(batch.map((e) => e.seq));
    const answer = answers.shift();
    if (answer === undefined || answer === "down") throw new TypeError("no net");
    return answer;
  };
  const sender = new Sender({ store, assignment: 1, sitting: "s", acknowledged: 0, post,
    say: (state) => said.push(state), random: () => 0 });
  for (let times = answers.length; times >= 0 && answers.length; times -= 1) await sender.flush();
  sender.stop();
  return { said, posts, aside, reached, acknowledged: sender.acknowledged };
}"""


def sent(page, answers, count=3):
    events = [{"seq": seq, "kind": "arousal", "value": 0} for seq in range(1, count + 1)]
    return page.evaluate(SENT, [answers, events])


def ok(reached, **more):
    return {"status": 200, "told": {"acknowledged": reached, "state": "working", **more}}


def test_what_is_not_acknowledged_is_sent_again(page):
    result = sent(page, ["down", ok(1), ok(3)])
    assert result["posts"] == [[1, 2, 3], [1, 2, 3], [2, 3]]
    assert result["said"][-1] == "kept"
    assert result["acknowledged"] == 3


def test_much_is_sent_in_batches(page):
    result = sent(page, [ok(200), ok(400), ok(450)], count=450)
    assert [len(batch) for batch in result["posts"]] == [200, 200, 50]


def test_a_lost_answer_doubles_nothing(page):
    result = sent(page, [ok(3)], count=2)  # the server has more than this page knows
    assert result["acknowledged"] == 3


def test_whoever_is_logged_out_is_told_and_everything_waits(page):
    out = {"status": 401, "told": {"code": "not_logged_in"}}
    result = sent(page, [out, out, ok(3)])
    assert result["said"] == ["sending", "loggedOut", "sending", "loggedOut", "sending", "kept"]
    assert result["aside"] == []


def test_a_server_in_trouble_is_told_and_asked_again(page):
    result = sent(page, [{"status": 503, "told": {}}, {"status": 429, "told": {}}, ok(3)])
    assert result["said"] == ["sending", "unable", "sending", "sending", "sending", "kept"]
    assert result["acknowledged"] == 3
    assert result["aside"] == []


def test_a_token_of_a_log_in_that_ended_sets_nothing_aside(page):
    old = {"status": 400, "told": {"error": "open for too long", "fix": "x", "code": "bad_request"}}
    result = sent(page, [old, ok(3)])
    assert result["acknowledged"] == 3
    assert result["aside"] == []


def test_what_can_never_be_right_is_set_aside_and_the_rest_goes_on(page):
    refused = [{"seq": 2, "error": "no", "fix": "x"}]
    answer = {"status": 422, "told": {"acknowledged": 3, "refused": refused, "error": "no"}}
    result = sent(page, [answer])
    assert result["aside"] == [2]
    assert result["said"] == ["sending", "refused", "kept"]


def test_a_sitting_that_is_not_theirs_is_set_aside_whole(page):
    answer = {"status": 404, "told": {"error": "gone", "fix": "x"}}
    result = sent(page, [answer])
    assert result["aside"] == [1, 2, 3]
    assert result["acknowledged"] == 0


def test_whoever_somebody_else_logged_in_beside_waits(page):
    other = {"status": 403, "told": {"error": "x", "fix": "y", "code": "not_allowed"}}
    result = sent(page, [other, ok(3)])
    assert result["said"] == ["sending", "somebodyElse", "sending", "kept"]
    assert result["aside"] == []


def test_what_is_too_much_at_once_is_sent_in_smaller_batches(page):
    much = {"status": 413, "told": {"error": "too much", "fix": "less"}}
    result = sent(page, [much, much, ok(1), ok(2), ok(3)], count=3)
    assert [len(batch) for batch in result["posts"]] == [3, 2, 1, 1, 1]
    assert result["aside"] == []


def test_a_no_that_is_not_the_servers_own_is_no_answer(page):
    result = sent(page, [{"status": 404, "told": {}}, {"status": 403, "told": {}}, ok(3)])
    assert result["acknowledged"] == 3
    assert result["aside"] == []


def test_a_server_brought_back_from_a_backup_is_told_again(page):
    result = sent(page, [ok(3), ok(1), ok(4)], count=4)
    assert result["posts"] == [[1, 2, 3, 4], [4], [2, 3, 4]]
    assert result["acknowledged"] == 4


def test_what_comes_behind_the_end_is_set_aside_and_holds_nothing_up(page):
    refused = [{"seq": 3, "error": "done", "fix": "x"}]
    late = {"acknowledged": 2, "ended": "done", "refused": refused, "error": "done"}
    result = sent(page, [{"status": 422, "told": late}])
    assert result["aside"] == [3]
    assert result["said"] == ["sending", "refused", "kept"]


def test_a_disk_that_gives_nothing_back_is_told_and_asked_again(page):
    result = sent(page, ["unread", ok(3)])
    assert result["said"] == ["broken", "sending", "kept"]


def test_a_clip_that_was_taken_away_is_told_once_and_all_is_sent(page):
    result = sent(page, [ok(2, state="withdrawn"), ok(3, state="withdrawn")])
    assert result["said"] == ["sending", "ended", "sending", "kept"]
    assert result["acknowledged"] == 3


def test_a_sitting_that_another_window_took_is_told(page):
    assert "ended" in sent(page, [ok(3, ended="taken")])["said"]
