// Opens a clip: looks whether this browser can, takes the pen, sends what an earlier sitting left,
// fetches the film, and then lets the person begin.

import { lacking } from "../door.js";
import { saveAsFile } from "./file.js";
import { listen } from "./hands.js";
import { heardOfEnd } from "./heard.js";
import { takePen } from "./pen.js";
import { FilmError, Player } from "./player.js";
import { ask, isLoggedOut } from "./server.js";
import { senderOf, Sitting } from "./sitting.js";
import { openStore } from "./store.js";
import { Traces } from "./trace.js";
import { View } from "./view.js";

const page = document.getElementById("sitting").dataset;
const assignment = Number(page.assignment);
const AGAIN_MS = 2000;
const later = () => new Promise((done) => setTimeout(done, AGAIN_MS));
const texts = await wordsOf(page.texts);
const say = (key, values = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (field, name) => values[name] ?? field);
const view = new View(say);
let sitting = null;
let away = false; // another window has the pen
let unkeptNow = false;
let blocked = false;

// What ends the opening, and what can be done about it.
class Stopped extends Error {
  constructor(text, ways = {}) {
    super(text);
    this.ways = ways;
  }
}

const found = lacking();
if (found.length) {
  const what = found.map((name) => say(`door.${name}`)).join("; ");
  stopped(say("door.lacking", { what }));
} else {
  const force = location.hash === "#take";
  if (force) history.replaceState(null, "", location.pathname);
  open({ force });
}

async function open({ force }) {
  view.trouble(null);
  away = false;
  const pen = await takePen(assignment, handOver, { force });
  if (!pen) {
    stopped(say("sitting.elsewhere"), takeOver());
    return;
  }
  try {
    await openHere(force);
  } catch (error) {
    pen.leave();
    if (error instanceof Stopped) stopped(error.message, error.ways);
    else if (error instanceof DOMException) stopped(say("sitting.broken_keep"), reload());
    else stopped(`${say("sitting.cannot")}: ${error.message}`, reload());
  }
}

async function openHere(force) {
  const store = await openStore(page.user).catch(() => {
    throw new Stopped(say("sitting.broken_keep"));
  });
  navigator.storage?.persist?.();
  const earlier = await earlierOf(store);
  const no = earlier ? await sendRest(store, earlier) : null;
  const client = earlier?.client ?? crypto.randomUUID();
  const { sitting: name } = await sure(`/api/assignments/${assignment}/sitting`, { client, take: force });
  const lost = earlier && earlier.sitting !== name ? await putAway(store, earlier, no) : null;
  const described = await sure(`/api/sittings/${name}`);
  const { clip, acknowledged } = described;
  const record = { assignment, sitting: name, client, acknowledged, user: page.user };
  await store.keepSitting(record);
  stillOurs();
  const number = Math.max(await store.lastNumber(name), described.highest);
  sitting = new Sitting({ store, record, number, hear });
  sitting.store = store;
  const before = await store.events(name);
  sitting.closeOpenPass(before);
  await sitting.flush();
  const track = await sure(page.track);
  view.ready(clip);
  if (lost) await refused(lost);
  for (const { kind, frame, body } of before) {
    if (kind === "comment") view.comment(frame, body.text);
  }
  const traces = new Traces(view.parts.live, view.parts.whole, clip.fps);
  sitting.traces = traces;
  traces.redraw = () => sitting?.state && traces.draw(sitting.state);
  const player = new Player(view.parts.film, clip, heardOfFilm);
  await filmOf(player, clip, name);
  await player.seek(Math.min(track.next, clip.frames - 1));
  stillOurs();
  sitting.start(player, {
    frames: clip.frames,
    values: described.values,
    track: track.track,
    next: track.next,
  });
  listen({ parts: view.parts, to, state: () => sitting.state, fps: clip.fps });
  sitting.flush(); // what it says of itself is how things stand
  globalThis.taverSitting = sitting; // for whoever looks into what a page did
}

// While a film is fetched, another window may take over.
function stillOurs() {
  if (away) throw new Stopped(say("sitting.taken"), takeOver());
}

async function filmOf(player, clip, name) {
  for (;;) {
    try {
      await player.load(clip.media, (share) => view.loading(share));
      return;
    } catch (error) {
      if (error instanceof FilmError && view.parts.film.error) {
        throw new Stopped(say("sitting.broken_film"), { way: toClips() });
      }
      await sure(`/api/sittings/${name}`); // a log-in that has ended is told as that
      await pressed(say("sitting.broken_fetch"), say("sitting.again"));
    }
  }
}

