// One window at a time writes a sitting: whoever holds the lock of the assignment.

import { within } from "./within.js";

const LEAVE_MS = 1500;

// Resolves to a pen, or to null where another window of this browser has it. `taken()` is called
// when another window takes it over.
export async function takePen(assignment, taken, { force = false } = {}) {
  const name = `taver-sitting-${assignment}`;
  const channel = new BroadcastChannel(name);
  if (force) channel.postMessage("leave"); // so that it keeps what it has first
  const had = force ? await held(name, { signal: within(LEAVE_MS) }) : null;
  const got = had ?? (await held(name, force ? { steal: true } : { ifAvailable: true }));
  if (!got) {
    channel.close();
    return null;
  }
  let free = false;
  const leave = () => {
    if (free) return;
    free = true;
    channel.close();
    got.release();
  };
  got.lost.then(() => {
    if (!free) taken();
    leave();
  });
  channel.onmessage = async ({ data }) => {
    if (data !== "leave" || free) return;
    await taken();
    leave();
  };
  return { leave };
}

// Resolves once the lock is held, to { release, lost }; to null if it cannot be had.
function held(name, options) {
  return new Promise((resolve) => {
    let lose;
    const lost = new Promise((done) => {
      lose = done;
    });
    navigator.locks
      .request(name, options, (lock) => {
        if (!lock) {
          resolve(null);
          return undefined;
        }
        return new Promise((release) => resolve({ release, lost }));
      })
      .catch(() => {
        resolve(null); // it took too long
        lose(); // or was stolen
      });
  });
}
