// What was done, kept in this browser (IndexedDB) before anything else happens with it.

const NAME = "taver";
const VERSION = 1;
const EVENTS = "events"; // [sitting, seq]
const SITTINGS = "sittings"; // by assignment: { assignment, sitting, acknowledged }
const ASIDE = "aside"; // what the server will never take

// A number of an event was given twice: another window writes the same sitting.
export class TakenError extends Error {}

// `user`: whose page it is; what is set aside is theirs.
export async function openStore(user = null) {
  return new Store(await opened(), user);
}

async function opened() {
  const asking = indexedDB.open(NAME, VERSION);
  asking.onupgradeneeded = () => {
    const base = asking.result;
    base.createObjectStore(EVENTS, { keyPath: ["sitting", "seq"] });
    base.createObjectStore(SITTINGS, { keyPath: "assignment" });
    base.createObjectStore(ASIDE, { keyPath: ["sitting", "seq"] });
  };
  const base = await answered(asking);
  base.onversionchange = () => base.close();
  return base;
}

class Store {
  #base;
  #user;
  #waiting = []; // events that the next transaction takes along
  #writing = null;
  #unsent = []; // kept, and not acknowledged yet
  #record = null;

  constructor(base, user) {
    this.#base = base;
    this.#user = user;
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
        const transaction = await this.#begin([EVENTS], "readwrite");
        for (const event of events) transaction.objectStore(EVENTS).add(event);
        await finished(transaction);
        this.#unsent.push(...events);
      } catch (error) {
        this.#waiting = [...events, ...this.#waiting];
        try {
          if (error.name !== "ConstraintError") throw error;
          const late = [...this.#waiting];
          await this.setAside(late, { error: "another window wrote this sitting" });
          this.#waiting.splice(0, late.length); // only now: else a full disk would lose them
        } finally {
          this.#writing = null;
        }
        throw new TakenError();
      }
    }
    this.#writing = null;
  }

  // The events of a sitting behind number `after`, in order.
  async events(sitting, after = 0, most = Infinity) {
    const range = IDBKeyRange.bound([sitting, after + 1], [sitting, Number.MAX_SAFE_INTEGER]);
    const store = (await this.#begin([EVENTS])).objectStore(EVENTS);
    return answered(store.getAll(range, most === Infinity ? undefined : most));
  }

  async lastNumber(sitting) {
    const range = IDBKeyRange.bound([sitting, 0], [sitting, Number.MAX_SAFE_INTEGER]);
    const store = (await this.#begin([EVENTS])).objectStore(EVENTS);
    const cursor = await answered(store.openKeyCursor(range, "prev"));
    return cursor ? cursor.primaryKey[1] : 0;
  }

  async sitting(assignment) {
    return answered((await this.#begin([SITTINGS])).objectStore(SITTINGS).get(assignment));
  }

  async sittings() {
    return answered((await this.#begin([SITTINGS])).objectStore(SITTINGS).getAll());
  }

  async keepSitting(record) {
    const transaction = await this.#begin([SITTINGS], "readwrite");
    transaction.objectStore(SITTINGS).put(record);
    await finished(transaction);
    this.#record = record;
  }

  async acknowledge(assignment, sitting, acknowledged) {
    const transaction = await this.#begin([SITTINGS], "readwrite");
    const store = transaction.objectStore(SITTINGS);
    const record = await answered(store.get(assignment));
    if (record?.sitting === sitting && record.acknowledged < acknowledged) {
      store.put({ ...record, acknowledged });
    }
    await finished(transaction);
    this.#unsent = this.#unsent.filter((event) => event.sitting !== sitting || event.seq > acknowledged);
  }

  // What cannot be sent is put where it can be fetched from.
  async setAside(events, why, user = this.#user) {
    const transaction = await this.#begin([ASIDE], "readwrite");
    for (const event of events) transaction.objectStore(ASIDE).put({ ...event, user, why });
    await finished(transaction);
  }

  // All that was set aside for whoever's page it is: a browser may be several people's.
  async allAside() {
    const all = await answered((await this.#begin([ASIDE])).objectStore(ASIDE).getAll());
    return all.filter((event) => event.user === this.#user);
  }

  // Only once it is on the server, or in a file.
  async dropAside(events) {
    const transaction = await this.#begin([ASIDE], "readwrite");
    for (const { sitting, seq } of events) transaction.objectStore(ASIDE).delete([sitting, seq]);
    await finished(transaction);
  }

  async aside(sitting) {
    const range = IDBKeyRange.bound([sitting, 0], [sitting, Number.MAX_SAFE_INTEGER]);
    return answered((await this.#begin([ASIDE])).objectStore(ASIDE).getAll(range));
  }

  // Only once the server has all of it.
  async forget(assignment, sitting) {
    const transaction = await this.#begin([EVENTS, SITTINGS], "readwrite");
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

  async #begin(names, mode = "readonly") {
    const how = mode === "readwrite" ? { durability: "strict" } : {};
    try {
      return this.#base.transaction(names, mode, how);
    } catch (error) {
      if (error.name !== "InvalidStateError") throw error;
      await this.#reopen();
      return this.#base.transaction(names, mode, how);
    }
  }

  // The browser has closed it, as when a site's data is cleared: what is not on the server yet is put
  // there again.
  async #reopen() {
    this.#base = await opened();
    const transaction = this.#base.transaction([EVENTS, SITTINGS], "readwrite", { durability: "strict" });
    for (const event of this.#unsent) transaction.objectStore(EVENTS).put(event);
    if (this.#record) transaction.objectStore(SITTINGS).put(this.#record);
    await finished(transaction);
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
