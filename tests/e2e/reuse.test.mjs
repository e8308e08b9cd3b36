// One login that stands in two accounts: servers that rotate take the second use of a refresh token
// for theft and revoke the whole family. Parley asks neither of them again, and says why.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { startChatGptLogin } from './support/chatgpt.mjs';
import { sdk, user } from './support/house.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley, secret } from './support/parley.mjs';
import { command } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';

const kSecret = 'hush-hush-hush';

/** Of each provider: its login server, what a document has beside the tokens, and its addresses. */
const places = {
  claude: {
    login: () =>
      OAuthServer.start({
        clientId: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
        json: true,
        paths: { token: '/v1/oauth/token' },
        reuse: { error: 'invalid_grant', error_description: 'Refresh token not found or invalid' },
      }),
    settings: (login, api) => ({ base_url: api.url, token_url: `${login.url}/v1/oauth/token` }),
  },
  codex: {
    login: () => startChatGptLogin(1455),
    more: { account_id: 'acc-1' },
    settings: (login, api) => ({ base_url: `${api.url}/backend-api/codex`, issuer: login.url }),
  },
  qwen: {
    login: () =>
      OAuthServer.start({
        clientId: 'client-1',
        reuse: { error: 'invalid_request', error_description: 'Invalid refresh token' },
      }),
    settings: (login, api) => ({
      base_url: `${api.url}/v1`,
      client_id: 'client-1',
      token_url: `${login.url}/token`,
      device_url: `${login.url}/device`,
    }),
  },
  iflow: {
    login: async () => {
      const login = await OAuthServer.start({
        clientId: '10009311001',
        clientSecret: kSecret,
        basic: true,
        pages: {
          '/user': (request, reply, url) => {
            const isGood = login.isGood(url.searchParams.get('accessToken'));
            const data = { apiKey: secret('sk-iflow'), email: 'me@example.com' };
            return login.say(reply, 200, isGood ? { success: true, data } : { success: false, code: '40101' });
          },
        },
      });
      return login;
    },
    settings: (login, api) => ({
      base_url: `${api.url}/v1`,
      client_secret: '$CLIENT_SECRET',
      token_url: `${login.url}/token`,
      user_url: `${login.url}/user`,
    }),
  },
  gemini: {
    login: () => OAuthServer.start({ clientId: 'client-1', clientSecret: kSecret }),
    more: { project_id: 'p-1' },
    settings: (login, api) => ({
      code_assist_url: api.url,
      client_id: 'client-1',
      client_secret: '$CLIENT_SECRET',
      token_url: `${login.url}/token`,
    }),
  },
};

for (const [name, place] of Object.entries(places)) {
  test(`${name}: the second use of a refresh token revokes the family, and nobody storms`, async (t) => {
    const login = await place.login();
    const api = await Upstream.start();
    api.credential = () => api.key;
    api.script = (request, reply) =>
      reply.json(401, { error: { message: 'the token is over', code: 401, status: 'UNAUTHENTICATED' } });
    const tokens = { ...login.family(), expires_at_ms: 1_600_000_000_000, ...place.more };
    const account = (label) => ({ label, secret: JSON.stringify(tokens), prefix: label, prefix_required: true });
    const parley = await Parley.start(
      configuration(undefined, {
        accounts: { refresh_retry_min_ms: 50, refresh_retry_max_ms: 100, refresh_again_ms: 50 },
        provider: [
          { name, models: ['m'], account: [account('one'), account('two')], ...place.settings(login, api) },
        ],
      }),
      { env: { CLIENT_SECRET: kSecret } },
    );
    t.after(async () => {
      await parley.stop();
      await api.stop();
      await login.stop();
      login.mustNotStandIn(parley.stderr, 'in the log');
    });
    const over = () => parley.lines.all.filter((l) => l.message === 'account quarantined');
    await parley.lines.find((l) => l.message === 'account quarantined', 'the second one hears of it');
    assert.equal(login.reused, 1, 'the server has seen a token twice');
    // What the first won was of the same family: its upstream refuses it, and so does the server.
    const ask = (label) => sdk(parley).chat.completions.create({ model: `${label}/m`, messages: user('hi') });
    for (const label of ['one', 'two']) await assert.rejects(ask(label), { status: 502 });
    await parley.lines.find(() => over().length === 2, 'so does the first');
    const before = login.refreshes().length;
    assert.ok(before <= 3, `${before} refreshes`);
    for (let i = 0; i < 10; ++i) await assert.rejects(ask(i % 2 ? 'one' : 'two'), { status: 502 });
    assert.equal(login.refreshes().length, before, 'no storm');
    assert.deepEqual(over().map((l) => l.account).sort(), [`${name}/one`, `${name}/two`]);
    for (const { why } of over()) assert.match(why, /^token server: /);
    login.reused = 0; // it was meant to be
  });
}

test('accounts that need a new login say so: to clients, in the list, and to who asks why', async (t) => {
  const login = await places.qwen.login();
  const api = await Upstream.start();
  const unknown = (label) => ({
    label,
    secret: JSON.stringify({ access_token: `at-${label}`, refresh_token: `rt-${label}`, expires_at_ms: 1 }),
  });
  const parley = await Parley.start(
    configuration(undefined, {
      provider: [
        {
          name: 'qwen',
          models: ['m'],
          account: [unknown('one'), unknown('two')],
          ...places.qwen.settings(login, api),
        },
      ],
    }),
  );
  t.after(async () => {
    await parley.stop();
    await api.stop();
    await login.stop();
  });
  const isOver = (l) => l.message === 'account quarantined';
  await parley.lines.find(() => parley.lines.all.filter(isOver).length === 2, 'both are over');
  await assert.rejects(sdk(parley).chat.completions.create({ model: 'm', messages: user('hi') }), (error) => {
    assert.equal(error.status, 502);
    assert.match(error.message, /no account can serve the model "m" now: 2 in need of a new login/);
    assert.equal(error.headers.get('retry-after'), null);
    assert.equal(error.headers.get('x-should-retry'), 'false');
    return true;
  });
  const tell = async (...words) => {
    const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
    const { stdout, stderr } = await command(...at, ...words);
    return stdout + stderr;
  };
  const list = await tell('account', 'list');
  for (const label of ['one', 'two']) {
    assert.match(list, new RegExp(`qwen/${label} .*needs a new login: .*Invalid refresh token`), list);
  }
  assert.match(await tell('account', 'show', 'qwen/one'), /needs a new login: .*Invalid refresh token/);
  const why = await tell('explain', '--model', 'm');
  assert.match(why, /qwen\/one .*in need of a new login \(unauthenticated, of the account\): .*Invalid refresh/);
  assert.equal(login.refreshes().length, 2, 'nothing was asked again');
});
