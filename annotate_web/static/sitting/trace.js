// Draws what was rated: the last seconds beside the film, and the whole clip below it.

const SECONDS = 10;
const STILL_MS = 1000; // how often the picture changes for people who asked for little motion

export class Traces {
  #live;
  #whole;
  #fps;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #drawn_ms = -Infinity;
  #colours = {};
  #state = null; // what the next picture shows
  #whole_shows = "";

  constructor(live, whole, fps) {
    this.#live = live;
    this.#whole = whole;
    this.#fps = fps;
    const anew = () => {
      this.#readColours();
      this.#drawn_ms = -Infinity;
      this.#whole_shows = "";
      this.redraw?.();
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
    addEventListener("resize", anew);
    this.#readColours();
  }

  // With the browser's next picture: what a hand does comes first.
  draw(state) {
    if (this.#state === null) requestAnimationFrame(() => this.#drawNow());
    this.#state = state;
  }

  #drawNow() {
    const state = this.#state;
    this.#state = null;
    const now_ms = performance.now();
    const calm = this.#calm.matches && state.phase === "playing";
    if (calm && now_ms - this.#drawn_ms < STILL_MS) return;
    this.#drawn_ms = now_ms;
    this.#drawLive(state);
    const shows = `${state.frame} ${state.next} ${state.frames} ${this.#whole.clientWidth} ${Boolean(state.pass)}`;
    if (shows !== this.#whole_shows) this.#drawWhole(state);
    this.#whole_shows = shows;
  }

  #readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["arousal", "valence", "line", "faint", "ink", "accent", "soft", "warn"]) {
      this.#colours[name] = style.getPropertyValue(`--${name}`).trim() || "gray";
    }
  }

  #drawLive(state) {
    const { pen, wide, high } = prepared(this.#live);
    const frames = SECONDS * this.#fps;
    const right = wide - 14;
    const y = (value) => high / 2 - (value / 10) * (high / 2 - 8);
    const x = (frame) => right - ((state.frame - frame) / frames) * right;
    pen.lineWidth = 1;
    pen.strokeStyle = this.#colours.line;
    for (const value of [-10, -5, 0, 5, 10]) {
      pen.setLineDash(value === 0 ? [] : [3, 4]);
      line(pen, [[0, y(value)], [right, y(value)]]);
    }
    pen.setLineDash([]);
    const from = Math.max(0, Math.ceil(state.frame - frames));
    for (const name of ["valence", "arousal"]) {
      pen.strokeStyle = pen.fillStyle = this.#colours[name];
      pen.lineWidth = 2.5;
      // What is given at this moment is not in the track yet; where nothing was said, nothing is.
      const given = (frame) => (frame < state.frame ? state.track[name][frame] : null);
      steps(pen, from, state.frame, given, x, y, state.pass && !state.values.unseen ? state.values[name] : null);
      pen.beginPath();
      pen.arc(right, y(state.values[name]), 5, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  #drawWhole(state) {
    const { pen, wide, high } = prepared(this.#whole);
    const y = (value) => high / 2 - (value / 10) * (high / 2 - 3);
    const x = (frame) => (frame / Math.max(1, state.frames - 1)) * wide;
    pen.fillStyle = this.#colours.soft;
    pen.fillRect(0, 0, x(state.next), high);
    for (let frame = 0; frame < state.next; frame += 1) {
      if (!state.track.unseen[frame]) continue;
      pen.fillStyle = this.#colours.line;
      pen.fillRect(x(frame), 0, Math.max(1, x(1)), high);
    }
    pen.lineWidth = 1;
    pen.strokeStyle = this.#colours.line;
    line(pen, [[0, high / 2], [wide, high / 2]]);
    for (const name of ["valence", "arousal"]) {
      pen.strokeStyle = this.#colours[name];
      pen.lineWidth = 1.5;
      steps(pen, 0, state.next, (frame) => state.track[name][frame], x, y, null);
    }
    pen.strokeStyle = this.#colours.ink;
    pen.lineWidth = 2;
    line(pen, [[x(state.frame), 0], [x(state.frame), high]]);
  }
}

function prepared(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: wide, clientHeight: high } = canvas;
  const [across, down] = [Math.round(wide * ratio), Math.round(high * ratio)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, high);
  pen.lineJoin = "round";
  return { pen, wide, high };
}

function line(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}

// A line that holds each value until the next; where there is none it breaks off.
function steps(pen, from, until, given, x, y, now) {
  pen.beginPath();
  let drawing = false;
  let last = null;
  for (let frame = from; frame <= until; frame += 1) {
    const value = frame < until ? given(frame) : now;
    if (value === null || value === undefined) {
      if (drawing) pen.lineTo(x(frame), y(last));
      drawing = false;
      continue;
    }
    if (!drawing) pen.moveTo(x(frame), y(value));
    else if (value !== last) {
      pen.lineTo(x(frame), y(last));
      pen.lineTo(x(frame), y(value));
    }
    drawing = true;
    last = value;
  }
  if (drawing) pen.lineTo(x(until), y(last));
  pen.stroke();
}
