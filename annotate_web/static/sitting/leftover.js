// On the list of clips: what earlier sittings in this browser left unsent is sent now.

import { lacking } from "../door.js";
import { takePen } from "./pen.js";
import { senderOf } from "./sitting.js";
import { openStore } from "./store.js";

const AGAIN_MS = 3000;

const note = document.getElementById("leftover");
if (note && !lacking().length) {
  const store = await openStore().catch(() => null); // whoever opens a clip is told
  if (store) await sendAll(store);
}

async function sendAll(store) {
  const stuck = new Set(); // sittings that the server will take no more of
  const seen = new Set();
  let refused = 0;
  let texts = null;
  for (;;) {
    const left = await leftIn(store, stuck);
    if (!left.length) break;
    texts ??= await (await fetch(note.dataset.texts)).json();
    let all = left.reduce((sum, { count }) => sum + count, 0);
    say(texts["state.leftover"], all);
    for (const { record, count } of left) {
      seen.add(record.sitting);
      // A window that has this sitting open sends by itself; one that is being left still has it
      // for a moment. Either way it is looked at again.
      const pen = await takePen(record.assignment, () => {});
      if (!pen) continue;
      const state = await sendOne(store, record.assignment);
      if (state === "kept") all -= count;
      else if (["refused", "ended", "somebodyElse"].includes(state)) {
        stuck.add(record.sitting);
        if (state === "refused") refused += count;
      }
      else say(texts["state.leftover_offline"], all);
      pen.leave();
    }
    if ((await leftIn(store, stuck)).length) await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
  note.hidden = true;
  if (seen.size > stuck.size) location.reload(); // a clip may be done now
  else if (refused) say(texts["state.leftover_refused"], refused);
}

// The sittings of which the server may not know all. One that is over counts until it is forgotten:
// this list may have been written before its end was heard of.
async function leftIn(store, stuck) {
  const left = [];
  for (const record of await store.sittings()) {
    if (stuck.has(record.sitting)) continue;
    const count = (await store.lastNumber(record.sitting)) - record.acknowledged;
    if (count > 0 || (await isOver(store, record))) left.push({ record, count });
  }
  return left;
}

// How far it got, in the words of a sender.
async function sendOne(store, assignment) {
  const record = await store.sitting(assignment); // another window may have sent it by now
  if (!record) return "kept";
  let state = null;
  const sender = senderOf(store, record, (now) => {
    if (state !== "refused") state = now;
  });
  await sender.flush();
  sender.stop();
  if (state === "kept" && (await isOver(store, record))) {
    await store.forget(assignment, record.sitting);
  }
  return state;
}

async function isOver(store, { sitting }) {
  const last = await store.lastNumber(sitting);
  return last > 0 && (await store.events(sitting, last - 1))[0].kind === "done";
}

function say(text, count) {
  note.hidden = !count; // nothing is left to send, there only is an end to hear of
  note.textContent = text.replace("{count}", count);
}
