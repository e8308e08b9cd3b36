// A command of the real program, alone or under a pseudo terminal, as a person would run it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { binary } from './parley.mjs';
import { toml } from './toml.mjs';
import { defer, Happenings, within } from './wait.mjs';

/** A port that nobody listens on. */
export async function freePort() {
  const server = net.createServer();
  await new Promise((yes) => server.listen(0, '127.0.0.1', yes));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** A configuration and a state folder that commands and servers share. */
export class Desk {
  commands = [];

  constructor(config) {
    this.folder = mkdtempSync(join(tmpdir(), 'parley-desk-'));
    this.state = join(this.folder, 'state');
    this.file = join(this.folder, 'parley.toml');
    this.configure(config);
  }

  configure(config) {
    this.config = config;
    writeFileSync(this.file, toml(config), { mode: 0o600 });
  }

  /** Begins a command. With `pty` it has a terminal, and `type` is a keyboard. */
  begin(args, { pty = false, env = {} } = {}) {
    const command = new Command(this, args, pty, env);
    this.commands.push(command);
    return command;
  }

  /** Runs one to its end, which must have this status. */
  async run(args, status = 0, options = {}) {
    const command = this.begin(args, options);
    assert.equal(await command.ended(), status, command.text);
    return command;
  }

  /** Everything that any command has said. */
  get text() {
    return this.commands.map((c) => c.text).join('\n');
  }

  clear() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

class Command {
  text = '';
  stdout = '';
  #pieces = new Happenings();
  #ended = defer();

  constructor(desk, args, pty, env) {
    // Nothing of the caller's configuration, screen or connection may leak in.
    const leaks = /^(PARLEY_|SSH_|DISPLAY$|WAYLAND_DISPLAY$)/;
    const clean = Object.entries(process.env).filter(([k]) => !leaks.test(k));
    const all = ['--config', desk.file, '--state', desk.state, ...args];
    const line = [binary, ...all].map(quoted).join(' ');
    const [program, rest] = pty ? ['script', ['-qefc', line, '/dev/null']] : [binary, all];
    this.child = spawn(program, rest, {
      env: { ...Object.fromEntries(clean), HOME: desk.folder, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin.on('error', () => {}); // it may have ended before it was typed to
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (bytes) => {
        this.text += bytes;
        if (stream === this.child.stdout) this.stdout += bytes;
        this.#pieces.add(bytes);
      });
    }
    this.child.on('error', (error) => this.#ended.reject(error));
    this.child.on('close', (code, signal) => {
      this.#ended.resolve(code ?? signal);
      this.#pieces.add('');
    });
    if (!pty) this.child.stdin.end();
  }

  /** What the first group of the pattern fits, once it has been said. */
  async says(pattern) {
    try {
      await this.#pieces.find(() => pattern.test(this.text), `it says ${pattern}`);
    } catch (error) {
      error.message += `\n${this.text}`;
      throw error;
    }
    return this.text.match(pattern)[1];
  }

  type(text) {
    this.child.stdin.write(text);
  }

  async ended() {
    const status = await within(this.#ended.promise, 'the command ends');
    assert.doesNotMatch(this.text, /Sanitizer|runtime error/);
    return status;
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}
