// Standard input, output and error as scripts leave them: closed, full, or a pipe whose reader went.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { binary } from './support/parley.mjs';
import { until, within } from './support/wait.mjs';

const run = promisify(execFile);

/** A Parley that a shell starts, with what it does to its streams; found by its own status. */
async function start(t, streams, ...args) {
  const home = mkdtempSync(join(tmpdir(), 'parley-streams-'));
  const env = { HOME: home, PATH: process.env.PATH, PARLEY_SERVER__LISTEN: '127.0.0.1:0' };
  if (process.env.ASAN_OPTIONS) env.ASAN_OPTIONS = process.env.ASAN_OPTIONS;
  const child = spawn('bash', ['-c', `exec "$0" "$@" ${streams}`, binary, ...args], { env });
  const over = new Promise((done) => child.on('close', (code, signal) => done(code ?? signal)));
  t.after(async () => {
    child.kill('SIGTERM');
    assert.equal(await within(over, 'it ends'), 0);
    rmSync(home, { recursive: true });
  });
  const ask = async (...words) => {
    const { stdout } = await run(binary, words, { env });
    return stdout;
  };
  const answers = () => ask('status').then(() => true, () => false);
  await until(true, 'it answers', answers);
  const healthy = async () => {
    const { addresses } = JSON.parse(await ask('status', '--json'));
    return (await fetch(`http://${addresses[0]}/healthz`)).status;
  };
  return { child, ask, healthy };
}

test('with all of them closed, nothing else takes their numbers', async (t) => {
  const { child, healthy } = await start(t, '<&- >&- 2>&-', '--no-supervisor');
  for (const stream of [0, 1, 2]) {
    assert.equal(readlinkSync(`/proc/${child.pid}/fd/${stream}`), '/dev/null');
  }
  assert.equal(await healthy(), 200);
});

test('who reads the log may leave: supervisor and worker go on', async (t) => {
  const { child, ask, healthy } = await start(t, '');
  const worker = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const before = worker();
  child.stderr.destroy();
  child.stdout.destroy();
  await ask('upgrade'); // of which both have something to tell
  const isRelieved = () => worker().trim() !== '' && !worker().includes(before.trim());
  await until(true, 'another worker serves', isRelieved);
  assert.equal(child.exitCode, null);
  assert.equal(child.signalCode, null);
  assert.equal(await healthy(), 200);
});

test('a command whose output could not be written has failed', async () => {
  const words = `"${binary}" reference > /dev/full`;
  await assert.rejects(run('bash', ['-c', words]), (error) => {
    assert.equal(error.code, 1);
    assert.match(error.stderr, /standard output cannot be written/);
    return true;
  });
});
