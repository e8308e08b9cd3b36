// nginx and HAProxy with the files that are shipped: only addresses are others.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

import { freePort } from './command.mjs';
import { root } from './parley.mjs';
import { newFolder } from './shelf.mjs';
import { Happenings, within } from './wait.mjs';

const programs = { nginx: '/usr/sbin/nginx', haproxy: '/usr/sbin/haproxy' };
const kShipped = { nginx: 'packaging/nginx/parley.conf', haproxy: 'packaging/haproxy/haproxy.cfg' };

/** Why it cannot be run here, or nothing. */
export function missing(name) {
  try {
    accessSync(programs[name], constants.X_OK);
    return undefined;
  } catch {
    return `no ${programs[name]}; apt-get install ${name === 'nginx' ? 'nginx-light' : name}`;
  }
}

/** The shipped file, whose every address must be found. */
function shipped(name, changes) {
  let text = readFileSync(join(root, kShipped[name]), 'utf8');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${kShipped[name]} does not say ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export class Balancer {
  /** Before the Parleys on these two ports. */
  static async start(t, name, [one, two]) {
    const balancer = new Balancer();
    balancer.name = name;
    balancer.folder = newFolder();
    balancer.port = await freePort();
    balancer.url = `http://127.0.0.1:${balancer.port}`;
    const backends = [
      ['parley-one:8317', `127.0.0.1:${one}`],
      ['parley-two:8317', `127.0.0.1:${two}`],
    ];
    balancer[name](backends);
    const { child } = balancer;
    const ended = new Promise((done) => child.on('close', done));
    balancer.text = '';
    const pieces = new Happenings();
    child.stderr.on('data', (bytes) => {
      balancer.text += bytes;
      pieces.add(String(bytes));
    });
    t.after(async () => {
      child.kill('SIGTERM');
      await within(ended, `${name} ends`);
    });
    await pieces.find(() => /start worker process |Loading success/.test(balancer.text), `${name} starts`);
    return balancer;
  }

  nginx(backends) {
    const site = join(this.folder, 'parley.conf');
    writeFileSync(site, shipped('nginx', [...backends, ['listen 8080;', `listen 127.0.0.1:${this.port};`]]));
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => {
      mkdirSync(join(this.folder, what));
      return `${what}_temp_path ${join(this.folder, what)};`;
    });
    const main = [
      'daemon off; worker_processes 1; error_log stderr notice;',
      process.getuid() === 0 ? 'user root;' : '',
      `pid ${join(this.folder, 'pid')};`,
      'events {}',
      `http { access_log off; ${places.join(' ')} include ${site}; }`,
    ];
    const file = join(this.folder, 'nginx.conf');
    writeFileSync(file, main.join('\n'));
    this.#run(['-e', 'stderr', '-p', this.folder, '-c', file]);
  }

  haproxy(backends) {
    this.socket = join(this.folder, 'admin.sock');
    const file = join(this.folder, 'haproxy.cfg');
    const changes = [
      ...backends,
      ['bind :8080 ', `bind 127.0.0.1:${this.port} `],
      ['stats socket /run/haproxy/admin.sock', `stats socket ${this.socket}`],
    ];
    writeFileSync(file, shipped('haproxy', changes));
    this.#run(['-W', '-db', '-f', file]);
  }

  #run(words) {
    this.child = spawn(programs[this.name], words, { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** What HAProxy answers on its admin socket. */
  async say(command) {
    const socket = net.connect(this.socket);
    socket.end(`${command}\n`);
    let text = '';
    for await (const bytes of socket) text += bytes;
    return text;
  }
}
