// Vertex AI by service accounts: signed assertions, access tokens that are renewed ahead of their
// end and once for all who wait, and what clients hear when there is none.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import OpenAI from 'openai';

import { clients } from './support/clients.mjs';
import { startVertex, TokenServer } from './support/google.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { compose, Connection, once } from './support/raw.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };

/** A Parley before a Vertex AI and a token server of its own. */
async function house(t, { accounts = {}, account, more = [], models = ['m-v'], prepare } = {}) {
  const tokens = await TokenServer.start();
  prepare?.(tokens);
  const upstream = await startVertex(tokens);
  const config = configuration(upstream, {
    server: { threads: 2 },
    limits: { drain_ms: '1s' }, // some tests end while a token is asked for
    accounts: { refresh_retry_min_ms: 100, refresh_retry_max_ms: 200, ...accounts },
    provider: [
      {
        name: 'vertex',
        plugin: 'gemini',
        vertex: true,
        base_url: upstream.url,
        models,
        account: [
          account ?? { label: 'robot', secret: JSON.stringify(tokens.key(), null, 2) },
          ...more,
        ],
      },
    ],
  });
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
    await tokens.stop();
    const secrets = [...tokens.pem.split('\n').slice(1, -2), ...tokens.tokens.keys(), parley.key];
    secrets.push(...tokens.requests.all.map((r) => new URLSearchParams(r.text).get('assertion')));
    for (const secret of secrets) {
      assert.ok(!parley.stderr.includes(secret), 'a secret is in the log');
      assert.ok(!parley.stdout.includes(secret), 'a secret is on standard output');
    }
  });
  return { tokens, upstream, parley, chat: clients.chat(parley), gemini: clients.gemini(parley) };
}

test('real clients reach Vertex AI with one token', async (t) => {
  const { tokens, upstream, parley, chat, gemini } = await house(t);
  for (const client of [gemini, chat, clients.anthropic(parley), clients.responses(parley)]) {
    for (const stream of [false, true]) {
      const got = await client.ask('m-v', { ...q, stream });
      assert.equal(got.text, 'Good day.');
      assert.equal(got.finish, 'stop');
      assert.deepEqual(got.usage, upstream.usage);
    }
  }
  assert.equal(await gemini.count('m-v', 'Grüezi'), 5);
  const asked = upstream.requests.all.length;
  assert.equal(await clients.anthropic(parley).count('m-v', 'Grüezi'), 5);
  assert.equal(upstream.requests.all.length, asked + 1);
  assert.equal(tokens.requests.all.length, 1);
  assert.equal(upstream.refused, 0);
});

test('counts and vectors are asked for in the form of Vertex AI', async (t) => {
  const { parley, upstream } = await house(t, { models: ['m-v', 'text-embedding-005'] });
  const auth = { 'x-goog-api-key': parley.key, 'content-type': 'application/json' };
  const post = async (path, body) => {
    const reply = await once(parley.port, 'POST', path, auth, JSON.stringify(body));
    return { status: reply.status, json: JSON.parse(reply.body) };
  };
  const content = { role: 'user', parts: [{ text: 'x' }] };
  const generateContentRequest = { model: 'models/m-v', contents: [content] };
  for (const body of [{ generateContentRequest }, { contents: [content] }]) {
    const count = await post('/v1beta/models/m-v:countTokens', body);
    assert.deepEqual(count, { status: 200, json: { totalTokens: 5 } });
  }
  const embed = await post('/v1beta/models/text-embedding-005:embedContent', {
    content: { parts: [{ text: 'x' }] },
  });
  assert.equal(embed.status, 200);
  assert.deepEqual(embed.json.embedding.values, [0.25, -0.5]);
  const openai = new OpenAI({ baseURL: `${parley.url}/v1`, apiKey: parley.key, maxRetries: 0 });
  const vectors = await openai.embeddings.create({
    model: 'text-embedding-005',
    input: ['x', 'y'],
  });
  assert.deepEqual(
    vectors.data.map((one) => one.embedding),
    [
      [0.25, -0.5],
      [0.25, -0.5],
    ],
  );
  assert.equal(vectors.usage.prompt_tokens, 8);
  const predicted = await post('/v1beta/models/m-v:predict', { instances: [] });
  assert.deepEqual(predicted.json, { predictions: [] });
  assert.equal(upstream.requests.all.length, 5);
});

