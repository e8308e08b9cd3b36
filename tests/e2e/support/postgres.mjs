// A PostgreSQL of a test's own: in a temporary folder, on a free port, frozen and stopped by its pid.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort } from './command.mjs';
import { newFolder } from './shelf.mjs';
import { Happenings, within } from './wait.mjs';

const kPrograms = '/usr/lib/postgresql/15/bin';
const isRoot = process.getuid() === 0;

/** Why there can be none here, or nothing. */
export function missingPostgres() {
  try {
    accessSync(join(kPrograms, 'initdb'), constants.X_OK);
    return undefined;
  } catch {
    return `no PostgreSQL 15 in ${kPrograms}; apt-get install postgresql-15`;
  }
}

// PostgreSQL does not run as root. It ends with this process, however that ends.
function asServer(name, ...args) {
  const user = ['--reuid', 'postgres', '--regid', 'postgres', '--init-groups'];
  const all = ['--pdeathsig', 'KILL', ...(isRoot ? user : []), join(kPrograms, name), ...args];
  return ['setpriv', all];
}

const idOf = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));

export class Postgres {
  #frozen = [];

  static async start(t) {
    const server = new Postgres();
    server.folder = newFolder();
    server.data = join(server.folder, 'data');
    writeFileSync(join(server.folder, 'password'), 'right');
    if (isRoot) {
      chownSync(server.folder, idOf('-u'), idOf('-g'));
    }
    const [program, words] = asServer(
      'initdb',
      ...['-D', server.data, '-U', 'parley', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
      ...['--auth-local=trust', '--auth-host=scram-sha-256'],
      `--pwfile=${join(server.folder, 'password')}`,
    );
    execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    server.port = await freePort();
    server.url = `postgresql://parley:right@127.0.0.1:${server.port}/postgres`;
    t.after(() => server.kill());
    await server.run();
    return server;
  }

  async run() {
    const [program, words] = asServer(
      'postgres',
      ...['-D', this.data, '-k', this.folder, '-h', '127.0.0.1', '-p', String(this.port)],
      ...['-c', 'shared_buffers=16MB', '-c', 'lc_messages=C'],
    );
    this.child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const pieces = new Happenings();
    let text = '';
    this.child.stderr.on('data', (bytes) => {
      text += bytes;
      pieces.add(String(bytes));
    });
    this.ended = new Promise((done) => this.child.on('close', done));
    const isUp = () => text.includes('database system is ready to accept connections');
    await pieces.find(isUp, 'postgres answers');
  }

  get #all() {
    const postmaster = this.child.pid;
    const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
    return [postmaster, ...children.split(' ').filter(Boolean).map(Number)];
  }

  /** It takes connections and says nothing more. */
  freeze() {
    this.#frozen = this.#all;
    for (const pid of this.#frozen) process.kill(pid, 'SIGSTOP');
  }

  thaw() {
    for (const pid of this.#frozen) process.kill(pid, 'SIGCONT');
    this.#frozen = [];
  }

  /** In order, and at once: clients are sent away. */
  async stop() {
    process.kill(this.child.pid, 'SIGINT');
    await within(this.ended, 'postgres ends');
  }

  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    for (const pid of this.#all) process.kill(pid, 'SIGKILL');
    await within(this.ended, 'postgres ends');
  }

  /** What a query answers, in lines. */
  sql(text) {
    const at = ['-h', this.folder, '-p', String(this.port), '-U', 'parley', '-d', 'postgres'];
    const words = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', ...at, '-c', text];
    const out = execFileSync(join(kPrograms, 'psql'), words, { encoding: 'utf8' });
    assert.equal(typeof out, 'string');
    return out.trim();
  }
}
