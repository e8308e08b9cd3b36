// Logins from the command line, under a pseudo terminal where a person has to do something, and
// what becomes of the accounts that they win.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { startChatGpt, startChatGptLogin, person } from './support/chatgpt.mjs';
import { Desk, freePort } from './support/command.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { clients } from './support/clients.mjs';
import { configuration, Parley, secret } from './support/parley.mjs';
import { HttpProxy, SocksProxy } from './support/proxy.mjs';
import { Upstream } from './support/upstream.mjs';

const pty = { pty: true };
const kUrl = /(http:\/\/127\.0\.0\.1:\d+\/\S*authorize\S+)/;
const key = secret('sk-configured');

async function house(t, more = () => ({})) {
  const port = await freePort();
  const login = await startChatGptLogin(port);
  const upstream = await startChatGpt(login);
  const codex = {
    name: 'codex',
    base_url: `${upstream.url}/backend-api/codex`,
    api_base_url: `${upstream.url}/v1`,
    issuer: login.url,
    callback_port: port,
    models: ['m-c'],
  };
  const openai = { name: 'openai', account: [{ api_key: key }] };
  const desk = new Desk({ provider: [codex, openai], ...more(upstream, codex) });
  t.after(async () => {
    desk.commands.forEach((c) => c.stop());
    await login.stop();
    await upstream.stop();
    // What was pasted, a terminal has shown already; nothing else may be there.
    const typed = desk.typed ?? [];
    const secrets = login.secrets.filter((s) => !typed.includes(s));
    for (const s of [...secrets, key]) assert.ok(!desk.text.includes(s), 'a secret is printed');
    desk.clear();
  });
  return { port, login, upstream, desk };
}

/** All files below a folder. */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

async function accounts(desk) {
  return JSON.parse((await desk.run(['account', 'list', '--json'])).stdout);
}

/** Logs in by a browser that comes back to the port. */
async function logIn(desk, login, account = {}, args = []) {
  const command = desk.begin(['login', 'codex', ...args], pty);
  const url = await command.says(kUrl);
  await command.says(/(comes back to this machine)/);
  const reply = await fetch(login.authorize(url, account));
  const page = await reply.text();
  assert.equal(reply.status, 200);
  assert.match(page, /Go back to the terminal/);
  assert.equal(reply.headers.get('cache-control'), 'no-store');
  assert.equal(reply.headers.get('referrer-policy'), 'no-referrer');
  return command;
}

test('a browser comes back, and the account is kept', async (t) => {
  const { login, desk } = await house(t);
  const command = await logIn(desk, login);
  assert.equal(await command.ended(), 0, command.text);
  assert.match(command.text, /codex\/me@example\.com: logged in/);
  const all = await accounts(desk);
  const [mine, configured] = all;
  assert.equal(mine.account, 'codex/me@example.com');
  assert.equal(mine.state, 'ready');
  assert.equal(mine.from, 'store');
  assert.equal(mine.identity, 'me@example.com');
  assert.ok(mine.refreshable);
  assert.equal(configured.account, 'openai/main');
  assert.match(configured.from, /parley\.toml:\d+$/);
  for (const file of filesIn(desk.state)) {
    assert.equal(statSync(file).mode & 0o077, 0, `${file} is for its owner only`);
  }
  const shown = await desk.run(['account', 'show', 'codex/me@example.com']);
  assert.match(shown.stdout, /"access_token":"\.\.\."/);
  assert.match(shown.stdout, /"account_id":"acc-1"/);
});

