// Accounts of the store serve, and the store keeps nobody waiting: not when it is down or frozen,
// at the start or later. What was learnt is there after a restart.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { sdk, user } from './support/house.mjs';
import { startVertex, TokenServer } from './support/google.mjs';
import { binary, configuration, isSanitized, Parley, provider, secret } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { completion } from './support/replies.mjs';
import { command, newFolder, TroubledStore } from './support/shelf.mjs';
import { toml } from './support/toml.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell, until } from './support/wait.mjs';

const kClientKey = secret('sk-client');

/** Why there is no terminal to be had, or nothing. */
const noPty = () => (spawnSync('python3', ['-c', 'import pty']).status === 0 ? undefined : 'no python3 here');

/** An upstream with two accounts: `main` is configured, `spare` comes from a store. */
async function upstreamFor(t) {
  const upstream = await Upstream.start();
  upstream.keys = { main: secret('sk-main'), spare: secret('sk-spare'), other: secret('sk-other') };
  upstream.credential = () => upstream.key;
  upstream.whoOf = ({ headers }) =>
    Object.keys(upstream.keys).find((k) => headers.authorization === `Bearer ${upstream.keys[k]}`);
  upstream.script = (request, reply) =>
    reply.json(200, completion(request, { content: upstream.whoOf(request) ?? 'nobody' }));
  upstream.mustNotSee(kClientKey);
  t.after(() => upstream.stop());
  return upstream;
}

function configFor(upstream, more = {}) {
  return configuration(upstream, {
    client_key: [{ name: 'tester', key: kClientKey }],
    provider: [provider(upstream, { account: [{ label: 'main', api_key: upstream.keys.main }] })],
    ...more,
  });
}

/** What the document of an account says that is asked for as `<label>/<model>`. */
const documentOf = (upstream, label, more = {}) => ({
  provider: 'up',
  label,
  secret: upstream.keys[label],
  prefix: label,
  prefix_required: true,
  ...more,
});

async function start(t, config, options) {
  const parley = await Parley.start(config, options);
  const stop = parley.stop.bind(parley);
  let isStopped = false;
  parley.stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await stop();
  };
  t.after(() => parley.stop());
  return parley;
}

const ask = async (parley, model) => {
  const got = await sdk(parley).chat.completions.create({ model, messages: user('hi') });
  return got.choices[0].message.content;
};

const status = async (parley, model) => {
  try {
    await ask(parley, model);
    return 200;
  } catch (error) {
    return error.status;
  }
};

const ready = async (parley) => {
  const reply = await once(parley.port, 'GET', '/readyz', {}, '');
  return { code: reply.status, ...JSON.parse(reply.body) };
};

const kSoonMs = isSanitized ? 10_000 : 1_000;