test('a key in a file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-key-'));
  t.after(() => rm(folder, { recursive: true }));
  const secret_file = join(folder, 'key.json');
  const { gemini } = await house(t, {
    account: { secret_file },
    prepare: (tokens) => writeFileSync(secret_file, JSON.stringify(tokens.key()), { mode: 0o600 }),
  });
  assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
});

test('all who wait at the start get the one token', async (t) => {
  const waiting = [];
  const { tokens, gemini, chat } = await house(t, {
    prepare: (server) => (server.script = (request, reply) => waiting.push(reply)),
  });
  const asked = Array.from({ length: 24 }, (_, i) => (i % 2 ? gemini : chat).ask('m-v', q));
  await tokens.requests.count(1, 'a request for a token');
  tokens.grant(waiting[0]);
  for (const reply of await Promise.all(asked)) assert.equal(reply.text, 'Good day.');
  assert.equal(tokens.requests.all.length, 1);
});

test('a token is renewed ahead of its end, once, and nobody waits for that', async (t) => {
  const { tokens, upstream, gemini } = await house(t, { prepare: (s) => (s.lifeS = 5) });
  assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
  // The second refresh hangs: the first token serves until it is over.
  const held = [];
  tokens.script = (request, reply) => held.push(reply);
  while (tokens.requests.all.length < 2) {
    const all = await Promise.all(Array.from({ length: 8 }, () => gemini.ask('m-v', q)));
    for (const reply of all) assert.equal(reply.text, 'Good day.');
  }
  const before = upstream.requests.all.length;
  assert.equal((await gemini.ask('m-v', q)).text, 'Good day.', 'waits for no renewal');
  assert.equal(upstream.last.headers.authorization.slice(7), [...tokens.tokens.keys()][0]);
  assert.equal(upstream.requests.all.length, before + 1);
  tokens.script = (request, reply) => tokens.grant(reply, 3600);
  tokens.grant(held[0], 3600);
  const second = [...tokens.tokens.keys()][1];
  while (upstream.last.headers.authorization.slice(7) !== second) {
    assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
  }
  assert.equal(tokens.requests.all.length, 2, 'one refresh for all');
  assert.equal(upstream.refused, 0);
});

test('a token that is refused is renewed once, and the request made again', async (t) => {
  const { tokens, upstream, gemini, chat } = await house(t);
  const asks = () => [
    gemini.ask('m-v', { ...q, stream: true }),
    chat.ask('m-v', q),
    gemini.ask('m-v', q),
  ];
  await Promise.all(asks());
  assert.equal(tokens.requests.all.length, 1);
  tokens.revokeAll();
  for (const reply of await Promise.all(asks())) assert.equal(reply.text, 'Good day.');
  assert.equal(tokens.requests.all.length, 2, 'one refresh for all who were refused');
  assert.ok(upstream.refused >= 1);
  // Again within accounts.refresh_again_ms: the refusal is told, and no token asked for.
  tokens.revokeAll();
  const told = (error) => {
    assert.equal(error.status, 502);
    assert.match(error.message, /the upstream refuses it, though it is new/);
    return true;
  };
  await Promise.all(asks().map((asked) => assert.rejects(asked, told)));
  assert.equal(tokens.requests.all.length, 2);
});

test('where one account has no token, another one serves', async (t) => {
  const gone = await TokenServer.start();
  gone.script = (request, reply) => gone.say(reply, 400, { error: 'invalid_grant' });
  t.after(() => gone.stop());
  const { parley, gemini, tokens } = await house(t, {
    more: [{ label: 'gone', secret: JSON.stringify(gone.key()) }],
  });
  await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  for (let i = 0; i < 6; ++i) assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
  assert.equal(gone.requests.all.length, 1);
  assert.equal(tokens.requests.all.length, 1);
});

