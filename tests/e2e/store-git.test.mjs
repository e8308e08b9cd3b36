// A repository that is changed at its remote alone: looked at when somebody says so, by command or
// by webhook, and never written.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';

import { answerOf } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { completion } from './support/replies.mjs';
import { GitServer } from './support/servers.mjs';
import { command } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { until } from './support/wait.mjs';

const kClientKey = secret('sk-client');
const kHookSecret = secret('hook');
const skip = GitServer.missing;

/** A Parley on a repository that it asks once a day. */
async function scene(t, { store, start, hook = { webhook_secret: kHookSecret }, ...more } = {}) {
  const server = await GitServer.start(t);
  const upstream = await Upstream.start();
  upstream.keys = { main: secret('sk-main'), spare: secret('sk-spare') };
  upstream.credential = () => upstream.key;
  upstream.script = ({ headers, ...request }, reply) => {
    const isSpare = headers.authorization === `Bearer ${upstream.keys.spare}`;
    reply.json(200, completion(request, { content: isSpare ? 'spare' : 'main' }));
  };
  upstream.mustNotSee(kClientKey);
  t.after(() => upstream.stop());
  const document = {
    secret: upstream.keys.spare,
    prefix: 'spare',
    prefix_required: true,
  };
  const push = (value) => server.push({ 'account/up/spare.json': value });
  const config = configuration(upstream, {
    client_key: [{ name: 'tester', key: kClientKey, tokens_per_day_max: 1_000_000 }],
    provider: [provider(upstream, { account: [{ label: 'main', api_key: upstream.keys.main }] })],
    log: { level: 'info' },
    ...more,
    store: {
      ...server.section(),
      mode: 'read-only',
      poll_interval_ms: 86_400_000,
      ...hook,
      state_ms: '50ms',
      ...store,
    },
  });
  const parley = await Parley.start(config, start);
  t.after(() => parley.stop());
  parley.run = (...args) =>
    command('--state', join(parley.folder, 'state'), '--config', parley.file, ...args);
  return { server, parley, document, push };
}

const knock = (parley, fields, body = '{"ref":"refs/heads/main"}') =>
  once(parley.port, 'POST', '/hooks/store', fields, body).then(({ status }) => status);

const signed = (body, key = kHookSecret) => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
});

test('it is pulled by command', { skip }, async (t) => {
  const { parley, document, push } = await scene(t);
  assert.equal(await answerOf(parley, 'spare/m'), 'main');
  await push(document);
  const pulled = await parley.run('store', 'pull');
  assert.deepEqual(pulled, { code: 0, stdout: '1 document changed\n', stderr: '' });
  await until('spare', 'it serves', () => answerOf(parley, 'spare/m'));
  await push(null);
  assert.deepEqual(JSON.parse((await parley.run('store', 'pull', '--json')).stdout), { changed: 1 });
  await until('main', 'it is gone', () => answerOf(parley, 'spare/m'));
});

test('a pull says why it cannot be had', { skip }, async (t) => {
  const { server, parley, document, push } = await scene(t, { store: { timeout_ms: 300 } });
  const early = await parley.run('store', 'pull');
  assert.equal(early.code, 1);
  assert.match(early.stderr, /the remote has no branch "main", nor any other/);
  await push(document);
  server.freeze();
  const pulled = await parley.run('store', 'pull');
  server.thaw();
  assert.equal(pulled.code, 1);
  assert.match(pulled.stderr, /fetch: the remote says nothing within timeout_ms/);
  assert.equal((await parley.run('store', 'pull')).code, 0);
});

test('it is pulled by webhook, for those who prove themselves', { skip }, async (t) => {
  const { parley, document, push } = await scene(t);
  await push(document);
  const body = '{"ref":"refs/heads/main","commits":[]}';
  assert.equal(await knock(parley, {}, body), 401);
  assert.equal(await knock(parley, signed(body, 'another'), body), 401);
  assert.equal(await knock(parley, { authorization: `Bearer ${kClientKey}` }, body), 401);
  assert.equal(await answerOf(parley, 'spare/m'), 'main', 'nobody looked');
  assert.equal(await knock(parley, signed(body), body), 202);
  await until('spare', 'it serves', () => answerOf(parley, 'spare/m'));
  await push(null);
  assert.equal(await knock(parley, { 'x-gitlab-token': kHookSecret }, body), 202);
  await until('main', 'it is gone', () => answerOf(parley, 'spare/m'));
});

test('a webhook reaches all workers', { skip }, async (t) => {
  const { parley, document, push } = await scene(t, {
    supervisor: { processes: 2 },
    start: { supervised: true },
  });
  const workers = async () => {
    const all = JSON.parse((await parley.run('status', '--json')).stdout);
    return (all.workers ?? [all]).length;
  };
  await until(2, 'both serve', workers);
  await push(document);
  const body = '{}';
  assert.equal(await knock(parley, signed(body), body), 202);
  const known = async () => {
    const { stdout } = await parley.run('account', 'state', '--json');
    return JSON.parse(stdout).workers.filter(({ accounts }) =>
      accounts.some(({ account }) => account === 'up/spare'),
    ).length;
  };
  await until(2, 'both know it', known);
});

test('without a secret there is no webhook', { skip }, async (t) => {
  const { parley } = await scene(t, { hook: {} });
  assert.equal(await knock(parley, signed('{}'), '{}'), 404);
});

test('read-only: what changes here stays here, and is refused by name', { skip }, async (t) => {
  const { server, parley, document, push } = await scene(t);
  await push(document);
  await parley.run('store', 'pull');
  const head = server.git(server.remote, 'rev-parse', 'main');
  const disabled = await parley.run('account', 'disable', 'up/spare');
  assert.equal(disabled.code, 1);
  assert.match(disabled.stderr, /this store is read-only: change http:\/\/127.0.0.1:\d+\/store.git/);
  assert.ok(!disabled.stderr.includes(server.token));
  const told = await parley.run('store', 'status');
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /would write +no: it is read-only/);
  // What callers have used is kept on this machine, and nobody takes that for a fault.
  await until('spare', 'it serves', () => answerOf(parley, 'spare/m'));
  const journal = () => parley.run('store', 'pull');
  for (let i = 0; i < 3; ++i) assert.equal((await journal()).code, 0);
  const ready = await once(parley.port, 'GET', '/readyz', {}, '');
  assert.deepEqual(JSON.parse(ready.body), { status: 'ready' });
  assert.equal(server.git(server.remote, 'rev-parse', 'main'), head, 'nothing was written');
  assert.equal(server.git(server.remote, 'for-each-ref', '--format=%(refname)'), 'refs/heads/main\n');
});
