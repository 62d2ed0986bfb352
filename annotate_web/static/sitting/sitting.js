// One sitting from its opening to its end: happenings go through the machine; what it wants done
// is done here, and what is to be told is kept first and sent then.

import { begin, step } from "./machine.js";
import { Sender } from "./sender.js";
import { ask } from "./server.js";
import { TakenError } from "./store.js";

const COUNT_MS = 1000;
const LAG_MS = 2000;
const AGAIN_MS = 3000;
const LONGEST_MS = 3_600_000; // no page is later than an hour: that was a machine asleep

export class Sitting {
  state;
  number = 0; // of the last event
  kept = 0; // of the last one that is on this machine's disk
  #store;
  #player;
  #sender;
  #record;
  #hear;
  #unkept = false; // the disk did not take all that was done
  #lag_ms = 0;
  #lag_timer = null;
  #count_timer = null;

  // `hear(type, detail)`: state, kept, comment, refused, ended, unkept, kept_again, taken.
  constructor({ store, record, number, hear }) {
    this.#store = store;
    this.#record = record;
    this.#hear = hear;
    this.number = this.kept = number;
    this.#sender = senderOf(store, record, (type, detail) => {
      if (type === "refused" || type === "ended") hear(type, detail);
      // What is not on this machine's disk yet, the sender cannot know of.
      else hear("kept", { state: type === "kept" && this.waiting ? "sending" : type, count: this.waiting });
    });
  }

  get name() {
    return this.#record.sitting;
  }

  // How much is not on the server yet.
  get waiting() {
    return this.number - this.#sender.acknowledged;
  }

  start(player, given) {
    this.#player = player;
    this.state = begin(given);
    this.#hear("state", this.state);
  }

  // A tab that died in a pass: what it had passed is closed where it was last heard of.
  closeOpenPass(events) {
    let open = false;
    let last = null;
    for (const { kind, frame } of events) {
      if (kind === "play") open = true;
      if (kind === "stop" || kind === "done") open = false;
      if (frame !== null) last = frame;
    }
    if (open && last !== null) {
      this.#emit({ kind: "stop", frame: last, media_ns: null, delay_us: null, value: null, body: { by: "reload" } });
    }
  }

  happen(type, detail = {}, at_ms = performance.now()) {
    if (!this.state) return;
    const stamp = this.#player.stamp(at_ms);
    const before = this.state;
    const [state, effects] = step(before, { ...detail, type, stamp, ...(type === "frame" ? stamp_of(detail) : {}) });
    this.state = state;
    for (const effect of effects) this.#do(effect);
    if (state !== before) this.#hear("state", state);
    if (type === "set" || type === "unseen") this.#late(performance.now() - at_ms);
  }

  async flush() {
    if (this.kept < this.number) await this.#store.append().catch(() => {});
    await this.#sender.flush();
  }

  hurry() {
    this.#sender.hurry();
  }

  stop() {
    this.#sender.stop();
    clearInterval(this.#lag_timer);
  }

  #do(effect) {
    if (effect.do === "emit") this.#emit(effect.event);
    else if (effect.do === "count") {
      clearTimeout(this.#count_timer); // of a countdown that was stopped
      this.#count_timer = setTimeout(() => this.happen("tick"), COUNT_MS);
    } else if (effect.do === "play") {
      this.#lag_timer ??= setInterval(() => this.#tellLag(), LAG_MS);
      this.#player.play();
    } else if (effect.do === "pause") this.#player.pause();
    else if (effect.do === "seek") this.#player.seek(effect.frame);
    else if (effect.do === "rate") this.#player.rate(effect.value);
  }

  #emit(event) {
    this.number += 1;
    const whole = {
      sitting: this.#record.sitting,
      seq: this.number,
      client_ns: Math.round((performance.timeOrigin + performance.now()) * 1e6),
      ...event,
    };
    if (event.kind === "comment") this.#hear("comment", { frame: event.frame, text: event.body.text });
    this.#keep(whole);
  }

  // First onto this machine's disk; sent is only what is there.
  async #keep(event) {
    let given = event;
    for (;;) {
      try {
        await this.#store.append(given);
        this.kept = Math.max(this.kept, event.seq);
        if (this.#unkept && this.kept === this.number) {
          this.#unkept = false;
          this.#hear("kept_again");
        }
        this.#sender.wake(event.kind === "done" ? 0 : undefined);
        return;
      } catch (error) {
        if (error instanceof TakenError) {
          this.#hear("taken");
          return;
        }
        this.#unkept = true;
        this.#hear("unkept", error);
        given = undefined; // the store has it, and tries again with the next
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
  }

  #late(late_ms) {
    this.#lag_ms = Math.min(Math.max(this.#lag_ms, late_ms), LONGEST_MS);
  }

  #tellLag() {
    if (!this.state.pass) return;
    this.happen("lag", { value: Math.round(this.#lag_ms) });
    this.#lag_ms = 0;
  }
}

// A frame's own stamp: it is on the screen from when it was presented.
function stamp_of(shown) {
  return { frame: shown.frame, media_ns: Math.round(shown.media_s * 1e9), delay_us: 0 };
}

export const post = (sitting, batch) => ask(`/api/sittings/${sitting}/events`, { batch });

export function senderOf(store, record, say) {
  return new Sender({ store, post, say, ...record });
}
