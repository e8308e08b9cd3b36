// Two Parleys on one PostgreSQL are one house: what is changed through one holds in the other, and
// the database may freeze or end under load without anybody noticing.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { answerOf, sdk, user } from './support/house.mjs';
import { Load } from './support/load.mjs';
import { configuration, isSanitized, Parley, provider, secret } from './support/parley.mjs';
import { missingPostgres, Postgres } from './support/postgres.mjs';
import { once } from './support/raw.mjs';
import { completion, kDone, stream } from './support/replies.mjs';
import { command, newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell, until } from './support/wait.mjs';

const kClientKey = secret('sk-client');
const kSoonMs = isSanitized ? 3_000 : 1_000;
// How often each tells the other what was used and who cools down.
const kStateMs = 200;
const kSeconds = Number(process.env.PARLEY_E2E_REPLICAS_SECONDS ?? 4);
const kRate = Number(process.env.PARLEY_E2E_REPLICAS_RATE ?? 200);
const skip = missingPostgres();

const kWords = Array.from({ length: 8 }, (_, i) => `word${i} `);

/** An upstream that knows the keys of three accounts, and says which of them asked. */
async function startUpstream(t) {
  const upstream = await Upstream.start();
  upstream.keys = { main: secret('sk-main'), spare: secret('sk-spare'), other: secret('sk-other') };
  upstream.credential = () => upstream.key;
  upstream.script = async (request, reply) => {
    const { authorization } = request.headers;
    const who = Object.keys(upstream.keys).find((k) => authorization === `Bearer ${upstream.keys[k]}`);
    if (!request.json.stream) return reply.json(200, completion(request, { content: who ?? 'no' }));
    reply.events();
    for (const event of stream('m', kWords, 'stop')) await reply.say(event);
    reply.end();
  };
  upstream.mustNotSee(kClientKey);
  t.after(() => upstream.stop());
  return upstream;
}

/** One, with a word for what is done through it; in place of another one, with that one's state. */
async function startOne(t, config, before) {
  const state = before?.state ?? newFolder();
  const parley = await Parley.start(config, { state });
  parley.state = state;
  parley.run = (...args) => command('--state', parley.state, '--config', parley.file, ...args);
  const stop = parley.stop.bind(parley);
  let isStopped = false;
  parley.stop = async () => {
    if (!isStopped) await stop();
    isStopped = true;
  };
  t.after(() => parley.stop());
  return parley;
}

/** Two of them, each with a state folder of its own. */
async function startTwo(t, config) {
  const two = [];
  for (const replica of ['one', 'two']) {
    two.push(await startOne(t, { ...config, store: { ...config.store, replica } }));
  }
  return two;
}

async function startHouse(t, more = {}) {
  const database = await Postgres.start(t);
  const upstream = await startUpstream(t);
  const config = configuration(upstream, {
    client_key: [{ name: 'tester', key: kClientKey, tokens_per_day_max: 1_000_000_000 }],
    provider: [provider(upstream, { account: [{ label: 'main', api_key: upstream.keys.main }] })],
    log: { level: 'info', exchanges: false },
    ...more,
    store: {
      plugin: 'store-postgres',
      url: database.url,
      poll_interval_ms: 500,
      slow_ms: 500,
      state_ms: `${kStateMs}ms`,
      ...more.store,
    },
  });
  return { database, upstream, two: await startTwo(t, config) };
}

const exported = (upstream, label) => ({
  format: 'parley-accounts/1',
  accounts: [
    {
      provider: 'up',
      label,
      secret: upstream.keys[label],
      prefix: label,
      prefix_required: true,
    },
  ],
});

const status = async (parley) =>
  JSON.parse((await once(parley.port, 'GET', '/readyz', {}, '')).body).status;

