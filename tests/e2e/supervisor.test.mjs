// The supervisor: what crashes is named and replaced, nobody is refused meanwhile, and the program
// is exchanged under way.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import * as hazard from './support/hazard.mjs';
import { ask, calm, folder, plugins, supervised } from './support/hazard.mjs';
import { binary, isSanitized } from './support/parley.mjs';
import { Connection } from './support/raw.mjs';
import { chunks, kDone } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, tell } from './support/wait.mjs';

const upstream = await Upstream.start();
after(() => upstream.stop());

const isCalm = () => loadavg()[0] < cpus().length / 2;
const withHazard = (more) => hazard.withHazard(upstream, more);

/** The process that serves: the supervisor's only child, or the one that is not `other`. */
function workerOf(parley, other) {
  return parley.children().find((pid) => pid !== other);
}

test('a plugin that crashes is named, and others are served at once', async () => {
  upstream.script = calm;
  const parley = await supervised(withHazard({ supervisor: { crashes_max: 0 } }));
  for (const model of ['hazard-null', 'hazard-abort', 'hazard-overflow']) {
    const before = workerOf(parley);
    const named = parley.next((l) => /^worker crashed/.test(l.message ?? ''), 'the crash is told');
    const lost = await ask(parley, model).catch((error) => error);
    assert.notEqual(lost.status, 200);
    // The next one waits in the socket's queue until there is a worker again.
    const begun = performance.now();
    const reply = await ask(parley, 'calm');
    const tookMs = Math.round(performance.now() - begun);
    assert.equal(reply.status, 200);
    tell(`supervisor: after ${model} another model answers within ${tookMs} ms`);
    // What a machine that others use as well takes longer, is not ours.
    if (!isSanitized && isCalm()) assert.ok(tookMs < 300, `${tookMs} ms`);
    assert.notEqual(workerOf(parley), before);
    const line = await named;
    assert.equal(line.plugin, 'hazard.so', JSON.stringify(line));
    assert.equal(line.function, 'plan');
    assert.match(line.sha256, /^[0-9a-f]{64}$/);
  }
  await parley.stop({ hasCrashed: true });
});

for (const [model, times] of [
  ['hazard-leak', 16],
  ['hazard-leak-at-once', 1],
]) {
  test(`a plugin that leaks a gigabyte is named: ${model}`, async () => {
    upstream.script = calm;
    // To fill a gigabyte takes a sanitizer longer than plugins may hold a loop up.
    const stuck_abort_ms = isSanitized ? '5m' : '10s';
    const parley = await supervised(withHazard({ supervisor: { crashes_max: 1, stuck_abort_ms } }));
    const told = parley.next((l) => /takes memory and keeps it/.test(l.message ?? ''), 'who it is');
    // Among requests that are none of its business, which have the supervisor look closely.
    for (let i = 0; i < times; ++i) {
      assert.equal((await ask(parley, 'calm')).status, 200);
      const [other, leaking] = await Promise.all([ask(parley, 'calm'), ask(parley, model)]);
      assert.equal(other.status, 200);
      assert.ok(leaking.status >= 500);
    }
    const line = await told;
    assert.equal(line.plugin, 'hazard.so', JSON.stringify(line));
    assert.equal(line.function, 'plan');
    assert.ok(line.grown_bytes >= 256 * 1024 * 1024, JSON.stringify(line));
    tell(`supervisor: ${model}: told at ${line.grown_bytes >> 20} of ${line.of_bytes >> 20} MiB`);
    // As the system does when there is no more: whoever is at work then, it is this one's doing.
    const named = parley.next((l) => /^worker crashed/.test(l.message ?? ''), 'the crash is told');
    process.kill(workerOf(parley), 'SIGKILL');
    assert.equal((await named).plugin, 'hazard.so');
    assert.equal((await ask(parley, 'calm')).status, 200);
    assert.equal((await ask(parley, 'hazard-null')).status, 404, 'it is in quarantine');
    await parley.stop({ hasCrashed: true });
  });
}

test('an exception is an error of that request alone', async () => {
  const parley = await supervised(withHazard());
  const before = workerOf(parley);
  const reply = await ask(parley, 'hazard-throw');
  assert.ok(reply.status >= 500, `${reply.status}`);
  assert.equal(workerOf(parley), before);
  await parley.stop();
});

