// On the list of clips: what earlier sittings in this browser left unsent is sent now.

import { lacking } from "../door.js";
import { takePen } from "./pen.js";
import { senderOf } from "./sitting.js";
import { openStore } from "./store.js";

const note = document.getElementById("leftover");
if (note && !lacking().length) await sendAll(await openStore());

async function sendAll(store) {
  const records = await store.sittings();
  const waiting = [];
  for (const record of records) {
    const count = (await store.lastNumber(record.sitting)) - record.acknowledged;
    if (count > 0) waiting.push({ record, count });
  }
  if (!waiting.length) return;
  const texts = await (await fetch(note.dataset.texts)).json();
  let left = waiting.reduce((sum, { count }) => sum + count, 0);
  const say = (key) => {
    note.hidden = false;
    note.textContent = texts[key].replace("{count}", left);
  };
  say("state.leftover");
  let sent = false;
  for (const { record, count } of waiting) {
    // A window that has this sitting open sends by itself.
    const pen = await takePen(record.assignment, () => {});
    if (!pen) continue;
    let state = "kept";
    while (state !== "refused") {
      await senderOf(store, record, (now) => {
        state = now;
      }).flush();
      if (state === "kept" || state === "ended" || state === "refused") break;
      say("state.leftover_offline");
      await new Promise((done) => setTimeout(done, 3000));
      record.acknowledged = (await store.sitting(record.assignment)).acknowledged;
    }
    const events = await store.events(record.sitting, 0);
    if (state === "kept" && events.at(-1)?.kind === "done") await store.forget(record.assignment, record.sitting);
    left -= count;
    sent = true;
    pen.leave();
  }
  if (sent && left === 0) location.reload(); // a clip may be done now
}
