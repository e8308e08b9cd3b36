// iFlow: the API key that a token is turned into, and the one that a cookie is turned into.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley, secret } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const q = { user: 'Grüezi', system: 'Be brief.' };
const kBasic = { clientId: '10009311001', clientSecret: 'hush-hush-hush', basic: true };
const inChina = (ms) =>
  new Date(ms + 8 * 3_600_000).toISOString().replace('T', ' ').slice(0, 'YYYY-MM-DD HH:MM'.length);

/** The login server with its pages; `keys` are the API keys that it has given, the last one good. */
async function startLogin() {
  const cookie = `BXAuth=${secret('crumbs')};`;
  const keys = [];
  const fresh = () => keys.push(secret('sk-iflow'));
  const login = await OAuthServer.start({
    ...kBasic,
    pages: {
      '/user': (request, reply, url) => {
        assert.equal(request.method, 'GET');
        assert.deepEqual([...url.searchParams.keys()], ['accessToken']);
        const token = url.searchParams.get('accessToken');
        if (!login.isGood(token)) return login.say(reply, 200, { success: false, code: '40101' });
        fresh();
        const data = { apiKey: keys.at(-1), email: 'me@example.com' };
        return login.say(reply, 200, { success: true, code: '200', data });
      },
      '/key': (request, reply, url) => {
        assert.equal(url.search, '');
        assert.equal(request.headers.cookie, cookie);
        const data = { name: '13800000000', hasExpired: false };
        data.expireTime = inChina(login.endsAt ?? Date.now() + 7 * 24 * 3_600_000);
        if (request.method === 'GET') {
          return login.say(reply, 200, { success: true, data: { ...data, apiKey: 'sk-***' } });
        }
        assert.equal(request.method, 'POST');
        assert.equal(request.headers['content-type'], 'application/json');
        assert.deepEqual(JSON.parse(request.text), { name: '13800000000' });
        fresh();
        return login.say(reply, 200, { success: true, data: { ...data, apiKey: keys.at(-1) } });
      },
    },
  });
  login.secrets.push(cookie);
  return { login, cookie, keys };
}

async function house(t, { lifeS = 3600, account, settings } = {}) {
  const { login, cookie, keys } = await startLogin();
  login.lifeS = lifeS;
  const api = await Upstream.start({
    credential: ({ authorization }) => (`Bearer ${keys.at(-1)}` === authorization ? api.key : ''),
  });
  api.script = (request, reply) => {
    assert.equal(request.url, '/v1/chat/completions');
    const asked = wires.chat.read(request);
    const answer = { usage: { input: 11, output: 7 }, finish: 'stop', text: 'Good day.' };
    if (!asked.stream) return reply.json(200, wires.chat.whole(asked, answer));
    reply.events();
    for (const event of wires.chat.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  const given = JSON.stringify(account({ login, cookie }));
  const parley = await Parley.start(
    configuration(undefined, {
      server: { threads: 2 },
      accounts: { refresh_retry_min_ms: 100, refresh_retry_max_ms: 200 },
      provider: [
        {
          name: 'iflow',
          base_url: `${api.url}/v1`,
          models: ['m-i'],
          client_secret: '$IFLOW_CLIENT_SECRET',
          token_url: `${login.url}/token`,
          user_url: `${login.url}/user`,
          key_url: `${login.url}/key`,
          account: [{ label: 'me', secret: given }],
          ...settings,
        },
      ],
    }),
    { env: { IFLOW_CLIENT_SECRET: kBasic.clientSecret } },
  );
  api.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await api.stop();
    await login.stop();
    login.secrets.push(...keys, kBasic.clientSecret);
    login.mustNotStandIn(parley.stderr, 'in the log');
    login.mustNotStandIn(parley.stdout, 'on standard output');
  });
  return { login, api, parley, keys };
}

const over = ({ login }) => ({ ...login.family(), expires_at_ms: 1_600_000_000_000 });

test('real clients are served with the key that a token is turned into', async (t) => {
  const { login, parley, keys } = await house(t, { account: over });
  for (const make of [clients.chat, clients.anthropic, clients.gemini, clients.responses]) {
    for (const stream of [false, true]) {
      assert.equal((await make(parley).ask('m-i', { ...q, stream })).text, 'Good day.');
    }
  }
  assert.equal(login.refreshes().length, 1);
  assert.equal(keys.length, 1);
});

test('three refreshes, each with the token that the last one brought', async (t) => {
  const { login, parley } = await house(t, { account: over, lifeS: 3 });
  await login.requests.find(() => login.refreshes().length >= 3, 'three refreshes');
  const lines = () => parley.lines.all.filter((l) => l.message === 'secret refreshed');
  await parley.lines.find(() => lines().length >= 3, 'three new secrets');
  assert.equal((await clients.chat(parley).ask('m-i', q)).text, 'Good day.');
});