test('a plugin that holds a loop up is told of, shown, ended and replaced', async () => {
  upstream.script = calm;
  const supervisor = { slow_call_ms: 100, stuck_dump_ms: 400, stuck_abort_ms: 1500 };
  const parley = await supervised(withHazard({ supervisor, server: { threads: 1 } }));
  const held = parley.next((l) => l.message === 'a plugin holds a loop up', 'it is told of');
  const ended = parley.next((l) => /the worker is ended/.test(l.message ?? ''), 'it is ended');
  const named = parley.next((l) => /^worker crashed/.test(l.message ?? ''), 'the crash is told');
  const lost = ask(parley, 'hazard-loop').catch((error) => error);
  assert.equal((await held).plugin, 'hazard.so');
  assert.equal((await ended).function, 'plan');
  assert.equal((await named).plugin, 'hazard.so');
  assert.notEqual((await lost).status, 200);
  assert.equal((await ask(parley, 'calm')).status, 200);
  assert.match(parley.stderr, /held up, the stack/);
  await parley.stop();
});

/** The same plugin, put into place with other contents. */
function putAnother() {
  const other = readFileSync(hazard.library);
  other.write('goes wrong when asked TO', other.indexOf('goes wrong when asked to'));
  writeFileSync(join(plugins, 'hazard.new'), other, { mode: 0o600 });
  renameSync(join(plugins, 'hazard.new'), join(plugins, 'hazard.so'));
}

test('what crashes too often gives way to what served before it', async (t) => {
  upstream.script = calm;
  t.after(hazard.putLibrary);
  const state = join(folder, 'before');
  const config = withHazard({ supervisor: { crashes_max: 2 } });
  let parley = await supervised(config, { state });
  const taken = parley.next((l) => l.message === 'plugin taken over', 'the other one serves');
  putAnother();
  await taken;
  for (let i = 0; i < 2; ++i) {
    await ask(parley, 'hazard-null').catch(() => {});
    assert.equal((await ask(parley, 'calm')).status, 200);
  }
  // One after the other: the first file has no crashes to answer for.
  assert.ok((await ask(parley, 'hazard-throw')).status >= 500);
  await parley.stop({ hasCrashed: true });

  parley = await supervised(config, { state });
  const refused = await parley.lines.find((l) => l.message === 'plugin refused', 'it is held');
  assert.match(refused.why, /quarantine/);
  assert.ok((await ask(parley, 'hazard-throw')).status >= 500);
  await parley.stop();
});

test('what crashes too often is held, over a restart too, until its file is another one', async () => {
  upstream.script = calm;
  const state = join(folder, 'state');
  const config = withHazard({ supervisor: { crashes_max: 2 } });
  let parley = await supervised(config, { state });
  for (let i = 0; i < 2; ++i) {
    await ask(parley, 'hazard-null').catch(() => {});
    assert.equal((await ask(parley, 'calm')).status, 200);
  }
  const refused = () => parley.lines.find((l) => l.message === 'plugin refused', 'it is held');
  assert.match((await refused()).why, /quarantine: these contents brought the worker down 2 times/);
  assert.equal((await ask(parley, 'hazard-null')).status, 404);
  await parley.stop({ hasCrashed: true });

  parley = await supervised(config, { state });
  assert.match((await refused()).why, /quarantine/);
  await parley.stop();

  putAnother();
  parley = await supervised(config, { state });
  assert.ok((await ask(parley, 'hazard-throw')).status >= 500);
  await parley.stop();
  hazard.putLibrary();
});

test('an upgrade cuts no stream and refuses nobody', async () => {
  const parley = await supervised(withHazard({ limits: { relief_ms: 60_000 } }));
  const before = workerOf(parley);
  const begun = defer();
  const go = defer();
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return calm(request, reply);
    const [first, word, last] = chunks('calm', ['on']);
    reply.events();
    await reply.say(first);
    begun.resolve();
    await go.promise;
    await reply.say(word);
    await reply.say(last + kDone);
    reply.end();
  };
  const stream = ask(parley, 'calm', { stream: true });
  await begun.promise;
  const serves = parley.next((l) => l.message === 'upgrade: the new worker serves', 'it serves');
  const leaves = parley.next((l) => l.message === 'draining', 'the old one knows');
  parley.signal('SIGUSR2');
  // Accepted by the worker that is to leave, and silent until it has been relieved.
  const fresh = await Connection.open(parley.port);
  const used = await Connection.open(parley.port);
  assert.equal((await used.ask('GET', '/healthz')).status, 200);
  // Again and again, from before to after: every one is served.
  let after = 0;
  let isRelieved = false;
  Promise.all([serves, leaves]).then(() => (isRelieved = true));
  while (after < 5) {
    assert.equal((await ask(parley, 'calm')).status, 200);
    if (isRelieved) ++after;
  }
  assert.equal((await fresh.ask('GET', '/healthz')).headers.connection, 'close');
  assert.equal((await used.ask('GET', '/healthz')).headers.connection, 'close');
  assert.ok(existsSync(`/proc/${before}`), 'the old worker finishes its stream');
  assert.notEqual(workerOf(parley, before), undefined);
  go.resolve();
  const reply = await stream;
  assert.equal(reply.status, 200);
  assert.match(reply.body.toString(), /data: \[DONE\]/);
  await parley.stop();
});

