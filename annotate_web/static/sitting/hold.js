// Keys that are held move on by themselves, several at once; the system's own repetition is not
// used: its pace differs from machine to machine, and it knows one key at a time.

export const FIRST_MS = 260; // a short press is one step
export const EVERY_MS = 80;

export class Held {
  #keys = new Map(); // code -> when its next step is due

  // Returns whether this is a new press: its first step is taken at once.
  press(code, at_ms) {
    if (this.#keys.has(code)) return false;
    this.#keys.set(code, at_ms + FIRST_MS);
    return true;
  }

  release(code) {
    this.#keys.delete(code);
  }

  releaseAll() {
    this.#keys.clear();
  }

  get any() {
    return this.#keys.size > 0;
  }

  // The steps due until now: [code, when], in the order in which they fell due.
  due(now_ms) {
    const steps = [];
    for (const [code, due_ms] of this.#keys) {
      let at_ms = due_ms;
      for (; at_ms <= now_ms; at_ms += EVERY_MS) steps.push([code, at_ms]);
      this.#keys.set(code, at_ms);
    }
    return steps.sort((one, other) => one[1] - other[1]);
  }
}
