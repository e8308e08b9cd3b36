// A first attempt that says nothing for long gets company: who has content first answers, the other
// one is let go at once, and there are no more of these than were allowed.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, isSanitized, Parley, provider, secret } from './support/parley.mjs';
import { chunks, completion, stream } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, within } from './support/wait.mjs';

const keys = { first: secret('sk-first'), second: secret('sk-second') };
const upstream = await Upstream.start();
upstream.credential = () => upstream.key; // there are two; the scripts look at them
const account = (label) => ({ label, api_key: keys[label] });
const pair = [account('first'), account('second')];
const kHedgeMs = 200;

const start = (failover, more = {}) =>
  Parley.start(
    configuration(upstream, {
      server: { threads: 1, show_route: true },
      failover,
      routing: { policy: 'fill-first', affinity_bytes_max: 0, cool_down: true, failures_min: 1 },
      provider: [
        provider(upstream, { models: ['pair-*'], account: pair }),
        provider(upstream, { name: 'lone', models: ['lone-*'], account: [account('first')] }),
        provider(upstream, { name: 'spare', models: ['spare-*'], account: [account('second')] }),
      ],
      route: [
        { model: 'quick', hedge_ms: kHedgeMs, targets: [{ provider: 'up', model: 'pair-quick' }] },
        {
          model: 'steps',
          targets: [
            { provider: 'lone', model: 'lone-x' },
            { provider: 'spare', model: 'spare-x', step: 2 },
          ],
        },
      ],
      ...more,
    }),
  );
const parley = await start({ hedge_ms: kHedgeMs, hedge_percent: 100, hedges_saved: 10 });
const calm = await start({});
const clock = await start({ hedge_ms: kHedgeMs, hedge_percent: 100 });
for (const each of [parley, calm, clock]) upstream.mustNotSee(each.key);
after(async () => {
  await parley.stop();
  await calm.stop();
  await clock.stop();
  await upstream.stop();
});

let asked; // the labels that asked, in their order
let seen; // their requests
beforeEach(() => {
  asked = [];
  seen = {};
});
const labelOf = (request) =>
  Object.keys(keys).find((l) => request.headers.authorization === `Bearer ${keys[l]}`);

/** What each account does; who has no play serves with its own name. */
const plays = (of) => (request, reply) => {
  const label = labelOf(request);
  if (request.json.model === 'pair-clock') return label === 'first' ? undefined : serve('')(request, reply);
  asked.push(label);
  seen[label] = request;
  if (of[label]) return of[label](request, reply);
  return serve(label)(request, reply);
};
const serve = (text) => (request, reply) => {
  if (!request.json.stream) return reply.json(200, completion(request, { content: text }));
  reply.events();
  return reply.end(stream('m', [text], 'stop', true).join(''));
};
const silence = () => {};

/** By then a second attempt beside one that goes on would have begun: two others have, one after the other. */
async function pastHedge() {
  for (let i = 0; i < 2; ++i) await chat(clock, 'pair-clock');
}
const role = async (request, reply) => {
  reply.events();
  await reply.say(chunks('m', [])[0]); // a role, and then nothing
};

const chat = (of, model, more = {}) =>
  sdk(of).chat.completions.create({ model, messages: user('hi'), ...more });
const text = async (of, model) => (await chat(of, model)).choices[0].message.content;
const streamed = async (of, model) => textOf(await collect(await chat(of, model, { stream: true })));
const messages = new Anthropic({ baseURL: parley.url, apiKey: parley.key, maxRetries: 0 });
const kClients = {
  'relayed, whole': (model) => text(parley, model),
  'relayed, stream': (model) => streamed(parley, model),
  'translated, whole': async (model) =>
    (await messages.messages.create({ model, max_tokens: 9, messages: user('hi') })).content[0].text,
  'translated, stream': (model) =>
    messages.messages.stream({ model, max_tokens: 9, messages: user('hi') }).finalText(),
};

