// An attempt that fails before its client has seen anything is followed by another, with another
// account, and the client never knows. What fails behind that point is told to it.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, beforeEach, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { chunks, completion, kDone, stream } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, within } from './support/wait.mjs';

const keys = [secret('sk-first'), secret('sk-second'), secret('sk-third')];
const upstream = await Upstream.start();
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const nobody = net.createServer().listen(0, '127.0.0.1'); // a port that nobody listens on
await new Promise((done) => nobody.once('listening', done));
const refusing = `http://127.0.0.1:${nobody.address().port}/v1`;
await new Promise((done) => nobody.close(done));

const account = (i) => ({ label: ['first', 'second', 'third'][i], api_key: keys[i] });
const start = (failover) =>
  Parley.start(
  configuration(upstream, {
    upstream: { head_ms: 500, content_ms: 500, idle_ms: 500 },
    failover,
    routing: { policy: 'round-robin', affinity_bytes_max: 0 }, // each account is the first one in turn
    provider: [
      provider(upstream, { models: ['two-*'], account: [account(0), account(1)] }),
      provider(upstream, { name: 'lone', models: ['lone-*'], account: [account(0)] }),
      provider(upstream, { name: 'many', models: ['many-*'], account: [0, 1, 2].map(account) }),
      { name: 'dead', plugin: 'openai', base_url: refusing, models: ['none'], account: [account(2)] },
    ],
    route: [
      {
        model: 'refused',
        targets: [
          { provider: 'dead', model: 'x' },
          { provider: 'lone', model: 'lone-x' },
        ],
      },
    ],
  }),
);
const parley = await start({});
const hasty = await start({ gate_ms: 0 });
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await hasty.stop();
  await upstream.stop();
});
const chat = sdk(parley);
const messages = new Anthropic({ baseURL: parley.url, apiKey: parley.key, maxRetries: 0 });

