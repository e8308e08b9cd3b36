// The servers that stores keep their documents on, each real and of the test's own, and what may
// happen to them: they freeze, end, come back; and a way to them that is slow.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { freePort } from './command.mjs';
import { root, secret } from './parley.mjs';
import { missingPostgres, Postgres } from './postgres.mjs';
import { newFolder } from './shelf.mjs';
import { Happenings, within } from './wait.mjs';

const has = (program) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** A program beside the test, in a group of its own: it is frozen and ended with all it started. */
class Server {
  spawn(words, options = {}) {
    const all = ['--pdeathsig', 'KILL', ...words];
    this.child = spawn('setpriv', all, { detached: true, stdio: ['pipe', 'pipe', 'ignore'], ...options });
    this.lines = new Happenings();
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.add(line));
    this.ended = new Promise((done) => this.child.on('close', done));
  }

  #signal(name) {
    process.kill(-this.child.pid, name);
  }

  freeze() {
    this.#signal('SIGSTOP');
  }

  thaw() {
    this.#signal('SIGCONT');
  }

  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.#signal('SIGKILL');
    await within(this.ended, 'the server ends');
  }
}

/** A bare repository behind git's own HTTP server. */
export class GitServer extends Server {
  static missing = has('git') && has('python3') ? undefined : 'no git or no python3 here';

  token = secret('git');
  folder = newFolder();
  remote = join(this.folder, 'store.git');
  #clones = 0;

  static async start(t) {
    const server = new GitServer();
    server.git(server.folder, 'init', '-q', '--bare', '-b', 'main', server.remote);
    server.port = await freePort();
    t.after(() => server.kill());
    await server.run();
    return server;
  }

  async run() {
    const script = join(root, 'tests/conformance/store/git_http.py');
    this.spawn(['python3', script, this.folder, `parley:${this.token}`], {
      env: { ...process.env, GIT_HTTP_PORT: String(this.port) },
    });
    await this.lines.find((line) => line === String(this.port), 'the git server listens');
  }

  section(port = this.port) {
    return {
      plugin: 'store-git',
      path: join(this.folder, `clone-${++this.#clones}`),
      remote: `http://127.0.0.1:${port}/store.git`,
      token_user: 'parley',
      token: this.token,
      poll_interval_ms: 200,
      timeout_ms: 1000,
    };
  }

  git(folder, ...args) {
    const who = ['-c', 'user.name=Someone', '-c', 'user.email=someone@localhost'];
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };
    return execFileSync('git', ['-C', folder, ...who, ...args], { env, encoding: 'utf8' });
  }

  /** Somebody pushes files, by name; null: removed. */
  push(files) {
    const work = join(this.folder, `work-${++this.#clones}`);
    this.git(this.folder, 'clone', '-q', this.remote, work);
    for (const [name, value] of Object.entries(files)) {
      const file = join(work, name);
      mkdirSync(dirname(file), { recursive: true });
      if (value === null) rmSync(file);
      else writeFileSync(file, JSON.stringify(value));
    }
    this.git(work, 'add', '-A');
    this.git(work, 'commit', '-q', '-m', 'by hand');
    this.git(work, 'push', '-q', 'origin', 'HEAD:main');
  }
}

/** moto, which keeps what it has in memory. */
export class S3Server extends Server {
  static missing = has('moto_server') && has('curl') ? undefined : 'no moto_server or no curl here';

  static async start(t) {
    const server = new S3Server();
    server.port = await freePort();
    t.after(() => server.kill());
    await server.run();
    return server;
  }

  async run() {
    this.spawn(['moto_server', '-H', '127.0.0.1', '-p', String(this.port)]);
    const retry = ['--retry', '60', '--retry-connrefused', '--retry-delay', '1'];
    const bucket = `http://127.0.0.1:${this.port}/parley-test`;
    const curl = spawn('curl', ['-sSf', ...retry, '-X', 'PUT', bucket], { stdio: 'ignore' });
    await within(new Promise((done) => curl.on('close', done)), 'the bucket is made', 60_000);
  }

  section(port = this.port) {
    return {
      plugin: 'store-s3',
      bucket: 'parley-test',
      endpoint: `http://127.0.0.1:${port}`,
      access_key: 'access',
      secret_key: 'secret',
      poll_interval_ms: 200,
      timeout_ms: 1000,
    };
  }
}

class PostgresServer {
  static missing = missingPostgres();

  static async start(t) {
    const server = new PostgresServer();
    server.database = await Postgres.start(t);
    server.port = server.database.port;
    return server;
  }

  section(port = this.port) {
    const url = this.database.url.replace(`:${this.port}/`, `:${port}/`);
    return { plugin: 'store-postgres', url, poll_interval_ms: 200, timeout_ms: 1000 };
  }

  freeze() {
    this.database.freeze();
  }

  thaw() {
    this.database.thaw();
  }

  kill() {
    return this.database.kill();
  }

  run() {
    return this.database.run();
  }
}

export const servers = { git: GitServer, postgres: PostgresServer, s3: S3Server };

/** A way to a port on which whatever comes back takes its time. */
export class SlowWay {
  delayMs = 0;
  #sockets = new Set();

  static async start(t, port) {
    const way = new SlowWay();
    const server = net.createServer((near) => way.#join(near, net.connect(port, '127.0.0.1')));
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    way.port = server.address().port;
    t.after(() => {
      server.close();
      for (const socket of way.#sockets) socket.destroy();
    });
    return way;
  }

  #join(near, far) {
    const later = (what) => setTimeout(what, this.delayMs); // deadline: it is slow
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    near.on('close', () => far.destroy());
    near.pipe(far);
    far.on('data', (bytes) => later(() => near.write(bytes)));
    far.on('close', () => later(() => near.end()));
  }
}
