// Streams at a steady rate, whoever is slow: each one is read to its end and compared with what the
// upstream said. What went wrong is kept in words, how long each took with the phase it began in.
import http from 'node:http';

import { defer, kDeadlineMs, within } from './wait.mjs';

const kTickMs = 10;

export class Load {
  phase = 'before';
  samples = [];
  failures = [];
  #open = 0;
  #idle = defer();
  #agents = new Map();
  #left = 0;
  #enough = defer();

  /** `targets()` are asked in turn for `body`; `isGood(text)` is whether a reply is whole. */
  constructor({ targets, rate, key, body, isGood, keepAlive = true }) {
    Object.assign(this, { targets, rate, key, isGood, keepAlive, body: JSON.stringify(body) });
  }

  start() {
    const began = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * this.rate) / 1000);
      for (; sent < due; ++sent) this.#ask(sent);
    }, kTickMs);
  }

  /** No more begin; returns when all have ended. */
  async stop() {
    clearInterval(this.timer);
    this.isOver = true;
    if (this.#open > 0) await this.#idle.promise;
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** A phase of as many streams as begin in so many seconds, to the end of the last one. */
  async last(phase, seconds) {
    this.phase = phase;
    this.#left = Math.ceil(this.rate * seconds);
    this.#enough = defer();
    const most = seconds * 1000 + kDeadlineMs;
    await within(this.#enough.promise, `${this.#left} streams end (${phase})`, most);
  }

  #agentOf(url) {
    if (!this.#agents.has(url)) {
      this.#agents.set(url, new http.Agent({ keepAlive: this.keepAlive, maxSockets: 256 }));
    }
    return this.#agents.get(url);
  }

  #ask(i) {
    const targets = this.targets();
    const url = targets[i % targets.length];
    const sample = { phase: this.phase, began: performance.now() };
    ++this.#open;
    const end = (why) => {
      if (sample.ms !== undefined) return;
      sample.ms = performance.now() - sample.began;
      this.samples.push(sample);
      if (sample.phase === this.phase && --this.#left === 0) this.#enough.resolve();
      if (why) this.failures.push({ ...sample, url, why });
      if (--this.#open === 0 && this.isOver) this.#idle.resolve();
    };
    const headers = {
      authorization: `Bearer ${this.key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(this.body),
    };
    const options = { method: 'POST', headers, agent: this.#agentOf(url) };
    const request = http.request(`${url}/v1/chat/completions`, options, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (piece) => {
        sample.first ??= performance.now() - sample.began;
        text += piece;
      });
      reply.on('end', () => {
        const isWhole = reply.statusCode === 200 && this.isGood(text);
        end(isWhole ? undefined : `status ${reply.statusCode}: ${text.slice(-300)}`);
      });
      reply.on('error', (error) => end(`cut: ${error.message}`));
    });
    request.on('error', (error) => end(error.message));
    request.end(this.body);
  }

  /** Milliseconds of those that began in the phase: their number, the median, and the 99th of 100. */
  times(phase) {
    const all = this.samples.filter((s) => s.phase === phase).map((s) => s.ms);
    all.sort((a, b) => a - b);
    const at = (share) => all[Math.min(all.length - 1, Math.floor(all.length * share))];
    return { count: all.length, p50: at(0.5), p99: at(0.99) };
  }
}