// The sitting that this browser had open last. Another person's (of another campaign at this address,
// where the clip has the same number) is kept for them.
async function earlierOf(store) {
  const earlier = await store.sitting(assignment);
  if (!earlier?.user || earlier.user === page.user) return earlier;
  const why = { error: "it is of somebody else, or of another campaign", code: "not_found" };
  await store.setAside(await store.events(earlier.sitting), why, earlier.user);
  await store.forget(assignment, earlier.sitting);
  return undefined;
}

// What an earlier sitting in this browser did not get through, before anything new. Returns what the
// server said where it will not have it.
async function sendRest(store, record) {
  for (;;) {
    let state = "kept";
    let no = null;
    const sender = senderOf(store, record, (now, detail) => {
      state = now;
      if (now === "refused") no = detail;
    });
    await sender.flush();
    sender.stop();
    const left = await store.sitting(assignment);
    record.acknowledged = left?.acknowledged ?? record.acknowledged;
    if (state === "broken") throw new Stopped(say("sitting.broken_keep"), reload());
    if (!["offline", "unable", "loggedOut", "somebodyElse", "sending"].includes(state)) return no;
    const count = (await store.lastNumber(record.sitting)) - record.acknowledged;
    view.kept(state === "offline" ? "leftover_offline" : state, count);
    await later();
  }
}

// Lets go of a sitting that is not gone on with, and sets aside what the server does not have of it:
// all of it, where it does not know the sitting (it was brought back from an older backup). Returns
// what is to be told, or null.
async function putAway(store, { sitting: name, acknowledged }, no) {
  let answer = null;
  for (;;) {
    answer = await ask(`/api/sittings/${name}`).catch(() => null);
    if (answer?.status === 200 || answer?.told.code === "not_found") break;
    tellWaiting(answer);
    await later();
  }
  const left = await store.events(name, answer.status === 404 ? 0 : acknowledged);
  const why = no ?? (answer.status === 404 ? answer.told : {});
  if (left.length) await store.setAside(left, why);
  await store.forget(assignment, name);
  return left.length ? { ...why, sitting: name } : null;
}

// Asks until there is an answer.
async function sure(address, body = undefined) {
  for (;;) {
    const answer = await ask(address, body).catch(() => null);
    if (answer?.status === 200) {
      view.kept("loading");
      return answer.told;
    }
    if (isFinal(answer)) throw refusal(answer.told);
    // A page's own address leads to the log-in, which is no answer here: others say so.
    tellWaiting(answer ?? (address.startsWith("/api/") ? null : await ask("/api/assignments/").catch(() => null)));
    await later();
  }
}

function isFinal(answer) {
  if (!answer?.told.error || isAnothers(answer) || isLoggedOut(answer)) return false;
  return answer.status < 500 && answer.status !== 429;
}

// Whose page this is was looked at when it was sent: now somebody else is logged in.
function isAnothers({ told }) {
  return told.code === "not_allowed";
}

function tellWaiting(answer) {
  if (answer && isLoggedOut(answer)) view.kept("loggedOut_first");
  else if (answer && isAnothers(answer)) view.kept("somebodyElse_first");
  else view.kept(answer && answer.status >= 400 ? "unable_first" : "offline_first");
}

// The page's words, as soon as they can be had: without them nothing can be told.
async function wordsOf(address) {
  for (;;) {
    const answer = await ask(address).catch(() => null);
    if (answer?.status === 200) return answer.told;
    await later();
  }
}

function refusal(told) {
  if (told.code === "open_elsewhere") return new Stopped(say("sitting.elsewhere"), takeOver());
  const text = `${say("sitting.cannot")}: ${told.error ?? ""} (${told.fix ?? ""})`;
  if (told.code === "read_first") {
    return new Stopped(text, { way: { address: page.instructions, text: say("sitting.next") } });
  }
  return new Stopped(text, { way: toClips() });
}

// What a person did, through the machine.
function to(type, detail, at_ms) {
  if (type === "remark") remark(at_ms);
  else sitting.happen(type, detail, at_ms);
}

function hear(type, detail) {
  if (type === "state") show(detail);
  else if (type === "kept") heardOfServer(detail);
  else if (type === "comment") view.comment(detail.frame, detail.text);
  else if (type === "unkept") unkept();
  else if (type === "kept_again") keptAgain();
  else if (type === "taken") handOver();
  else if (type === "refused") refused(detail);
  else if (type === "ended" && detail === "taken") handOver();
  else if (type === "ended") ended(detail);
}

// Whoever leads has taken the clip away, or opened it anew.
function ended(how) {
  sitting.happen("pause");
  sitting.happen("elsewhere");
  if (how === "reopened") stopped(say("sitting.ended_reopened"), reload());
  else stopped(say("sitting.ended_away"), { way: toClips() });
}