test('a document that is dropped into the folder serves within a second', async (t) => {
  const upstream = await upstreamFor(t);
  const state = newFolder();
  const parley = await start(t, configFor(upstream), { state });
  assert.equal(await ask(parley, 'spare/m'), 'main');
  const folder = join(state, 'store/account/up');
  const file = join(folder, 'spare.json');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (document) => {
    writeFileSync(`${file}.new`, JSON.stringify(document), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  write(documentOf(upstream, 'spare'));
  const came = await until('spare', 'it serves', () => ask(parley, 'spare/m'));
  assert.ok(came < kSoonMs, `after ${came} ms`);
  assert.equal(await ask(parley, 'm'), 'main');
  write(documentOf(upstream, 'spare', { secret: upstream.keys.other }));
  await until('other', 'another key', () => ask(parley, 'spare/m'));
  rmSync(file);
  const went = await until('main', 'it is gone', () => ask(parley, 'spare/m'));
  assert.ok(went < kSoonMs, `after ${went} ms`);
  assert.equal(await ask(parley, 'm'), 'main');
  assert.deepEqual(await ready(parley), { code: 200, status: 'ready' });
});

test('what is wrong with a document is logged and leaves it out', async (t) => {
  const upstream = await upstreamFor(t);
  const store = new TroubledStore();
  store.set('account/up/main', documentOf(upstream, 'main'));
  store.set('account/up/broken', { weight: 0 });
  store.set('account/nowhere/x', { secret: 's' });
  store.set('account/up/spare', documentOf(upstream, 'spare', { unknown: { kept: [1] } }));
  const parley = await start(t, configFor(upstream, store.section));
  const why = (what) => parley.lines.find((l) => l.why?.includes(what), what);
  await why('the configuration has an account of this label');
  await why('account/up/broken: secret: required');
  await why('no [[provider]] and no plugin has the name');
  assert.equal(await ask(parley, 'spare/m'), 'spare');
  assert.equal(await ask(parley, 'm'), 'main');
});

test('an account whose provider nobody configured serves by its plugin', async (t) => {
  const store = new TroubledStore();
  store.set('account/example/me', { secret: 'anything' });
  const parley = await start(t, configFor(await upstreamFor(t), store.section));
  const got = await sdk(parley).chat.completions.create({ model: 'example', messages: user('hi') });
  assert.ok(got.choices[0].message.content.length > 0);
});

test('frozen or failing from the start: what was known last is served', async (t) => {
  const upstream = await upstreamFor(t);
  for (const mood of ['frozen', 'stuck', 'failing']) {
    const store = new TroubledStore();
    const state = newFolder();
    const config = configFor(upstream, store.section);
    config.store.start_ms = 200;
    config.store.slow_ms = 300;
    store.set('account/up/spare', documentOf(upstream, 'spare'));
    const first = await start(t, config, { state });
    await until('spare', 'it serves', () => ask(first, 'spare/m'));
    await first.stop();
    store.mood = mood;
    const parley = await start(t, config, { state });
    assert.equal(await ask(parley, 'spare/m'), 'spare', mood);
    assert.equal(await ask(parley, 'm'), 'main', mood);
    await until('degraded', 'it says so', async () => (await ready(parley)).status);
    assert.equal((await ready(parley)).code, 200);
    await parley.lines.find((l) => l.message === 'store is away', 'it is logged');
    store.set('account/up/other', documentOf(upstream, 'other'));
    store.mood = 'well';
    await until('other', 'it follows again', () => ask(parley, 'other/m'));
    const away = parley.lines.all.filter((l) => l.message === 'store is away');
    assert.equal(away.length, 1, 'logged once');
    await parley.stop();
  }
});

test('frozen in the middle of things: requests go on untouched', async (t) => {
  const upstream = await upstreamFor(t);
  const store = new TroubledStore();
  store.set('account/up/spare', documentOf(upstream, 'spare'));
  const config = configFor(upstream, store.section);
  config.store.slow_ms = 100;
  const parley = await start(t, config);
  await until('spare', 'it serves', () => ask(parley, 'spare/m'));
  const round = () =>
    Promise.all(Array.from({ length: 40 }, (_, i) => ask(parley, i % 2 ? 'spare/m' : 'm')));
  for (const mood of ['well', 'frozen', 'failing', 'stuck', 'well']) {
    store.mood = mood;
    for (let i = 0; i < 5; ++i) {
      const answers = await round();
      assert.deepEqual(new Set(answers), new Set(['main', 'spare']), mood);
    }
  }
  await until('ready', 'all is well', async () => (await ready(parley)).status);
});

test('a store that never answered keeps nobody from serving', async (t) => {
  const upstream = await upstreamFor(t);
  const store = new TroubledStore();
  store.mood = 'stuck';
  const config = configFor(upstream, store.section);
  config.store.start_ms = 100;
  config.store.stop_ms = 500;
  const parley = await start(t, config);
  assert.equal(await ask(parley, 'm'), 'main');
  await parley.stop();
});

/** A Parley without keys of its own, and what becomes of a request with that key. */
async function keyless(t, store, state) {
  const config = configFor(await upstreamFor(t), { ...store.section, client_key: [] });
  config.store.start_ms = 100;
  const parley = await start(t, config, { state });
  const body = JSON.stringify({ model: 'm', messages: user('hi') });
  parley.ask = async (key = 'none') => {
    const headers = { authorization: `Bearer ${key}` };
    parley.reply = await once(parley.port, 'POST', '/v1/chat/completions', headers, body);
    return parley.reply.status;
  };
  return parley;
}

test('while a store that may hold client keys was never read, nobody is let in', async (t) => {
  const store = new TroubledStore();
  const state = newFolder();
  store.mood = 'failing';
  const first = await keyless(t, store, state);
  assert.equal(await first.ask(), 503);
  assert.match(first.reply.text, /the store, which may hold client keys, has not been read yet/);
  assert.equal(first.reply.headers['retry-after'], '1');
  const shut = await ready(first);
  assert.equal(shut.code, 503);
  assert.equal(shut.status, 'the store, which may hold client keys, has not been read yet');
  assert.match(shut.store, /it is in trouble/);
  store.mood = 'well';
  await until(200, 'it has none', () => first.ask());
  assert.equal((await ready(first)).code, 200);
  await first.stop();
  store.mood = 'failing';
  const again = await keyless(t, store, state);
  assert.equal(await again.ask(), 200, 'what was known last is served');
  await again.stop();

  // Commands would load the other plugins beside this store, of which one crashes.
  const elsewhere = newFolder();
  const made = await command('key', 'new', 'ann', '--state', elsewhere);
  assert.equal(made.code, 0, made.stderr);
  const key = made.stdout.trim();
  store.set('client-key/ann', JSON.parse(readFileSync(join(elsewhere, 'store/client-key/ann.json'), 'utf8')));
  store.mood = 'failing';
  const fresh = newFolder();
  const shutAgain = await keyless(t, store, fresh);
  assert.equal(await shutAgain.ask(key), 503, 'the key may be known later');
  store.mood = 'well';
  await until(200, 'it is known', () => shutAgain.ask(key));
  assert.equal(await shutAgain.ask(), 401);
  await shutAgain.stop();
  store.mood = 'failing';
  const later = await keyless(t, store, fresh);
  assert.equal(await later.ask(), 401);
  assert.equal(await later.ask(key), 200);
});

test('a client key that cannot be read opens nothing', async (t) => {
  const store = new TroubledStore();
  store.set('client-key/ann', { key_hash: 'none' });
  const parley = await keyless(t, store, newFolder());
  assert.equal(await parley.ask(), 401);
  assert.equal((await ready(parley)).code, 200);
});

/** A provider whose secrets are refreshed, and who hands out the new ones. */
async function vertexFor(t) {
  const tokens = await TokenServer.start();
  const upstream = await startVertex(tokens);
  upstream.mustNotSee(kClientKey);
  t.after(async () => {
    await upstream.stop();
    await tokens.stop();
  });
  return { tokens, upstream };
}

const vertexConfig = (upstream, account, more = {}) =>
  configuration(upstream, {
    client_key: [{ name: 'tester', key: kClientKey }],
    provider: [
      {
        name: 'vertex',
        plugin: 'gemini',
        vertex: true,
        base_url: upstream.url,
        models: ['m-v'],
        ...(account && { account: [account] }),
      },
    ],
    ...more,
  });

test('a refreshed secret outlives the process, even one that is killed', async (t) => {
  const { tokens, upstream } = await vertexFor(t);
  const state = newFolder();
  // The lease of one that is killed lasts for that long.
  const more = { store: { lease_ms: '1s' } };
  const account = { label: 'robot', secret: JSON.stringify(tokens.key()) };
  const config = vertexConfig(upstream, account, more);
  const first = await start(t, config, { state });
  assert.equal(await ask(first, 'm-v'), 'Good day.');
  const kept = join(state, 'store/state/secret/vertex/robot.json');
  await until(true, 'it is in the store', async () => {
    try {
      return statSync(kept).size > 0;
    } catch {
      return false;
    }
  });
  first.signal('SIGKILL');
  await first.ended();
  first.stop = async () => {};
  const second = await start(t, config, { state });
  assert.equal(await ask(second, 'm-v'), 'Good day.');
  assert.equal(tokens.requests.all.length, 1, 'the token of the first is good for the second');
  // Another secret in the configuration is another account.
  await second.stop();
  const other = JSON.stringify(tokens.key({ client_id: '2' }));
  const changed = vertexConfig(upstream, { ...account, secret: other }, more);
  const third = await start(t, changed, { state });
  assert.equal(await ask(third, 'm-v'), 'Good day.');
  assert.equal(tokens.requests.all.length, 2);
});

test('a secret that is refreshed while the store is frozen comes into it later', async (t) => {
  const { tokens, upstream } = await vertexFor(t);
  const store = new TroubledStore();
  const state = newFolder();
  const document = { secret: JSON.stringify(tokens.key()), note: 'mine' };
  store.set('account/vertex/robot', document);
  const config = vertexConfig(upstream, undefined, store.section);
  config.store.lease_wait_ms = 100;
  config.store.stop_ms = 400;
  const first = await start(t, config, { state });
  store.mood = 'stuck';
  assert.equal(await ask(first, 'm-v'), 'Good day.');
  await first.lines.find((l) => l.message === 'secret refreshed', 'it is refreshed');
  await first.stop();
  assert.equal(store.json('account/vertex/robot').revision, undefined);
  // Meanwhile somebody has changed something else.
  store.set('account/vertex/robot', { ...document, note: 'theirs' });
  store.mood = 'well';
  const second = await start(t, config, { state });
  await until(1, 'it is stored', async () => store.json('account/vertex/robot').revision);
  const merged = store.json('account/vertex/robot');
  assert.equal(merged.note, 'theirs');
  assert.match(merged.secret, /ya29\./);
  assert.equal(await ask(second, 'm-v'), 'Good day.');
  assert.equal(tokens.requests.all.length, 1);
});

test('two on one store refresh an account once', async (t) => {
  const { tokens, upstream } = await vertexFor(t);
  const path = join(newFolder(), 'store');
  const config = vertexConfig(upstream, undefined, { store: { folder: path } });
  mkdirSync(join(path, 'account/vertex'), { recursive: true, mode: 0o700 });
  const secretText = JSON.stringify(tokens.key());
  writeFileSync(join(path, 'account/vertex/robot.json'), JSON.stringify({ secret: secretText }));
  const [one, two] = await Promise.all([start(t, config), start(t, config)]);
  assert.deepEqual(await Promise.all([ask(one, 'm-v'), ask(two, 'm-v')]), Array(2).fill('Good day.'));
  assert.equal(tokens.requests.all.length, 1);
});

test('cool-downs and budgets outlive the process', async (t) => {
  const upstream = await upstreamFor(t);
  const state = newFolder();
  upstream.script = (request, reply) =>
    request.json.model === 'limited'
      ? reply.json(429, { error: { message: 'slow' } }, { 'retry-after': '500' })
      : reply.json(200, completion(request, { content: 'ok' }));
  const config = configFor(upstream, {
    routing: { cool_down: true },
    client_key: [{ name: 'tester', key: kClientKey, tokens_per_day_max: 1 }],
  });
  const first = await start(t, config, { state });
  assert.equal(await status(first, 'limited'), 429);
  assert.equal(await status(first, 'm'), 200);
  await until(429, 'the budget is used up', () => status(first, 'm'));
  await first.stop();
  const asked = upstream.requests.all.length;
  const second = await start(t, config, { state });
  assert.equal(await status(second, 'm'), 429, 'it still is');
  await second.stop();
  const free = configFor(upstream, { routing: { cool_down: true } });
  const third = await start(t, free, { state });
  assert.equal(await status(third, 'limited'), 429, 'its account still waits');
  assert.equal(upstream.requests.all.length, asked, 'nobody was asked');
});

test('encrypted, moved and looked at by hand', async (t) => {
  const upstream = await upstreamFor(t);
  const state = newFolder();
  const [oldKey, newKey] = ['a', 'b'].map((digit) => digit.repeat(64));
  const file = join(state, 'parley.toml');
  const write = (store, name = file) => {
    writeFileSync(name, toml(configFor(upstream, { store })), { mode: 0o600 });
    return name;
  };
  const run = (...args) => command('--state', state, '--config', file, 'store', ...args);
  const folder = join(state, 'store/account/up');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'spare.json'), JSON.stringify(documentOf(upstream, 'spare')));
  write({ encryption_key: oldKey });
  assert.match((await run('status')).stdout, /not encrypted {2}1/);
  let got = await run('rekey');
  assert.match(got.stdout, /^1 document, 1 encrypted anew/, got.stderr);
  assert.ok(!readFileSync(join(folder, 'spare.json'), 'utf8').includes(upstream.keys.spare));
  write({ encryption_key: newKey });
  got = await run('verify');
  assert.equal(got.code, 1);
  assert.match(got.stdout, /account\/up\/spare: encrypted with the key/);
  write({ encryption_key: newKey, old_encryption_key: oldKey });
  assert.match((await run('rekey')).stdout, /1 encrypted anew/);
  write({ encryption_key: newKey });
  assert.equal((await run('verify')).stdout, '1 document, 0 broken\n');

  const saved = join(state, 'saved.jsonl');
  assert.equal((await run('export', saved)).code, 0);
  assert.equal(statSync(saved).mode & 0o777, 0o600);
  const open = join(state, 'open.jsonl');
  assert.equal((await run('export', '--decrypt', open)).code, 0);
  const [line] = readFileSync(open, 'utf8').trim().split('\n').map(JSON.parse);
  assert.match(Buffer.from(line.value, 'base64url').toString(), new RegExp(upstream.keys.spare));
  assert.ok(!readFileSync(saved, 'utf8').includes(line.value));

  const other = write({ folder: join(state, 'other') }, join(state, 'other.toml'));
  const elsewhere = (...args) => command('--state', state, '--config', other, 'store', ...args);
  assert.match((await run('copy', '--to', other)).stdout, /^1 written/);
  assert.match((await run('copy', '--to', other)).stdout, /^0 written, 1 were there already/);
  assert.match((await elsewhere('import', open)).stdout, /^0 written, 1 were there already/);
  writeFileSync(join(state, 'other/account/up/spare.json'), '{"secret":"x"}');
  assert.equal((await elsewhere('import', open)).code, 1);
  assert.match((await elsewhere('import', '--replace', open)).stdout, /^1 written/);

  const parley = await start(t, configFor(upstream, { store: { encryption_key: newKey } }), { state });
  assert.equal(await ask(parley, 'spare/m'), 'spare');
});

