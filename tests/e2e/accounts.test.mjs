// Many accounts under one name: who failed is left alone and found again, routes have steps and
// terms, callers have limits.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { chunks, completion, stream } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';

const upstream = await Upstream.start();
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const keys = {};
const account = (label) => ({ label, api_key: (keys[label] ??= secret(`sk-${label}`)) });
const place = (name, more) => provider(upstream, { name, models: [`${name}-*`], ...more });
const caller = (name, more = {}) => ({ name, key: secret('sk-client'), ...more });
const callers = [
  caller('tester'),
  caller('hasty', { requests_per_minute_max: 2 }),
  caller('scoped', { models: ['lone-*'] }),
  caller('leaver', { tokens_per_minute_max: 40 }),
  caller('stayer', { tokens_per_minute_max: 40 }),
];
const route = (model, targets, more = {}) => ({ model, targets, ...more });
const target = (name, model, step = 1) => ({ provider: name, model, step });

const parley = await Parley.start(
  configuration(upstream, {
    server: { show_route: true },
    routing: { cool_down: true, policy: 'fill-first', affinity_bytes_max: 0 },
    client_key: callers,
    provider: [
      place('pair', { account: [account('first'), account('second')] }),
      place('spent', { account: [account('spent1'), account('spent2')] }),
      place('lone', { account: [{ ...account('lone'), headers: ['X-Team: blue'] }] }),
      place('limited', { account: [account('limited')] }),
      place('small', { account: [account('small')] }),
      place('large', { account: [account('large')] }),
    ],
    route: [
      route('grows', [target('small', 's'), target('large', 'l', 2)], {
        next_step_on: ['context_too_long'],
      }),
      route('strict', [target('lone', 'x')], { strict: true }),
      route('lenient', [target('lone', 'x')], { lenient: true }),
      route('usual', [target('lone', 'x')]),
    ],
  }),
);
for (const { key } of callers) upstream.mustNotSee(key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const clientOf = (name) =>
  sdk({ url: parley.url, key: callers.find((c) => c.name === name).key });
const client = clientOf('tester');
const ask = (model, as = client) =>
  as.chat.completions.create({ model, messages: user('hi') }).withResponse();

let tries;
beforeEach(() => {
  tries = [];
});
const labelOf = (request) =>
  Object.keys(keys).find((l) => request.headers.authorization === `Bearer ${keys[l]}`);

/** `faults[label](request, reply)` answers for an account; the others serve. */
function play(faults = {}) {
  upstream.script = (request, reply) => {
    const who = labelOf(request);
    tries.push(who);
    if (faults[who]) return faults[who](request, reply);
    return reply.json(200, completion(request, { content: who }));
  };
}
const limited = (seconds) => (request, reply) =>
  reply.json(
    429,
    { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } },
    { 'retry-after': String(seconds) },
  );
const broken = (request, reply) =>
  reply.json(500, { error: { message: 'broken', type: 'server_error', code: null } });

test('who is limited is left alone, and asked again when its time has come', async () => {
  const kSeconds = 2;
  play({ first: limited(kSeconds) });
  const began = Date.now();
  const { data, response } = await ask('pair-a');
  assert.equal(data.choices[0].message.content, 'second');
  assert.equal(response.headers.get('x-parley-route'), 'pair/second');
  assert.deepEqual(tries, ['first', 'second']);
  play();
  // One request finds out that it is back, but no earlier; then it has its place again.
  for (let inRow = 0; inRow < 3; ) {
    const who = (await ask('pair-a')).data.choices[0].message.content;
    inRow = who === 'first' ? inRow + 1 : 0;
    if (who === 'first') assert.ok(Date.now() - began >= kSeconds * 1000, 'asked too early');
  }
});

test('all are used up: a 429 with the soonest end, without asking anybody', async () => {
  play({ spent1: limited(500), spent2: limited(100) });
  await assert.rejects(ask('spent-a'), OpenAI.RateLimitError);
  assert.equal(tries.length, 2);
  await assert.rejects(ask('spent-a'), (error) => {
    assert.equal(error.status, 429);
    assert.match(error.message, /no account can serve the model "spent-a" now: 2 cooling down/);
    const seconds = Number(error.headers.get('retry-after'));
    assert.ok(seconds > 90 && seconds <= 100, `${seconds} s`);
    assert.equal(error.headers.get('x-should-retry'), 'false');
    return true;
  });
  assert.equal(tries.length, 2);
});

test('the only account is asked however it failed, but for its own limit', async () => {
  play({ lone: broken, limited: limited(100) });
  for (let i = 0; i < 5; ++i) await assert.rejects(ask('lone-a'), { status: 500 });
  assert.equal(tries.length, 5);
  play({ limited: limited(100) });
  assert.equal((await ask('lone-a')).data.choices[0].message.content, 'lone');
  await assert.rejects(ask('limited-a'), { status: 429 });
  await assert.rejects(ask('limited-a'), { status: 429 });
  assert.deepEqual(tries.slice(5), ['lone', 'limited']);
});

