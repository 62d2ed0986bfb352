// What a sitting does at whatever happens: from a state and a happening to the next state and
// what is to be done. It touches nothing: no page, no clock, no film.
//
// Phases: ready -> counting -> playing <-> paused -> over -> finished; from anywhere: broken (the
// film cannot be shown), elsewhere (another window writes this sitting).
//
// Frames get their values while a pass runs. The first time through, a pass runs whenever the film
// plays. Where frames have values already, playing shows them (the sliders follow) and changes
// nothing, until a slider is touched: then a pass runs, and what was touched is given anew while
// the rest keeps its values. History stays on the server: a pass is added, nothing is deleted.

export const DIMENSIONS = ["arousal", "valence"];
export const LOWEST = -10;
export const HIGHEST = 10;
export const COUNT = 3;
const MARKS = [...DIMENSIONS, "unseen"];
const CLOSED = ["finished", "elsewhere", "broken"]; // nothing is told from here any more

// `track` holds what the frames have: { arousal: [], valence: [], unseen: [] }, null where nothing;
// `next` is the first frame that no pass has reached.
export function begin({ frames, values, track, next = 0, phase = "ready" }) {
  const blank = () => new Array(frames).fill(null);
  return {
    phase: next >= frames && phase === "ready" ? "over" : phase,
    why: "",
    count: 0,
    frames,
    frame: Math.min(next, frames - 1),
    next,
    rate: 100,
    values: { arousal: 0, valence: 0, unseen: track?.unseen[next - 1] ?? 0, ...values },
    told: {}, // what the server knows of the sliders: nothing before they are told
    touched: {}, // since the last jump or pause: these are given anew
    pass: null, // { at: the next frame to be given, first: the first that had nothing before }
    track: track ?? { arousal: blank(), valence: blank(), unseen: blank() },
  };
}

export function step(state, happening) {
  const next = { ...state };
  const effects = [];
  const act = ACTS[happening.type];
  if (!act) throw new Error(`nothing is known of ${happening.type}`);
  act(next, happening, effects);
  return [next, effects];
}

// Whether frames that have values are being given new ones.
export const isOverwriting = (state) => Boolean(state.pass && state.pass.at < state.pass.first);
export const isFollowing = (state) => state.phase === "playing" && !state.pass;
export const isWhole = (state) => state.next >= state.frames;
export const mayFinish = (state) => ["paused", "over"].includes(state.phase) && isWhole(state);

