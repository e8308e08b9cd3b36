// Logins of Claude beside keys: bearers with a beta of their own, tokens that rotate, and what
// happens when they are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley, secret } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };
const kBeta = 'oauth-2025-04-20';
const tokenOf = (headers) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];

async function house(t, { lifeS = 3600, more = [], prepare } = {}) {
  const login = await OAuthServer.start({
    clientId: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
    pkce: true,
    json: true,
    sendsState: true,
    paths: { token: '/v1/oauth/token' },
    reuse: { error: 'invalid_grant', error_description: 'Refresh token not found or invalid' },
    more: () => ({
      account: { uuid: 'u-1', email_address: 'me@example.com' },
      organization: { uuid: 'o-1', name: 'Us' },
    }),
  });
  login.lifeS = lifeS;
  const key = secret('sk-ant');
  const upstream = await Upstream.start({
    credential: (headers) => {
      const proofs = [headers.authorization, headers['x-api-key']].filter(Boolean);
      assert.equal(proofs.length, 1, 'one proof and no other');
      const isKnown = headers['x-api-key'] === key || login.wasGiven(tokenOf(headers));
      return isKnown ? upstream.key : 'none';
    },
  });
  upstream.key = key;
  upstream.refused = 0;
  upstream.script = (request, reply) => {
    const { headers } = request;
    assert.match(headers['anthropic-version'], /^20(23-06-01|26-10-21)$/);
    const token = tokenOf(headers);
    const betas = (headers['anthropic-beta'] ?? '').split(',');
    assert.equal(betas.filter((b) => b === kBeta).length, token ? 1 : 0);
    if (token && !login.isGood(token)) {
      upstream.refused += 1;
      const error = { type: 'authentication_error', message: `invalid bearer token ${token}` };
      return reply.json(401, { type: 'error', error });
    }
    const wire = wires.anthropic;
    const asked = wire.read({ json: request.json, path: '/v1/messages' });
    const answer = { usage: { input: 11, output: 7 }, finish: 'stop', text: 'Good day.' };
    if (!asked.stream) return reply.json(200, wire.whole(asked, answer));
    reply.events();
    for (const event of wire.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  const { access_token, refresh_token } = login.family();
  const document = { access_token, expires_at_ms: Date.now() + lifeS * 1000, refresh_token };
  prepare?.(login);
  const config = configuration(upstream, {
    routing: { policy: 'round-robin', affinity_bytes_max: 0 },
    provider: [
      {
        name: 'claude',
        base_url: upstream.url,
        token_url: `${login.url}/v1/oauth/token`,
        models: ['m-a'],
        account: [{ label: 'me', secret: JSON.stringify(document) }, ...more.map((m) => m(key))],
      },
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
  return { login, upstream, parley, anthropic: clients.anthropic(parley) };
}

test('a login serves clients of all dialects', async (t) => {
  const { upstream, parley } = await house(t);
  for (const make of [clients.anthropic, clients.chat, clients.responses, clients.gemini]) {
    for (const stream of [true, false]) {
      const got = await make(parley).ask('m-a', { ...q, stream, limit: 500 });
      assert.equal(got.text, 'Good day.');
      assert.equal(tokenOf(upstream.last.headers).slice(0, 3), 'at-');
    }
  }
  assert.equal(upstream.refused, 0);
});

test("the client's own betas and names pass", async (t) => {
  const { upstream, parley } = await house(t);
  const body = JSON.stringify({
    model: 'm-a',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'x' }],
  });
  const own = { 'anthropic-beta': 'a-1,b-2', 'user-agent': 'me/1', 'anthropic-version': '2023-06-01' };
  const auth = { 'x-api-key': parley.key, 'content-type': 'application/json' };
  await once(parley.port, 'POST', '/v1/messages', { ...auth, ...own }, body);
  assert.equal(upstream.last.headers['anthropic-beta'], `a-1,b-2,${kBeta}`);
  assert.equal(upstream.last.headers['user-agent'], 'me/1');
  await once(parley.port, 'POST', '/v1/messages', auth, body);
  assert.equal(upstream.last.headers['anthropic-beta'], kBeta);
  assert.match(upstream.last.headers['user-agent'], /^parley\//);
});

test('a login and a key take turns', async (t) => {
  const { upstream, anthropic } = await house(t, {
    more: [(api_key) => ({ label: 'key', api_key })],
  });
  for (let i = 0; i < 6; ++i) assert.equal((await anthropic.ask('m-a', q)).text, 'Good day.');
  const byKey = upstream.requests.all.filter((r) => r.headers['x-api-key']).length;
  assert.equal(byKey, 3);
});

test('three refreshes, each with the token that the last one gave', async (t) => {
  const { login, anthropic } = await house(t, { lifeS: 3 });
  while (login.refreshes().length < 3) {
    assert.equal((await anthropic.ask('m-a', { ...q, stream: true })).text, 'Good day.');
  }
  const used = login.refreshes().map((r) => r.form.get('refresh_token'));
  assert.equal(new Set(used).size, used.length, 'none was used twice');
});

test('a token that is refused is renewed once, and the request made again', async (t) => {
  const { login, upstream, parley } = await house(t);
  const asks = () =>
    [clients.anthropic, clients.chat, clients.responses].map((make, i) =>
      make(parley).ask('m-a', { ...q, stream: i % 2 === 0 }),
    );
  await Promise.all(asks());
  login.forgetAccess();
  for (const reply of await Promise.all(asks())) assert.equal(reply.text, 'Good day.');
  assert.equal(login.refreshes().length, 1, 'one refresh for all');
  assert.ok(upstream.refused >= 1);
});

test('a login that is over is asked about once, and the key serves', async (t) => {
  const { login, parley, anthropic } = await house(t, {
    more: [(api_key) => ({ label: 'key', api_key })],
    prepare: (server) => {
      server.script = (request, reply) =>
        server.say(reply, 400, {
          error: 'invalid_grant',
          error_description: `not found: ${request.form.get('refresh_token')}`,
        });
      server.forgetAccess();
    },
  });
  for (let i = 0; i < 4; ++i) assert.equal((await anthropic.ask('m-a', q)).text, 'Good day.');
  const line = await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  assert.equal(line.why, 'token server: invalid_grant');
  for (let i = 0; i < 4; ++i) assert.equal((await anthropic.ask('m-a', q)).text, 'Good day.');
  assert.equal(login.refreshes().length, 1, 'no storm');
});
