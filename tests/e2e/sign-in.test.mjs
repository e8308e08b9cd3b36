// Logins from the command line that do more than win tokens: a cookie that is turned into a key, and an
// account that has to be set up first.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Desk, freePort } from './support/command.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, secret } from './support/parley.mjs';
import { newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const pty = { pty: true };
const kUrl = /(http:\/\/127\.0\.0\.1:\d+\/authorize\S+)/;

/** A desk whose provider has these settings; all that was printed is looked through at the end. */
function deskOf(t, login, settings) {
  const config = configuration(undefined, {
    provider: [settings],
    accounts: { refresh_retry_min_ms: 100 },
  });
  const desk = new Desk(config);
  desk.config = config;
  t.after(async () => {
    desk.commands.forEach((c) => c.stop());
    await login.stop();
    login.mustNotStandIn(desk.text, 'printed');
    desk.clear();
  });
  return desk;
}

/** Logs in by a browser that comes back to the port. */
async function logIn(desk, login, args) {
  const command = desk.begin(['login', ...args], pty);
  const url = await command.says(kUrl);
  await command.says(/(comes back to this machine)/);
  const reply = await fetch(login.authorize(url));
  assert.equal(reply.status, 200);
  assert.equal(await command.ended(), 0, command.text);
  return command;
}

/** The provider takes the account. */
async function works(desk, name) {
  assert.match((await desk.run(['account', 'test', name])).stdout, /works/);
}

async function startApi(t, isGood) {
  const api = await Upstream.start({ credential: () => api.key });
  t.after(() => api.stop());
  api.script = (request, reply) => {
    const proof = request.headers.authorization?.replace('Bearer ', '');
    if (!isGood(proof)) return reply.json(401, { error: { message: 'no', code: 'invalid_api_key' } });
    if (request.method === 'GET') {
      assert.equal(request.url, '/v1/models');
      return reply.json(200, { object: 'list', data: [{ id: 'm', object: 'model' }] });
    }
    const asked = wires.chat.read(request);
    return reply.json(200, wires.chat.whole(asked, { text: 'Good day.', finish: 'stop' }));
  };
  return api;
}

test('iflow: a browser comes back, and a cookie does as well', async (t) => {
  const port = await freePort();
  const keys = [];
  const fresh = () => keys.push(secret('sk-iflow')) && keys.at(-1);
  const cookie = `BXAuth=${secret('crumbs')};`;
  const login = await OAuthServer.start({
    clientId: '10009311001',
    clientSecret: 'hush-hush-hush',
    basic: true,
    redirectName: 'redirect',
    redirect: (uri) => uri === `http://localhost:${port}/oauth2callback`,
    authorize: { loginMethod: 'phone', type: 'phone' },
    pages: {
      '/user': (request, reply, url) => {
        assert.ok(login.isGood(url.searchParams.get('accessToken')));
        const data = { apiKey: fresh(), email: 'me@example.com' };
        login.say(reply, 200, { success: true, data });
      },
      '/key': (request, reply) => {
        assert.equal(request.headers.cookie, cookie);
        const data = { name: '138', expireTime: '2099-01-01 00:00', apiKey: 'sk-***' };
        if (request.method === 'POST') data.apiKey = fresh();
        login.say(reply, 200, { success: true, data });
      },
    },
  });
  login.lifeS = 3600;
  const api = await startApi(t, (key) => keys.includes(key));
  const desk = deskOf(t, login, {
    name: 'iflow',
    models: ['m'],
    base_url: `${api.url}/v1`,
    client_secret: 'hush-hush-hush',
    authorize_url: `${login.url}/authorize`,
    token_url: `${login.url}/token`,
    user_url: `${login.url}/user`,
    key_url: `${login.url}/key`,
    callback_port: port,
  });
  const command = await logIn(desk, login, ['iflow']);
  assert.match(command.text, /iflow\/me@example\.com: logged in/);
  // Others see what a command was told, so the cookie is not.
  const file = join(newFolder(), 'cookie');
  writeFileSync(file, `${cookie}\n`, { mode: 0o600 });
  const jar = desk.begin(['login', 'iflow', '--set', `cookie=@${file}`], pty);
  assert.equal(await jar.ended(), 0, jar.text);
  assert.match(jar.text, /iflow\/138: logged in/);
  await desk.run(['account', 'disable', 'iflow/138']);
  await works(desk, 'iflow/me@example.com');
  for (const key of keys) assert.ok(!desk.text.includes(key), 'a key is printed');
});

test('gemini: a browser comes back, and a new account is set up', async (t) => {
  const port = await freePort();
  const bearer = ({ headers }) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];
  let onboarded = 0;
  const login = await OAuthServer.start({
    clientId: 'client-1',
    clientSecret: 'hush-hush-hush',
    pkce: true,
    redirect: (uri) => uri === `http://localhost:${port}/oauth2callback`,
    authorize: {
      response_type: 'code',
      scope: ['cloud-platform', 'userinfo.email', 'userinfo.profile']
        .map((name) => `https://www.googleapis.com/auth/${name}`)
        .join(' '),
      access_type: 'offline',
      prompt: 'consent',
    },
    pages: {
      '/me': (request, reply) => {
        assert.ok(login.isGood(bearer(request)));
        login.say(reply, 200, { email: 'me@example.com' });
      },
    },
  });
  const assist = await Upstream.start({ credential: () => assist.key });
  t.after(() => assist.stop());
  const metadata = { ideType: 'IDE_UNSPECIFIED', platform: 'PLATFORM_UNSPECIFIED' };
  const methods = {
    loadCodeAssist: (json) => {
      assert.deepEqual(json, { metadata: { ...metadata, pluginType: 'GEMINI' } });
      return { allowedTiers: [{ id: 'free-tier', isDefault: true }] };
    },
    onboardUser: (json) => {
      assert.deepEqual(Object.keys(json), ['tierId', 'metadata']);
      assert.equal(json.tierId, 'free-tier');
      onboarded += 1;
      return { done: true, response: { cloudaicompanionProject: { id: 'p-free' } } };
    },
    generateContent: ({ model, project, request }) => {
      assert.equal(project, 'p-free');
      const asked = wires.gemini.read({ json: request, path: `/models/${model}:generateContent` });
      const answer = { usage: { input: 1, output: 1 }, text: 'Good day.', finish: 'stop' };
      return { response: wires.gemini.whole(asked, answer) };
    },
  };
  assist.script = (request, reply) => {
    const method = methods[request.url.replace('/v1internal:', '')];
    assert.ok(method, request.url);
    if (login.isGood(bearer(request))) return reply.json(200, method(request.json));
    return reply.json(401, { error: { code: 401, status: 'UNAUTHENTICATED' } });
  };
  login.lifeS = 3600;
  const desk = deskOf(t, login, {
    name: 'gemini',
    models: ['m'],
    client_id: 'client-1',
    client_secret: 'hush-hush-hush',
    authorize_url: `${login.url}/authorize`,
    token_url: `${login.url}/token`,
    user_url: `${login.url}/me`,
    code_assist_url: assist.url,
    callback_port: port,
  });
  const command = await logIn(desk, login, ['gemini']);
  assert.match(command.text, /gemini\/me@example\.com: logged in/);
  assert.equal(onboarded, 1);
  const shown = await desk.run(['account', 'show', 'gemini/me@example.com']);
  assert.match(shown.text, /p-free/);
  await works(desk, 'gemini/me@example.com');
});
