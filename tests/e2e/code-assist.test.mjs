// Accounts of people who logged in to Google: their tokens, and Code Assist, which has requests and
// replies in envelopes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { data } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };
const tokenOf = (headers) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];
const wrapped = (json) => ({ response: json, traceId: 'trace-1' });

/** Code Assist: knows its paths, its envelopes, and the tokens that the server has given. */
async function startAssist(login) {
  const assist = await Upstream.start({
    credential: (headers) => (login.wasGiven(tokenOf(headers)) ? assist.key : 'none'),
  });
  assist.refused = 0;
  assist.usage = { input: 11, output: 7 };
  assist.text = 'Good day.';
  assist.script = (request, reply) => {
    const url = new URL(request.url, assist.url);
    const method = url.pathname.match(/^\/v1internal:(\w+)$/)?.[1];
    assert.ok(method, `not a path of Code Assist: ${request.url}`);
    if (!login.isGood(tokenOf(request.headers))) {
      assist.refused += 1;
      const error = { code: 401, message: 'invalid credentials', status: 'UNAUTHENTICATED' };
      return reply.json(401, { error });
    }
    if (method === 'countTokens') {
      assert.deepEqual(Object.keys(request.json), ['request']);
      assert.deepEqual(Object.keys(request.json.request), ['contents']);
      return reply.json(200, { totalTokens: 5 });
    }
    assert.match(method, /^(g|streamG)enerateContent$/);
    assert.deepEqual(Object.keys(request.json), ['model', 'project', 'request']);
    assert.equal(request.json.model, 'm-g');
    assert.equal(request.json.project, 'p-1');
    const wire = wires.gemini;
    const asked = wire.read({ json: request.json.request, path: `/models/m-g:${method}` });
    const answer = { usage: assist.usage, finish: 'stop', text: assist.text };
    if (!asked.stream) return reply.json(200, wrapped(wire.whole(asked, answer)));
    assert.equal(url.search, '?alt=sse');
    reply.events();
    for (const event of wire.stream(asked, answer)) {
      reply.write(data(wrapped(JSON.parse(event.slice('data: '.length)))));
    }
    return reply.end();
  };
  return assist;
}

async function house(t, { lifeS = 3600, prepare, settings, account = {}, more = [] } = {}) {
  const login = await OAuthServer.start({
    clientId: 'client-1',
    clientSecret: 'hush-hush-hush',
    pkce: true,
  });
  login.lifeS = lifeS;
  const assist = await startAssist(login);
  const secret = { ...login.family(), expires_at_ms: 1_600_000_000_000, project_id: 'p-1' };
  prepare?.({ login, assist, secret });
  const parley = await Parley.start(
    configuration(undefined, {
      server: { threads: 2 },
      accounts: { refresh_retry_min_ms: 100, refresh_retry_max_ms: 200 },
      provider: [
        {
          name: 'gemini',
          models: ['m-g'],
          client_id: 'client-1',
          client_secret: '$GOOGLE_CLIENT_SECRET',
          token_url: `${login.url}/token`,
          code_assist_url: assist.url,
          account: [{ label: 'me', secret: JSON.stringify(secret), ...account }, ...more],
          ...settings,
        },
      ],
    }),
    { env: { GOOGLE_CLIENT_SECRET: 'hush-hush-hush' } },
  );
  assist.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await assist.stop();
    await login.stop();
    login.secrets.push('hush-hush-hush');
    login.mustNotStandIn(parley.stderr, 'in the log');
    login.mustNotStandIn(parley.stdout, 'on standard output');
  });
  return { login, assist, parley };
}

test('real clients of all dialects are served, whole and streamed', async (t) => {
  const { login, assist, parley } = await house(t);
  for (const make of [clients.gemini, clients.chat, clients.anthropic, clients.responses]) {
    for (const stream of [false, true]) {
      const got = await make(parley).ask('m-g', { ...q, stream });
      assert.equal(got.text, 'Good day.');
      assert.equal(got.finish, 'stop');
      assert.deepEqual(got.usage, assist.usage);
    }
  }
  assert.equal(await clients.gemini(parley).count('m-g', 'Grüezi'), 5);
  assert.ok((await clients.anthropic(parley).count('m-g', 'Grüezi')) > 0, 'an estimate');
  assert.equal(login.refreshes().length, 1);
  assert.equal(assist.refused, 0);
});

