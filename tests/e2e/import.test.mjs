// Moving in from CLIProxyAPI: a configuration with every key, credential files of every type, a report
// that names each of them, a configuration that is good and serves; and accounts out and back again.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { SocksProxy } from './support/proxy.mjs';
import { binary, Parley, root } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const data = join(root, 'tests/e2e/data/cliproxyapi');
const kSecrets = [
  'sk-client-one-0123456789',
  'AIza-one',
  'sk-ant-key',
  'sk-or-one-0123456789',
  'rt-qwen-0123456789',
  'sk-iflow-0123456789',
  'BXAuth=crumbs',
  '1//rt-gemini',
  'GOCSPX-hush',
  'sk-ant-oat01-0123456789',
  'rt-codex-0123456789',

];

/** A folder with the files to be imported; what stands between @ is filled in. */
function prepare(t, values = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-import-'));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(data, folder, { recursive: true });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).replaceAll('\n', '\\n');
  const all = { up: 'https://up.example', host: 'portal.example', pem, ...values };
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (!statSync(file).isFile()) continue;
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(/@(up|host|pem)@/g, (_, k) => all[k]),
    );
  }
  return folder;
}

function run(folder, ...args) {
  const clean = Object.entries(process.env).filter(([k]) => !k.startsWith('PARLEY_'));
  const env = { ...Object.fromEntries(clean), HOME: folder };
  const done = spawnSync(binary, ['--state', join(folder, 'state'), ...args], {
    env,
    encoding: 'utf8',
  });
  assert.doesNotMatch(done.stderr, /Sanitizer|runtime error/);
  return done;
}

const target = (folder) => join(folder, 'state', 'parley.toml');
const expected = (name) => readFileSync(join(data, name), 'utf8');
/** UPDATE_CASES=1 writes anew what comes out. */
function matches(name, got) {
  if (process.env.UPDATE_CASES) writeFileSync(join(data, name), got);
  assert.equal(got, expected(name));
}

test('every key and every file is named, and what was written is good', (t) => {
  const folder = prepare(t);
  const done = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'config.yaml'));
  assert.equal(done.status, 0, done.stderr + done.stdout);
  const report = done.stdout.replaceAll(folder, '@folder@');
  for (const secret of kSecrets) assert.ok(!done.stdout.includes(secret), `${secret} is shown`);
  matches('report.txt', report);
  matches('parley.toml', readFileSync(target(folder), 'utf8'));
  assert.equal(statSync(target(folder)).mode & 0o777, 0o600);
  const check = run(folder, 'check');
  assert.equal(check.status, 0, check.stderr);
  const again = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'config.yaml'));
  assert.equal(again.status, 1);
  assert.match(again.stderr, /parley\.toml: is there already/);
});

test('every key of the file has a line of its own', (t) => {
  const folder = prepare(t);
  const done = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'config.yaml'), '--dry-run');
  const named = done.stderr.split('\n').map((line) => line.slice(10));
  const text = readFileSync(join(folder, 'config.yaml'), 'utf8');
  for (const [, key] of text.matchAll(/^([a-z][\w-]*):/gm)) {
    const is = (line) => line.startsWith(key) && /^[.:[]|^$/.test(line.slice(key.length));
    assert.ok(named.some(is), `${key} is not named`);
  }
  for (const file of readdirSync(join(folder, 'auths'), { recursive: true })) {
    if (!file.endsWith('.json')) continue;
    assert.ok(named.some((line) => line.startsWith(`${file}:`)), `${file} is not named`);
  }
});

// Keys below the first level, by the table that says what there is to know of that program.
const kInner = [
  ...['plugins.dir', 'plugins.store-sources', 'plugins.store-auth', 'plugins.configs'],
  ...['codex.disable-codex-cloaking', 'codex.stream-bootstrap-buffering'],
  ...['codex.optimize-multi-agent-v2', 'codex.live-media-relay'],
  ...['payload.default', 'payload.default-raw', 'payload.override', 'payload.override-raw', 'payload.filter'],
  ...['display-name', 'max-context-length', 'force-mapping', 'is-compat', 'thinking', 'image', 'modalities'].map(
    (key) => `gemini-api-key[0].models[0].${key}`,
  ),
  ...['cloak', 'disable-cooling', 'request-retry', 'request-scoped-errors'].map((key) => `claude-api-key[0].${key}`),
  ...['rebuild-mid-system-message', 'fingerprint-profile'].map((key) => `claude-api-key[0].${key}`),
];

