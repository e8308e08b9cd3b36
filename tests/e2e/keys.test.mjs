// Client keys by their hash: made, served without a restart, revoked; in the store of several, or in the file.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { sdk, user } from './support/house.mjs';
import { configuration, isSanitized, Parley } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { completion } from './support/replies.mjs';
import { command, newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell, until } from './support/wait.mjs';

const kSoonMs = isSanitized ? 10_000 : 1_000;

async function startUpstream(t) {
  const upstream = await Upstream.start();
  upstream.script = (request, reply) =>
    reply.json(200, completion(request, { content: request.json.model }));
  t.after(() => upstream.stop());
  return upstream;
}

/** A Parley that keeps its documents in `folder`, without client keys but those that `more` has. */
async function start(t, upstream, folder, more = {}) {
  const config = configuration(upstream, { client_key: undefined, store: { folder }, ...more });
  const parley = await Parley.start(config);
  t.after(() => parley.stop());
  const global = ['--config', parley.file, '--state', join(parley.folder, 'state')];
  parley.run = (...args) => command(...args, ...global);
  return parley;
}

async function run(parley, ...args) {
  const done = await parley.run(...args);
  assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}${done.stdout}`);
  return done;
}

async function made(parley, name, ...more) {
  const { stdout, stderr } = await run(parley, 'key', 'new', name, ...more);
  assert.match(stdout, /^parley_[\w-]{8}_[\w-]{32}\n$/);
  assert.match(stderr, /shown once/);
  return stdout.trim();
}

/** What becomes of a request with that key. */
async function ask(parley, apiKey, model = 'm') {
  try {
    await sdk(parley, { apiKey }).chat.completions.create({ model, messages: user('hi') });
    return 200;
  } catch (error) {
    return error.status;
  }
}

const other = (key) => key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');

function textsIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'latin1'));
}

test('a new key serves without a restart, by its hash alone, and a revoked one no more', async (t) => {
  const upstream = await startUpstream(t);
  const folder = newFolder();
  const parley = await start(t, upstream, folder);
  assert.equal(await ask(parley, 'none-needed'), 200, 'without keys it is open to who is local');
  const key = await made(parley, 'ann', '--models', 'm', 'n-*');
  upstream.mustNotSee(key);
  const came = await until(200, 'it serves', () => ask(parley, key), kSoonMs);
  assert.equal(await ask(parley, 'none-needed'), 401);
  assert.equal(await ask(parley, other(key)), 401, 'of the same id');
  assert.equal(await ask(parley, key, 'n-1'), 200);
  assert.equal(await ask(parley, key, 'else'), 404);
  const rest = key.slice(16);
  for (const text of textsIn(folder)) assert.ok(!text.includes(rest), 'the key is in the store');
  for (const text of textsIn(parley.folder)) assert.ok(!text.includes(rest), 'it is in the state');
  const listed = await run(parley, 'key', 'list');
  assert.equal(listed.stdout, `ann  ready, ${key.slice(0, 16)}..., models m n-*  (store)\n`);
  const again = await parley.run('key', 'new', 'ann');
  assert.deepEqual([again.code, again.stderr], [1, 'ann is there already; revoke it first\n']);

  await run(parley, 'key', 'revoke', 'ann');
  const went = await until(401, 'it is revoked', () => ask(parley, key), kSoonMs);
  assert.equal(await ask(parley, 'none-needed'), 401, 'the last key gone opens nothing');
  assert.match((await run(parley, 'key', 'list')).stdout, /^ann {2}disabled, /);
  const fresh = await made(parley, 'ann');
  await until(200, 'another of the name', () => ask(parley, fresh), kSoonMs);
  assert.equal(await ask(parley, key), 401);
  const nobody = await parley.run('key', 'revoke', 'bob');
  assert.deepEqual([nobody.code, nobody.stderr], [1, 'no client key is called "bob"\n']);
  for (const each of [key, fresh]) assert.ok(!parley.stderr.includes(each.slice(16)), 'in the log');
  tell(`keys: served ${came.toFixed()} ms, refused ${went.toFixed()} ms after the command`);
});

test('what is made or revoked through one replica holds in the other', async (t) => {
  const upstream = await startUpstream(t);
  const folder = newFolder();
  const one = await start(t, upstream, folder);
  const two = await start(t, upstream, folder);
  const key = await made(one, 'ann');
  await until(200, 'made here, it serves there', () => ask(two, key), kSoonMs);
  assert.equal(await ask(one, key), 200);
  await run(two, 'key', 'revoke', 'ann');
  await until(401, 'revoked there, it is refused here', () => ask(one, key), kSoonMs);
  await until(401, 'and there', () => ask(two, key), kSoonMs);
});

test('a kept connection forgets a key that was revoked', async (t) => {
  const upstream = await startUpstream(t);
  const parley = await start(t, upstream, newFolder());
  const key = await made(parley, 'ann');
  await until(200, 'it serves', () => ask(parley, key), kSoonMs);
  // The SDK goes on with the connection of its last request.
  const client = sdk(parley, { apiKey: key });
  const send = () =>
    client.chat.completions.create({ model: 'm', messages: user('hi') }).then(
      () => 200,
      (e) => e.status,
    );
  assert.equal(await send(), 200);
  await run(parley, 'key', 'revoke', 'ann');
  await until(401, 'it is refused', send, kSoonMs);
});

test('a hash in the configuration stands for its key', async (t) => {
  const upstream = await startUpstream(t);
  const folder = newFolder();
  const maker = await start(t, upstream, folder);
  const key = await made(maker, 'ann');
  const file = join(maker.folder, 'key');
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  const { stdout } = await run(maker, 'key', 'hash', file);
  const [, key_hash] = stdout.match(/^key_hash = "(.+)"\n$/);
  assert.ok(!key_hash.includes(key.slice(16)));
  const parley = await start(t, upstream, newFolder(), { client_key: [{ name: 'file', key_hash }] });
  assert.equal(await ask(parley, key), 200);
  assert.equal(await ask(parley, other(key)), 401);
  const line = await parley.exchange({ status: 200 });
  assert.equal(line.caller, 'file');
  const taken = await parley.run('key', 'new', 'file');
  assert.match(taken.stderr, /^file stands in .*parley\.toml:\d+ already; expected another name\n$/);
  const revoked = await parley.run('key', 'revoke', 'file');
  assert.match(revoked.stderr, /^file stands in .*parley\.toml:\d+; take it out there\n$/);
  writeFileSync(file, 'sk-of-my-own\n', { mode: 0o600 });
  const foreign = await parley.run('key', 'hash', file);
  assert.match(foreign.stderr, /^expected a key as `parley key new` makes them/);
  parley.write({ ...parley.config, client_key: [{ name: 'file', key_hash: `${key_hash}x` }] });
  const checked = await parley.run('check');
  assert.match(checked.stdout + checked.stderr, /key_hash: expected what `parley key hash` prints/);
});

test('guesses at a key that nobody has used yet wait in a short queue, and no longer', async (t) => {
  const upstream = await startUpstream(t);
  const folder = newFolder();
  const first = await start(t, upstream, folder);
  const key = await made(first, 'ann');
  const parley = await start(t, upstream, folder, { limits: { key_checks_max: 2 } });
  const body = JSON.stringify({ model: 'm', messages: user('hi') });
  const guess = (i) =>
    once(parley.port, 'POST', '/v1/chat/completions', { authorization: `Bearer ${key}${i}` }, body);
  const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => guess(i)));
  const count = (status) => replies.filter((reply) => reply.status === status).length;
  assert.equal(count(401) + count(503), 20);
  assert.ok(count(401) >= 2 && count(503) >= 1, `${count(401)} were refused, ${count(503)} told to wait`);
  for (const reply of replies.filter(({ status }) => status === 503)) {
    assert.equal(reply.headers['retry-after'], '1');
  }
  assert.equal(await ask(parley, key), 200);
  const after = await Promise.all(Array.from({ length: 20 }, (_, i) => guess(i)));
  assert.ok(after.every(({ status }) => status === 401), 'once it is known, guesses cost a digest');
});
