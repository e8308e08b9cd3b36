// Thirty secrets are planted wherever accounts and logins have any, and a server that repeats every
// word it is told refuses all there is: none of them comes out in what is logged, printed or answered.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Desk } from './support/command.mjs';
import { user } from './support/house.mjs';
import { binary, configuration, isSanitized, Parley, secret } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { tell, within } from './support/wait.mjs';

const planted = {};
/** A secret that is looked for at the end. */
const plant = (name) => (planted[name] = secret(`canary-${name}`));

/** Refuses with all that it was sent, and remembers which secrets it was shown. */
const shown = new Set();
const parrot = http.createServer(async (request, reply) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const told = `${request.url} ${JSON.stringify(request.rawHeaders)} ${Buffer.concat(pieces)}`;
  for (const [name, value] of Object.entries(planted)) {
    if (told.includes(value) || decodeURIComponent(told.replaceAll('%', '%25')).includes(value)) shown.add(name);
  }
  const isToken = /token|user|key$|device/.test(request.url);
  reply.writeHead(isToken ? 400 : 401, { 'content-type': 'application/json', 'x-echo': encodeURIComponent(told) });
  reply.end(
    JSON.stringify(
      isToken
        ? { error: 'invalid_grant', error_description: told, success: false, message: told }
        : { error: { message: told, type: 'authentication_error', code: 'invalid_api_key' } },
    ),
  );
});
await new Promise((done) => parrot.listen(0, '127.0.0.1', done));
const at = `http://127.0.0.1:${parrot.address().port}`;

const over = { expires_at_ms: 1_600_000_000_000 };
const fresh = { expires_at_ms: Date.now() + 3_600_000 };
const tokens = (name, more) => ({
  access_token: plant(`${name}-access`),
  refresh_token: plant(`${name}-refresh`),
  ...more,
});
const logins = {
  claude: tokens('claude', fresh),
  codex: { ...tokens('codex', fresh), account_id: 'acc-1' },
  qwen: tokens('qwen', over),
  iflow: { ...tokens('iflow', fresh), api_key: plant('iflow-key'), email: 'me@example.com' },
  gemini: { ...tokens('gemini', fresh), project_id: 'p-1', email: 'me@example.com' },
};
const cookie = { cookie: `BXAuth=${plant('cookie')};`, api_key: plant('cookie-key'), email: 'c@example.com', ...fresh };
const clientSecrets = { iflow: plant('iflow-client-secret'), gemini: plant('gemini-client-secret') };
const places = {
  claude: { base_url: at, token_url: `${at}/token`, authorize_url: `${at}/authorize` },
  codex: { base_url: `${at}/backend-api/codex`, api_base_url: `${at}/v1`, issuer: at },
  qwen: { base_url: `${at}/v1`, token_url: `${at}/token`, device_url: `${at}/device` },
  iflow: {
    base_url: `${at}/v1`,
    token_url: `${at}/token`,
    authorize_url: `${at}/authorize`,
    user_url: `${at}/user`,
    key_url: `${at}/key`,
    client_secret: '$IFLOW_CLIENT_SECRET',
  },
  gemini: { base_url: at, code_assist_url: at, authorize_url: `${at}/authorize`, token_url: `${at}/token`, client_id: 'c-1', client_secret: '$GEMINI_CLIENT_SECRET' },
};
const env = { IFLOW_CLIENT_SECRET: clientSecrets.iflow, GEMINI_CLIENT_SECRET: clientSecrets.gemini };
const provider = (name) => ({
  name,
  models: [`${name}-m`],
  ...places[name],
  account: [
    { label: 'login', secret: JSON.stringify(logins[name]) },
    { label: 'key', api_key: plant(`${name}-api-key`), headers: [`x-of-account: ${plant(`${name}-header`)}`] },
  ],
});
const clientKey = plant('client-key');
const names = Object.keys(logins);
const config = configuration(undefined, {
  client_key: [{ name: 'tester', key: clientKey }],
  seal_key: plant('seal-key'),
  accounts: { refresh_retry_min_ms: 100 },
  store: { encryption_key: 'ab'.repeat(32) },
  provider: [
    ...names.map(provider),
    {
      name: 'cut-off',
      plugin: 'openai',
      base_url: `${at}/v1`,
      models: ['cut-off-m'],
      // Without a label, as is the login below.
      account: [{ api_key: plant('cut-off-key'), egress: `http://who:${plant('proxy-password')}@127.0.0.1:9` }],
    },
  ],
});
const desk = new Desk(config);
const said = []; // [where, text]
after(() => {
  desk.clear();
  parrot.close();
  parrot.closeAllConnections();
});