const ACTS = {
  begin(state, _, effects) {
    if (state.phase !== "ready") return;
    state.phase = "counting";
    state.count = COUNT;
    effects.push({ do: "count" });
  },

  tick(state, _, effects) {
    if (state.phase !== "counting") return;
    state.count -= 1;
    if (state.count > 0) effects.push({ do: "count" });
    else start(state, effects);
  },

  play(state, _, effects) {
    if (mayPlay(state)) start(state, effects);
  },

  // Also while it counts: then it is as before.
  pause(state, { why = "you", stamp }, effects) {
    if (state.phase === "counting") {
      state.phase = "ready";
      state.why = why;
      return;
    }
    if (state.phase !== "playing") return;
    close(state, stamp, effects);
    state.phase = "paused";
    state.why = why;
    effects.push({ do: "pause" });
  },

  end(state, _, effects) {
    if (state.phase !== "playing") return;
    const stamp = { frame: state.frames - 1, media_ns: null, delay_us: null };
    if (!state.pass && state.next < state.frames) {
      follow(state, state.next);
      open(state, state.next, stamp, effects);
    }
    close(state, stamp, effects);
    state.frame = state.frames - 1;
    state.phase = isWhole(state) ? "over" : "paused";
    state.why = "end";
    effects.push({ do: "pause" });
  },

  // A picture is on the screen.
  frame(state, stamp, effects) {
    const back = stamp.frame < state.frame; // and nobody had asked for it
    state.frame = stamp.frame;
    if (state.phase !== "playing") return;
    if (state.pass && back) close(state, stamp, effects);
    if (state.pass) {
      reach(state, stamp, effects);
      return;
    }
    follow(state);
    if (stamp.frame >= state.next) open(state, state.next, stamp, effects);
  },

  // A slider was moved.
  set(state, { dimension, value, stamp }, effects) {
    if (CLOSED.includes(state.phase)) return;
    const wanted = Math.min(HIGHEST, Math.max(LOWEST, Math.round(value)));
    if (!DIMENSIONS.includes(dimension) || wanted === state.values[dimension]) return;
    mark(state, dimension, wanted, stamp, effects);
  },

  // The face cannot be seen from here on, or can again.
  unseen(state, { on, stamp }, effects) {
    if (CLOSED.includes(state.phase)) return;
    const wanted = on ? 1 : 0;
    if (wanted !== state.values.unseen) mark(state, "unseen", wanted, stamp, effects);
  },

  // Give frames that have values new ones from here on, whether a slider moves or not; or stop it.
  // In a pause the film goes on with it.
  anew(state, { on, stamp }, effects) {
    if (!on && isOverwriting(state)) {
      close(state, stamp, effects);
      follow(state);
    } else if (on && isFollowing(state)) {
      state.touched = { arousal: true, valence: true, unseen: true };
      open(state, stamp.frame, stamp, effects);
    } else if (on && mayPlay(state) && state.frame < state.next) {
      state.touched = { arousal: true, valence: true, unseen: true };
      start(state, effects);
    }
  },

  seek(state, { frame, stamp }, effects) {
    if (!["playing", "paused", "over"].includes(state.phase)) return;
    const target = Math.min(Math.max(Math.round(frame), 0), state.next, state.frames - 1);
    const stays = target === state.frame && target >= state.next;
    close(state, stamp, effects);
    if (state.phase === "over") state.phase = "paused";
    state.why = state.phase === "paused" ? "you" : "";
    state.frame = target;
    state.touched = {};
    if (!stays) follow(state);
    emit(effects, "seek", { frame: target, media_ns: null, delay_us: null });
    effects.push({ do: "seek", frame: target });
  },

  rate(state, { value, stamp }, effects) {
    if (value === state.rate || CLOSED.includes(state.phase)) return;
    state.rate = value;
    emit(effects, "rate", stamp, { value });
    effects.push({ do: "rate", value });
  },

  comment(state, { text, stamp }, effects) {
    if (text.trim() && !CLOSED.includes(state.phase)) emit(effects, "comment", stamp, { body: { text: text.trim() } });
  },

  dropped(state, { value, unheard, stamp }, effects) {
    if (!CLOSED.includes(state.phase)) emit(effects, "dropped", stamp, { value, body: { unheard } });
  },

  // How late the page was at worst. It comes again and again, so that it is known how far a pass
  // got, even if the machine dies in it.
  lag(state, { value, stamp }, effects) {
    if (!state.pass) return;
    emit(effects, "lag", stamp, { value });
  },

  finish(state, _, effects) {
    if (!mayFinish(state)) return;
    state.phase = "finished";
    emit(effects, "done", { frame: null, media_ns: null, delay_us: null });
  },

  broken(state, { why, stamp }, effects) {
    if (CLOSED.includes(state.phase)) return;
    close(state, stamp, effects);
    if (state.phase === "playing") effects.push({ do: "pause" });
    state.phase = "broken";
    state.why = why;
  },

  // The other window has the pen: nothing more is written from here, not even a stop.
  elsewhere(state, _, effects) {
    if (state.phase === "playing") effects.push({ do: "pause" });
    state.pass = null;
    state.phase = "elsewhere";
  },
};

const mayPlay = ({ phase, frame, frames }) =>
  phase === "paused" || (phase === "over" && frame < frames - 1);