async function run(parley, ...args) {
  const done = await parley.run(...args);
  assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}${done.stdout}`);
}

async function addThrough(parley, upstream, label) {
  const file = join(parley.folder, `${label}.json`);
  writeFileSync(file, JSON.stringify(exported(upstream, label)), { mode: 0o600 });
  await run(parley, 'import', '--from', 'parley', file);
}

test('what is done through one holds in the other within a second', { skip }, async (t) => {
  const { upstream, two } = await startHouse(t);
  const [one, other] = two;
  await addThrough(one, upstream, 'spare');
  const served = await until('spare', 'added', () => answerOf(other, 'spare/m'), kSoonMs);
  await run(other, 'account', 'disable', 'up/spare');
  const disabled = await until(404, 'disabled', () => answerOf(one, 'spare/m'), kSoonMs);
  await run(one, 'account', 'enable', 'up/spare');
  await until('spare', 'enabled', () => answerOf(other, 'spare/m'), kSoonMs);
  await run(one, 'account', 'remove', 'up/spare');
  const removed = await until('main', 'removed', () => answerOf(other, 'spare/m'), kSoonMs);
  tell(
    `replicas: added ${served.toFixed()} ms, disabled ${disabled.toFixed()} ms, ` +
      `removed ${removed.toFixed()} ms after the command`,
  );
});

test('a client key that is made or revoked through one is so in the other', { skip }, async (t) => {
  const { two } = await startHouse(t);
  const [one, other] = two;
  const { code, stdout, stderr } = await one.run('key', 'new', 'ann');
  assert.equal(code, 0, stderr);
  const client = sdk(other, { apiKey: stdout.trim() });
  const status = () =>
    client.chat.completions.create({ model: 'm', messages: user('hi') }).then(
      () => 200,
      (error) => error.status,
    );
  const made = await until(200, 'made', status, kSoonMs);
  await run(one, 'key', 'revoke', 'ann');
  const revoked = await until(401, 'revoked', status, kSoonMs);
  tell(`replicas: a key served ${made.toFixed()} ms, was refused ${revoked.toFixed()} ms after the command`);
});

test('what a caller may use of a day is the sum of both', { skip }, async (t) => {
  const { upstream, two } = await startHouse(t, {
    client_key: [{ name: 'tester', key: kClientKey, tokens_per_day_max: 40 }],
    routing: { cool_down: true },
    log: { level: 'info' },
  });
  // Each reply costs 21 tokens, which are counted when the exchange is over.
  const answerAndEnd = async (parley) => {
    const over = parley.next((line) => line.message === 'exchange', 'the exchange is over');
    const answer = await answerOf(parley, 'm');
    await over;
    return answer;
  };
  for (const parley of two) assert.equal(await answerAndEnd(parley), 'main');
  const known = await Promise.all(
    two.map((parley) =>
      until(429, 'the budget of both is used', () => answerAndEnd(parley), kStateMs + kSoonMs),
    ),
  );
  tell(`replicas: the other's use counted after ${Math.max(...known).toFixed()} ms, state_ms ${kStateMs}`);
  assert.ok(upstream.requests.all.length <= 4, 'what is over is over within a few requests');
});

test('an account that cools down in one does so in the other', { skip }, async (t) => {
  const { upstream, two } = await startHouse(t, { routing: { cool_down: true } });
  upstream.script = (request, reply) =>
    request.json.model === 'limited'
      ? reply.json(429, { error: { message: 'slow' } }, { 'retry-after': '500' })
      : reply.json(200, completion(request, { content: 'main' }));
  assert.equal(await answerOf(two[0], 'limited'), 429);
  const asked = upstream.requests.all.length;
  const cools = () => two[1].run('account', 'state').then(({ stdout }) => /limited/.test(stdout));
  const known = await until(true, 'it is known there', cools, kStateMs + kSoonMs);
  tell(`replicas: a cool-down was known there after ${known.toFixed()} ms, state_ms ${kStateMs}`);
  assert.equal(await answerOf(two[1], 'limited'), 429);
  assert.equal(upstream.requests.all.length, asked, 'nobody was asked');
  assert.equal(await answerOf(two[1], 'm'), 'main');
});