/** A login that a person ends by pasting: nonsense, what belongs to another login, then the page's
 * address with its code, or the code. The server refuses all and repeats it. */
async function paste(name, last) {
  const login = desk.begin(['login', name, '--no-browser'], { env, pty: true });
  const page = new URL(await login.says(/(http:\/\/127\.0\.0\.1:\d+\/\S*authorize\S+)/));
  await login.says(/(Ctrl-C cancels)/);
  const state = page.searchParams.get('state');
  const back = (code, of = state) => {
    const url = new URL(page.searchParams.get('redirect_uri') ?? 'http://127.0.0.1:1/callback');
    url.search = new URLSearchParams({ code, state: of });
    return url.href;
  };
  const typed = [
    `what ${plant(`${name}-nonsense`)}`,
    back(plant(`${name}-foreign-code`), plant(`${name}-foreign-state`)),
    last(plant(`${name}-code`), state, back),
  ];
  for (const [i, line] of typed.entries()) {
    login.type(`${line}\n`);
    if (i < 2) await login.says([/(neither an address)/, /(of another login)/][i]);
  }
  assert.equal(await login.ended(), 1, login.text);
  // What a person types the terminal shows; nobody else repeats it.
  said.push([`login ${name}, pasted`, typed.reduce((text, line) => text.replace(line, ''), login.text)]);
}

async function command(...args) {
  const done = desk.begin(args, { env });
  await done.ended();
  said.push([args.join(' '), done.text]);
  return done;
}

