// The film: fetched whole, so that it neither stalls nor needs the net while it is rated.

import { lostBetween, shownAt_ms, stampOf } from "./stamp.js";

const STALL_MS = 250;
const SOUGHT_MS = 500; // a jump that is over shows its picture within this
const SILENT_MS = 30_000; // so long nothing came: the connection is gone

export class FilmError extends Error {}

export class Player {
  shown = null; // { frame, media_s, expected_ms, presented }: the last picture presented
  #video;
  #clip;
  #say;
  #sought = null; // { frame, done }
  #playing = false;
  #stalled = null;

  // `say(type, detail)` hears: frame, end, stall, stopped, started, blocked, broken, dropped.
  constructor(video, clip, say) {
    this.#video = video;
    this.#clip = clip;
    this.#say = say;
    // One that was left by a jump before this was heard of is none.
    video.addEventListener("ended", () => video.ended && say("end"));
    // A jump waits, too; only a film that does not go on by itself has stalled.
    video.addEventListener("waiting", () => {
      if (!this.#playing || video.seeking || video.ended) return;
      clearTimeout(this.#stalled);
      this.#stalled = setTimeout(() => this.#playing && say("stall"), STALL_MS);
    });
    video.addEventListener("playing", () => clearTimeout(this.#stalled));
    video.addEventListener("error", () => say("broken"));
    // The system's own media keys and menus.
    video.addEventListener("pause", () => {
      if (this.#playing && video.paused && !video.ended) say("stopped");
    });
    video.addEventListener("play", () => {
      if (!this.#playing && !video.paused) say("started");
      if (!this.#playing) video.pause(); // it was not let
    });
    video.addEventListener("seeked", () => {
      const sought = this.#sought;
      setTimeout(() => this.#sought === sought && this.#arrive(), SOUGHT_MS);
    });
    this.#listen();
  }

  async load(address, progress) {
    const film = await fetched(address, progress);
    this.#video.src = URL.createObjectURL(film);
    await new Promise((resolve, reject) => {
      const ready = () => (this.#video.videoWidth ? resolve() : reject(new FilmError()));
      this.#video.addEventListener("loadeddata", ready, { once: true });
      this.#video.addEventListener("error", () => reject(new FilmError()), { once: true });
    });
  }

  async play() {
    this.#playing = true;
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== "AbortError") this.#say("blocked");
    }
  }

  pause() {
    this.#playing = false;
    clearTimeout(this.#stalled);
    this.#video.pause();
  }

  rate(percent) {
    this.#video.playbackRate = percent / 100;
  }

  // Resolves when the frame is on the screen. The callback is registered before: it always is.
  seek(frame) {
    return new Promise((done) => {
      if (this.shown?.frame === frame && this.#video.paused && !this.#video.seeking) {
        done();
        return;
      }
      this.#sought?.done();
      this.#sought = { frame, done };
      // To the middle of a frame: its edges are rounded in the file.
      this.#video.currentTime = (frame + 0.5) / this.#clip.fps;
    });
  }

  // Which frame was seen at a moment of the page's clock; in a jump, the one that was asked for.
  stamp(at_ms) {
    if (this.#sought) {
      const { frame } = this.#sought;
      return { frame, media_ns: Math.round((frame / this.#clip.fps) * 1e9), delay_us: null };
    }
    const moves = this.#playing && !this.#video.paused && !this.#video.seeking;
    const rate = moves ? this.#video.playbackRate : 0;
    return stampOf(this.shown, at_ms, rate, this.#clip, performance.now() - at_ms);
  }

  #arrive() {
    this.#sought?.done();
    this.#sought = null;
  }

  #listen() {
    this.#video.requestVideoFrameCallback((_, told) => {
      this.#listen();
      const before = this.shown;
      this.shown = {
        frame: Math.min(Math.round(told.mediaTime * this.#clip.fps), this.#clip.frames - 1),
        media_s: told.mediaTime,
        expected_ms: shownAt_ms(told),
        presented: told.presentedFrames,
      };
      const jumped = this.#sought !== null;
      if (jumped) {
        // A last picture from before the jump is nobody's any more.
        if (this.shown.frame !== this.#sought.frame && this.#video.seeking) return;
        this.#arrive();
      }
      if (before && !jumped && this.#playing && this.#video.playbackRate <= 1) {
        const lost = lostBetween(before, this.shown, this.#clip);
        if (lost.dropped || lost.unheard) this.#say("dropped", lost);
      }
      this.#say("frame", this.shown);
    });
  }
}

async function fetched(address, progress) {
  const gone = new AbortController();
  let silent = null;
  const heard = () => {
    clearTimeout(silent);
    silent = setTimeout(() => gone.abort(), SILENT_MS);
  };
  heard();
  try {
    const given = { credentials: "same-origin", redirect: "error", signal: gone.signal };
    const answer = await fetch(address, given);
    if (!answer.ok) throw new FilmError(`HTTP ${answer.status}`);
    const whole = Number(answer.headers.get("Content-Length")) || 0;
    const parts = [];
    let had = 0;
    for await (const part of read(answer.body)) {
      heard();
      parts.push(part);
      had += part.length;
      if (whole) progress(had / whole);
    }
    if (whole && had < whole) throw new FilmError("cut off");
    return new Blob(parts, { type: "video/webm" });
  } finally {
    clearTimeout(silent);
  }
}

async function* read(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