test('a key that is not told is asked for again, and the tokens are kept', async (t) => {
  const { login, parley } = await house(t, {
    account: (of) => {
      let failures = 0;
      of.login.script = (request, reply) => {
        if (request.path !== '/user' || ++failures > 2) return of.login.answer(request, reply);
        return of.login.say(reply, 502, '<html>oops</html>');
      };
      return over(of);
    },
  });
  assert.equal((await clients.chat(parley).ask('m-i', q)).text, 'Good day.');
  assert.equal(login.refreshes().length, 1);
  assert.equal(login.requests.all.filter((r) => r.path === '/user').length, 3);
});

test('a 200 that says 439 means that the token is over: it is renewed once', async (t) => {
  for (const make of [clients.chat, clients.anthropic]) {
    for (const stream of [false, true]) {
      const { login, api, parley } = await house(t, { account: ({ login: of }) => ({ ...of.family(), api_key: 'sk-of-old' }) });
      const serve = api.script;
      api.credential = () => api.key; // the old one comes too, and the script looks at it
      const asked = [];
      api.script = (request, reply) => {
        asked.push(request.headers.authorization);
        if (asked.at(-1) !== 'Bearer sk-of-old') return serve(request, reply);
        return reply.json(200, { status: '439', msg: 'Your token has expired.', body: null });
      };
      assert.equal((await make(parley).ask('m-i', { ...q, stream })).text, 'Good day.');
      assert.equal(login.refreshes().length, 1);
      assert.equal(asked.length, 2);
      // Refused again at once it is an error, and no storm.
      api.script = (request, reply) => reply.json(200, { status: '439', msg: 'Your token has expired.' });
      await assert.rejects(make(parley).ask('m-i', { ...q, stream }), /upstream refuses it/);
      assert.equal(login.refreshes().length, 1);
    }
  }
});

test('a cookie is turned into a key', async (t) => {
  const { login, parley, keys } = await house(t, {
    account: ({ cookie }) => ({ cookie, email: 'me@example.com' }),
  });
  assert.equal((await clients.chat(parley).ask('m-i', q)).text, 'Good day.');
  assert.equal(keys.length, 1);
  assert.equal(login.requests.all.length, 2);
});

test('the key of a cookie is renewed ahead of its end, and not in a storm', async (t) => {
  const { login, parley, keys } = await house(t, {
    account: ({ login, cookie }) => {
      // Less than the lead of 48 hours is left, and the new one has no more.
      login.endsAt = Date.now() + 47 * 3_600_000;
      return { api_key: 'sk-of-old', cookie, expires_at_ms: login.endsAt };
    },
  });
  await parley.lines.find((l) => l.message === 'secret refreshed', 'a renewal');
  assert.equal((await clients.chat(parley).ask('m-i', q)).text, 'Good day.');
  assert.equal(keys.length, 1);
  assert.equal(login.requests.all.length, 2);
});

test('a cookie that is over is asked about once', async (t) => {
  const { login, parley } = await house(t, {
    account: ({ login, cookie }) => {
      const refusal = { success: false, code: 'NOT_LOGIN', message: 'please log in' };
      login.script = (request, reply) => login.say(reply, 200, refusal);
      return { cookie };
    },
  });
  const line = await parley.lines.find((l) => l.message === 'account quarantined', 'quarantine');
  assert.match(line.why, /please log in/);
  await assert.rejects(clients.chat(parley).ask('m-i', q), { status: 502 });
  assert.equal(login.requests.all.length, 1);
});

test('without a client secret it is said what is missing', async (t) => {
  const { parley } = await house(t, { account: over, settings: { client_secret: '' } });
  const line = await parley.lines.find((l) => l.message === 'refresh failed', 'a refusal');
  assert.match(line.why, /client_secret: none is built in; set it for this provider/);
});

test('with a key, without any login', async (t) => {
  const api = await Upstream.start();
  api.script = (request, reply) => {
    const asked = wires.chat.read(request);
    reply.json(200, wires.chat.whole(asked, { text: 'By key.', finish: 'stop' }));
  };
  const account = [{ api_key: api.key }];
  const settings = { name: 'iflow', base_url: `${api.url}/v1`, models: ['m-i'], account };
  const parley = await Parley.start(configuration(undefined, { provider: [settings] }));
  t.after(async () => {
    await parley.stop();
    await api.stop();
  });
  assert.equal((await clients.chat(parley).ask('m-i', q)).text, 'By key.');
});