let serial = 0;
const fresh = () => `pair-${++serial}`;

for (const [kind, ask] of Object.entries(kClients)) {
  for (const [how, play] of Object.entries({ 'no head': silence, 'a role alone': role })) {
    if (play === role && kind.includes('whole')) continue;
    test(`${how}: ${kind}: the second answers, the first is let go within 100 ms`, async () => {
      const model = fresh();
      let answered;
      upstream.script = plays({
        first: play,
        second: (request, reply) => {
          answered = performance.now();
          return serve('second')(request, reply);
        },
      });
      assert.equal(await within(ask(model), 'the answer'), 'second');
      assert.deepEqual(asked, ['first', 'second']);
      const left = await within(seen.first.gone, 'the first is let go');
      assert.ok(left - answered < (isSanitized ? 1000 : 100), `after ${left - answered} ms`);
      const line = await parley.exchange({ model });
      assert.equal(line.status, 200);
      assert.equal(line.account, 'second');
      const told = line.tried.map((a) => [a.account, a.fault, a.out_tokens]);
      assert.deepEqual(told, [
        ['up/first', 'cancelled', undefined],
        ['up/second', undefined, 12],
      ]);
      const [one, two] = line.tried;
      assert.ok(two.start_ms - one.start_ms >= kHedgeMs - 50, JSON.stringify(line.tried));
      assert.equal(line.out_tokens, 12, 'one reply is counted, not two');
    });
  }
}

test('the first answers after all: the second is let go', async () => {
  const model = fresh();
  const second = defer();
  upstream.script = plays({
    first: async (request, reply) => {
      await second.promise;
      return serve('first')(request, reply);
    },
    second: () => second.resolve(),
  });
  assert.equal(await within(streamed(parley, model), 'the answer'), 'first');
  await within(seen.second.gone, 'the second is let go');
  const line = await parley.exchange({ model });
  assert.deepEqual(
    line.tried.map((a) => [a.account, a.fault]),
    [
      ['up/second', 'cancelled'],
      ['up/first', undefined],
    ],
  );
  // Nobody is at fault for being slower than another: the first is asked first again.
  upstream.script = plays({});
  assert.equal(await text(parley, model), 'first');
});

test('the reply names who has answered', async () => {
  upstream.script = plays({ first: silence });
  const { response } = await chat(parley, fresh()).withResponse();
  assert.equal(response.headers.get('x-parley-route'), 'up/second');
});

test('who answers in time has no company', async () => {
  upstream.script = plays({});
  assert.equal(await text(parley, fresh()), 'first');
  assert.deepEqual(asked, ['first']);
});

test('a first that fails while both are under way leaves it to the second', async () => {
  const model = fresh();
  const second = defer();
  const failed = defer();
  upstream.script = plays({
    first: async (request, reply) => {
      await second.promise;
      reply.json(500, { error: { message: 'broken', type: 'server_error', code: null } });
      failed.resolve();
    },
    second: async (request, reply) => {
      second.resolve();
      await failed.promise;
      await pastHedge(); // Parley has heard of it
      return serve('second')(request, reply);
    },
  });
  assert.equal(await within(text(parley, model), 'the answer'), 'second');
  const line = await parley.exchange({ model });
  assert.deepEqual(
    line.tried.map((a) => [a.account, a.fault]),
    [
      ['up/first', 'upstream_failed'],
      ['up/second', undefined],
    ],
  );
});

test('both fail: the client hears of it, and each was asked once', async () => {
  const model = fresh();
  const second = defer();
  const broken = { error: { message: 'broken', type: 'server_error', code: null } };
  upstream.script = plays({
    first: async (request, reply) => {
      await second.promise;
      reply.json(500, broken);
    },
    second: (request, reply) => {
      second.resolve();
      reply.json(500, broken);
    },
  });
  await assert.rejects(within(text(parley, model), 'the answer'), { status: 500 });
  assert.deepEqual(asked, ['first', 'second']);
});