function show(state) {
  view.show(state);
  sitting.traces.draw(state);
  if (state.phase === "playing" && blocked) {
    blocked = false;
    view.trouble(null);
  }
  if (state.phase === "finished") finished();
}

function heardOfFilm(type, detail) {
  if (!sitting?.state) return;
  if (type === "frame") sitting.happen("frame", detail);
  else if (type === "end") sitting.happen("end");
  else if (type === "stall") sitting.happen("pause", { why: "stall" });
  else if (type === "stopped") sitting.happen("pause", { why: "you" });
  else if (type === "started") sitting.happen("play");
  else if (type === "dropped") sitting.happen("dropped", { value: detail.dropped, unheard: detail.unheard });
  else if (type === "blocked") {
    sitting.happen("pause", { why: "blocked" });
    view.trouble(say("sitting.blocked"));
    blocked = true;
  } else if (type === "broken") {
    sitting.happen("broken", { why: "film" });
    stopped(say("sitting.broken_film"), { way: toClips() });
  }
}

function heardOfServer({ state, count }) {
  view.kept(unkeptNow && ["kept", "sending"].includes(state) ? "unkept" : state, count);
  if (sitting?.state?.phase === "finished") finished();
}

async function finished() {
  const { waiting, store } = sitting;
  if (waiting) {
    view.trouble(null);
    view.veil(say("sitting.finished_waiting", { count: waiting }));
    return;
  }
  view.veil(say("sitting.finished"));
  sitting.stop();
  try {
    const record = await store.sitting(assignment);
    if (record) await store.forget(assignment, record.sitting);
    heardOfEnd();
  } finally {
    location.assign(page.after); // the list forgets what is not forgotten here
  }
}

function remark(at_ms) {
  const { parts } = view;
  if (["finished", "elsewhere", "broken"].includes(sitting.state.phase)) return;
  if (["playing", "counting"].includes(sitting.state.phase)) sitting.happen("pause", {}, at_ms);
  const frame = sitting.state.frame;
  parts["remark-at"].textContent = view.time(frame);
  parts["remark-text"].value = "";
  parts["remark-cancel"].onclick = () => parts.remark.close("");
  parts.remark.onclose = () => {
    const text = parts["remark-text"].value;
    if (parts.remark.returnValue === "keep" && text.trim()) sitting.happen("comment", { text });
  };
  parts.remark.returnValue = "";
  parts.remark.showModal();
  parts["remark-text"].focus();
}

// Another window goes on: everything done here is kept before it may.
async function handOver() {
  away = true;
  if (!sitting) {
    stopped(say("sitting.taken"), takeOver());
    return;
  }
  sitting.happen("pause", { why: "elsewhere" });
  sitting.happen("elsewhere");
  await sitting.flush().catch(() => {});
  sitting.stop();
  stopped(say("sitting.taken"), takeOver());
}

function takeOver() {
  const act = () => {
    if (!sitting) {
      open({ force: true });
      return;
    }
    const to = new URL(location.href);
    to.hash = "take";
    location.replace(to);
    location.reload();
  };
  return { button: { text: say("sitting.take"), act } };
}

function unkept() {
  unkeptNow = true;
  sitting.happen("pause", { why: "lost" });
  view.kept("unkept", sitting.waiting);
  view.trouble(say("sitting.broken_keep"));
}

function keptAgain() {
  if (unkeptNow) view.trouble(null);
  unkeptNow = false;
}

addEventListener("online", () => sitting?.hurry());

// Only what the disk did not take is lost with the page.
addEventListener("beforeunload", (event) => {
  if (unkeptNow) event.preventDefault();
});

async function refused(told) {
  const aside = await sitting.store.aside(told.sitting ?? sitting.name);
  const why = `${told.error ?? ""} ${told.fix ? `(${told.fix})` : ""}`;
  const act = () => saveAsFile(aside, `taver-${assignment}.json`);
  view.trouble(say("sitting.refused", { count: aside.length, why }), {
    button: { text: say("sitting.save"), act },
  });
}

function pressed(text, button) {
  return new Promise((done) => {
    const act = () => {
      view.trouble(null);
      done();
    };
    view.trouble(text, { button: { text: button, act }, way: toClips() });
  });
}

function reload() {
  return { button: { text: say("sitting.again"), act: () => location.reload() } };
}

function toClips() {
  return { address: page.clips, text: say("sitting.next") };
}

function stopped(text, ways = {}) {
  view.parts.veil.hidden = false;
  view.veil("\u00a0");
  view.parts.loading.hidden = true;
  view.trouble(text, ways);
}