const limited = { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' };
const broken = { message: 'the server had an error', type: 'server_error', code: null };

// What the first account does. `whole`: also to requests that ask for no stream.
const kFaults = {
  '429 with retry-after': {
    whole: true,
    play: (request, reply) => reply.json(429, { error: limited }, { 'retry-after': '7' }),
  },
  '429 without': { whole: true, play: (request, reply) => reply.json(429, { error: limited }) },
  500: { whole: true, play: (request, reply) => reply.json(500, { error: broken }) },
  503: { whole: true, play: (request, reply) => reply.json(503, { error: broken }) },
  529: { whole: true, play: (request, reply) => reply.json(529, { error: broken }) },
  401: {
    whole: true,
    play: (request, reply) =>
      reply.json(401, { error: { message: 'bad key', type: 'invalid_request_error', code: 'invalid_api_key' } }),
  },
  '402, no money': {
    whole: true,
    play: (request, reply) =>
      reply.json(402, { error: { message: 'no credit', type: 'insufficient_quota', code: 'insufficient_quota' } }),
  },
  'an HTML page as 502': {
    whole: true,
    play: (request, reply) =>
      reply.json(502, '<html><body>bad gateway</body></html>', { 'content-type': 'text/html' }),
  },
  'cut before the head': { whole: true, play: (request, reply) => reply.cut() },
  'no head in time': { whole: true, play: () => {} },
  'wrong JSON': { whole: true, play: (request, reply) => reply.json(200, '{"choices": [{"ind') },
  'slow first token': {
    play: async (request, reply) => {
      reply.events();
      await reply.say(chunks('m', [])[0]); // a role, and then nothing
    },
  },
  'cut before content': {
    play: async (request, reply) => {
      reply.events();
      await reply.say(chunks('m', [])[0]);
      reply.cut();
    },
  },
  'reset before content': {
    play: async (request, reply) => {
      reply.events();
      await reply.say(chunks('m', [])[0]);
      reply.reset();
    },
  },
  'an error event in a 200': {
    play: async (request, reply) => {
      reply.events();
      await reply.say(`data: ${JSON.stringify({ error: broken })}\n\n`);
      reply.end();
    },
  },
  'overloaded behind the first frames': {
    play: async (request, reply) => {
      reply.events();
      await reply.say(chunks('m', [])[0]);
      const error = { ...broken, code: 'server_is_overloaded' };
      await reply.say(`data: ${JSON.stringify({ error })}\n\n`);
      reply.end();
    },
  },
};

let tries; // the keys that asked, in their order
beforeEach(() => {
  tries = [];
});
const whoAsks = (request) => request.headers.authorization.replace('Bearer ', '');

/** The first account that asks meets the fault, the others are served. */
const failFirst = (play) => (request, reply) => {
  const who = whoAsks(request);
  if (!tries.includes(who)) tries.push(who);
  if (who === tries[0]) return play(request, reply);
  if (!request.json.stream) return reply.json(200, completion(request, { content: 'saved' }));
  reply.events();
  reply.write(stream('m', ['sav', 'ed'], 'stop').join(''));
  return reply.end();
};

const kClients = {
  relayed: {
    whole: async (model) =>
      (await chat.chat.completions.create({ model, messages: user('hi') })).choices[0].message.content,
    stream: async (model) =>
      textOf(
        await collect(
          await chat.chat.completions.create({ model, messages: user('hi'), stream: true }),
        ),
      ),
  },
  translated: {
    whole: async (model) =>
      (await messages.messages.create({ model, max_tokens: 9, messages: user('hi') })).content[0].text,
    stream: async (model) =>
      messages.messages.stream({ model, max_tokens: 9, messages: user('hi') }).finalText(),
  },
};

let serial = 0;
for (const [fault, { play, whole }] of Object.entries(kFaults)) {
  for (const [kind, client] of Object.entries(kClients)) {
    for (const form of whole ? ['whole', 'stream'] : ['stream']) {
      test(`${fault}: ${kind}, ${form}: another account answers`, async () => {
        upstream.script = failFirst(play);
        const model = `two-${++serial}`;
        assert.equal(await within(client[form](model), 'the answer'), 'saved');
        assert.equal(tries.length, 2);
        const line = await parley.exchange({ model });
        assert.equal(line.status, 200);
        assert.equal(line.level, 'info');
        assert.equal(line.attempts, 2);
        assert.equal(line.tried.length, 2);
        assert.ok(line.tried[0].fault, JSON.stringify(line.tried));
        assert.equal(line.tried[1].status, 200);
      });
    }
  }
}

test('a place that nobody is at: the next target answers', async () => {
  upstream.script = (request, reply) => {
    tries.push(whoAsks(request));
    reply.json(200, completion(request, { content: 'saved' }));
  };
  // Whoever's turn it is.
  for (let i = 0; i < 4; ++i) assert.equal(await kClients.relayed.whole('refused'), 'saved');
  assert.equal(tries.length, 4);
});

const kOfTheRequest = {
  400: [400, { message: 'no such field', type: 'invalid_request_error', code: null }],
  'too long': [400, { message: 'too long', type: 'invalid_request_error', code: 'context_length_exceeded' }],
  413: [413, { message: 'too large', type: 'invalid_request_error', code: null }],
};
for (const [what, [status, error]] of Object.entries(kOfTheRequest)) {
  for (const [kind, client] of Object.entries(kClients)) {
    test(`${what} is the client's to hear, ${kind}: nobody else is asked`, async () => {
      upstream.script = failFirst((request, reply) => reply.json(status, { error }));
      await assert.rejects(client.whole(`two-${++serial}`), { status });
      assert.equal(tries.length, 1);
    });
  }
}

test('all accounts fail: the client hears it once all were asked, none twice', async () => {
  upstream.script = (request, reply) => {
    tries.push(whoAsks(request));
    reply.json(503, { error: broken });
  };
  await assert.rejects(kClients.relayed.whole('many-fail'), { status: 503 });
  assert.equal(tries.length, 3);
  assert.equal(new Set(tries).size, 3);
});

test('behind content nobody else is asked: the client hears of the failure', async () => {
  const before = upstream.requests.all.length;
  upstream.script = async (request, reply) => {
    reply.events();
    await reply.say(chunks('m', ['half']).slice(0, 2).join(''));
    reply.cut();
  };
  await assert.rejects(kClients.relayed.stream('two-half'), OpenAI.APIError);
  await assert.rejects(kClients.translated.stream('two-halves'), Anthropic.APIError);
  assert.equal(upstream.requests.all.length - before, 2); // one for each
});

test('frames without content are held back no longer than the gate says', async () => {
  const shown = defer();
  upstream.script = failFirst(async (request, reply) => {
    reply.events();
    await reply.say(chunks('m', [])[0]);
    await shown.promise;
    reply.cut();
  });
  const body = { model: 'two-gated', messages: user('hi'), stream: true };
  const asked = await sdk(hasty).chat.completions.create(body);
  const events = asked[Symbol.asyncIterator]();
  const first = await within(events.next(), 'the frame behind the gate');
  assert.equal(first.value.choices[0].delta.role, 'assistant');
  shown.resolve();
  await assert.rejects(within(events.next(), 'the failure'), OpenAI.APIError);
  assert.equal(tries.length, 1);
});

test('a client that leaves ends it all: nobody else is asked', async () => {
  upstream.script = failFirst(() => {});
  const controller = new AbortController();
  const asked = chat.chat.completions.create(
    { model: 'two-left', messages: user('hi') },
    { signal: controller.signal },
  );
  await upstream.requests.find((r) => r.json?.model === 'two-left', 'the request');
  controller.abort();
  await assert.rejects(asked, OpenAI.APIUserAbortError);
  const line = await parley.exchange({ model: 'two-left' });
  assert.equal(line.status, 499);
  assert.equal(tries.length, 1);
});
