// Turns keys, mouse and touch into happenings, each with the moment it was done at.

import { Held } from "./hold.js";

const STEPS = {
  KeyW: ["arousal", 1],
  KeyS: ["arousal", -1],
  ArrowUp: ["valence", 1],
  ArrowDown: ["valence", -1],
};
const JUMP_S = 3;

// `to(type, detail, at_ms)`: what was done. `state()`: how things stand. `parts`: the page.
export function listen({ parts, to, state, fps }) {
  const held = new Held();
  const holds = new Map(); // code -> [dimension, by]: a slider in focus has the arrows for itself
  let timer = null;

  const move = (dimension, by, at_ms) => to("set", { dimension, value: state().values[dimension] + by }, at_ms);
  const tick = () => {
    timer = null;
    for (const [code, at_ms] of held.due(performance.now())) move(...holds.get(code), at_ms);
    if (held.any) timer = setTimeout(tick, 10);
  };
  // What a mouse has chosen in does not hold the keys: it would take the arrows from the sliders.
  let pointed = null;
  for (const control of [parts.speed, parts.position, parts.volume]) {
    control?.addEventListener("pointerdown", () => {
      pointed = control;
    });
    control?.addEventListener("blur", () => {
      pointed = null;
    });
  }
  const press = (code, at_ms, focused) => {
    const [dimension, by] = STEPS[code];
    const arrow = code.startsWith("Arrow");
    if (!held.press(code, at_ms)) return;
    holds.set(code, [arrow && focused === "arousal" ? "arousal" : dimension, by]);
    move(...holds.get(code), at_ms);
    timer ??= setTimeout(tick, 10);
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || parts.remark.open) return;
    if (pointed && (event.code in STEPS || event.code in KEYS)) pointed.blur();
    const target = document.activeElement ?? event.target;
    // A comment's field that was closed just now has the focus until the page is drawn anew.
    if (target.closest("textarea")?.getClientRects().length) return;
    if (target.closest("select") && (event.code.startsWith("Arrow") || event.code === "Space")) return;
    const focused = target.type === "range" ? target.id : "";
    if (event.code in STEPS) {
      // The position and the volume have the arrows for themselves while they are in focus.
      if (event.code.startsWith("Arrow") && ["position", "volume"].includes(focused)) return;
      event.preventDefault();
      press(event.code, event.timeStamp, focused);
      return;
    }
    const act = KEYS[event.code];
    if (!act || event.repeat && event.code !== "ArrowLeft" && event.code !== "ArrowRight") return;
    if (focused && event.code.startsWith("Arrow")) return;
    if (event.code === "Space" && target.closest("button, a, summary")) return;
    event.preventDefault();
    act(to, state(), fps, event.timeStamp);
  });
  addEventListener("keyup", (event) => {
    if (event.key === "Meta") held.releaseAll(); // a Mac tells of no other key while it is down
    else held.release(event.code);
  });
  addEventListener("blur", () => held.releaseAll());
  document.addEventListener("visibilitychange", () => {
    held.releaseAll();
    if (document.hidden) to("pause", { why: "hidden" }, performance.now());
  });

  for (const slider of document.querySelectorAll("[data-slider]")) drag(slider, to);
  const jump = (by) => (event) => to("seek", { frame: state().frame + by * fps }, event.timeStamp);
  on(parts.play, (event) => toggle(to, state(), event.timeStamp));
  on(parts.begin, (event) => to("begin", {}, event.timeStamp));
  on(parts.back, jump(-JUMP_S));
  on(parts.on, jump(JUMP_S));
  on(parts.front, (event) => to("seek", { frame: state().next }, event.timeStamp));
  on(parts.anew, (event) => KEYS.KeyR(to, state(), fps, event.timeStamp));
  on(parts.unseen, (event) => KEYS.KeyF(to, state(), fps, event.timeStamp));
  on(parts.comment, (event) => to("remark", {}, event.timeStamp));
  on(parts.finish, (event) => to("finish", {}, event.timeStamp));
  parts.speed.addEventListener("change", (event) =>
    to("rate", { value: Number(parts.speed.value) }, event.timeStamp));
  parts.position.addEventListener("input", (event) =>
    to("seek", { frame: Number(parts.position.value) }, event.timeStamp));
  parts.volume?.addEventListener("input", () => {
    parts.film.volume = Number(parts.volume.value) / 100;
  });
}

const KEYS = {
  Space: (to, state, _, at_ms) => (state.phase === "ready" ? to("begin", {}, at_ms) : toggle(to, state, at_ms)),
  ArrowLeft: (to, state, fps, at_ms) => to("seek", { frame: state.frame - JUMP_S * fps }, at_ms),
  ArrowRight: (to, state, fps, at_ms) => to("seek", { frame: state.frame + JUMP_S * fps }, at_ms),
  KeyE: (to, state, _, at_ms) => to("seek", { frame: state.next }, at_ms),
  KeyR: (to, state, _, at_ms) => to("anew", { on: !(state.pass && state.pass.at < state.pass.first) }, at_ms),
  KeyF: (to, state, _, at_ms) => to("unseen", { on: !state.values.unseen }, at_ms),
  KeyC: (to, _, __, at_ms) => to("remark", {}, at_ms),
};

function toggle(to, state, at_ms) {
  to(["playing", "counting"].includes(state.phase) ? "pause" : "play", {}, at_ms);
}

function on(button, act) {
  button.addEventListener("click", (event) => {
    act(event);
    // A mouse leaves no focus behind, so that the space bar goes on playing and pausing.
    if (event.detail) button.blur();
  });
}

// Mouse, pen and fingers, several at once: the value is where the pointer is.
function drag(slider, to) {
  const dimension = slider.dataset.slider;
  const track = slider.querySelector(".track");
  const input = slider.querySelector("input");
  let pointer = null;
  const put = (event) => {
    const box = track.getBoundingClientRect();
    const share = box.height > box.width
      ? 1 - (event.clientY - box.top) / box.height
      : (event.clientX - box.left) / box.width;
    to("set", { dimension, value: Math.min(1, Math.max(0, share)) * 20 - 10 }, event.timeStamp);
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || input.disabled) return;
    event.preventDefault();
    pointer = event.pointerId;
    track.setPointerCapture(pointer);
    put(event);
  });
  track.addEventListener("pointermove", (event) => {
    if (event.pointerId === pointer) put(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    track.addEventListener(end, (event) => {
      if (event.pointerId === pointer) pointer = null;
    });
  }
  // What a screen reader, or Home, End and the page keys, do with it.
  input.addEventListener("input", (event) => to("set", { dimension, value: Number(input.value) }, event.timeStamp));
}