for (const [scheme, Proxy] of [['http', HttpProxy], ['socks5', SocksProxy]]) {
  test(`a login leaves by the ${scheme} proxy of its provider, and says when that refuses`, async (t) => {
    const proof = { user: 'who', password: secret('proxy-password') };
    const proxy = await Proxy.start(proof);
    const closed = await Proxy.start({ ...proof, status: 403, reply: 2 });
    t.after(() => Promise.all([proxy.stop(), closed.stop()]));
    const way = ({ port }) => `${scheme}://${proof.user}:${proof.password}@127.0.0.1:${port}`;
    const { login, desk } = await house(t, (upstream, codex) => ({
      provider: [
        { ...codex, egress: way(proxy) },
        { ...codex, name: 'shut', plugin: 'codex', egress: way(closed) },
      ],
    }));
    const command = await logIn(desk, login);
    assert.equal(await command.ended(), 0, command.text);
    assert.deepEqual(new Set(proxy.asked), new Set([new URL(login.url).host]));
    const before = login.requests.all.length;
    const refused = desk.begin(['login', 'shut'], pty);
    const url = await refused.says(kUrl);
    await refused.says(/(comes back to this machine)/);
    await fetch(login.authorize(url, {}));
    assert.notEqual(await refused.ended(), 0);
    assert.equal(login.requests.all.length, before, 'nothing went straight');
    assert.match(refused.text, /proxy/);
    for (const told of [command, refused]) assert.ok(!told.text.includes(proof.password));
  });
}

test('a second login replaces the first, another account stands beside it', async (t) => {
  const { login, desk } = await house(t);
  assert.equal(await (await logIn(desk, login)).ended(), 0);
  const again = await logIn(desk, login);
  assert.equal(await again.ended(), 0);
  assert.match(again.text, /codex\/me@example\.com: logged in again/);
  const other = await logIn(desk, login, { account: 'acc-2' });
  assert.equal(await other.ended(), 0);
  assert.match(other.text, /codex\/me@example\.com-2: logged in/);
  const named = await logIn(desk, login, { account: 'acc-3' }, ['--label', 'work']);
  assert.equal(await named.ended(), 0);
  const names = (await accounts(desk)).map((a) => a.account);
  assert.deepEqual(names, [
    'codex/me@example.com',
    'codex/me@example.com-2',
    'codex/work',
    'openai/main',
  ]);
});

test('strangers at the port are turned away, and it closes after use', async (t) => {
  const { login, desk, port } = await house(t);
  const command = desk.begin(['login', 'codex'], pty);
  const url = await command.says(kUrl);
  await command.says(/(comes back to this machine)/);
  const back = login.authorize(url);
  const forged = back.replace(/state=[\w-]+/, 'state=guessed-by-somebody-else');
  for (const wrong of [forged, back.replace('/auth/callback', '/other'), `http://localhost:${port}/`]) {
    const reply = await fetch(wrong);
    assert.ok([400, 404].includes(reply.status), wrong);
    assert.match(await reply.text(), /Not the login that Parley waits for/);
  }
  assert.equal((await fetch(back, { method: 'POST' })).status, 404);
  const host = (address) => new Promise((yes) => {
    const socket = net.connect({ host: address, port }, () => {
      socket.destroy();
      yes(true);
    });
    socket.on('error', () => yes(false));
  });
  assert.equal(await host('127.0.0.2'), false, 'it listens on loopback addresses of its own only');
  assert.equal((await fetch(back)).status, 200);
  assert.equal(await command.ended(), 0, command.text);
  assert.equal(await host('127.0.0.1'), false, 'nobody listens any more');
});