/** How often `parley` answers before it refuses, and in which words; each time it is asked slowly. */
async function answersUntilRefused(parley, mostMs) {
  let count = 0;
  let refusal;
  const look = async () => {
    const got = await sdk(parley).chat.completions.create({ model: 'm', messages: user('hi') }).catch((e) => e);
    if (got.status === undefined) count += 1;
    else refusal = got;
    await parley.run('account', 'state'); // deadline: as long as a program takes to start
    return got.status;
  };
  const tookMs = await until(429, 'the limit of both is used', look, mostMs);
  return { count, tookMs, words: refusal.message };
}

test('what a caller may ask of a minute is the sum of both', { skip }, async (t) => {
  const kMost = 60;
  const { two } = await startHouse(t, {
    client_key: [{ name: 'tester', key: kClientKey, requests_per_minute_max: kMost }],
  });
  // Nobody has asked the other one yet.
  const answers = await Promise.all(Array.from({ length: kMost }, () => answerOf(two[0], 'm')));
  assert.deepEqual([...new Set(answers)], ['main']);
  const { count, tookMs, words } = await answersUntilRefused(two[1], kStateMs + 2 * kSoonMs);
  assert.match(words, /requests per minute/);
  assert.ok(count < kMost / 2, `${count} of ${kMost} were let through`);
  tell(`replicas: requests of a minute: the other one let through ${count}, refused after ${tookMs.toFixed()} ms`);
});

test('what a caller may use of a minute is the sum of both', { skip }, async (t) => {
  const kMost = 100_000;
  const { upstream, two } = await startHouse(t, {
    client_key: [{ name: 'tester', key: kClientKey, tokens_per_minute_max: kMost }],
  });
  let tokens = 3 * kMost;
  upstream.script = (request, reply) => {
    const usage = { prompt_tokens: tokens - 1, completion_tokens: 1, total_tokens: tokens };
    reply.json(200, { ...completion(request, { content: 'main' }), usage });
  };
  assert.equal(await answerOf(two[0], 'm'), 'main');
  tokens = 2;
  const { count, tookMs, words } = await answersUntilRefused(two[1], kStateMs + 2 * kSoonMs);
  assert.match(words, /tokens per minute/);
  tell(`replicas: tokens of a minute: the other one let through ${count}, refused after ${tookMs.toFixed()} ms`);
});

