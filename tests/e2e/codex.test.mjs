// Accounts of ChatGPT behind clients of every dialect: what its backend wants of a request, tokens
// that rotate, and what happens when they are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startChatGpt, startChatGptLogin, person } from './support/chatgpt.mjs';
import { clients } from './support/clients.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { Upstream } from './support/upstream.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };

/** The document that a login makes of what a server grants. */
function document({ access_token, refresh_token, expires_in }, who = person) {
  return JSON.stringify({
    access_token,
    expires_at_ms: Date.now() + expires_in * 1000,
    refresh_token,
    account_id: who.account,
    user: who.user,
    email: who.email,
  });
}

async function house(t, { lifeS = 3600, accounts = {}, account = [], prepare } = {}) {
  const login = await startChatGptLogin(1455);
  login.lifeS = lifeS;
  const upstream = await startChatGpt(login);
  const secret = document(login.family());
  prepare?.(login);
  const config = configuration(upstream, {
    accounts: { refresh_retry_min_ms: 100, refresh_retry_max_ms: 200, ...accounts },
    provider: [
      {
        name: 'codex',
        base_url: `${upstream.url}/backend-api/codex`,
        api_base_url: `${upstream.url}/v1`,
        issuer: login.url,
        models: ['m-c'],
        account: [{ label: 'me', secret }, ...account],
      },
    ],
    route: [
      { model: 'm-strict', targets: [{ provider: 'codex', model: 'm-c' }], strict: true },
      { model: 'm-alias', targets: [{ provider: 'codex', model: 'm-c' }] },
    ],
  });
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
    await login.stop();
    login.mustNotStandIn(parley.stderr, 'in the log');
    login.mustNotStandIn(parley.stdout, 'on standard output');
  });
  return { login, upstream, parley, responses: clients.responses(parley) };
}

test('clients of all dialects, in streams and whole', async (t) => {
  const { upstream, parley } = await house(t);
  for (const make of [clients.responses, clients.chat, clients.anthropic, clients.gemini]) {
    for (const stream of [true, false]) {
      const got = await make(parley).ask('m-c', { ...q, stream, limit: 500, temperature: 1 });
      assert.equal(got.text, 'Good day.');
      assert.equal(got.finish, 'stop');
      assert.deepEqual(got.usage, upstream.usage);
      assert.match(upstream.last.text, /Be brief/);
    }
  }
  assert.equal(upstream.refused, 0);
});

test('tools go there and back, also where the reply is put together here', async (t) => {
  const { upstream, responses } = await house(t);
  const call = { id: 'call_1', name: 'look', args: { at: 'it' } };
  upstream.answer = { text: '', calls: [call], finish: 'tool_calls' };
  const tools = [{ name: 'look', description: 'looks', schema: { type: 'object' } }];
  for (const stream of [true, false]) {
    const got = await responses.ask('m-c', { ...q, stream, tools });
    assert.deepEqual(got.calls, [call]);
    const history = { calls: [call], results: [{ id: 'call_1', text: 'seen' }] };
    await responses.ask('m-c', { ...q, stream, tools, history });
    assert.match(upstream.last.text, /"seen"/);
  }
});

