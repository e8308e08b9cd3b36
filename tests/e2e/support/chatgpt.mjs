// Strict doubles of ChatGPT's login server and of its backend, which takes the tokens that the
// server has given, and of requests no member that it does not know.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { OAuthServer } from './oauth.mjs';
import { Upstream } from './upstream.mjs';
import { wires } from './wires.mjs';

export const clientId = 'app_EMoamEEZ73f0CkXaXp7hrann';
const kScope = 'openid email profile offline_access';
const kTaken = new Set(`model instructions input tools tool_choice parallel_tool_calls reasoning
  store stream include text prompt_cache_key client_metadata service_tier`.split(/\s+/));

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (headers) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];

export const person = { account: 'acc-1', user: 'user-1', email: 'me@example.com', plan: 'plus' };

const idToken = ({ account, user, email, plan }) =>
  [
    part({ alg: 'RS256' }),
    part({
      sub: user,
      email,
      'https://api.openai.com/auth': {
        chatgpt_account_id: account,
        chatgpt_plan_type: plan,
        chatgpt_user_id: user,
      },
    }),
    'c2ln',
  ].join('.');

/** `port` is where browsers come back to. */
export async function startChatGptLogin(port) {
  const devices = new Map(); // device_auth_id -> {account, verifier}
  const check = (request, names) => {
    assert.equal(request.method, 'POST');
    assert.equal(request.headers['content-type'], 'application/json');
    const json = JSON.parse(request.text);
    assert.deepEqual(Object.keys(json).sort(), names);
    return json;
  };
  const server = await OAuthServer.start({
    clientId,
    pkce: true,
    redirect: (uri) => uri === `http://localhost:${port}/auth/callback`,
    paths: { authorize: '/oauth/authorize', token: '/oauth/token' },
    authorize: {
      response_type: 'code',
      scope: kScope,
      prompt: 'login',
      id_token_add_organizations: 'true',
      codex_cli_simplified_flow: 'true',
    },
    refreshScope: 'openid profile email',
    reuse: { error: { code: 'refresh_token_reused', message: 'Already used.' } },
    more: (family) => ({ id_token: idToken({ ...person, ...family }) }),
    pages: {
      '/api/accounts/deviceauth/usercode': (request, reply) => {
        assert.equal(check(request, ['client_id']).client_id, clientId);
        devices.set('device-1', { polls: 0 });
        server.say(reply, 200, { device_auth_id: 'device-1', user_code: 'ABCD-EFGH', interval: '1' });
      },
      '/api/accounts/deviceauth/token': (request, reply) => {
        const asked = check(request, ['device_auth_id', 'user_code']);
        const device = devices.get(asked.device_auth_id);
        assert.equal(asked.user_code, 'ABCD-EFGH');
        device.polls += 1;
        server.devicePolls = device.polls;
        if (!server.typedBy) return server.say(reply, 403, {});
        const code_verifier = 'v'.repeat(43);
        const challenge = createHash('sha256').update(code_verifier).digest('base64url');
        const redirect = `${server.url}/deviceauth/callback`;
        const authorization_code = server.codeFor(redirect, challenge, server.typedBy);
        server.secrets.push(code_verifier);
        return server.say(reply, 200, {
          authorization_code,
          code_challenge: challenge,
          code_verifier,
        });
      },
    },
  });
  return server;
}

/** The backend: one path to generate, one to compact. */
export async function startChatGpt(login) {
  const upstream = await Upstream.start({
    credential: (headers) => (login.wasGiven(tokenOf(headers)) ? upstream.key : 'none'),
  });
  upstream.refused = 0;
  upstream.usage = { input: 11, output: 7 };
  upstream.script = (request, reply) => {
    const token = tokenOf(request.headers);
    if (!login.isGood(token)) {
      upstream.refused += 1;
      return reply.json(401, { detail: `Could not validate ${token}` });
    }
    const family = { ...person, ...login.accountOf(token) };
    assert.equal(request.headers['chatgpt-account-id'], family.account);
    if (request.url === '/backend-api/codex/responses/compact') {
      return reply.json(200, { id: 'c', object: 'response.compaction', output: [], usage: {} });
    }
    assert.equal(request.url, '/backend-api/codex/responses');
    assert.equal(request.headers.accept, 'text/event-stream');
    const { json } = request;
    for (const name of Object.keys(json)) assert.ok(kTaken.has(name), `unknown member ${name}`);
    assert.equal(json.store, false);
    assert.equal(json.stream, true);
    assert.equal(typeof json.instructions, 'string');
    assert.equal(typeof json.parallel_tool_calls, 'boolean');
    assert.ok(Array.isArray(json.input), 'input is a list');
    assert.ok(json.include.includes('reasoning.encrypted_content'));
    assert.ok(json.input.every((item) => item.role !== 'system'), 'no system turns');
    const wire = wires.responses;
    const asked = wire.read({ json, path: '/v1/responses' });
    const answer = { usage: upstream.usage, finish: 'stop', text: 'Good day.', ...upstream.answer };
    reply.events();
    for (const event of wire.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  return upstream;
}