test('commands show those who watch how far they are', { skip: noPty() }, (t) => {
  const state = newFolder();
  const folder = join(state, 'store/account/up');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let i = 0; i < 600; ++i) writeFileSync(join(folder, `a${i}.json`), '{"secret":"s"}');
  const file = join(state, 'parley.toml');
  writeFileSync(file, toml(configuration(undefined)), { mode: 0o600 });
  const other = join(state, 'other.toml');
  const store = { folder: join(state, 'other') };
  writeFileSync(other, toml(configuration(undefined, { store })), { mode: 0o600 });
  const saved = join(state, 'saved.jsonl');
  const watched = (...args) => {
    const code = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
    const words = [binary, '--state', state, '--config', file, 'store', ...args];
    return spawnSync('python3', ['-c', code, ...words], { encoding: 'utf8' }).stdout;
  };
  assert.match(watched('verify'), /verified 500 documents\r[^]*600 documents, 0 broken/);
  assert.match(watched('export', saved), /exported 500 documents\r[^]*600 documents/);
  assert.match(watched('copy', '--to', other), /copied 500 documents\r[^]*600 written/);
  assert.match(watched('import', saved), /imported 500 documents\r[^]*600 were there already/);
  assert.match(watched('status'), /read 500 documents\r[^]*account {2}600/);
});

