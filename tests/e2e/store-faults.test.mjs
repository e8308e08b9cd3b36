// What happens to the servers that stores keep their documents on happens to nobody who asks
// Parley: they freeze, are slow, end and come back while requests go on.
//   PARLEY_E2E_SLOW_MS=30000     how slow; 3000 otherwise
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { answerOf } from './support/house.mjs';
import { configuration, isSanitized, Parley, provider, secret } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { completion } from './support/replies.mjs';
import { servers, SlowWay } from './support/servers.mjs';
import { command } from './support/shelf.mjs';
import { toml } from './support/toml.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell, until } from './support/wait.mjs';

const kClientKey = secret('sk-client');
const kSlowMs = Number(process.env.PARLEY_E2E_SLOW_MS ?? 3000);
const kRounds = 30;
const kPatienceMs = 30_000;
// A store that kept requests waiting would do so for slow_ms at least.
const kStoreSlowMs = isSanitized ? 1000 : 300;

async function startUpstream(t) {
  const upstream = await Upstream.start();
  const names = ['main', 'spare', 'other', 'third'];
  upstream.keys = Object.fromEntries(names.map((name) => [name, secret(`sk-${name}`)]));
  upstream.credential = () => upstream.key;
  upstream.script = ({ headers, ...request }, reply) => {
    const who = names.find((name) => headers.authorization === `Bearer ${upstream.keys[name]}`);
    reply.json(200, completion(request, { content: who ?? 'nobody' }));
  };
  upstream.mustNotSee(kClientKey);
  t.after(() => upstream.stop());
  return upstream;
}

/** A Parley that comes to its store by a way that may be slow, and a hand that comes straight. */
async function scene(t, kind) {
  const server = await servers[kind].start(t);
  const way = await SlowWay.start(t, server.port);
  const upstream = await startUpstream(t);
  const config = (store) =>
    configuration(upstream, {
      client_key: [{ name: 'tester', key: kClientKey }],
      provider: [provider(upstream, { account: [{ label: 'main', api_key: upstream.keys.main }] })],
      log: { level: 'info', exchanges: false },
      store: { slow_ms: kStoreSlowMs, retry_max_ms: 500, state_ms: '1h', ...store },
    });
  const parley = await Parley.start(config(server.section(way.port)));
  t.after(() => parley.stop());
  const file = join(parley.folder, 'straight.toml');
  writeFileSync(file, toml(config(server.section())), { mode: 0o600 });
  const add = async (label) => {
    const accounts = [
      { provider: 'up', label, secret: upstream.keys[label], prefix: label, prefix_required: true },
    ];
    const from = join(parley.folder, `${label}.json`);
    writeFileSync(from, JSON.stringify({ format: 'parley-accounts/1', accounts }), { mode: 0o600 });
    const state = join(parley.folder, 'straight');
    const done = await command('--state', state, '--config', file, 'import', '--from', 'parley', from);
    assert.equal(done.code, 0, done.stderr + done.stdout);
  };
  return { server, way, upstream, parley, add };
}

const status = async (parley) =>
  JSON.parse((await once(parley.port, 'GET', '/readyz', {}, '')).body).status;

/** Requests one after another; the slowest, in milliseconds. */
async function requests(parley, model) {
  let slowest = 0;
  for (let i = 0; i < kRounds; ++i) {
    const began = performance.now();
    assert.equal(await answerOf(parley, model), model.split('/')[0]);
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}

for (const kind of Object.keys(servers)) {
  test(`${kind}: frozen, slow, gone and back`, { skip: servers[kind].missing }, async (t) => {
    const { server, way, parley, add } = await scene(t, kind);
    const isReady = (what) => until('ready', what, () => status(parley), kSlowMs * 4 + kPatienceMs);
    const degraded = async (what) => {
      await until('degraded', what, () => status(parley), kPatienceMs);
      const slowest = await requests(parley, 'spare/m');
      assert.ok(slowest < kStoreSlowMs, `${what}: a request took ${slowest} ms`);
      return slowest.toFixed();
    };
    await add('spare');
    await until('spare', 'it serves', () => answerOf(parley, 'spare/m'), kPatienceMs);
    await isReady('well');

    server.freeze();
    const frozen = await degraded('frozen');
    server.thaw();
    await isReady('thawed');
    await add('other');
    await until('other', 'what came after the frost', () => answerOf(parley, 'other/m'), kPatienceMs);

    way.delayMs = kSlowMs;
    const slow = await degraded('slow');
    await add('third');
    way.delayMs = 0;
    await isReady('quick again');
    await until('third', 'what came meanwhile', () => answerOf(parley, 'third/m'), kPatienceMs);

    await server.kill();
    const gone = await degraded('gone');
    await server.run();
    await isReady('back');
    // moto forgets all that it had, and a store that was emptied is believed.
    if (kind !== 's3') assert.equal(await answerOf(parley, 'third/m'), 'third');
    tell(
      `store faults, ${kind}: the slowest of ${kRounds} requests: frozen ${frozen} ms, ` +
        `slow by ${kSlowMs} ms ${slow} ms, gone ${gone} ms`,
    );
  });
}