test('what is too long for one model goes to the next step, where the route says so', async () => {
  const tooLong = (request, reply) =>
    reply.json(400, {
      error: {
        message: 'too long',
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
      },
    });
  play({ small: tooLong });
  assert.equal((await ask('grows')).data.choices[0].message.content, 'large');
  assert.deepEqual(tries, ['small', 'large']);
  // It is no fault of the account.
  play();
  assert.equal((await ask('grows')).data.choices[0].message.content, 'small');
  await assert.doesNotReject(ask('small-direct'));
});

test('routes are strict, lenient, or say what was lost', async () => {
  play();
  const key = callers[0].key;
  const messages = new Anthropic({ baseURL: parley.url, apiKey: key, maxRetries: 0 });
  const base = { max_tokens: 9, messages: user('hi') };
  const topK = (model) => messages.messages.create({ ...base, model, top_k: 3 }).withResponse();
  const { response } = await topK('usual');
  assert.match(response.headers.get('x-parley-warnings'), /field_dropped;top_k|sampling_dropped/);
  await assert.rejects(topK('strict'), (error) => {
    assert.equal(error.status, 400);
    assert.match(error.message, /top_k: this route is strict/);
    return true;
  });
  await assert.doesNotReject(messages.messages.create({ ...base, model: 'strict' }));
  const served = { type: 'url', url: 'https://mcp.example.com', name: 'm' };
  const mcp = (model) =>
    messages.beta.messages
      .create({ ...base, model, mcp_servers: [served], betas: ['mcp-client-2025-04-04'] })
      .withResponse();
  await assert.rejects(mcp('usual'), { status: 400 });
  const lenient = await mcp('lenient');
  assert.match(lenient.response.headers.get('x-parley-warnings'), /mcp/);
});

test("an account's headers go along, in place of the client's", async () => {
  play();
  const as = { headers: { 'x-team': 'red', 'x-other': 'kept' } };
  const messages = user('hi');
  await client.chat.completions.create({ model: 'lone-a', messages }, as);
  assert.equal(upstream.last.headers['x-team'], 'blue');
  assert.equal(upstream.last.headers['x-other'], 'kept');
});

test('a caller over its limit is told until when', async () => {
  play();
  const hasty = clientOf('hasty');
  await ask('lone-a', hasty);
  await ask('lone-a', hasty);
  await assert.rejects(ask('lone-a', hasty), (error) => {
    assert.equal(error.status, 429);
    assert.match(error.message, /the client key "hasty" is over its limit of 2 requests/);
    const seconds = Number(error.headers.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 60, `${seconds} s`);
    return true;
  });
  assert.equal(tries.length, 2);
  await assert.doesNotReject(ask('lone-a'), 'others are not concerned');
});

test('who leaves before the end, where usage stands, has used what came until then', async () => {
  const model = 'lone-a';
  const words = Array.from({ length: 100 }, (_, i) => `word ${i} `);
  const asks = { model, messages: user('hi'), stream: true, stream_options: { include_usage: true } };
  play({
    lone: async (request, reply) => {
      reply.events();
      await reply.say(chunks(model, words, null).join(''));
      await request.gone;
    },
  });
  const leaver = clientOf('leaver');
  let heard = 0;
  for await (const chunk of await leaver.chat.completions.create(asks)) {
    heard += chunk.choices.length;
    if (heard === 101) break; // and the connection is closed
  }
  await parley.exchange({ caller: 'leaver' });
  await assert.rejects(ask(model, leaver), { status: 429, message: /limit of 40 tokens per minute/ });
  // Who stays has used what the upstream says, 21 of its 40, though more bytes came.
  play({
    lone: (request, reply) => {
      reply.events();
      reply.end(stream(model, words, 'stop', true).join(''));
    },
  });
  const stayer = clientOf('stayer');
  for await (const chunk of await stayer.chat.completions.create(asks)) heard += chunk.choices.length;
  await parley.exchange({ caller: 'stayer' });
  play();
  await assert.doesNotReject(ask(model, stayer));
});

test('what a caller may not ask for is not there for it', async () => {
  play();
  const scoped = clientOf('scoped');
  await assert.rejects(ask('pair-a', scoped), { status: 404 });
  assert.equal(tries.length, 0);
  assert.equal((await ask('lone-a', scoped)).data.choices[0].message.content, 'lone');
  const listed = [];
  for await (const model of scoped.models.list()) listed.push(model.id);
  assert.ok(!listed.includes('grows'), `${listed}`);
  for await (const model of client.models.list()) listed.push(model.id);
  assert.ok(listed.includes('grows'), `${listed}`);
});