test('ten thousand accounts', async (t) => {
  const upstream = await upstreamFor(t);
  const state = newFolder();
  const folder = join(state, 'store/account/up');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const count = isSanitized ? 500 : 10_000;
  const write = (label) => {
    const document = documentOf(upstream, 'spare', { label, prefix: label });
    writeFileSync(join(folder, `${label}.json`), JSON.stringify(document), { mode: 0o600 });
  };
  for (let i = 0; i < count; ++i) write(`a${i}`);
  const began = performance.now();
  const parley = await start(t, configFor(upstream), { state });
  const listens = performance.now() - began;
  await until('spare', 'they serve', () => ask(parley, `a${count - 1}/m`));
  const serves = performance.now() - began;
  const megabytes = parley.memory() / 2 ** 20;
  write('late');
  const follows = await until('spare', 'one more serves', () => ask(parley, 'late/m'));
  tell(
    `store: ${count} accounts: listens after ${listens.toFixed()} ms, serves the last after ` +
      `${serves.toFixed()} ms, one more after ${follows.toFixed()} ms, RSS ${megabytes.toFixed()} MiB`,
  );
  if (isSanitized) return;
  assert.ok(serves < 2_000, `${serves} ms`);
  assert.ok(megabytes < 150, `${megabytes} MiB`);
});
