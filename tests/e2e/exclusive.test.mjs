// What may be active only once changes hands under load: clients wait a moment, and none of them
// fails. tests/e2e/plugins/sole.cpp holds a lock while it is active, and notes its life.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { binary, configuration, isSanitized, Parley, provider } from './support/parley.mjs';
import { chunks, completion, kDone } from './support/replies.mjs';
import { newFolder, plugins } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, tell, until } from './support/wait.mjs';

const run = promisify(execFile);
const kId = 'dev.parley.test.sole';
const sole = fs.readFileSync(join(plugins, 'sole.so'));
const variant = (n) => Buffer.concat([sole, Buffer.from(`variant ${n}\n`)]);

/** A Parley with `parts` of the plugin, in a folder where others can take its place. */
async function scene(t, parts, limits = {}) {
  const upstream = await Upstream.start();
  const go = defer();
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return reply.json(200, completion(request, { content: 'whole' }));
    reply.events();
    await reply.say(chunks('m', ['a']).slice(0, 2).join(''));
    await go.promise;
    await reply.say(chunks('m', ['b']).slice(1).join(''));
    reply.end(kDone);
  };
  const folder = newFolder();
  const put = (n) => {
    fs.writeFileSync(join(folder, '.new'), variant(n), { mode: 0o600 });
    fs.renameSync(join(folder, '.new'), join(folder, 'sole.so'));
  };
  put(0);
  const places = [
    provider(upstream, { models: ['m'] }),
    { name: 'sole', models: ['s'], base_url: `${upstream.url}/v1`, folder, account: [{ api_key: upstream.key }] },
  ];
  const config = configuration(upstream, {
    server: { threads: 2 },
    plugins: { folders: [folder], quiet_ms: '20ms', wait_max_ms: '500ms', cool_ms: '100ms', gap_ms: '2s', ...limits },
    provider: parts.includes('sole') ? places : places.slice(0, 1),
    filter: parts.includes('sole-filter') ? [{ name: 'sole-filter', folder }] : [],
    observer: parts.includes('sole-observer') ? [{ name: 'sole-observer', folder }] : [],
  });
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
    for (const part of parts) assert.ok(!fs.existsSync(join(folder, `${part}.broken`)), part);
  });
  const client = sdk(parley);
  const ask = async (model) => {
    const got = await client.chat.completions.create({ model, messages: user('hi') });
    assert.equal(got.choices[0].message.content, 'whole');
  };
  const open = (model) =>
    client.chat.completions.create({ model, messages: user('hi'), stream: true });
  const heard = (message, about = kId) =>
    parley.next((l) => l.message === message && l.plugin === about, `${message} ${about}`);
  const command = async (...args) => {
    const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    return (await run(binary, ['plugin', ...args, ...at], { env })).stdout;
  };
  const life = (part) =>
    fs.readFileSync(join(folder, `${part}.life`), 'utf8').trim().split('\n')
      .map((line) => line.split(' ')).map(([how, count]) => [how, Number(count)]);
  const failing = (part, times) => fs.writeFileSync(join(folder, `${part}.fail`), `${times}\n`);
  return { parley, folder, go, put, ask, open, heard, command, life, failing, client };
}

/** Asks without a pause until it is stopped; how often it was answered. */
function busy(ask, models, count = 8) {
  let over = false;
  let served = 0;
  const clients = Array.from({ length: count }, async (_, i) => {
    for (; !over; ++served) await ask(models[i % models.length]);
  });
  return async () => {
    over = true;
    await Promise.all(clients);
    return served;
  };
}

/** One ends before the next begins, and that has what the one before it had. */
function assertOneByOne(lines) {
  for (const [i, [how, count]] of lines.entries()) {
    assert.equal(how, i % 2 === 0 ? 'begins' : 'ends', `line ${i}`);
    if (i % 2 === 0 && i > 0) assert.equal(count, lines[i - 1][1], `line ${i}`);
  }
}

test('a provider changes hands under load, and no request fails', async (t) => {
  const { parley, go, put, ask, open, heard, life } = await scene(t, ['sole']);
  const stream = await open('m'); // of another provider: nobody waits for it
  const stop = busy(ask, ['s', 'm']);
  const kTimes = isSanitized ? 5 : 20;
  for (let n = 1; n <= kTimes; ++n) {
    const taken = heard('plugin taken over');
    put(n);
    assert.equal((await taken).generation, n + 1);
  }
  const served = await stop();
  const lines = parley.lines.all.filter((l) => l.message === 'exchange');
  for (const line of lines) assert.equal(line.status, 200, JSON.stringify(line));
  const slowest = Math.max(...lines.map((line) => line.total_ms ?? 0));
  tell(`exclusive: ${kTimes} handovers, ${served} requests, none failed, the slowest ${slowest} ms`);
  assertOneByOne(life('sole'));
  assert.equal(life('sole').length, 2 * kTimes + 1);
  assert.ok(life('sole').at(-1)[1] > kTimes);
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'ab');
});