test('keys below the first level have lines of their own', () => {
  const lines = expected('report.txt').split('\n').map((line) => line.slice(10));
  for (const key of kInner) assert.ok(lines.some((line) => line.startsWith(`${key}:`)), `${key} is not named`);
});

test('a dry run changes nothing', (t) => {
  const folder = prepare(t);
  const done = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'config.yaml'), '--dry-run');
  assert.equal(done.status, 0, done.stderr);
  // What it shows may be seen by others, so it holds no proof.
  const blanked = expected('parley.toml')
    .replaceAll(/^(key|api_key|secret|egress|client_secret) = ".*"$/gm, '$1 = "..."')
    .replaceAll(/^headers = .*$/gm, 'headers = ["..."]');
  assert.equal(done.stdout, blanked);
  assert.ok(!existsSync(join(folder, 'state')));
});

test('what cannot be read is said', (t) => {
  const folder = prepare(t);
  const bad = join(folder, 'bad.yaml');
  const imported = (text, ...more) => {
    writeFileSync(bad, text);
    return run(folder, 'import', '--from', 'cliproxyapi', bad, ...more);
  };
  assert.match(imported('port: 1\n  x: [').stderr, /bad\.yaml:2: /);
  assert.match(imported('- a').stderr, /bad\.yaml:1: expected a table of keys/);
  const gone = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'none.yaml'));
  assert.match(gone.stderr, /none\.yaml: cannot be read/);
  assert.notEqual(run(folder, 'import', '--from', 'elsewhere', bad).status, 0);
  const folderless = imported('port: 8400', '--auth-dir', join(folder, 'none'), '--dry-run');
  assert.match(folderless.stderr, /left {6}.*none: cannot be read/);
});

test('accounts go out and come back', (t) => {
  const folder = prepare(t);
  const first = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'config.yaml'));
  assert.equal(first.status, 0, first.stderr + first.stdout);
  const file = join(folder, 'accounts.json');
  const out = run(folder, 'export', file);
  assert.equal(out.status, 0, out.stderr);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const exported = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(exported.format, 'parley-accounts/1');
  const qwen = exported.accounts.find((a) => a.provider === 'qwen' && !a.disabled);
  assert.equal(qwen.label, 'me@example.com');
  assert.equal(qwen.id, 'me@example.com');
  assert.equal(qwen.priority, 2);
  assert.equal(qwen.note, 'mine');
  assert.equal(qwen.expires_at_ms, Date.parse('2026-01-02T03:04:05+08:00'));
  assert.deepEqual(qwen.attributes, { email: 'me@example.com', resource_url: 'portal.example' });
  assert.equal(JSON.parse(qwen.secret).refresh_token, 'rt-qwen-0123456789');
  const gemini = exported.accounts.filter((a) => a.provider === 'gemini');
  assert.deepEqual(gemini.map((a) => JSON.parse(a.secret).project_id).sort(), ['p-1', 'p-2']);
  assert.equal(JSON.parse(gemini[0].secret).client_secret, 'GOCSPX-hush');
  assert.equal(gemini[0].expires_at_ms, Date.parse('2026-01-02T03:04:05Z'));
  const of = (provider) => exported.accounts.find((a) => a.provider === provider);
  assert.equal(of('claude').expires_at_ms, Date.parse('2030-01-02T03:04:05Z'));
  assert.equal(JSON.parse(of('codex').secret).account_id, 'acc-1');
  assert.equal(JSON.parse(of('vertex').secret).type, 'service_account');
  assert.equal(run(folder, 'export', file).status, 1, 'never over a file that is there');
  // Into a fresh house with the same configuration.
  const other = prepare(t);
  const args = ['--config', target(folder)];
  const back = run(other, ...args, 'import', '--from', 'parley', file);
  assert.equal(back.status, 0, back.stderr + back.stdout);
  assert.match(back.stdout, /carried {3}qwen\/me@example\.com: in the store/);
  assert.equal(run(other, ...args, 'export').stdout, readFileSync(file, 'utf8'));
  const again = run(other, ...args, 'import', '--from', 'parley', file);
  assert.match(again.stdout, /needless {2}qwen\/me@example\.com: it is in the store already/);
  writeFileSync(file, '{"format":"other/1"}');
  const wrong = run(other, ...args, 'import', '--from', 'parley', file);
  assert.match(wrong.stderr, /its format is not parley-accounts\/1/);
});

