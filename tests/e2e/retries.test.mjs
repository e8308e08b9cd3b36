// How often one client key may have its requests tried again, and what the log says of attempts.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { completion } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';

const upstream = await Upstream.start();
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const keys = { bad: secret('sk-bad'), good: secret('sk-good') };
const callers = ['first', 'second'].map((name) => ({ name, key: secret('sk-client') }));
const parley = await Parley.start(
  configuration(upstream, {
    failover: { retry_percent: 50, retries_saved: 3 },
    routing: { cool_down: false, policy: 'fill-first', affinity_bytes_max: 0 },
    client_key: callers,
    provider: [
      provider(upstream, {
        account: Object.entries(keys).map(([label, api_key]) => ({ label, api_key })),
      }),
    ],
  }),
);
for (const { key } of callers) upstream.mustNotSee(key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const clients = callers.map(({ key }) => sdk({ url: parley.url, key }));
const ask = (client, model) => client.chat.completions.create({ model, messages: user('hi') });

let tries;
beforeEach(() => {
  tries = [];
  upstream.script = (request, reply) => {
    const isBad = request.headers.authorization === `Bearer ${keys.bad}`;
    tries.push(isBad ? 'bad' : 'good');
    if (!isBad) return reply.json(200, completion(request, { content: 'fine' }));
    return reply.json(500, { error: { message: 'broken', type: 'server_error', code: null } });
  };
});

test('what a key has saved up is used up, and earned again by its requests', async () => {
  const [client, other] = clients;
  // The first request cannot earn anything: nothing is missing. Each of the next earns a half.
  for (const model of ['s1', 's2', 's3', 's4', 's5']) await ask(client, model);
  await assert.rejects(ask(client, 's6'), { status: 500 });
  const line = await parley.exchange({ model: 's6' });
  assert.equal(line.retries, 'spent');
  assert.equal(line.attempts, undefined);
  await ask(client, 's7');
  await assert.rejects(ask(client, 's8'), { status: 500 });
  await ask(other, 'o1');
});

test('the log says how each attempt went', async () => {
  await ask(clients[1], 'told');
  const { tried, attempts, account } = await parley.exchange({ model: 'told' });
  assert.equal(attempts, 2);
  assert.equal(account, 'good');
  assert.deepEqual(
    tried.map(({ account: who, status, fault }) => ({ who, status, fault })),
    [
      { who: 'up/bad', status: 500, fault: 'upstream_failed' },
      { who: 'up/good', status: 200, fault: undefined },
    ],
  );
  for (const each of tried) {
    assert.equal(each.model, 'told');
    assert.ok(each.connect_ms <= each.head_ms && each.head_ms <= each.total_ms, JSON.stringify(each));
  }
  assert.ok(tried[1].start_ms >= tried[0].start_ms + tried[0].total_ms);
  assert.equal(tried[1].out_tokens, 12);
  assert.equal(tried[0].content_ms, undefined);
});