test('a relieved worker waits for idle connections as long as it may, not longer', async () => {
  upstream.script = calm;
  const parley = await supervised(withHazard({ limits: { relief_ms: 1 } }));
  const used = await Connection.open(parley.port);
  assert.equal((await used.ask('GET', '/healthz')).status, 200);
  const stopped = parley.next((l) => l.message === 'stopped', 'the old worker stops');
  parley.signal('SIGUSR2');
  assert.equal(await used.ended(), 'fin');
  await stopped;
  assert.equal((await ask(parley, 'calm')).status, 200);
  await parley.stop();
});

test('an upgrade that fails leaves the old worker at work', async () => {
  upstream.script = calm;
  const parley = await supervised(withHazard());
  const before = workerOf(parley);
  const given = parley.next((l) => l.message === 'upgrade: given up, the old worker goes on', 'so');
  parley.write('server = 3\n');
  parley.signal('SIGUSR2');
  await given;
  assert.equal(workerOf(parley), before);
  assert.equal((await ask(parley, 'calm')).status, 200);
  await parley.stop();
});

test('an upgrade starts the program that is on the disk by then', async () => {
  upstream.script = calm;
  const home = join(folder, 'elsewhere');
  mkdirSync(join(home, 'bin'), { recursive: true });
  symlinkSync(resolve(dirname(binary), '../lib'), join(home, 'lib'));
  const program = join(home, 'bin/parley');
  const put = (bytes) => {
    writeFileSync(`${program}.new`, bytes, { mode: 0o700 });
    renameSync(`${program}.new`, program);
  };
  const bytes = readFileSync(binary);
  put(bytes);
  const parley = await supervised(withHazard(), { program });
  const runs = (pid) => statSync(`/proc/${pid}/exe`).ino;
  const first = workerOf(parley);
  assert.equal(runs(first), runs(parley.pid));

  const given = parley.next((l) => l.message === 'upgrade: given up, the old worker goes on', 'so');
  put('#!/bin/false\n');
  parley.signal('SIGUSR2');
  await given;
  assert.equal((await ask(parley, 'calm')).status, 200);

  const serves = parley.next((l) => l.message === 'upgrade: the new worker serves', 'it serves');
  put(Buffer.concat([bytes, Buffer.from('another one\n')]));
  parley.signal('SIGUSR2');
  await serves;
  const second = workerOf(parley, first);
  assert.equal(runs(second), statSync(program).ino);
  assert.notEqual(runs(second), runs(parley.pid), 'the supervisor stays what it was');
  assert.equal((await ask(parley, 'calm')).status, 200);
  // What a worker of another program does says the supervisor as before.
  const named = parley.next((l) => /^worker crashed/.test(l.message ?? ''), 'the crash is told');
  await ask(parley, 'hazard-null').catch(() => {});
  assert.equal((await named).function, 'plan');
  assert.equal((await ask(parley, 'calm')).status, 200);
  await parley.stop({ hasCrashed: true });
});

test('a supervisor that speaks another language is refused in words', async () => {
  const refused = promisify(execFile)(binary, ['serve', '--worker=0,1,99'], { env: hazard.env });
  await assert.rejects(refused, (error) => {
    assert.match(error.stderr, /speaks language 99; this program speaks 1, restart parley/);
    return error.code === 1;
  });
});

test('a worker whose supervisor is killed ends in order', async () => {
  const parley = await supervised(withHazard());
  const stopped = parley.next((l) => l.message === 'stopped', 'the worker stops');
  parley.signal('SIGKILL');
  await stopped;
  await parley.ended(); // once nobody holds its output any more
});

test('a configuration that is no good ends it with its faults', async () => {
  await assert.rejects(supervised('server = 3\n'), /parley ended before it listened: code 1/);
});
