// What takes long is not done by an event loop: whose thread translates is told by the time that
// the system counts for each.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const wire = wires.anthropic;
const kLarge = '"ä"\n'.repeat(500_000);

/** The processor time of each thread, in ns. */
const times = (pid) =>
  Object.fromEntries(
    fs.readdirSync(`/proc/${pid}/task`).map((id) => {
      const [ran] = fs.readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ');
      return [id, Number(ran)];
    }),
  );

/** The thread that ran longest meanwhile. */
async function busiest(pid, work) {
  const before = times(pid);
  await work();
  const spent = Object.entries(times(pid)).map(([id, ran]) => [ran - (before[id] ?? 0), id]);
  return spent.sort(([a], [b]) => b - a)[0][1];
}

async function scene(t, limits) {
  const upstream = await Upstream.start({ credential: wire.key });
  upstream.script = (request, reply) => {
    const asked = wire.read({ json: request.json, path: request.url });
    reply.json(200, wire.whole(asked, { text: 'read', finish: 'stop', usage: { input: 1, output: 1 } }));
  };
  const parley = await Parley.start({
    ...configuration(upstream, { server: { threads: 1 }, limits }),
    provider: [
      {
        name: 'anthropic',
        plugin: wire.plugin,
        base_url: wire.base(upstream.url),
        models: ['m'],
        account: [{ label: 'main', api_key: upstream.key }],
      },
    ],
  });
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  const client = clients.chat(parley);
  const ask = async (times, text) => {
    for (let i = 0; i < times; ++i) {
      assert.equal((await client.ask('m', { user: text })).text, 'read');
    }
  };
  await ask(1, 'warm');
  const loop = await busiest(parley.pid, () => ask(100, 'small'));
  return { loop, byLarge: await busiest(parley.pid, () => ask(3, kLarge)) };
}

test('a large request is translated by a worker', async (t) => {
  const { loop, byLarge } = await scene(t, {});
  assert.notEqual(byLarge, loop);
});

test('a large count that is guessed is made by a worker, too', async (t) => {
  const upstream = await Upstream.start();
  const parley = await Parley.start(configuration(upstream, { server: { threads: 1 } }));
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  const ask = async (times, content) => {
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] });
    const headers = { 'x-api-key': parley.key, 'content-type': 'application/json' };
    for (let i = 0; i < times; ++i) {
      const path = `${parley.url}/v1/messages/count_tokens`;
      const reply = await fetch(path, { method: 'POST', headers, body });
      assert.ok((await reply.json()).input_tokens > content.length / 4);
    }
  };
  await ask(1, 'warm');
  const loop = await busiest(parley.pid, () => ask(100, 'small'));
  assert.notEqual(await busiest(parley.pid, () => ask(3, kLarge)), loop);
  assert.equal(upstream.requests.all.length, 0);
});

test('by the loop, where the limit says so', async (t) => {
  const { loop, byLarge } = await scene(t, { loop_bytes_max: '64MiB' });
  assert.equal(byLarge, loop);
});
