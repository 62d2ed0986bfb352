// On the list of clips: what earlier sittings in this browser left unsent is sent now.

import { lacking } from "../door.js";
import { sendAside, showAside } from "./aside.js";
import { heardOfEnd, writtenAnewBehindEnds } from "./heard.js";
import { takePen } from "./pen.js";
import { senderOf } from "./sitting.js";
import { openStore } from "./store.js";

const AGAIN_MS = 3000;
const FOR_NOW = ["refused", "ended", "somebodyElse"]; // more is not taken while this page is open

const note = document.getElementById("leftover");
const panel = document.getElementById("aside");
if (note && !lacking().length) {
  writtenAnewBehindEnds();
  const store = await openStore(note.dataset.user).catch(() => null); // whoever opens a clip is told
  if (store) {
    await showAside(store, panel);
    const taken = await sendAside(store);
    const heard = await sendAll(store);
    if (taken || heard) location.reload(); // a clip may be done now
    else {
      await showAside(store, panel);
      say("others", await othersIn(store));
    }
  }
}

// Returns whether the server has heard of anything that it did not know.
async function sendAll(store) {
  const stuck = new Set(); // sittings that the server will take no more of
  const seen = new Set();
  for (;;) {
    const left = await leftIn(store, stuck);
    if (!left.length) break;
    let all = left.reduce((sum, { count }) => sum + count, 0);
    say("sending", all);
    for (const { record, count } of left) {
      seen.add(record.sitting);
      // A window that has this sitting open sends by itself; one that is being left still has it
      // for a moment. Either way it is looked at again.
      const pen = await takePen(record.assignment, () => {});
      if (!pen) continue;
      const state = await sendOne(store, record.assignment);
      if (state === "kept") all -= count;
      else if (FOR_NOW.includes(state)) stuck.add(record.sitting);
      else say(["loggedOut", "unable"].includes(state) ? state : "offline", all);
      pen.leave();
    }
    if ((await leftIn(store, stuck)).length) await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
  note.hidden = true;
  return seen.size > stuck.size;
}

// The sittings of whoever is logged in of which the server may not know all. One that is over counts
// until it is forgotten: this list may have been written before its end was heard of.
async function leftIn(store, stuck) {
  const left = [];
  for (const record of await store.sittings()) {
    if (stuck.has(record.sitting) || isSomebodyElses(record)) continue;
    const count = await unsent(store, record);
    if (count > 0 || (await isOver(store, record))) left.push({ record, count });
  }
  return left;
}

// How much of other people waits here until they log in.
async function othersIn(store) {
  let all = 0;
  for (const record of await store.sittings()) {
    if (isSomebodyElses(record)) all += await unsent(store, record);
  }
  return all;
}

function isSomebodyElses({ user }) {
  return user !== undefined && user !== note.dataset.user;
}

async function unsent(store, { sitting, acknowledged }) {
  return Math.max(0, (await store.lastNumber(sitting)) - acknowledged);
}

// How far it got, in the words of a sender.
async function sendOne(store, assignment) {
  const record = await store.sitting(assignment); // another window may have sent it by now
  if (!record) return "kept";
  let state = null;
  let no = null;
  const sender = senderOf(store, record, (now, detail) => {
    if (state !== "refused") [state, no] = [now, detail];
  });
  await sender.flush();
  sender.stop();
  if (state === "refused" && no.code === "not_found") {
    // What it had of this sitting it has no more: all of it is set aside, not only what was unsent.
    await store.setAside(await store.events(record.sitting), no);
    await store.forget(assignment, record.sitting);
  }
  if (state === "kept" && (await isOver(store, record))) {
    await store.forget(assignment, record.sitting);
    heardOfEnd();
  }
  return state;
}

async function isOver(store, { sitting }) {
  const last = await store.lastNumber(sitting);
  return last > 0 && (await store.events(sitting, last - 1))[0].kind === "done";
}

// The page brings its words along: it may have to tell that there is no connection.
function say(state, count) {
  note.hidden = !count; // nothing is left to send, there only is an end to hear of
  note.textContent = note.dataset[state].replace("{count}", count);
  if (state === "loggedOut") {
    const way = document.createElement("a");
    [way.href, way.textContent] = [note.dataset.login, note.dataset.toLogin];
    note.append(" ", way);
  }
}