test('what a person pastes does as well', async (t) => {
  const { login, desk } = await house(t);
  desk.typed = [];
  const paste = async (make, env = {}) => {
    const command = desk.begin(['login', 'codex', '--no-browser'], { pty: true, env });
    const back = new URL(login.authorize(await command.says(kUrl)));
    await command.says(/(Ctrl-C cancels)/);
    desk.typed.push(back.searchParams.get('code'));
    const lines = make(back);
    for (const line of lines.slice(0, -1)) {
      command.type(`${line}\n`);
      await command.says(/(of another login|no code|neither an address)/);
    }
    command.type(`${lines.at(-1)}\n`);
    assert.equal(await command.ended(), 0, command.text);
    return command;
  };
  await paste((back) => ['what?  ', back.href]);
  await paste((back) => [`${back.href.slice(0, -4)}xxxx`, back.href]);
  await paste((back) => [`${back.searchParams.get('code')}#${back.searchParams.get('state')}`]);
  await paste((back) => [`${back.searchParams.get('code')}#nonsense`, back.searchParams.get('code')]);
  const remote = await paste((back) => [back.href], { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' });
  assert.match(remote.text, /ssh -N -L \d+:127\.0\.0\.1:\d+ <this machine>/);
});

test('a port that is taken leaves pasting; without anybody it is an error', async (t) => {
  const { login, desk, port } = await house(t);
  desk.typed = [];
  const other = net.createServer();
  await new Promise((yes) => other.listen(port, '127.0.0.1', yes));
  t.after(() => other.close());
  const command = desk.begin(['login', 'codex'], pty);
  const back = new URL(login.authorize(await command.says(kUrl)));
  await command.says(/(Port \d+ is taken)/);
  desk.typed.push(back.searchParams.get('code'));
  command.type(`${back.href}\n`);
  assert.equal(await command.ended(), 0, command.text);
  const nobody = await desk.run(['login', 'codex'], 1);
  assert.match(nobody.text, /nobody is there to paste, and the port is taken/);
});

test('Ctrl-C ends it at any moment and keeps nothing', async (t) => {
  const { login, desk } = await house(t);
  const early = desk.begin(['login', 'codex'], pty);
  await early.says(/(Ctrl-C cancels)/);
  early.type('\x03');
  assert.equal(await early.ended(), 130, early.text);
  assert.match(early.text, /cancelled; nothing was kept/);
  // And while the token server takes its time.
  login.script = () => {};
  const late = desk.begin(['login', 'codex'], pty);
  const url = await late.says(kUrl);
  await late.says(/(Ctrl-C cancels)/);
  await fetch(login.authorize(url));
  await login.requests.count(1, 'the trade');
  late.type('\x03');
  assert.equal(await late.ended(), 130, late.text);
  const device = desk.begin(['login', 'codex', '--device'], pty);
  await login.requests.count(2, 'a device');
  device.type('\x03');
  assert.equal(await device.ended(), 130, device.text);
  assert.deepEqual((await accounts(desk)).map((a) => a.account), ['openai/main']);
});

test('a code that is typed on another device', async (t) => {
  const { login, desk } = await house(t);
  const command = desk.begin(['login', 'codex', '--device'], pty);
  await command.says(/code: (ABCD-EFGH)/);
  assert.match(command.text, /\/codex\/device/);
  await command.says(/([▀▄█]{8})/); // a QR code for a telephone
  await login.requests.find(() => login.devicePolls === 1, 'it asks whether the code was typed');
  login.typedBy = { account: 'acc-9' };
  assert.equal(await command.ended(), 0, command.text);
  const [mine] = await accounts(desk);
  assert.equal(mine.account, 'codex/me@example.com');
});

test('refusals are told in plain words', async (t) => {
  const { login, desk } = await house(t);
  const denied = desk.begin(['login', 'codex'], pty);
  const url = new URL(await denied.says(kUrl));
  await denied.says(/(Ctrl-C cancels)/);
  const back = new URL(url.searchParams.get('redirect_uri'));
  back.searchParams.set('error', 'access_denied');
  back.searchParams.set('error_description', 'You said no.');
  back.searchParams.set('state', url.searchParams.get('state'));
  const page = await fetch(back);
  assert.match(await page.text(), /The login was refused/);
  assert.equal(await denied.ended(), 1);
  assert.match(denied.text, /login: refused: access_denied: You said no\./);
  login.script = (request, reply) =>
    login.say(reply, 400, { error: 'invalid_grant', error_description: request.form.get('code') });
  const refused = await logIn(desk, login);
  assert.equal(await refused.ended(), 1);
  assert.match(refused.text, /token server: invalid_grant\s*$/);
  login.script = (request, reply) => login.say(reply, 200, '<html>');
  const nonsense = await logIn(desk, login);
  assert.equal(await nonsense.ended(), 1);
  assert.match(nonsense.text, /its reply holds no access token/);
  const unknown = await desk.run(['login', 'codx'], 1);
  assert.match(unknown.text, /did you mean "codex"/);
  const keys = await desk.run(['login', 'openai'], 1);
  assert.match(keys.text, /openai has no login: its accounts prove themselves by keys/);
  const wrong = await desk.run(['login', 'codex', '--set', 'devise=true'], 1);
  assert.match(wrong.text, /devise/);
});

test('accounts are listed, switched off and on, tried and forgotten', async (t) => {
  const { login, desk } = await house(t);
  assert.equal(await (await logIn(desk, login)).ended(), 0);
  const name = 'codex/me@example.com';
  await desk.run(['account', 'disable', name]);
  assert.equal((await accounts(desk))[0].state, 'disabled');
  await desk.run(['account', 'enable', 'codex']);
  assert.equal((await accounts(desk))[0].state, 'ready');
  const listed = await desk.run(['account', 'list']);
  assert.match(listed.stdout, /codex\/me@example\.com +ready, expires in .*renewed by itself +\(store\)/);
  const tried = await desk.run(['account', 'test', name]);
  assert.match(tried.stdout, /works: its tokens were renewed/);
  assert.equal(login.refreshes().length, 1);
  const again = await desk.run(['account', 'test', name]);
  assert.match(again.stdout, /works/);
  assert.equal(login.refreshes().length, 2, 'with the token that the first one kept');
  const configured = await desk.run(['account', 'remove', 'openai/main'], 1);
  assert.match(configured.text, /openai\/main stands in .*parley\.toml:\d+; change it there/);
  const typo = await desk.run(['account', 'show', 'codex/me@example.co'], 1);
  assert.match(typo.text, /did you mean "codex\/me@example\.com"/);
  await desk.run(['logout', name]);
  assert.deepEqual((await accounts(desk)).map((a) => a.account), ['openai/main']);
});

test('an account is tried as it would be asked: at its own address, with its own headers', async (t) => {
  const { desk } = await house(t);
  const place = await Upstream.start();
  t.after(() => place.stop());
  const own = secret('team-token');
  const headers = ['X-Team: blue', `X-Team-Token: ${own}`, 'User-Agent: ours/1'];
  const account = { api_key: place.key, base_url: `${place.url}/v1`, headers };
  const openai = { name: 'openai', base_url: 'http://127.0.0.1:1/v1', account: [account] };
  desk.configure({ ...desk.config, provider: [openai] });
  place.script = (request, reply) => reply.json(200, { object: 'list', data: [] });
  const works = await desk.run(['account', 'test', 'openai']);
  assert.match(works.text, /^openai\/main: works: HTTP 200/);
  const sent = place.last.headers;
  assert.deepEqual([sent['x-team'], sent['x-team-token'], sent['user-agent']], ['blue', own, 'ours/1']);
  place.script = (request, reply) =>
    reply.json(401, { error: { message: `not with ${own} of blue`, type: 'invalid_request_error', code: null } });
  const refused = await desk.run(['account', 'test', 'openai'], 1);
  assert.match(refused.text, /HTTP 401: not with \*+ of/);
});

test('a running Parley serves with what was just won, and keeps what it renews', async (t) => {
  const { login, upstream, desk } = await house(t, (place, codex) =>
    configuration(place, { provider: [codex] }),
  );
  login.lifeS = 4;
  const { config } = desk;
  const changed = (parley, accounts) =>
    parley.lines.find((l) => l.message === 'stored accounts changed' && l.accounts === accounts);
  let parley = await Parley.start(config, { state: desk.state });
  t.after(() => parley.stop());
  upstream.mustNotSee(parley.key);
  assert.equal(await (await logIn(desk, login)).ended(), 0);
  await changed(parley, 1);
  const asks = () => clients.responses(parley).ask('m-c', { user: 'hi', stream: true });
  while (login.refreshes().length < 3) assert.equal((await asks()).text, 'Good day.');
  await parley.stop();
  login.mustNotStandIn(parley.stderr, 'in the log');
  // What the last refresh gave was kept: nothing that was used comes again.
  parley = await Parley.start(config, { state: desk.state });
  const before = login.refreshes().length;
  while (login.refreshes().length <= before) assert.equal((await asks()).text, 'Good day.');
  // A second login is taken over as well, and so is a farewell.
  login.lifeS = 3600;
  assert.equal(await (await logIn(desk, login)).ended(), 0);
  assert.equal((await asks()).text, 'Good day.');
  await desk.run(['logout', 'codex/me@example.com']);
  await changed(parley, 0);
});

test('a screen gets a browser, and a connection over SSH does not', async (t) => {
  const { login, desk } = await house(t);
  const folder = join(desk.folder, 'bin');
  mkdirSync(folder);
  const heard = join(desk.folder, 'opened');
  const program = join(folder, 'xdg-open');
  writeFileSync(program, `#!/bin/sh\nprintf '%s' "$1" > '${heard}.part'\nmv '${heard}.part' '${heard}'\n`);
  chmodSync(program, 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}`, DISPLAY: ':0' };
  const command = desk.begin(['login', 'codex'], { pty: true, env });
  const url = await command.says(kUrl);
  await command.says(/(A browser is being opened)/);
  await command.says(/(Ctrl-C cancels)/);
  await fetch(login.authorize(url));
  assert.equal(await command.ended(), 0, command.text);
  assert.equal(readFileSync(heard, 'utf8'), url);
  const remote = desk.begin(['login', 'codex'], { pty: true, env: { ...env, SSH_TTY: '/dev/pts/1' } });
  await remote.says(/(Ctrl-C cancels)/);
  assert.doesNotMatch(remote.text, /A browser is being opened/);
  remote.type('\x03');
  assert.equal(await remote.ended(), 130);
});

test('claude: JSON with the state, and a code that holds it', async (t) => {
  const port = await freePort();
  const login = await OAuthServer.start({
    clientId: '9d1c250a-e61b-44d9-88ed-5944d1962f5e',
    pkce: true,
    json: true,
    sendsState: true,
    redirect: (uri) => uri === `http://localhost:${port}/callback`,
    paths: { authorize: '/oauth/authorize', token: '/v1/oauth/token' },
    authorize: {
      code: 'true',
      response_type: 'code',
      scope: 'org:create_api_key user:profile user:inference',
    },
    more: () => ({
      account: { uuid: 'u-1', email_address: 'me@example.com' },
      organization: { uuid: 'o-1', name: 'Us' },
    }),
  });
  const claude = {
    name: 'claude',
    base_url: 'http://127.0.0.1:9',
    authorize_url: `${login.url}/oauth/authorize`,
    token_url: `${login.url}/v1/oauth/token`,
    callback_port: port,
  };
  const desk = new Desk({ provider: [claude] });
  t.after(async () => {
    desk.commands.forEach((c) => c.stop());
    await login.stop();
    desk.clear();
  });
  const command = desk.begin(['login', 'claude'], pty);
  const back = new URL(login.authorize(await command.says(kUrl)));
  await command.says(/(Ctrl-C cancels)/);
  command.type(`${back.searchParams.get('code')}#${back.searchParams.get('state')}\n`);
  assert.equal(await command.ended(), 0, command.text);
  assert.match(command.text, /claude\/me@example\.com: logged in/);
  const again = desk.begin(['login', 'claude'], pty);
  const url = await again.says(kUrl);
  await again.says(/(Ctrl-C cancels)/);
  assert.equal((await fetch(login.authorize(url))).status, 200);
  assert.equal(await again.ended(), 0, again.text);
  assert.match(again.text, /claude\/me@example\.com: logged in again/);
});