test('of a relayed reply the envelope goes, and not a byte more', async (t) => {
  const { assist, parley } = await house(t);
  const auth = { 'x-goog-api-key': parley.key, 'content-type': 'application/json' };
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Grüezi' }] }] });
  const ask = (method) => once(parley.port, 'POST', `/v1beta/models/m-g:${method}`, auth, body);
  const answer = (text) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
  });
  // Small ones are held until they are whole, large ones come as they come.
  for (const size of [10, 100_000]) {
    const inside = JSON.stringify(answer('é'.repeat(size)), null, 1);
    assist.script = (request, reply) => {
      reply.json(200, `{ "response" : ${inside} ,\n "traceId": "x", "more": {"response": 1}}`);
    };
    const got = await ask('generateContent');
    assert.equal(got.status, 200);
    assert.equal(got.body.toString(), inside);
  }
  const [one, two] = [JSON.stringify(answer('a')), JSON.stringify(answer('b'))];
  assist.script = async (request, reply) => {
    reply.events();
    const wire = `data: {"response": ${one},"traceId": "x"}\r\n\r\ndata: {"traceId":"y","response":${two}}\n\n`;
    for (const piece of wire.match(/.{1,7}/gs)) await reply.say(piece);
    reply.end();
  };
  const got = await ask('streamGenerateContent?alt=sse');
  assert.equal(got.body.toString(), `data: ${one}\r\n\r\ndata: ${two}\n\n`);
});

test('what Code Assist refuses reaches the client in its own words', async (t) => {
  const { assist, parley } = await house(t);
  const error = { code: 400, message: 'no such thing', status: 'INVALID_ARGUMENT' };
  assist.script = (request, reply) => reply.json(400, { error });
  await assert.rejects(clients.gemini(parley).ask('m-g', q), /no such thing/);
  await assert.rejects(clients.chat(parley).ask('m-g', q), { status: 400 });
  assist.script = (request, reply) => {
    reply.events();
    reply.write(data(wrapped({ candidates: [{ content: { parts: [{ text: 'Good' }] } }] })));
    reply.end();
  };
  await assert.rejects(clients.gemini(parley).ask('m-g', { ...q, stream: true }), 'a stream cut');
});

test('three refreshes, and a token that is refused', async (t) => {
  const { login, assist, parley } = await house(t, { lifeS: 3 });
  const chat = clients.chat(parley);
  while (login.refreshes().length < 3) assert.equal((await chat.ask('m-g', q)).text, 'Good day.');
  assert.equal(assist.refused, 0);
  login.lifeS = 3600;
  const isRefreshed = (line, i, all) =>
    all.filter((l) => l.message === 'secret refreshed').length >= 4;
  await parley.lines.find(isRefreshed, 'one more');
  login.forgetAccess();
  assert.equal((await chat.ask('m-g', q)).text, 'Good day.');
});

test('a family that was revoked is asked about once', async (t) => {
  const { login, parley } = await house(t, {
    prepare: ({ secret }) => (secret.refresh_token = 'rt-nobody-knows-this-one'),
  });
  const line = await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  assert.match(line.why, /invalid_grant/);
  await assert.rejects(clients.gemini(parley).ask('m-g', q), { status: 502 });
  assert.equal(login.refreshes().length, 1);
});

test('the client that a document names is the one that renews it', async (t) => {
  const { login, parley } = await house(t, {
    settings: { client_id: '', client_secret: '' },
    prepare: ({ secret }) =>
      Object.assign(secret, { client_id: 'client-1', client_secret: 'hush-hush-hush' }),
  });
  assert.equal((await clients.gemini(parley).ask('m-g', q)).text, 'Good day.');
  assert.equal(login.refreshes().length, 1);
});

test('keys and logins serve side by side', async (t) => {
  const api = await Upstream.start({ credential: (headers) => headers['x-goog-api-key'] });
  t.after(() => api.stop());
  api.script = (request, reply) => {
    assert.equal(request.url, '/v1/models/m-g:generateContent');
    const asked = wires.gemini.read({ json: request.json, path: request.url });
    const usage = { input: 11, output: 7 };
    reply.json(200, wires.gemini.whole(asked, { usage, text: 'By key.', finish: 'stop' }));
  };
  const { parley, assist } = await house(t, {
    settings: { base_url: api.url },
    account: { priority: 1 },
    more: [{ label: 'key', api_key: api.key }],
  });
  const gemini = clients.gemini(parley);
  assert.equal((await gemini.ask('m-g', q)).text, 'Good day.');
  const error = { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' };
  assist.script = (request, reply) => reply.json(429, { error });
  assert.equal((await gemini.ask('m-g', q)).text, 'By key.');
});