test("what is the request's own fault ends both", async () => {
  const model = fresh();
  const second = defer();
  upstream.script = plays({
    first: async (request, reply) => {
      await second.promise;
      reply.json(400, { error: { message: 'bad', type: 'invalid_request_error', code: null } });
    },
    second: () => second.resolve(),
  });
  await assert.rejects(within(text(parley, model), 'the answer'), { status: 400 });
  await within(seen.second.gone, 'the second is let go');
});

test('a client that leaves ends both', async () => {
  const second = defer();
  upstream.script = plays({ first: silence, second: () => second.resolve() });
  const leave = new AbortController();
  const asking = sdk(parley).chat.completions.create(
    { model: fresh(), messages: user('hi') },
    { signal: leave.signal },
  );
  await within(second.promise, 'both are asked');
  leave.abort();
  await assert.rejects(asking);
  for (const label of ['first', 'second']) await within(seen[label].gone, `${label} is let go`);
});

test('behind content there is no second attempt', async () => {
  upstream.script = plays({
    first: async (request, reply) => {
      const [head, content, end] = chunks('m', ['fine']);
      reply.events();
      await reply.say(head + content);
      await pastHedge();
      reply.end(`${end}data: [DONE]\n\n`);
    },
  });
  assert.equal(await streamed(parley, fresh()), 'fine');
  assert.deepEqual(asked, ['first']);
});

/** Has the first account wait so long that a second attempt would have begun. */
const slow = async (request, reply) => {
  await pastHedge();
  return serve('first')(request, reply);
};

test('the next step of a route is for when the first has failed', async () => {
  upstream.script = plays({ first: slow });
  assert.equal(await text(parley, 'steps'), 'first');
  assert.deepEqual(asked, ['first']);
});

test('what belongs to one account is asked of no other', async () => {
  const model = fresh();
  upstream.script = plays({
    first: (request, reply) =>
      reply.json(200, {
        id: 'resp_owned',
        object: 'response',
        created_at: 1_790_000_000,
        status: 'completed',
        model,
        output: [],
        usage: { input_tokens: 9, output_tokens: 12, total_tokens: 21 },
      }),
  });
  await sdk(parley).responses.create({ model, input: 'hi' });
  asked = [];
  const once = upstream.script;
  upstream.script = async (request, reply) => {
    if (request.url.endsWith('/responses')) await pastHedge();
    return once(request, reply);
  };
  await sdk(parley).responses.create({ model, input: 'on', previous_response_id: 'resp_owned' });
  assert.deepEqual(asked, ['first']);
});

test('off by default, and a route may have it of its own', async () => {
  upstream.script = plays({ first: slow });
  assert.equal(await text(calm, fresh()), 'first');
  assert.deepEqual(asked, ['first']);
  upstream.script = plays({ first: silence });
  assert.equal(await within(text(calm, 'quick'), 'the answer'), 'second');
});

test('no more of them than the share allows: one to begin with, then one in four', async (t) => {
  const few = await start({ hedge_ms: kHedgeMs, hedge_percent: 25, hedges_saved: 1 });
  t.after(() => few.stop());
  upstream.script = plays({ first: slow });
  const got = [];
  for (let i = 0; i < 9; ++i) got.push(await text(few, fresh()));
  const kExpected = ['second', 'first', 'first', 'first', 'second', 'first', 'first', 'first', 'second'];
  assert.deepEqual(got, kExpected);
});

test('each is one of the attempts that its client key has saved up', async (t) => {
  const poor = await start({
    hedge_ms: kHedgeMs,
    hedge_percent: 100,
    hedges_saved: 10,
    retries_saved: 1,
    retry_percent: 0,
  });
  t.after(() => poor.stop());
  upstream.script = plays({ first: slow });
  const got = [];
  for (let i = 0; i < 3; ++i) got.push(await text(poor, fresh()));
  assert.deepEqual(got, ['second', 'first', 'first']);
});