test('qwen: a device that has its code confirmed, with PKCE', async (t) => {
  const login = await OAuthServer.start({
    clientId: 'client-1',
    pkce: true,
    scope: 'openid profile email model.completion',
    more: () => ({ resource_url: 'http://127.0.0.1:9' }),
  });
  const desk = new Desk({
    provider: [
      {
        name: 'qwen',
        client_id: 'client-1',
        device_url: `${login.url}/device`,
        token_url: `${login.url}/token`,
      },
    ],
  });
  t.after(async () => {
    desk.commands.forEach((c) => c.stop());
    await login.stop();
    login.mustNotStandIn(desk.text, 'printed');
    desk.clear();
  });
  const command = desk.begin(['login', 'qwen', '--set', 'email=me@example.com'], pty);
  await command.says(/code: (WXYZ-1234)/);
  assert.match(command.text, /\/activate\?user_code=WXYZ-1234/);
  login.approve();
  assert.equal(await command.ended(), 0, command.text);
  assert.match(command.text, /qwen\/me@example\.com: logged in/);
});

test('iflow: a client with a secret of its own, and a key that the login leads to', async (t) => {
  const port = await freePort();
  const clientSecret = secret('hush');
  const apiKey = secret('sk-iflow');
  const login = await OAuthServer.start({
    clientId: '10009311001',
    clientSecret,
    basic: true,
    redirectName: 'redirect',
    authorize: { loginMethod: 'phone', type: 'phone' },
    redirect: (uri) => uri === `http://localhost:${port}/oauth2callback`,
    pages: {
      '/user': (request, reply, url) => {
        assert.ok(login.isGood(url.searchParams.get('accessToken')));
        const data = { apiKey, email: 'me@example.com' };
        return login.say(reply, 200, { success: true, code: '200', data });
      },
    },
  });
  const iflow = {
    name: 'iflow',
    authorize_url: `${login.url}/authorize`,
    token_url: `${login.url}/token`,
    user_url: `${login.url}/user`,
    callback_port: port,
  };
  const desk = new Desk({ provider: [iflow] });
  t.after(async () => {
    desk.commands.forEach((c) => c.stop());
    await login.stop();
    login.mustNotStandIn(desk.text, 'printed');
    for (const s of [clientSecret, apiKey]) assert.ok(!desk.text.includes(s), 'a secret is printed');
    desk.clear();
  });
  const without = await desk.run(['login', 'iflow'], 1);
  assert.match(without.text, /client_secret: none is built in/);
  desk.configure({ provider: [{ ...iflow, client_secret: '$IFLOW_CLIENT_SECRET' }] });
  const env = { IFLOW_CLIENT_SECRET: clientSecret };
  const command = desk.begin(['login', 'iflow'], { pty: true, env });
  const url = await command.says(kUrl);
  await command.says(/(comes back to this machine)/);
  assert.equal((await fetch(login.authorize(url))).status, 200);
  assert.equal(await command.ended(), 0, command.text);
  assert.match(command.text, /iflow\/me@example\.com: logged in/);
  const shown = await desk.run(['account', 'show', 'iflow'], 0, { env });
  assert.match(shown.stdout, /"api_key":"\.\.\."/);
});

