// What upstreams tell of their limits in the heads of their replies decides who is asked next.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { completion } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';

const upstream = await Upstream.start();
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const keys = {};
const account = (label) => ({ label, api_key: (keys[label] ??= secret(`sk-${label}`)) });
const accounts = (...labels) => labels.map(account);
const claude = (name, ...labels) => ({
  name,
  plugin: 'claude',
  base_url: upstream.url,
  key_header: 'authorization',
  models: [`${name}-*`],
  account: accounts(...labels),
});
const parley = await Parley.start(
  configuration(upstream, {
    routing: { cool_down: true, policy: 'headroom', affinity_bytes_max: 0 },
    provider: [
      provider(upstream, { name: 'chat', models: ['chat-*'], account: accounts('a', 'b') }),
      claude('plan', 'p', 'q'),
      claude('crossed', 'v', 'w'),
      claude('spent', 's'),
    ],
  }),
);
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const chat = sdk(parley);
const messages = new Anthropic({ baseURL: parley.url, apiKey: parley.key, maxRetries: 0 });

let asked; // labels, in order
let told; // label -> headers of its replies
beforeEach(() => {
  asked = [];
  told = {};
});
const labelOf = (request) =>
  Object.keys(keys).find((l) => request.headers.authorization === `Bearer ${keys[l]}`);

const message = (request) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: request.json.model,
  content: [{ type: 'text', text: 'hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 12 },
});
const serve = (request, reply) => {
  const who = labelOf(request);
  asked.push(who);
  const whole = request.url.includes('messages')
    ? message(request)
    : completion(request, { content: 'hello' });
  reply.json(200, whole, told[who]);
};

const bucket = (remaining) => ({
  'x-ratelimit-limit-tokens': '1000',
  'x-ratelimit-remaining-tokens': String(remaining),
  'x-ratelimit-reset-tokens': '1m0s',
});
const plan = (used, more = {}) => ({
  'anthropic-ratelimit-unified-5h-utilization': String(used),
  'anthropic-ratelimit-unified-5h-reset': String(Math.ceil(Date.now() / 1000) + 9000),
  'anthropic-ratelimit-unified-7d-utilization': '0.5',
  'anthropic-ratelimit-unified-7d-reset': String(Math.ceil(Date.now() / 1000) + 302_400),
  ...more,
});

const kKinds = {
  'keys, whose limits refill': {
    names: ['a', 'b'],
    ask: () => chat.chat.completions.create({ model: 'chat-1', messages: user('hi') }),
    room: () => bucket(900),
    little: () => bucket(100),
    none: () => bucket(0),
  },
  'plans, whose windows begin anew': {
    names: ['p', 'q'],
    ask: () => messages.messages.create({ model: 'plan-1', max_tokens: 9, messages: user('hi') }),
    room: () => plan(0.1),
    little: () => plan(0.9),
    none: () => plan(1),
  },
  'plans, asked in another dialect': {
    names: ['v', 'w'],
    ask: () => chat.chat.completions.create({ model: 'crossed-1', messages: user('hi') }),
    room: () => plan(0.1),
    little: () => plan(0.9),
    none: () => plan(1),
  },
};
for (const [kind, { names, ask, room, little, none }] of Object.entries(kKinds)) {
  test(`${kind}: the account with room is asked`, async () => {
    upstream.script = serve;
    for (const [roomy, tight] of [names, names.toReversed()]) {
      told = { [roomy]: room(), [tight]: little() };
      // Until both have told.
      for (let i = 0; i < 4; ++i) await ask();
      asked = [];
      for (let i = 0; i < 10; ++i) await ask();
      assert.deepEqual(asked, Array(10).fill(roomy));
      told[roomy] = none();
      await ask();
    }
  });
}

test('a limit that names no wait lasts until the window that is used up begins anew', async () => {
  upstream.script = (request, reply) =>
    reply.json(
      429,
      { type: 'error', error: { type: 'rate_limit_error', message: 'the week is over' } },
      plan(0.2, { 'anthropic-ratelimit-unified-7d-status': 'rejected' }),
    );
  const ask = () =>
    messages.messages.create({ model: 'spent-1', max_tokens: 9, messages: user('hi') });
  await assert.rejects(ask, { status: 429 });
  await assert.rejects(ask, (error) => {
    assert.equal(error.status, 429);
    assert.match(error.message, /1 cooling down/);
    assert.ok(Number(error.headers.get('retry-after')) > 3600, error.headers.get('retry-after'));
    return true;
  });
});
