// What was done, kept in this browser (IndexedDB) before anything else happens with it.

const NAME = "taver";
const VERSION = 1;
const EVENTS = "events"; // [sitting, seq]
const SITTINGS = "sittings"; // by assignment: { assignment, sitting, acknowledged }
const ASIDE = "aside"; // what the server will never take

// A number of an event was given twice: another window writes the same sitting.
export class TakenError extends Error {}

export async function openStore(indexed = indexedDB) {
  const asking = indexed.open(NAME, VERSION);
  asking.onupgradeneeded = () => {
    const base = asking.result;
    base.createObjectStore(EVENTS, { keyPath: ["sitting", "seq"] });
    base.createObjectStore(SITTINGS, { keyPath: "assignment" });
    base.createObjectStore(ASIDE, { keyPath: ["sitting", "seq"] });
  };
  const base = await answered(asking);
  base.onversionchange = () => base.close();
  return new Store(base);
}

class Store {
  #base;
  #waiting = []; // events that the next transaction takes along
  #writing = null;

  constructor(base) {
    this.#base = base;
  }

  // Resolves when the event is on the disk. Events given while another is written go together;
  // those that could not be written wait for the next attempt (with or without a new event).
  append(event = undefined) {
    if (event) this.#waiting.push(event);
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll() {
    await Promise.resolve(); // whatever one movement gives comes along
    while (this.#waiting.length) {
      const events = this.#waiting;
      this.#waiting = [];
      try {
        const transaction = this.#begin([EVENTS], "readwrite");
        for (const event of events) transaction.objectStore(EVENTS).add(event);
        await finished(transaction);
      } catch (error) {
        this.#waiting = [...events, ...this.#waiting];
        this.#writing = null;
        throw error.name === "ConstraintError" ? new TakenError() : error;
      }
    }
    this.#writing = null;
  }

  // The events of a sitting behind number `after`, in order.
  async events(sitting, after = 0, most = Infinity) {
    const range = IDBKeyRange.bound([sitting, after + 1], [sitting, Number.MAX_SAFE_INTEGER]);
    const store = this.#begin([EVENTS]).objectStore(EVENTS);
    return answered(store.getAll(range, most === Infinity ? undefined : most));
  }

  async lastNumber(sitting) {
    const range = IDBKeyRange.bound([sitting, 0], [sitting, Number.MAX_SAFE_INTEGER]);
    const store = this.#begin([EVENTS]).objectStore(EVENTS);
    const cursor = await answered(store.openKeyCursor(range, "prev"));
    return cursor ? cursor.primaryKey[1] : 0;
  }

  sitting(assignment) {
    return answered(this.#begin([SITTINGS]).objectStore(SITTINGS).get(assignment));
  }

  sittings() {
    return answered(this.#begin([SITTINGS]).objectStore(SITTINGS).getAll());
  }

  async keepSitting(record) {
    const transaction = this.#begin([SITTINGS], "readwrite");
    transaction.objectStore(SITTINGS).put(record);
    await finished(transaction);
  }

  async acknowledge(assignment, sitting, acknowledged) {
    const transaction = this.#begin([SITTINGS], "readwrite");
    const store = transaction.objectStore(SITTINGS);
    const record = await answered(store.get(assignment));
    if (record?.sitting === sitting && record.acknowledged < acknowledged) {
      store.put({ ...record, acknowledged });
    }
    await finished(transaction);
  }

  // What cannot be sent is put where it can be fetched from.
  async setAside(events, why) {
    const transaction = this.#begin([ASIDE], "readwrite");
    for (const event of events) transaction.objectStore(ASIDE).put({ ...event, why });
    await finished(transaction);
  }

  aside() {
    return answered(this.#begin([ASIDE]).objectStore(ASIDE).getAll());
  }

  // Only once the server has all of it.
  async forget(assignment, sitting) {
    const transaction = this.#begin([EVENTS, SITTINGS], "readwrite");
    const all = IDBKeyRange.bound([sitting, 0], [sitting, Number.MAX_SAFE_INTEGER]);
    transaction.objectStore(EVENTS).delete(all);
    const store = transaction.objectStore(SITTINGS);
    const record = await answered(store.get(assignment));
    if (record?.sitting === sitting) store.delete(assignment);
    await finished(transaction);
  }

  close() {
    this.#base.close();
  }

  #begin(names, mode = "readonly") {
    return this.#base.transaction(names, mode, mode === "readwrite" ? { durability: "strict" } : {});
  }
}

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
}
