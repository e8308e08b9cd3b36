// docs/writing-a-plugin.md as a reader does it: every command in order in one shell, in an empty
// folder; what it prints is what the page shows, where "..." stands for anything.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { freePort } from './support/command.mjs';
import { Outside } from './support/outside.mjs';
import { binary, root } from './support/parley.mjs';
import { defer, within } from './support/wait.mjs';

/** The fenced blocks that are run or shown, in order. */
function steps(page) {
  const all = [];
  for (const [, kind, text] of page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    if (kind === 'sh') all.push({ command: text, shown: undefined });
    else all.at(-1).shown = text;
  }
  return all;
}

const quoted = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const fits = (shown) => new RegExp(`^${shown.trim().split('...').map(quoted).join('.*')}$`);

/** One shell, which ends when a command fails. */
class Shell {
  #output = '';
  #step = defer();

  constructor(folder, env) {
    this.child = spawn('bash', ['-e', '-o', 'pipefail'], { cwd: folder, env });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (bytes) => this.#heard(String(bytes)));
    }
    this.child.on('close', () => this.#step.reject(new Error(`it ended:\n${this.#output}`)));
  }

  #heard(text) {
    this.#output += text;
    const end = this.#output.indexOf('\n==end==\n');
    if (end >= 0) this.#step.resolve(this.#output.slice(0, end));
  }

  run(command) {
    this.#output = '';
    this.#step = defer();
    this.child.stdin.write(`${command}\necho; echo ==end==\n`);
    return within(this.#step.promise, command, 100000);
  }
}

test('the tutorial does what it says', async (t) => {
  const outside = new Outside();
  await outside.install();
  fs.mkdirSync(join(outside.prefix, 'bin'));
  fs.symlinkSync(binary, join(outside.prefix, 'bin/parley'));
  const folder = join(outside.folder, 'reader');
  fs.mkdirSync(folder, { mode: 0o700 });
  const address = `127.0.0.1:${await freePort()}`;
  const env = { ...outside.env, HOME: folder, PREFIX: outside.prefix, URL: `http://${address}` };
  delete env.CMAKE_PREFIX_PATH;
  const shell = new Shell(folder, { ...env, PARLEY_SERVER__LISTEN: address });
  t.after(() => {
    const file = join(folder, 'parley.pid');
    try {
      if (fs.existsSync(file)) process.kill(Number(fs.readFileSync(file, 'utf8')), 'SIGKILL');
    } catch (error) {
      assert.equal(error.code, 'ESRCH');
    }
    shell.child.stdin.end();
    outside.remove();
  });
  const all = steps(fs.readFileSync(join(root, 'docs/writing-a-plugin.md'), 'utf8'));
  assert.ok(all.length >= 10);
  for (const { command, shown } of all) {
    const printed = (await shell.run(command)).trim();
    if (shown !== undefined) assert.match(printed, fits(shown), command);
  }
});
