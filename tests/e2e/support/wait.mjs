// Waiting for events, never for time: whatever does not happen by its deadline is a failure.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';

export const kDeadlineMs = 20_000;

/** The promise's value, or an error that says what did not happen in time. */
export async function within(promise, what, ms = kDeadlineMs) {
  let timer;
  const late = new Promise((_, no) => {
    timer = setTimeout(() => no(new Error(`${what}: not within ${ms} ms`)), ms); // deadline
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until it finds what is wanted; how many milliseconds that took. */
export async function until(wanted, what, look, ms = kDeadlineMs) {
  const began = performance.now();
  for (;;) {
    const found = await look();
    const took = performance.now() - began;
    if (found === wanted) return took;
    assert.ok(took < ms, `${what}: after ${took.toFixed()} ms still ${found}`);
  }
}

/** A promise together with the functions that settle it. */
export function defer() {
  const d = {};
  d.promise = new Promise((yes, no) => Object.assign(d, { resolve: yes, reject: no }));
  d.promise.catch(() => {}); // who waits sees it; without a waiter it is no fault
  return d;
}

/** Things that happened, in order; `find` waits for one that has happened or will. */
export class Happenings {
  all = [];
  #waiting = new Set();

  add(thing) {
    this.all.push(thing);
    for (const look of [...this.#waiting]) look();
  }

  find(wanted, what, ms) {
    const found = defer();
    const look = () => {
      const thing = this.all.find(wanted);
      if (thing === undefined) return;
      this.#waiting.delete(look);
      found.resolve(thing);
    };
    this.#waiting.add(look);
    look();
    return within(found.promise, what, ms).finally(() => this.#waiting.delete(look));
  }

  count(n, what, ms) {
    return this.find(() => this.all.length >= n, `${n} x ${what}`, ms).then(() => this.all);
  }
}

/** One line where people who read the log of a run look for numbers. */
export function tell(line) {
  process.stderr.write(`${line}\n`);
  if (process.env.PARLEY_E2E_NOTES) appendFileSync(process.env.PARLEY_E2E_NOTES, `${line}\n`);
}