test('credential files alone go into a house that is there', (t) => {
  const folder = prepare(t);
  const auths = join(folder, 'auths');
  const file = join(folder, 'house.toml');
  writeFileSync(file, '[[provider]]\nname = "qwen"\n');
  const args = ['--config', file, 'import', '--from', 'cliproxyapi'];
  const dry = run(folder, ...args, '--auth-dir', auths, '--dry-run');
  assert.equal(dry.status, 0, dry.stderr);
  const done = run(folder, ...args, '--auth-dir', auths);
  assert.equal(done.status, 1, 'not all of them have a provider');
  assert.match(done.stdout, /carried {3}qwen\/me@example\.com: in the store/);
  assert.match(done.stdout, /left {6}iflow\/me@example\.com: no provider iflow is configured; write a/);
  assert.match(run(folder, ...args).stderr, /name a configuration, or --auth-dir, or both/);
  assert.equal(readFileSync(file, 'utf8'), '[[provider]]\nname = "qwen"\n');
});

test('what was imported serves, keys and credential files', async (t) => {
  const login = await OAuthServer.start({
    clientId: 'f0304373b74a44d2b584a3fb70ca9e56',
    reuse: { error: 'invalid_request' },
  });
  const up = await Upstream.start({ credential: () => up.key });
  t.after(async () => {
    await up.stop();
    await login.stop();
  });
  up.script = (request, reply) => {
    const asked = wires.chat.read(request);
    reply.json(200, wires.chat.whole(asked, { text: `from ${asked.model}`, finish: 'stop' }));
  };
  const folder = prepare(t, { up: up.url, host: up.url });
  const auths = join(folder, 'auths');
  const mine = join(auths, 'qwen-me.json');
  const family = login.family();
  writeFileSync(mine, JSON.stringify({ ...JSON.parse(readFileSync(mine, 'utf8')), ...family }));
  for (const name of readdirSync(auths)) {
    if (name !== 'qwen-me.json') rmSync(join(auths, name), { recursive: true });
  }
  // The proxies that are named there: the house's, and this account's own.
  const proxies = { house: await SocksProxy.start(), own: await SocksProxy.start() };
  t.after(() => Promise.all([proxies.house.stop(), proxies.own.stop()]));
  const put = (file, from, proxy) => {
    const text = readFileSync(file, 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(file, text.replace(from, `socks5://127.0.0.1:${proxy.port}`));
  };
  put(join(folder, 'config.yaml'), 'socks5://127.0.0.1:1080', proxies.house);
  put(mine, 'socks5://127.0.0.1:1', proxies.own);
  const done = run(folder, 'import', '--from', 'cliproxyapi', join(folder, 'config.yaml'));
  assert.equal(done.status, 0, done.stderr + done.stdout);
  const parley = await Parley.start(undefined, {
    state: join(folder, 'state'),
    env: {
      PARLEY_SERVER__LISTEN: '127.0.0.1:0',
      PARLEY_LOG__FORMAT: 'json',
      PARLEY_PROVIDER__QWEN__TOKEN_URL: `${login.url}/token`,
    },
  });
  t.after(() => parley.stop());
  parley.key = 'sk-client-one-0123456789';
  const chat = clients.chat(parley);
  const ask = async (model) => (await chat.ask(model, { user: 'Grüezi' })).text;
  assert.match(await ask('kimi'), /^from (moonshot\/kimi|deep)$/);
  assert.match(up.last.headers.authorization, /^Bearer sk-or-(one|two)-0123456789$/);
  assert.equal(up.last.headers['x-title'], 't');
  assert.equal(await ask('keyless'), 'from keyless', 'a place without keys');
  assert.equal(up.last.headers.authorization, undefined);
  assert.ok(proxies.house.asked.length > 0);
  // Its token is over, so the first request waits for another one.
  assert.equal(await ask('coder'), 'from m-q', 'a credential file, by an alias');
  assert.ok(login.isGood(up.last.headers.authorization.replace('Bearer ', '')));
  assert.equal(login.refreshes().length, 1);
  const authority = (url) => new URL(url).host;
  const both = [authority(login.url), authority(up.url)].sort();
  assert.deepEqual([...new Set(proxies.own.asked)].sort(), both, 'its refresh leaves so, too');
  login.mustNotStandIn(parley.stderr, 'in the log');
});