test('gemini: an OAuth client of the operator, and a project that is found', async (t) => {
  const port = await freePort();
  const clientSecret = secret('hush');
  const bearer = (request) => request.headers.authorization?.replace('Bearer ', '');
  const page = (method, answer) => (request, reply) => {
    assert.equal(request.method, method);
    assert.ok(login.isGood(bearer(request)), 'a good token');
    return login.say(reply, 200, answer);
  };
  const login = await OAuthServer.start({
    clientId: 'client-1',
    clientSecret,
    pkce: true,
    redirect: (uri) => uri === `http://localhost:${port}/oauth2callback`,
    authorize: {
      response_type: 'code',
      scope:
        'https://www.googleapis.com/auth/cloud-platform ' +
        'https://www.googleapis.com/auth/userinfo.email ' +
        'https://www.googleapis.com/auth/userinfo.profile',
      access_type: 'offline',
      prompt: 'consent',
    },
    pages: {
      '/user': page('GET', { email: 'me@example.com' }),
      '/v1internal:loadCodeAssist': page('POST', {
        currentTier: { id: 'free-tier' },
        cloudaicompanionProject: 'p-1',
      }),
    },
  });
  const desk = new Desk({
    provider: [
      {
        name: 'gemini',
        client_id: 'client-1',
        client_secret: '$GOOGLE_CLIENT_SECRET',
        authorize_url: `${login.url}/authorize`,
        token_url: `${login.url}/token`,
        user_url: `${login.url}/user`,
        code_assist_url: login.url,
        callback_port: port,
      },
    ],
  });
  t.after(async () => {
    desk.commands.forEach((c) => c.stop());
    await login.stop();
    login.mustNotStandIn(desk.text, 'printed');
    assert.ok(!desk.text.includes(clientSecret), 'a secret is printed');
    desk.clear();
  });
  const env = { GOOGLE_CLIENT_SECRET: clientSecret };
  const command = desk.begin(['login', 'gemini'], { pty: true, env });
  const url = await command.says(kUrl);
  await command.says(/(comes back to this machine)/);
  assert.equal((await fetch(login.authorize(url))).status, 200);
  assert.equal(await command.ended(), 0, command.text);
  assert.match(command.text, /gemini\/me@example\.com: logged in/);
  const shown = await desk.run(['account', 'show', 'gemini'], 0, { env });
  assert.match(shown.stdout, /"project_id":"p-1"/);
});