function start(state, effects) {
  state.phase = "playing";
  state.why = "";
  effects.push({ do: "play" });
  const stamp = { frame: state.frame, media_ns: null, delay_us: null };
  const touched = MARKS.some((name) => state.touched[name]);
  if (state.frame >= state.next || touched) open(state, state.frame, stamp, effects);
}

function mark(state, name, value, stamp, effects) {
  let at = stamp;
  if (!state.pass && state.phase === "playing") {
    follow(state, stamp.frame);
    open(state, stamp.frame, stamp, effects);
  }
  if (state.pass) {
    // A pass goes forward: the film may be behind of where it was thought to be.
    at = { ...stamp, frame: Math.max(stamp.frame, state.pass.at) };
    reach(state, at, effects);
  }
  state.touched = { ...state.touched, [name]: true };
  state.values = { ...state.values, [name]: value };
  tell(state, name, at, effects);
}

// Never beyond the first frame that nothing was said of: none is passed over.
function open(state, wanted, stamp, effects) {
  const frame = Math.min(wanted, state.next);
  const at = { ...stamp, frame };
  // Where the sliders stand by following, or since before a reload, the server has yet to know.
  for (const name of MARKS) tell(state, name, at, effects, { by: "resume" });
  state.pass = { at: frame, first: state.next };
  emit(effects, "play", at);
}

function close(state, stamp, effects) {
  if (!state.pass) return;
  const frame = Math.max(stamp.frame, state.pass.at - 1);
  reach(state, { ...stamp, frame }, effects);
  give(state, frame + 1);
  state.pass = null;
  state.touched = {};
  emit(effects, "stop", { ...stamp, frame });
}

// All frames before this one have what the sliders say.
function give(state, frame) {
  const until = Math.min(frame, state.frames);
  if (until <= state.pass.at) return;
  const { arousal, valence, unseen } = state.values;
  const given = { arousal: unseen ? null : arousal, valence: unseen ? null : valence, unseen };
  const track = {};
  for (const name of MARKS) track[name] = state.track[name].slice().fill(given[name], state.pass.at, until);
  state.track = track;
  state.pass = { ...state.pass, at: until };
  state.next = Math.max(state.next, until);
}

// The sliders show what a frame has: the one on the screen. Where nothing was said yet they are as they
// were at the last one before, wherever somebody has been meanwhile.
function follow(state, frame = state.frame) {
  const values = { ...state.values };
  for (const name of MARKS) {
    const had = state.track[name][Math.min(frame, state.next - 1)];
    if (had !== null && had !== undefined) values[name] = had;
  }
  if (MARKS.some((name) => values[name] !== state.values[name])) state.values = values;
}

// The pass has come to a frame. Where frames have values, what was not touched keeps them, also those
// of pictures that were never shown; beyond, all is new.
function reach(state, stamp, effects) {
  const until = Math.min(stamp.frame, state.pass.first - 1);
  for (let frame = state.pass.at; frame <= until; frame += 1) {
    for (const name of MARKS) {
      if (state.touched[name]) continue;
      const had = state.track[name][frame];
      if (had === null || had === undefined || had === state.values[name]) continue;
      give(state, frame);
      state.values = { ...state.values, [name]: had };
      const at = frame === stamp.frame ? stamp : { frame, media_ns: null, delay_us: null };
      tell(state, name, at, effects, { by: "kept" });
    }
  }
  give(state, stamp.frame);
}

function tell(state, name, stamp, effects, body) {
  const value = state.values[name];
  if (state.told[name] === value) return;
  state.told = { ...state.told, [name]: value };
  if (name === "unseen") emit(effects, value ? "unseen" : "seen", stamp, body && { body });
  else emit(effects, name, stamp, { value, ...(body && { body }) });
}

function emit(effects, kind, { frame, media_ns, delay_us }, more = {}) {
  effects.push({
    do: "emit",
    event: { kind, frame, media_ns, delay_us, value: null, ...more },
  });
}
