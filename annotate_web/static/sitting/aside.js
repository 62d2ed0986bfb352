// On the list of clips: what the server would not take of whoever is logged in is tried once more
// where that may help, and can be saved otherwise.

import { saveAsFile } from "./file.js";
import { Sender } from "./sender.js";
import { ask } from "./server.js";
import { post } from "./sitting.js";

// Sends what was set aside because the server did not know its sitting, if it knows it now (it was
// started on another database, or brought back from a backup for a while). Returns how much was taken.
export async function sendAside(store) {
  const unknown = (await store.allAside()).filter(({ why }) => why?.code === "not_found");
  let taken = 0;
  for (const name of new Set(unknown.map(({ sitting }) => sitting))) {
    const known = await ask(`/api/sittings/${name}`).catch(() => null);
    if (known?.status !== 200) continue;
    taken += await sendAnew(store, name, unknown.filter(({ sitting }) => sitting === name));
  }
  return taken;
}

async function sendAnew(store, sitting, events) {
  const refused = new Set();
  const shelf = {
    events: async (_, after, most) => events.filter(({ seq }) => seq > after).slice(0, most),
    acknowledge: async () => {},
    setAside: async (some, why) => {
      for (const { seq } of some) refused.add(seq);
      await store.setAside(some, why);
    },
  };
  let state = null;
  const say = (now) => {
    state = now;
  };
  const sender = new Sender({ store: shelf, assignment: null, sitting, acknowledged: 0, post, say });
  await sender.flush();
  sender.stop();
  if (state !== "kept") return 0;
  const taken = events.filter(({ seq }) => !refused.has(seq));
  await store.dropAside(taken);
  return taken.length;
}

// Shows what is there; once it was saved it may be let go of.
export async function showAside(store, panel) {
  const events = await store.allAside();
  panel.hidden = !events.length;
  if (!events.length) return;
  const [what, save, drop] = panel.querySelectorAll("[data-what], [data-save], [data-drop]");
  what.textContent = what.dataset.what.replace("{count}", events.length).replace("{why}", reasons(events));
  save.onclick = () => {
    saveAsFile(events, "taver-not-taken.json");
    drop.hidden = false;
  };
  drop.onclick = async () => {
    await store.dropAside(events);
    panel.hidden = true;
  };
}

function reasons(events) {
  return [...new Set(events.map(({ why }) => why?.error).filter(Boolean))].join("; ");
}
