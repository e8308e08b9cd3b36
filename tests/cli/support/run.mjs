// Runs a coding tool in one shot, in a home of its own, and ends all that it started.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { within } from '../../e2e/support/wait.mjs';

const kLimitMs = 60_000;

/** A scratch folder: `home`, and within it `work`, where the tool is to work. */
export function scratch() {
  const home = mkdtempSync(join(tmpdir(), 'parley-cli-'));
  const work = join(home, 'work');
  mkdirSync(work);
  return { home, work, remove: () => rmSync(home, { recursive: true, force: true }) };
}

function surroundings({ home }, more) {
  return {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    TMPDIR: home,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    CI: '1',
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
    ...more,
  };
}

function end(group) {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // All of it has ended by itself.
  }
}

/** -> {code, out, err} once it has ended; `wrong` rejects when it need not go on. */
export async function run(tool, { url, key, model, prompt, folders, wrong }) {
  const { args, env, files = {} } = tool.prepare(url, key, model);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folders.home, name)), { recursive: true });
    writeFileSync(join(folders.home, name), text);
  }
  const [program, ...first] = tool.program;
  const child = spawn(program, [...first, ...args, prompt], {
    cwd: folders.work,
    env: surroundings(folders, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own
  });
  const heard = { out: '', err: '' };
  child.stdout.on('data', (bytes) => (heard.out += bytes));
  child.stderr.on('data', (bytes) => (heard.err += bytes));
  const ended = new Promise((yes, no) => child.on('error', no).on('exit', (code) => yes(code)));
  try {
    const code = await within(Promise.race([ended, wrong]), `${program} ends`, kLimitMs);
    return { code, ...heard };
  } catch (error) {
    error.message += `\nstdout: ${heard.out}\nstderr: ${heard.err}`;
    throw error;
  } finally {
    if (child.pid) end(child.pid);
  }
}
