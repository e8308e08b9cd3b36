// Qwen by login: tokens that are renewed and rotated, requests that go where each grant says, and
// DashScope by key.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };
const tokenOf = (headers) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];

/** The API of a place: takes the tokens that the server has given. */
async function startApi(login, at = '/v1/chat/completions') {
  const api = await Upstream.start({
    credential: (headers) => (login.wasGiven(tokenOf(headers)) ? api.key : 'none'),
  });
  api.refused = 0;
  api.script = (request, reply) => {
    assert.equal(request.url, at);
    if (!login.isGood(tokenOf(request.headers))) {
      api.refused += 1;
      const error = { message: 'invalid access token', type: 'invalid_request_error' };
      return reply.json(401, { error: { ...error, code: 'invalid_api_key' } });
    }
    const asked = wires.chat.read(request);
    const answer = { usage: { input: 11, output: 7 }, finish: 'stop', text: 'Good day.' };
    if (!asked.stream) return reply.json(200, wires.chat.whole(asked, answer));
    reply.events();
    for (const event of wires.chat.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  return api;
}

/** A login server, the API, and a Parley with one account whose token is over. */
async function house(t, { lifeS = 3600, prepare, more } = {}) {
  const login = await OAuthServer.start({
    clientId: 'client-1',
    pkce: true,
    scope: 'openid profile email model.completion',
    reuse: { error: 'invalid_request', error_description: 'Invalid refresh token' },
    more: () => ({ resource_url: login.resource }),
  });
  login.lifeS = lifeS;
  const api = await startApi(login);
  login.resource = api.url;
  const family = login.family();
  const secret = { ...family, expires_at_ms: 1_600_000_000_000, resource_url: api.url, kept: 1 };
  prepare?.({ login, api, secret });
  const parley = await Parley.start(
    configuration(undefined, {
      server: { threads: 2 },
      accounts: { refresh_retry_min_ms: 100, refresh_retry_max_ms: 200 },
      provider: [
        {
          name: 'qwen',
          models: ['m-q'],
          client_id: 'client-1',
          device_url: `${login.url}/device`,
          token_url: `${login.url}/token`,
          account: [{ label: 'me', secret: JSON.stringify(secret) }, ...(more ?? [])],
        },
      ],
    }),
  );
  api.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await api.stop();
    await login.stop();
    login.mustNotStandIn(parley.stderr, 'in the log');
    login.mustNotStandIn(parley.stdout, 'on standard output');
  });
  return { login, api, parley, secret };
}

test('real clients are served with a fresh token', async (t) => {
  const { login, api, parley } = await house(t);
  for (const make of [clients.chat, clients.anthropic, clients.gemini, clients.responses]) {
    for (const stream of [false, true]) {
      assert.equal((await make(parley).ask('m-q', { ...q, stream })).text, 'Good day.');
    }
  }
  assert.equal(login.refreshes().length, 1);
  assert.equal(api.refused, 0);
});

test('three refreshes, each with the token that the last one brought', async (t) => {
  const { login, api, parley } = await house(t, { lifeS: 3 });
  const chat = clients.chat(parley);
  while (login.refreshes().length < 3) {
    const all = await Promise.all([1, 2, 3, 4].map(() => chat.ask('m-q', q)));
    for (const reply of all) assert.equal(reply.text, 'Good day.');
  }
  const used = login.refreshes().map((r) => r.form.get('refresh_token'));
  assert.equal(new Set(used).size, used.length);
  assert.equal(api.refused, 0);
});

test('requests follow the address that a refresh tells', async (t) => {
  let other;
  const { login, api, parley } = await house(t, { lifeS: 3 });
  other = await startApi(login, '/a/path/v1/chat/completions');
  t.after(() => other.stop());
  const chat = clients.chat(parley);
  assert.equal((await chat.ask('m-q', q)).text, 'Good day.');
  assert.equal(api.requests.all.length, 1);
  login.resource = `${other.url}/a/path/`;
  while (other.requests.all.length === 0) {
    assert.equal((await chat.ask('m-q', q)).text, 'Good day.');
  }
});

test('an address that is not safe is never sent a token', async (t) => {
  const { parley } = await house(t, {
    prepare: ({ login }) => (login.resource = 'http://192.0.2.1'),
  });
  const line = await parley.lines.find((l) => l.message === 'refresh failed', 'a refusal');
  assert.match(line.why, /resource_url: "http:\/\/192.0.2.1\/v1" is not an https address/);
});

test('a token that is refused is renewed once, and the request made again', async (t) => {
  const { login, api, parley } = await house(t);
  const chat = clients.chat(parley);
  assert.equal((await chat.ask('m-q', q)).text, 'Good day.');
  login.forgetAccess();
  const both = [chat.ask('m-q', q), chat.ask('m-q', { ...q, stream: true })];
  for (const reply of await Promise.all(both)) assert.equal(reply.text, 'Good day.');
  assert.equal(login.refreshes().length, 2, 'one refresh for all who were refused');
  assert.ok(api.refused >= 1);
});

test('an empty list of tools does not reach the place', async (t) => {
  const { api, parley } = await house(t);
  const body = { model: 'm-q', tools: [], messages: [{ role: 'user', content: 'Grüezi' }] };
  const headers = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  const options = { method: 'POST', headers, body: JSON.stringify(body) };
  const reply = await fetch(`${parley.url}/v1/chat/completions`, options);
  assert.equal((await reply.json()).choices[0].message.content, 'Good day.');
  delete body.tools;
  assert.equal(api.last.text, JSON.stringify(body));
});

test('a family that is over is asked about once', async (t) => {
  const { login, parley } = await house(t, {
    prepare: ({ secret }) => (secret.refresh_token = 'rt-nobody-knows-this-one'),
  });
  const line = await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  assert.equal(line.account, 'qwen/me');
  assert.match(line.why, /invalid_request: Invalid refresh token/);
  for (let i = 0; i < 4; ++i) {
    await assert.rejects(clients.chat(parley).ask('m-q', q), (error) => {
      assert.equal(error.status, 502);
      assert.match(error.message, /account qwen\/me: no usable secret: token server: invalid_/);
      return true;
    });
  }
  assert.equal(login.refreshes().length, 1, 'no storm');
});

test('a server that is down is asked again, and no token is lost', async (t) => {
  const { login, parley } = await house(t, {
    prepare: ({ login }) => (login.script = (request, reply) => login.say(reply, 503, 'oops')),
  });
  await parley.lines.find((l) => l.message === 'refresh failed', 'a refresh fails');
  login.script = undefined;
  await parley.lines.find((l) => l.message === 'secret refreshed', 'a refresh');
  assert.equal((await clients.chat(parley).ask('m-q', q)).text, 'Good day.');
});

test('with a key, without any login', async (t) => {
  const api = await Upstream.start();
  api.script = (request, reply) => {
    assert.equal(request.url, '/compatible-mode/v1/chat/completions');
    const asked = wires.chat.read(request);
    reply.json(200, wires.chat.whole(asked, { text: 'By key.', finish: 'stop' }));
  };
  const parley = await Parley.start(
    configuration(undefined, {
      provider: [
        {
          name: 'dash',
          plugin: 'qwen',
          base_url: `${api.url}/compatible-mode/v1`,
          models: ['m-q'],
          account: [{ api_key: api.key }],
        },
      ],
    }),
  );
  t.after(async () => {
    await parley.stop();
    await api.stop();
  });
  assert.equal((await clients.chat(parley).ask('m-q', q)).text, 'By key.');
});
