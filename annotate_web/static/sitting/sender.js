// Brings what is kept in this browser to the server: in batches, until each number is acknowledged.

export const BATCH = 200;
export const EVERY_MS = 1000;
const LONGEST_MS = 30_000;
const LOGGED_OUT_MS = 4000;
const STOPPED = -1;
// What may pass by itself. 400: the page's token is of a log-in that ended; there is a newer one.
const PASSING = [400, 408, 425, 429];
const AWAY = ["withdrawn", "excluded"]; // a clip that is not theirs to do any more

// `store`: see store.js. `post(sitting, batch)` answers { status, told } or rejects. `say(state,
// detail)` hears: kept (all is on the server), sending, offline, unable (the server is there, and takes
// nothing), loggedOut, somebodyElse, broken (this browser does not give back what it keeps), refused,
// ended.
export class Sender {
  #given;
  #timer = null;
  #busy = null;
  #failed = 0;
  #most = BATCH;
  #away = false;
  #acknowledged;

  constructor({ store, assignment, sitting, acknowledged, post, say, random = Math.random }) {
    this.#given = { store, assignment, sitting, post, say, random };
    this.#acknowledged = acknowledged;
  }

  get acknowledged() {
    return this.#acknowledged;
  }

  // There is something to send; soon, together with what comes until then.
  wake(in_ms = EVERY_MS) {
    if (this.#timer === null && !this.#busy) this.#sleep(in_ms);
  }

  // Now; resolves when everything is acknowledged, or it cannot be for the moment.
  async flush() {
    if (this.#busy) await this.#busy;
    clearTimeout(this.#timer);
    this.#timer = null;
    await this.#run();
  }

  // The way is free again: what waits for its next attempt does not wait any longer.
  hurry() {
    if (this.#timer === null || this.#timer === STOPPED) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#run();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = STOPPED; // wake() does nothing any more
  }

  #sleep(in_ms) {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#run();
    }, in_ms);
  }

  #run() {
    this.#busy ??= this.#sendAll()
      .catch(() => {
        // The browser's own disk failed; what it has is tried again.
        const wait_ms = this.#later("broken");
        if (this.#timer === null) this.#sleep(wait_ms);
      })
      .finally(() => {
        this.#busy = null;
      });
    return this.#busy;
  }

  async #sendAll() {
    const { store, sitting, say } = this.#given;
    for (;;) {
      const batch = await store.events(sitting, this.#acknowledged, this.#most);
      if (!batch.length) {
        say("kept");
        return;
      }
      say("sending", batch.length);
      const wait_ms = await this.#sendOne(batch);
      if (wait_ms !== null) {
        if (wait_ms !== Infinity && this.#timer === null) this.#sleep(wait_ms);
        return;
      }
    }
  }

  // Returns how long to wait before the next attempt; null: go on.
  async #sendOne(batch) {
    const { store, assignment, sitting, post, say } = this.#given;
    let answer;
    try {
      answer = await post(sitting, batch.map(asSent));
    } catch {
      return this.#later("offline");
    }
    const { status, told } = answer;
    if (status === 401 || told.code === "not_logged_in") {
      say("loggedOut");
      return LOGGED_OUT_MS;
    }
    if (told.code === "not_allowed") {
      say("somebodyElse"); // who is logged in: theirs it is not, and whose it is may be back
      return LOGGED_OUT_MS;
    }
    if (status === 413 && batch.length > 1) {
      this.#most = Math.ceil(batch.length / 2); // long comments, or little is let through
      return null;
    }
    if (Array.isArray(told.refused) && told.refused.length) {
      const reasons = new Map(told.refused.map((one) => [one.seq, one]));
      const events = batch.filter((event) => reasons.has(event.seq));
      await store.setAside(events, reasons.get(events[0]?.seq));
      say("refused", told);
    }
    const reached = told.acknowledged;
    if (Number.isInteger(reached)) {
      const last = batch.at(-1).seq;
      if (reached > this.#acknowledged) {
        // The server may have more than was sent just now: an answer got lost on its way.
        this.#acknowledged = reached;
        await store.acknowledge(assignment, sitting, reached);
      } else if (reached < this.#acknowledged) {
        // Or less: it was brought back from a backup. All of it is still here.
        this.#acknowledged = reached;
        const [next] = await store.events(sitting, reached, 1);
        if (next?.seq === reached + 1) return null;
      }
      if (AWAY.includes(told.state) && !this.#away) {
        this.#away = true; // told once; all that was done is sent nevertheless
        say("ended", told.state);
      }
      if (told.ended && told.ended !== "done") {
        say("ended", told.ended);
        return reached >= last ? null : Infinity;
      }
      if (told.ended === "done" && reached < last) {
        this.#acknowledged = last; // nothing counts behind the end: it was set aside
        return null;
      }
      if (reached < batch[0].seq) return this.#later("offline");
      this.#failed = 0;
      return null;
    }
    // Whatever stands between may say no, too: only the server's own word counts.
    if (told.error && status >= 400 && status < 500 && !PASSING.includes(status)) {
      await store.setAside(batch, told);
      say("refused", told);
      return Infinity;
    }
    if (status === 429) return this.#later("sending");
    return this.#later(status >= 400 ? "unable" : "offline");
  }

  // Longer each time, and never all browsers at the same moment.
  #later(state) {
    this.#given.say(state);
    const wait_ms = Math.min(LONGEST_MS, EVERY_MS * 2 ** this.#failed);
    this.#failed = Math.min(this.#failed + 1, 8);
    return wait_ms * (0.75 + 0.5 * this.#given.random());
  }
}

function asSent({ seq, kind, frame, media_ns, value, delay_us, client_ns, body }) {
  const sent = { seq, kind, frame, media_ns, value, delay_us, client_ns };
  return body ? { ...sent, body } : sent;
}