test('a stream that outlasts the gap keeps the one that it began with, which is told', async (t) => {
  const { folder, go, put, ask, open, heard, command, life } = await scene(t, ['sole'], { gap_ms: '200ms' });
  const stream = await open('s');
  const stop = busy(ask, ['s', 'm'], 4);
  const refused = heard('plugin refused');
  put(1);
  const why = /"sole" may be active only once, and \d+ exchanges? still uses? it after plugins\.gap_ms/;
  assert.match((await refused).why, why);
  assert.match(await command('status'), why);
  assert.deepEqual(life('sole'), [['begins', 0]]);
  await assert.rejects(command('load', join(folder, 'sole.so')), (e) => why.test(e.stderr));
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'ab');
  await command('load', join(folder, 'sole.so'));
  await stop();
  assertOneByOne(life('sole'));
  assert.equal(life('sole').length, 3);
  assert.doesNotMatch(await command('status'), /refused/);
});

test('one that does not begin leaves its place to the one before it', async (t) => {
  const { put, ask, heard, life, failing } = await scene(t, ['sole']);
  const stop = busy(ask, ['s', 'm'], 4);
  failing('sole', 1);
  const refused = heard('plugin refused');
  put(1);
  assert.match((await refused).why, /"sole": activate: it does not want to begin$/);
  await ask('s');
  assertOneByOne(life('sole'));
  assert.equal(life('sole').length, 3);
  // Neither the new one nor the old one, which then gets another life.
  failing('sole', 2);
  const again = heard('plugin refused');
  put(2);
  assert.match((await again).why, /does not want to begin; and the one before it does not begin again: /);
  await ask('s');
  await stop();
  assert.equal(life('sole').length, 5);
  const taken = heard('plugin taken over');
  put(3);
  await taken;
  await ask('s');
  assert.equal(life('sole').length, 7);
});

test('a change of other things is none of its business, and of its settings it is', async (t) => {
  const parts = ['sole', 'sole-filter', 'sole-observer'];
  const { parley, go, ask, open, life } = await scene(t, parts);
  const stop = busy(ask, ['s', 'm'], 4);
  const { config } = parley;
  const [up, own] = config.provider;
  await parley.change({ ...config, provider: [{ ...up, models: ['m', 'n'] }, own] });
  await ask('n');
  for (const part of parts) assert.equal(life(part).length, 1, part);
  const heard = await parley.change({ ...config, provider: [up, { ...own, base_url: `${own.base_url}/` }] });
  assert.equal(heard.message, 'configuration changed');
  await ask('s');
  assertOneByOne(life('sole'));
  assert.equal(life('sole').length, 3);
  const twice = [up, own, { ...own, name: 'other', plugin: 'sole' }];
  const { message, why } = await parley.change({ ...config, provider: twice });
  assert.equal(message, 'configuration refused');
  assert.match(why, /provider\[2\]: may be active only once \(PARLEY_COMPONENT_EXCLUSIVE\), as "sole" it is/);
  await stop();
  const latest = { ...config, provider: [up, { ...own, base_url: `${own.base_url}/` }] };
  // Away, and there again before its last exchange is over.
  const stream = await open('s');
  await parley.change({ ...config, provider: [up], filter: [], observer: [] });
  await assert.rejects(ask('s'), /not served here|404/);
  await parley.change(latest);
  await ask('s');
  assert.equal(life('sole').length, 3);
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'ab');
  for (const part of parts) assertOneByOne(life(part));
});

test('filters and observers change hands, and each exchange is told of once', async (t) => {
  const parts = ['sole-filter', 'sole-observer'];
  const { parley, put, ask, heard, life } = await scene(t, parts);
  const stop = busy(ask, ['m'], 4);
  for (let n = 1; n <= 5; ++n) {
    const taken = heard('plugin taken over');
    put(n);
    await taken;
  }
  await stop();
  const count = () => parley.lines.all.filter((l) => l.message === 'exchange').length;
  await until(true, 'all are logged', () => count() > 0);
  await parley.stop();
  for (const part of parts) {
    assertOneByOne(life(part));
    assert.equal(life(part).length, 12, part);
  }
  assert.equal(life('sole-observer').at(-1)[1], count());
});
