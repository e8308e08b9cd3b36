// The real program: started with a configuration of the test's own, waited for by its own words,
// ended by its process id.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { encrypted } from './encrypted.mjs';
import { toml } from './toml.mjs';
import { defer, Happenings, within } from './wait.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = resolve(process.env.PARLEY_BIN ?? join(root, 'build/dev/bin/parley'));

/** Whether the program is built with a sanitizer, which needs memory and time of its own. */
const image = readFileSync(binary);
export const isSanitized = ['__asan_init', '__tsan_init'].some((name) => image.includes(name));

export const secret = (prefix) => `${prefix}-${randomBytes(12).toString('hex')}`;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Comes to a port as soon as somebody listens there, and goes again. */
async function knock(port) {
  const refused = { code: 'ECONNREFUSED' };
  for (let fault = refused; fault?.code === refused.code; ) {
    fault = await new Promise((resolve) => {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.once('error', resolve).once('connect', () => resolve(socket.destroy() && undefined));
    });
    if (fault && fault.code !== refused.code) throw fault;
  }
}

/** A provider that is one of our upstreams. */
export function provider(upstream, more = {}) {
  return {
    name: 'up',
    plugin: 'openai',
    base_url: `${upstream.url}/v1`,
    models: ['*'],
    account: [{ label: 'main', api_key: upstream.key }],
    ...more,
  };
}

/** A whole configuration; what `more` names replaces ours, table by table. */
export function configuration(upstream, more = {}) {
  const { server, log, upstream: limits, routing, ...others } = more;
  return {
    server: { listen: ['127.0.0.1:0'], ...encrypted?.server, ...server },
    upstream: { ca_file: encrypted?.ca_file, ...limits },
    log: { format: 'json', level: 'debug', ...log },
    // Upstreams fail on purpose here, again and again.
    routing: { cool_down: false, ...routing },
    client_key: [{ name: 'tester', key: secret('sk-client') }],
    provider: upstream ? [provider(upstream)] : [{ name: 'example' }],
    ...others,
  };
}

export class Parley {
  lines = new Happenings(); // of standard error, read as JSON where they are
  #ended = defer();

  /** With a configuration, or with none: then it makes its own in a fresh state folder. `through`
   * is a command that starts it, as soon as somebody comes to `port`; `program` another one than usual. */
  static async start(
    config,
    { env = {}, state, supervised = false, args = [], through = [], port, program = binary } = {},
  ) {
    const parley = new Parley();
    parley.folder = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
    parley.config = config;
    const all = ['--state', state ?? join(parley.folder, 'state')];
    if (config) {
      parley.file = join(parley.folder, 'parley.toml');
      parley.write(config);
      all.push('--config', parley.file);
      parley.key = config.client_key?.[0]?.key;
    }
    // Tests look at the process that serves, which is then the one that they started.
    if (!supervised) all.push('--no-supervisor');
    parley.#spawn([...through, program, ...all, ...args], env);
    try {
      if (port) await knock(port);
      const heard = parley.lines.find((l) => l.message === 'listening', 'parley listens');
      const line = await Promise.race([heard, parley.#died()]);
      parley.port = Number(line.address.split(':').at(-1));
    } catch (error) {
      parley.child.kill('SIGKILL');
      error.message += `\n${parley.stderr}`;
      throw error;
    }
    const scheme = config?.server?.tls_certificate ? 'https' : 'http';
    parley.url = `${scheme}://127.0.0.1:${parley.port}`;
    return parley;
  }

  /** Puts another configuration in place of its own, as editors do: whole, under the same name. */
  write(config) {
    const text = typeof config === 'string' ? config : toml(config);
    writeFileSync(`${this.file}.new`, text, { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }

  /** The first line of the log that fits, of those that are written from now on. */
  next(fits, what) {
    const before = this.lines.all.length;
    return this.lines.find((line, i) => i >= before && fits(line), what);
  }

  /** What it says of the configuration that it reads next. */
  reads() {
    const fits = (l) => /^configuration (changed|refused|read again)$/.test(l.message ?? '');
    return this.next(fits, 'it has read the configuration');
  }

  /** Gives it another configuration, of which it hears from the system; what it said about that. */
  async change(config) {
    const heard = this.reads();
    this.write(config);
    return heard;
  }

  #spawn([command, ...args], env) {
    // Nothing of the caller's configuration may leak in.
    const clean = Object.entries(process.env).filter(([k]) => !k.startsWith('PARLEY_'));
    const asan = `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=4`;
    this.child = spawn(command, args, {
      env: { ...Object.fromEntries(clean), HOME: this.folder, ASAN_OPTIONS: asan, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    this.pid = this.child.pid;
    this.stderr = '';
    this.stdout = '';
    this.child.stdout.on('data', (bytes) => (this.stdout += bytes));
    this.child.stderr.on('data', (bytes) => (this.stderr += bytes));
    createInterface({ input: this.child.stderr }).on('line', (line) => this.#heard(line));
    this.child.on('error', (error) => this.#ended.reject(error));
    this.child.on('close', (code, signal) => {
      running.delete(this.child);
      this.#ended.resolve({ code, signal });
    });
  }

  #heard(line) {
    try {
      this.lines.add(JSON.parse(line));
    } catch {
      const at = line.match(/listening address=(\S+)/);
      this.lines.add(at ? { message: 'listening', address: at[1] } : { text: line });
    }
  }

  async #died() {
    const { code, signal } = await this.#ended.promise;
    throw new Error(`parley ended before it listened: code ${code}, signal ${signal}`);
  }

  /** The line of an exchange that has ended, by what it holds. */
  exchange(fields, what = `an exchange with ${JSON.stringify(fields)}`) {
    const fits = (line) => Object.entries(fields).every(([k, v]) => line[k] === v);
    return this.lines.find((line) => line.message === 'exchange' && fits(line), what);
  }

  /** Resident memory in bytes. */
  memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(status.match(/VmRSS:\s+(\d+)/)[1]) * 1024;
  }

  signal(name) {
    this.child.kill(name);
  }

  /** Under a supervisor: the processes that serve. */
  children() {
    const path = `/proc/${this.pid}/task/${this.pid}/children`;
    return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number);
  }

  /** How it ended, once it has. */
  ended(ms) {
    return within(this.#ended.promise, 'parley ends', ms);
  }

  /** Ends it in order. An end that is not, or a sanitizer's finding that is not a test's own
   * doing, fails the test. */
  async stop({ hasCrashed = false } = {}) {
    this.signal('SIGTERM');
    try {
      const { code, signal } = await this.ended();
      const end = this.stderr.split('\n').slice(-60).join('\n');
      assert.equal(code, 0, `parley ended with code ${code}, signal ${signal}:\n${end}`);
      if (!hasCrashed) assert.doesNotMatch(this.stderr, /Sanitizer|runtime error/);
    } finally {
      this.child.kill('SIGKILL');
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
