// Observers hear of every exchange, whatever came of it, and no client ever waits for one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { completion } from './support/replies.mjs';
import { newFolder, plugins } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';

async function scene(t, more) {
  const upstream = await Upstream.start();
  upstream.script = (request, reply) => {
    const { model } = request.json;
    if (model === 'broken') return reply.json(500, { error: { message: 'no', type: 'server' } });
    return reply.json(200, completion(request, { content: 'whole' }));
  };
  const folder = newFolder();
  const config = configuration(upstream, { plugins: { folders: [plugins] }, ...more(folder) });
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  t.after(() => upstream.stop());
  const client = sdk(parley);
  const ask = (model = 'm', messages = user('hi')) =>
    client.chat.completions.create({ model, messages });
  const put = (name) => fs.writeFileSync(join(folder, name), '');
  const told = () =>
    fs
      .readFileSync(join(folder, 'told'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number))
      .reduce((sum, [count, dropped]) => [sum[0] + count, sum[1] + dropped], [0, 0]);
  return { upstream, parley, folder, ask, client, put, told };
}

const troubled = (folder) => ({
  observer: [{ name: 'trouble', plugin: 'troubled-observer', folder }],
  observers: { queue_bytes_max: '64KiB', stop_ms: '300ms' },
});

test('the usage log has a line for each exchange, written before the end', async (t) => {
  const { parley, folder, ask, client } = await scene(t, (file) => ({
    observer: [{ name: 'usage', plugin: 'example-observer', file: join(file, 'usage.jsonl') }],
  }));
  await ask();
  await assert.rejects(ask('broken'));
  const stranger = sdk({ url: parley.url, key: 'sk-nobody-000000000000' });
  await assert.rejects(stranger.models.list());
  await parley.stop();
  const text = fs.readFileSync(join(folder, 'usage.jsonl'), 'utf8');
  const lines = text.trim().split('\n').map(JSON.parse);
  assert.equal(lines.length, 3);
  const [good, broken, unknown] = lines;
  assert.equal(good.outcome, 'succeeded');
  assert.equal(good.status, 200);
  assert.equal(good.caller, 'tester');
  assert.equal(good.dialect, 'openai-chat');
  assert.equal(good.model, 'm');
  assert.equal(good.provider, 'up');
  assert.equal(good.account, 'up/main');
  assert.ok(good.input_tokens > 0 && good.output_tokens > 0 && good.total_ms >= 0, text);
  assert.ok(Math.abs(good.started_ms - Date.now()) < 60_000);
  assert.deepEqual([broken.outcome, broken.status], ['failed', 500]);
  assert.deepEqual([unknown.outcome, unknown.status, unknown.attempts], ['refused', 401, 0]);
  assert.ok(!text.includes(parley.key) && !text.includes('whole'), text);
  assert.equal(fs.statSync(join(folder, 'usage.jsonl')).mode & 0o777, 0o600);
  void client;
});

test('a stuck observer holds nobody up; what does not fit is dropped and counted', async (t) => {
  const { parley, put, folder, ask, told } = await scene(t, troubled);
  put('stuck');
  const dropped = parley.next((l) => /an observer is too slow/.test(l.message), 'drops are told');
  const kAsked = 200;
  for (let i = 0; i < kAsked; ++i) await ask();
  const line = await dropped;
  assert.equal(line.observer, 'trouble');
  assert.ok(line.dropped > 0);
  fs.rmSync(join(folder, 'stuck'));
  await parley.stop();
  const [count, missed] = told();
  assert.ok(missed > 0);
  assert.equal(count + missed, kAsked);
});

test('an observer that fails is told of, and goes on', async (t) => {
  const { parley, put, folder, ask, told } = await scene(t, troubled);
  put('failing');
  const failed = parley.next((l) => /an observer failed/.test(l.message), 'the failure is told');
  await ask();
  assert.match((await failed).why, /it is in trouble/);
  fs.rmSync(join(folder, 'failing'));
  await ask();
  await parley.stop();
  assert.deepEqual(told(), [1, 0]);
});

for (const mood of [['stuck'], ['stuck', 'deaf']]) {
  test(`parley ends while an observer is ${mood.join(' and ')}`, async (t) => {
    const { parley, put, ask } = await scene(t, troubled);
    mood.forEach(put);
    await ask();
    await parley.stop();
  });
}

test('an observer is replaced while it is stuck, and what it was told is not lost', async (t) => {
  const { parley, put, folder, ask, told } = await scene(t, troubled);
  put('stuck');
  await ask();
  const { config } = parley;
  const changed = { ...config, log: { ...config.log, level: 'info' } };
  assert.equal((await parley.change(changed)).message, 'configuration changed');
  await ask();
  fs.rmSync(join(folder, 'stuck'));
  await parley.stop();
  assert.deepEqual(told(), [2, 0]);
});
