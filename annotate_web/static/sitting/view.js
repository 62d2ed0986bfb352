// Shows a state on the page.

import { DIMENSIONS, isFollowing, isOverwriting, mayFinish } from "./machine.js";

const CALM = ["loading", "kept", "sending"];
const LOG_IN = ["loggedOut", "loggedOut_first", "somebodyElse", "somebodyElse_first"];
const COUNTED = ["offline", "unable", "leftover_offline", "loggedOut", "somebodyElse", "broken", "unkept"];
const BUTTONS = ["play", "back", "on", "front", "anew", "unseen", "comment"];

export class View {
  #say; // text of a key
  #fps;
  #last = {};
  #worried = false;
  parts = {};

  constructor(say) {
    this.#say = say;
    for (const element of document.querySelectorAll("[id]")) this.parts[element.id] = element;
  }

  ready(clip) {
    this.#fps = clip.fps;
    this.parts.position.max = clip.frames - 1;
    this.parts.film.style.aspectRatio = `${clip.width} / ${clip.height}`;
    this.parts.loading.hidden = true;
  }

  show(state) {
    for (const name of DIMENSIONS) this.#slider(name, state.values[name]);
    this.#phase(state);
    this.#position(state);
    this.#pressed("unseen", Boolean(state.values.unseen));
    this.#pressed("anew", isOverwriting(state));
    const badge = isOverwriting(state) ? "overwriting" : isFollowing(state) ? "following" : "";
    const shown = badge || (state.values.unseen && state.phase === "playing" ? "unseen" : "");
    this.#once("badge", shown, () => {
      this.parts.badge.hidden = !shown;
      this.parts.badge.dataset.kind = shown;
      this.parts.badge.textContent = shown ? this.#say(`sitting.badge_${shown}`) : "";
    });
  }

  loading(share) {
    this.parts.loading.value = share;
  }

  // How far what was done is safe: always on the page, and told when it changes.
  kept(state, count = 0) {
    const counted = COUNTED.includes(state);
    const text = this.#say(`state.${state}`, { count });
    const { kept } = this.parts;
    if (kept.dataset.state === state && (!counted || kept.firstChild?.textContent === text)) return;
    // A screen reader hears of trouble and of its end, not of each second's saving.
    const worried = !CALM.includes(state);
    if (worried ? kept.dataset.state !== state : this.#worried && state === "kept") {
      this.parts.heard.textContent = text;
    }
    if (worried || state === "kept") this.#worried = worried;
    kept.dataset.state = state;
    kept.classList.toggle("worried", worried);
    kept.replaceChildren(text);
    if (!LOG_IN.includes(state)) return;
    const way = document.createElement("a");
    way.href = this.parts.sitting.dataset.login;
    way.target = "_blank";
    way.rel = "noopener";
    way.textContent = this.#say("state.login");
    kept.append(" ", way);
  }

  // Something that somebody has to do something about.
  trouble(text, { button = null, way = null } = {}) {
    const { trouble } = this.parts;
    const what = this.parts["trouble-what"];
    trouble.hidden = !text;
    what.textContent = text ?? "";
    const press = this.parts["trouble-do"];
    press.hidden = !button;
    press.textContent = button?.text ?? "";
    press.onclick = button?.act ?? null;
    const link = this.parts["trouble-way"];
    link.hidden = !way;
    if (way) [link.href, link.textContent] = [way.address, way.text];
  }

  veil(text) {
    this.parts.veil.hidden = !text;
    this.parts["veil-text"].textContent = text ?? "";
  }

  comment(frame, text) {
    const line = document.createElement("li");
    const when = document.createElement("time");
    when.textContent = this.time(frame);
    line.append(when, " ", text);
    this.parts.comments.append(line);
    this.parts.comments.hidden = false;
  }

  time(frame) {
    const seconds = Math.floor(frame / this.#fps + 1e-6);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  #slider(name, value) {
    this.#once(`slider ${name}`, value, () => {
      const slider = document.querySelector(`[data-slider="${name}"]`);
      const signed = value > 0 ? `+${value}` : String(value).replace("-", "\u2212");
      slider.style.setProperty("--at", String((value + 10) / 20));
      slider.dataset.sign = String(Math.sign(value));
      slider.querySelector("output").textContent = signed;
      const input = this.parts[name];
      input.value = String(value);
      input.setAttribute("aria-valuetext", signed);
    });
  }

  #phase(state) {
    const { phase, count, why } = state;
    const running = ["playing", "paused", "over"].includes(phase);
    const text = this.#now(state);
    this.#once("now", text, () => {
      this.parts.now.textContent = text;
    });
    const seen = `${phase} ${count} ${why} ${mayFinish(state)}`;
    this.#once("phase", seen, () => {
      document.body.dataset.phase = phase;
      this.parts.begin.hidden = phase !== "ready";
      this.parts.count.textContent = phase === "counting" ? String(count) : "";
      if (phase === "ready") this.veil(this.#say("sitting.ready"));
      else this.veil(phase === "counting" ? this.#say("sitting.counting", { count }) : null);
      for (const name of BUTTONS) this.parts[name].disabled = !running;
      this.parts.comment.disabled = !(running || phase === "ready");
      this.parts.position.disabled = !running;
      this.parts.speed.disabled = !(running || phase === "ready" || phase === "counting");
      this.parts.play.querySelector("[data-text]").textContent = this.#say(
        phase === "playing" ? "sitting.pause" : "sitting.play",
      );
      this.parts.finish.hidden = !mayFinish(state);
      for (const name of DIMENSIONS) this.parts[name].disabled = !running && phase !== "ready" && phase !== "counting";
    });
  }

  #now(state) {
    if (isOverwriting(state)) return this.#say("sitting.overwriting");
    if (isFollowing(state)) return this.#say("sitting.following");
    if (state.phase === "playing") return this.#say("sitting.playing");
    if (state.phase === "over") return this.#say("sitting.over");
    if (state.phase !== "paused") return "";
    const why = ["hidden", "stall"].includes(state.why) ? `_${state.why}` : "";
    return this.#say(`sitting.paused${why}`);
  }

  #position(state) {
    this.#once("position", state.frame, () => {
      const { position, time } = this.parts;
      position.value = String(state.frame);
      const second = this.time(state.frame);
      const text = this.#say("sitting.position_text", { at: second, length: this.time(state.frames) });
      this.#once("time", text, () => {
        time.textContent = text;
        position.setAttribute("aria-valuetext", text);
      });
    });
  }

  #pressed(name, on) {
    this.#once(`pressed ${name}`, on, () => this.parts[name].setAttribute("aria-pressed", String(on)));
  }

  // Touches the page only where something changed: a picture comes every few milliseconds.
  #once(name, value, change) {
    if (this.#last[name] === value) return;
    this.#last[name] = value;
    change();
  }
}