test('a database that is away at the start is there soon after it is back', { skip }, async (t) => {
  const kStartMs = 1_000;
  // Who looked for it as for one that served before would come too late for this test.
  const { database, upstream, two } = await startHouse(t, {
    store: { retry_min_ms: '1m', retry_max_ms: '1m', start_ms: `${kStartMs}ms` },
  });
  await addThrough(two[0], upstream, 'spare');
  for (const parley of two) await until('spare', 'it is known', () => answerOf(parley, 'spare/m'));
  await two[0].stop();
  await database.stop();
  // It is the same store, however it is reached.
  const { config } = two[0];
  const one = await startOne(t, { ...config, store: { ...config.store, connections: 2 } }, two[0]);
  const load = new Load({
    targets: () => [one.url, two[1].url],
    rate: kRate,
    key: kClientKey,
    body: { model: 'spare/m', messages: user('go'), stream: true },
    isGood: (text) => text.endsWith(kDone) && kWords.every((word) => text.includes(word)),
  });
  load.start();
  await load.last('away', kSeconds);
  assert.equal(await status(one), 'degraded');
  await load.stop();
  assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} failed`);

  await database.run();
  const [found] = await Promise.all([
    until('ready', 'it is found', () => status(one), kStartMs + kSoonMs),
    run(two[1], 'account', 'disable', 'up/spare'),
  ]);
  const told = await until(404, 'disabled', () => answerOf(one, 'spare/m'), kSoonMs);
  tell(
    `replicas: away at the start for ${kSeconds} s, ${load.times('away').count} streams, 0 failed; found ` +
      `${found.toFixed()} ms after it took connections, a change was there ${told.toFixed()} ms later`,
  );
});

test('another key comes into force while one of them serves at any time', { skip }, async (t) => {
  const [oldKey, newKey] = ['a', 'b'].map((digit) => digit.repeat(64));
  const { database, upstream, two } = await startHouse(t, { store: { encryption_key: oldKey } });
  const documents = () =>
    database.sql("SELECT string_agg(convert_from(value, 'UTF8'), ' ') FROM parley.documents");
  /** Each in turn with another configuration; the other one goes on meanwhile. */
  const turn = async (keys) => {
    for (const i of [0, 1]) {
      await two[i].stop();
      const { encryption_key, old_encryption_key, ...store } = two[i].config.store;
      const config = { ...two[i].config, store: { ...store, ...keys } };
      two[i] = await startOne(t, config, two[i]);
      for (const parley of two) await until('spare', 'it serves', () => answerOf(parley, 'spare/m'));
    }
  };
  await addThrough(two[0], upstream, 'spare');
  await until('spare', 'it is in the other', () => answerOf(two[1], 'spare/m'));
  await turn({ encryption_key: newKey, old_encryption_key: oldKey });
  await addThrough(two[1], upstream, 'other');
  await until('other', 'written with the new key', () => answerOf(two[0], 'other/m'));
  const rekeyed = await two[0].run('store', 'rekey');
  assert.match(rekeyed.stdout, /^\d+ documents?, [1-9]\d* encrypted anew/, rekeyed.stderr);
  await turn({ encryption_key: newKey });
  for (const parley of two) assert.equal(await answerOf(parley, 'other/m'), 'other');
  const verified = await two[1].run('store', 'verify');
  assert.match(verified.stdout, /documents?, 0 broken/);
  for (const key of Object.values(upstream.keys)) assert.ok(!documents().includes(key));
});

test('the database freezes and ends under load, and nobody notices', { skip }, async (t) => {
  const { database, upstream, two } = await startHouse(t);
  await addThrough(two[0], upstream, 'spare');
  await until('spare', 'it is in the other', () => answerOf(two[1], 'spare/m'));
  const load = new Load({
    targets: () => two.map((parley) => parley.url),
    rate: kRate,
    key: kClientKey,
    body: { model: 'spare/m', messages: user('go'), stream: true },
    isGood: (text) => text.endsWith(kDone) && kWords.every((word) => text.includes(word)),
  });
  load.start();
  await load.last('warm', 1);
  await load.last('before', kSeconds);

  database.freeze();
  await load.last('frozen', kSeconds);
  for (const parley of two) assert.equal(await status(parley), 'degraded');
  load.phase = 'between';
  database.thaw();
  for (const parley of two) await until('ready', 'thawed', () => status(parley));

  await database.stop();
  await load.last('gone', kSeconds);
  for (const parley of two) assert.equal(await status(parley), 'degraded');
  load.phase = 'between';
  await database.run();
  const back = await Promise.all(
    two.map((parley) => until('ready', 'it is back', () => status(parley), kSoonMs)),
  );
  await load.last('after', 1);
  await load.stop();

  assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} failed`);
  const before = load.times('before');
  for (const phase of ['frozen', 'gone']) {
    const { count, p50, p99 } = load.times(phase);
    tell(
      `replicas: ${kRate} streams/s, ${phase} for ${kSeconds} s: ${count} streams, 0 failed, ` +
        `p50 ${p50.toFixed(1)} ms (x ${(p50 / before.p50).toFixed(2)} of before), ` +
        `p99 ${p99.toFixed(1)} ms (x ${(p99 / before.p99).toFixed(2)})`,
    );
    // Who waited for the database would do so for hundreds of milliseconds.
    assert.ok(p50 < 3 * before.p50 + 50, `${phase}: p50 ${p50} ms, ${before.p50} ms before`);
  }
  tell(`replicas: reached again ${Math.max(...back).toFixed()} ms after the database took connections`);
  // What was missed is made up for.
  await run(two[1], 'account', 'disable', 'up/spare');
  await until(404, 'disabled', () => answerOf(two[0], 'spare/m'), kSoonMs);
});
