// The program is exchanged under load: no stream is cut, nobody refused.
//
// PARLEY_E2E_UPGRADE_SECONDS  how long the streams last that are open all the while
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { Load } from './support/load.mjs';
import { binary, configuration, isSanitized, Parley } from './support/parley.mjs';
import { chunks, kDone } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, tell } from './support/wait.mjs';

const run = promisify(execFile);
const kSeconds = Number(process.env.PARLEY_E2E_UPGRADE_SECONDS ?? 2);
const kOpen = 20;
const kUpgrades = 3;
const kRate = isSanitized ? 20 : 200;
const kWords = ['to', 'be', 'continued'];

const env = { ASAN_OPTIONS: 'handle_segv=0:detect_leaks=0' };

async function scene(t, supervised) {
  const upstream = await Upstream.start();
  const go = defer();
  upstream.script = async (request, reply) => {
    const events = chunks('m', kWords);
    const isLong = /wait/.test(JSON.stringify(request.json.messages));
    reply.events();
    await reply.say(events[0] + events[1]);
    if (isLong) await go.promise;
    for (const event of events.slice(2)) await reply.say(event);
    reply.end(kDone);
  };
  const parley = await Parley.start(configuration(upstream), { supervised, env });
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
  const command = (...args) => run(binary, [...args, ...at], { env: { ...process.env, ...env } });
  return { parley, go, command };
}

test('again and again, under load and with streams that last', async (t) => {
  const { parley, go, command } = await scene(t, true);
  const client = sdk(parley);
  const streams = await Promise.all(
    Array.from({ length: kOpen }, () =>
      client.chat.completions.create({ model: 'm', messages: user('wait'), stream: true }),
    ),
  );
  const load = new Load({
    targets: () => [parley.url],
    rate: kRate,
    key: parley.key,
    body: { model: 'm', messages: user('go'), stream: true },
    isGood: (text) => text.endsWith(kDone) && kWords.every((word) => text.includes(word)),
  });
  load.start();
  await load.last('before', 1);
  for (let i = 0; i < kUpgrades; ++i) {
    const serves = parley.next((l) => l.message === 'upgrade: the new worker serves', 'it serves');
    const { stdout } = await command('upgrade');
    assert.match(stdout, /new workers start/);
    await serves;
    await load.last(`upgrade ${i}`, kSeconds / kUpgrades);
  }
  await load.stop();
  go.resolve();
  for (const stream of streams) assert.equal(textOf(await collect(stream)), kWords.join(''));
  assert.deepEqual(load.failures, []);
  tell(`${kUpgrades} upgrades: ${load.samples.length} streams beside ${kOpen} that lasted, none cut`);
});

test('without a supervisor nobody can do it, and that is said', async (t) => {
  const { command } = await scene(t, false);
  await assert.rejects(command('upgrade'), (error) => /without a supervisor/.test(error.stderr));
});