test('what is left out is named, what would be another question is refused', async (t) => {
  const { upstream, parley } = await house(t);
  const auth = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  const post = async (path, body) => {
    const reply = await once(parley.port, 'POST', path, auth, JSON.stringify(body));
    return { ...reply, body: reply.body.toString() };
  };
  const input = 'hi';
  for (const stream of [true, false]) {
    const got = await post('/v1/responses', { model: 'm-c', input, stream, temperature: 0.5 });
    assert.equal(got.status, 200, got.body);
    assert.match(got.headers['x-parley-warnings'], /sampling_dropped;temperature/);
    assert.equal(upstream.last.json.temperature, undefined);
  }
  const asked = upstream.requests.all.length;
  const refused = await post('/v1/responses', { model: 'm-c', input, previous_response_id: 'r' });
  assert.equal(refused.status, 400);
  assert.match(refused.body, /previous_response_id: ChatGPT's backend keeps no responses/);
  const counted = await post('/v1/responses/input_tokens', { model: 'm-c', input });
  assert.equal(counted.status, 200);
  assert.ok(JSON.parse(counted.body).input_tokens > 0);
  assert.match(counted.headers['x-parley-warnings'], /token_count_estimated/);
  assert.equal(upstream.requests.all.length, asked, 'none of it was sent');
  const compacted = await post('/v1/responses/compact', { model: 'm-c', input: [] });
  assert.equal(JSON.parse(compacted.body).object, 'response.compaction');
  assert.deepEqual(upstream.last.json, { model: 'm-c', input: [] });
});

test('a strict route refuses what would be left out; an alias is amended as well', async (t) => {
  const { upstream, parley } = await house(t);
  const auth = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  const post = (body) => once(parley.port, 'POST', '/v1/responses', auth, JSON.stringify(body));
  for (const stream of [true, false]) {
    const asked = { model: 'm-strict', input: 'hi', stream };
    const refused = await post({ ...asked, top_p: 0.5 });
    assert.equal(refused.status, 400);
    assert.match(refused.body.toString(), /top_p: this route is strict: sampling_dropped/);
    assert.equal((await post(asked)).status, 200);
  }
  const before = upstream.requests.all.length;
  assert.equal(before, 2);
  await post({ user: 'u', model: 'm-alias', input: 'hi', stream: true });
  assert.equal(upstream.last.json.model, 'm-c');
  assert.equal(upstream.last.json.user, undefined);
});

test("the client's own headers pass, Parley says its own name otherwise", async (t) => {
  const { upstream, parley } = await house(t);
  const auth = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'm-c', input: 'hi', stream: true });
  await once(parley.port, 'POST', '/v1/responses', auth, body);
  assert.match(upstream.last.headers['user-agent'], /^parley\//);
  for (const name of ['originator', 'version', 'openai-beta', 'session_id']) {
    assert.equal(upstream.last.headers[name], undefined, name);
  }
  const own = { 'user-agent': 'me/1', originator: 'me', 'session-id': 's-1' };
  await once(parley.port, 'POST', '/v1/responses', { ...auth, ...own }, body);
  for (const [name, value] of Object.entries(own)) {
    assert.equal(upstream.last.headers[name], value);
  }
});

test('three refreshes, each with the token that the last one gave', async (t) => {
  const { login, responses } = await house(t, { lifeS: 3 });
  while (login.refreshes().length < 3) {
    assert.equal((await responses.ask('m-c', { ...q, stream: true })).text, 'Good day.');
  }
  login.lifeS = 3600;
  await login.requests.count(4, 'a refresh');
  for (let i = 0; i < 3; ++i) await responses.ask('m-c', q);
  const used = login.refreshes().map((r) => r.form.get('refresh_token'));
  assert.equal(new Set(used).size, used.length, 'none was used twice');
});

test('a token that is refused is renewed once, and the request made again', async (t) => {
  const { login, upstream, parley } = await house(t);
  const asks = () =>
    [clients.responses, clients.chat, clients.anthropic].map((make, i) =>
      make(parley).ask('m-c', { ...q, stream: i % 2 === 0 }),
    );
  await Promise.all(asks());
  login.forgetAccess();
  for (const reply of await Promise.all(asks())) assert.equal(reply.text, 'Good day.');
  assert.equal(login.refreshes().length, 1, 'one refresh for all');
  assert.ok(upstream.refused >= 1);
});

test('a login that is over is asked about once', async (t) => {
  const { login, parley, responses } = await house(t, {
    prepare: (server) => {
      server.script = (request, reply) =>
        server.say(reply, 401, {
          error: { code: 'refresh_token_expired', message: request.form.get('refresh_token') },
        });
      server.forgetAccess();
    },
  });
  await assert.rejects(responses.ask('m-c', { ...q, stream: true }), (error) => {
    assert.equal(error.status, 502);
    assert.match(error.message, /token server: refresh_token_expired$/);
    return true;
  });
  const line = await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  assert.equal(line.why, 'token server: refresh_token_expired');
  for (let i = 0; i < 5; ++i) await assert.rejects(responses.ask('m-c', q), { status: 502 });
  assert.equal(login.refreshes().length, 1, 'no storm');
});

test('keys go to the API, beside logins', async (t) => {
  const api = await Upstream.start();
  t.after(() => api.stop());
  const { wires } = await import('./support/wires.mjs');
  api.script = (request, reply) => {
    assert.equal(request.url, '/v1/responses');
    assert.equal(request.json.temperature, 0.5, 'nothing is left out there');
    reply.json(200, wires.responses.whole(request.json, { text: 'By key.', finish: 'stop' }));
  };
  const config = configuration(api, {
    provider: [
      {
        name: 'codex',
        base_url: 'http://127.0.0.1:9/backend-api/codex',
        api_base_url: `${api.url}/v1`,
        models: ['m-c'],
        account: [{ label: 'key', api_key: api.key }],
      },
    ],
  });
  const parley = await Parley.start(config);
  t.after(() => parley.stop());
  const got = await clients.responses(parley).ask('m-c', { ...q, temperature: 0.5 });
  assert.equal(got.text, 'By key.');
});