test('every path of logins and accounts, where all is refused and repeated', async (t) => {
  const folder = join(desk.folder, 'moved');
  mkdirSync(folder);
  const file = (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const old = { type: 'codex', email: 'old@example.com', account_id: 'a', expired: '2020-01-01T00:00:00Z' };
  file('codex-old.json', JSON.stringify({ ...old, access_token: plant('old-access'), refresh_token: plant('old-refresh'), id_token: plant('old-id') }));
  file('broken.json', `{"type":"claude","access_token":"${plant('broken')}",`);
  const yaml = file('config.yaml', `api-keys: [${plant('old-client')}]\nauth-dir: ${folder}\nclaude-api-key:\n  - api-key: ${plant('old-key')}\n    proxy-url: socks5://who:${plant('old-proxy')}@127.0.0.1:9\n`);
  const exported = { format: 'parley-accounts/1', accounts: [{ provider: 'iflow', label: 'cookie', secret: cookie }] };

  await command('import', '--from', 'parley', file('accounts.json', JSON.stringify(exported)));
  await command('import', '--from', 'cliproxyapi', yaml, '--auth-dir', folder);
  await command('import', '--from', 'cliproxyapi', yaml, '--dry-run');
  await command('import', '--from', 'parley', file('bad.json', `{"format":"parley-accounts/1","accounts":[{"secret":"${planted['old-access']}"`));
  const made = await command('key', 'new', 'ann');
  const key = made.stdout.trim();
  said.pop(); // it is shown this once
  planted['made-key'] = key.slice(16);
  await command('key', 'list');
  const parley = await Parley.start({ ...config }, { env, state: desk.state });
  t.after(() => parley.stop());
  const ask = async (path, headers, body) => {
    const reply = await once(parley.port, body ? 'POST' : 'GET', path, headers, body ? JSON.stringify(body) : '');
    said.push([path, JSON.stringify(reply.rawHeaders) + reply.body.toString('latin1')]);
  };
  const wrong = plant('wrong-client-key');
  for (const proof of [clientKey, key, wrong]) {
    for (const name of [...names, 'cut-off', 'nobody']) {
      for (const stream of [false, true]) {
        const asked = { model: `${name}-m`, messages: user('hi'), max_tokens: 9, stream };
        await ask('/v1/chat/completions', { authorization: `Bearer ${proof}` }, asked);
        await ask('/v1/messages', { 'x-api-key': proof }, asked);
      }
    }
    for (const path of ['/', '/healthz', '/readyz', '/metrics', `/v1/models?key=${proof}`, `/v1/none?key=${proof}`]) {
      await ask(path, { authorization: `Bearer ${proof}` });
    }
  }
  for (const name of ['list', 'state']) {
    await command('account', name);
    await command('account', name, '--json');
  }
  await command('status', '--json');
  for (const name of names) {
    await command('account', 'show', `${name}/login`);
    await command('account', 'show', `${name}/key`, '--json');
    await command('account', 'test', `${name}/login`);
    await command('account', 'test', `${name}/key`);
    await command('account', 'disable', `${name}/login`);
    await command('explain', '--model', `${name}-m`);
  }
  for (const act of ['show', 'test', 'disable', 'enable']) await command('account', act, 'iflow/cookie');
  const pasted = file('cookie', `BXAuth=${plant('pasted-cookie')};\n`);
  await command('login', 'iflow', '--set', `cookie=@${pasted}`);
  await command('login', 'qwen');
  await paste('codex', (code, state, back) => back(code));
  await paste('claude', (code, state) => `${code}#${state}`);
  await paste('iflow', (code, state, back) => back(code));
  await paste('gemini', (code) => code);
  await command('check');
  await command('store', 'status');
  await command('store', 'verify');
  await command('key', 'revoke', 'ann');
  await command('account', 'remove', 'iflow/cookie');
  said.push(['the log', parley.stderr + parley.stdout]);

  assert.ok(Object.keys(planted).length >= 30, `${Object.keys(planted).length} secrets`);
  for (const [where, text] of said) {
    for (const [name, value] of Object.entries(planted)) {
      assert.ok(!text.includes(value), `${name} is in ${where}: ${text.slice(0, 2000)}`);
      const coded = Buffer.from(value).toString('base64').slice(2, -4);
      assert.ok(!text.includes(coded), `${name}, in base64, is in ${where}`);
    }
  }
  // What nobody was shown could not have come back.
  for (const name of names) {
    assert.ok(shown.has(`${name}-api-key`), `${name}: the key was not tried; shown: ${[...shown]}`);
  }
  const codes = ['codex', 'claude', 'iflow', 'gemini'].map((name) => `${name}-code`);
  for (const name of [...codes, 'claude-access', 'codex-access', 'iflow-key', 'gemini-access', 'qwen-refresh', 'pasted-cookie']) {
    assert.ok(shown.has(name), `${name} was not tried; shown: ${[...shown]}`);
  }
  tell(`${Object.keys(planted).length} secrets, ${said.length} texts, ${shown.size} secrets repeated to us`);
});

test('a crash leaves no core dump, unless the configuration says so', async () => {
  const folder = join(desk.folder, 'crash');
  mkdirSync(folder);
  const crash = async (more) => {
    desk.configure(configuration(undefined, { client_key: [{ name: 'tester', key: clientKey }], ...more }));
    const line = `ulimit -c unlimited && exec '${binary}' --no-supervisor --config '${desk.file}' --state '${folder}/state'`;
    const child = spawn('bash', ['-c', line], {
      cwd: folder,
      env: { ...process.env, ASAN_OPTIONS: 'disable_coredump=0:handle_abort=0:handle_segv=0', HOME: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
    await within(
      new Promise((yes) =>
        child.stderr.on('data', (bytes) => {
          text += bytes;
          if (text.includes('"listening"')) yes();
        }),
      ),
      'it serves',
    );
    child.kill('SIGABRT');
    assert.ok((await within(ended, 'it crashes')).signal);
    return readdirSync(folder).filter((name) => name.startsWith('core'));
  };
  assert.deepEqual(await crash({}), []);
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  if (isSanitized || /[|/]/.test(pattern)) return tell('cores go elsewhere here, or are too large: none is asked for');
  const cores = await crash({ server: { core_dumps: true } });
  assert.equal(cores.length, 1, 'the test would see one');
  const core = join(folder, cores[0]);
  assert.equal(statSync(core).mode & 0o077, 0, 'nobody else may read it');
  const found = readFileSync(core).includes(clientKey);
  tell(`a core dump that is allowed is ${statSync(core).size} bytes for its owner alone; a client key is ${found ? '' : 'not '}in it`);
});