test('no token at the start: clients hear why, and are served once there is one', async (t) => {
  const { tokens, upstream, parley, gemini, chat } = await house(t, {
    prepare: (s) => (s.script = (request, reply) => s.say(reply, 500, 'oops')),
  });
  await parley.lines.find((l) => l.message === 'refresh failed', 'a refresh fails');
  const failed = (error) => {
    assert.equal(error.status, 502);
    assert.match(error.message, /account vertex\/robot: no usable secret: token server: HTTP 500/);
    return true;
  };
  await assert.rejects(gemini.ask('m-v', q), failed);
  await assert.rejects(chat.ask('m-v', { ...q, stream: true }), failed);
  assert.equal(upstream.requests.all.length, 0);
  await tokens.close();
  const refused = (l) => l.message === 'refresh failed' && /refused/.test(l.why);
  await parley.lines.find(refused, 'nobody listens');
  await assert.rejects(gemini.ask('m-v', q), { status: 502 });
  tokens.script = (request, reply) => tokens.grant(reply);
  await tokens.open();
  await parley.lines.find((l) => l.message === 'secret refreshed', 'a refresh');
  assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
  assert.equal((await chat.ask('m-v', { ...q, stream: true })).text, 'Good day.');
});

test('a server that hangs or talks nonsense', async (t) => {
  const { tokens, parley, gemini } = await house(t, {
    accounts: { op_call_ms: 300, refresh_wait_ms: 5000 },
    prepare: (s) => (s.script = () => {}),
  });
  await assert.rejects(gemini.ask('m-v', q), (error) => {
    assert.equal(error.status, 504);
    assert.match(error.message, /timed out/);
    return true;
  });
  tokens.script = (request, reply) => tokens.say(reply, 200, '<html>garbage</html>');
  await parley.lines.find((l) => /no access token/.test(l.why), 'nonsense is refused');
  await assert.rejects(gemini.ask('m-v', q), { status: 502 });
  tokens.script = (request, reply) => {
    reply.writeHead(302, { location: `${tokens.url}?again` });
    reply.end();
  };
  await parley.lines.find((l) => /HTTP 302/.test(l.why), 'redirects are not followed');
  tokens.script = (request, reply) => tokens.grant(reply);
  await parley.lines.find((l) => l.message === 'secret refreshed', 'a refresh');
  assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
});

test('a request gives up on a token in time, and a client may leave before', async (t) => {
  const { tokens, parley, gemini } = await house(t, {
    accounts: { refresh_wait_ms: 1000 },
    prepare: (s) => (s.script = () => {}),
  });
  await tokens.requests.count(1, 'a request for a token');
  const late = gemini.ask('m-v', q);
  const leaving = await Connection.open(parley.port);
  const body = JSON.stringify({ model: 'm-v', messages: [{ role: 'user', content: 'x' }] });
  const auth = { authorization: `Bearer ${parley.key}` };
  await leaving.write(compose('POST', '/v1/chat/completions', auth, body));
  leaving.close();
  await parley.exchange({ status: 499 });
  await assert.rejects(late, (error) => {
    assert.equal(error.status, 504);
    assert.match(error.message, /accounts\.refresh_wait_ms/);
    return true;
  });
  assert.equal(tokens.requests.all.length, 1);
});

test('a key that was deleted is asked about once', async (t) => {
  const { tokens, parley, gemini } = await house(t, {
    prepare: (s) => {
      const refusal = { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
      s.script = (request, reply) => s.say(reply, 400, refusal);
    },
  });
  const line = await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  assert.equal(line.account, 'vertex/robot');
  assert.match(line.why, /invalid_grant: Invalid JWT Signature/);
  for (let i = 0; i < 5; ++i) {
    await assert.rejects(gemini.ask('m-v', q), (error) => {
      assert.equal(error.status, 502);
      assert.match(error.message, /invalid_grant: Invalid JWT Signature/);
      return true;
    });
  }
  assert.equal(tokens.requests.all.length, 1, 'no storm');
});

for (const minutes of [15, -15]) {
  test(`the token server's clock is ${minutes} minutes away`, async (t) => {
    const { gemini, tokens } = await house(t, { prepare: (s) => (s.skewMs = minutes * 60_000) });
    assert.equal((await gemini.ask('m-v', q)).text, 'Good day.');
    assert.ok(tokens.requests.all.length <= 2);
  });
}
