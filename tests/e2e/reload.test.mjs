// Everything may change while Parley serves: who asks, who serves, where it listens, whom it
// trusts. Streams go on as they began, connections stay, nobody is refused.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { compose, Connection } from './support/raw.mjs';
import { chunks, completion, kDone } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer } from './support/wait.mjs';

const path = '/v1/chat/completions';
const bodyOf = (model, more = {}) => JSON.stringify({ model, messages: user('hi'), ...more });

/** A Parley and two upstreams that say their names; streams pause until `go` is resolved. */
async function scene(t, more = {}) {
  const [one, two] = [await Upstream.start(), await Upstream.start()];
  const go = defer();
  for (const [name, upstream] of Object.entries({ one, two })) {
    upstream.credential = () => upstream.key; // keys change here
    upstream.script = async (request, reply) => {
      if (!request.json.stream) return reply.json(200, completion(request, { content: name }));
      reply.events();
      await reply.say(chunks('m', [name]).slice(0, 2).join(''));
      await go.promise;
      await reply.say(chunks('m', ['.']).slice(1).join(''));
      reply.end(kDone);
    };
  }
  const base = (upstream, others = {}) =>
    configuration(upstream, {
      server: { threads: 2 },
      client_key: [{ name: 'tester', key: (scene.key ??= secret('sk-client')) }],
      ...more,
      ...others,
    });
  const parley = await Parley.start(base(one));
  for (const upstream of [one, two]) upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await one.stop();
    await two.stop();
  });
  const ask = async (key = parley.key) => {
    const client = sdk(parley, { apiKey: key });
    const got = await client.chat.completions.create({ model: 'm', messages: user('hi') });
    return got.choices[0].message.content;
  };
  return { parley, one, two, go, base, ask, client: sdk(parley) };
}

test('what begins meets the new configuration, what goes on keeps the old one', async (t) => {
  const { parley, two, go, base, ask, client } = await scene(t);
  const streams = await Promise.all(
    [1, 2, 3, 4].map(() =>
      client.chat.completions.create({ model: 'm', messages: user('hi'), stream: true }),
    ),
  );
  assert.equal(await ask(), 'one');
  assert.equal((await parley.change(base(two))).message, 'configuration changed');
  assert.equal(await ask(), 'two');
  go.resolve();
  for (const stream of streams) assert.equal(textOf(await collect(stream)), 'one.');
});

test('a connection outlives the configuration that it came under', async (t) => {
  const { parley, two, base } = await scene(t);
  const connection = await Connection.open(parley.port);
  const auth = { authorization: `Bearer ${parley.key}` };
  assert.match((await connection.ask('POST', path, auth, bodyOf('m'))).text, /"one"/);
  await parley.change(base(two, { limits: { body_bytes_max: 4096 } }));
  assert.match((await connection.ask('POST', path, auth, bodyOf('m'))).text, /"two"/);
  const large = bodyOf('m', { padding: 'x'.repeat(5000) });
  assert.equal((await connection.ask('POST', path, auth, large)).status, 413);
});

test('client keys come and go, also on connections that are there', async (t) => {
  const { parley, one, base, ask } = await scene(t);
  const other = { name: 'other', key: secret('sk-client') };
  const connection = await Connection.open(parley.port);
  const auth = { authorization: `Bearer ${parley.key}` };
  assert.equal((await connection.ask('POST', path, auth, bodyOf('m'))).status, 200);
  await parley.change(base(one, { client_key: [other] }));
  assert.equal((await connection.ask('POST', path, auth, bodyOf('m'))).status, 401);
  assert.equal(await ask(other.key), 'one');
});

test('what a caller has used of its budget stays used', async (t) => {
  const key = (more) => [{ name: 'tester', key: scene.key, requests_per_minute_max: 2, ...more }];
  const { parley, two, base, ask } = await scene(t);
  await parley.change(base(two, { client_key: key() }));
  await ask();
  await ask();
  await assert.rejects(ask(), (error) => error.status === 429);
  await parley.change(base(two, { client_key: key({ models: ['m'] }) }));
  await assert.rejects(ask(), (error) => error.status === 429);
});

test('an account that cools down still does so afterwards', async (t) => {
  const { parley, one, base, ask } = await scene(t);
  const accounts = [
    { label: 'a', api_key: secret('sk-a'), priority: 1 },
    { label: 'b', api_key: secret('sk-b') },
  ];
  const with_ = (account) =>
    base(one, { routing: { cool_down: true }, provider: [provider(one, { account })] });
  await parley.change(with_(accounts));
  const tries = [];
  one.script = (request, reply) => {
    const isFirst = request.headers.authorization === `Bearer ${accounts[0].api_key}`;
    tries.push(isFirst ? 'a' : 'b');
    const quota = { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } };
    if (isFirst) return reply.json(429, quota, { 'retry-after': '600' });
    return reply.json(200, completion(request, { content: 'b' }));
  };
  assert.equal(await ask(), 'b');
  assert.deepEqual(tries.splice(0), ['a', 'b']);
  await parley.change(with_([...accounts, { label: 'c', api_key: secret('sk-c'), disabled: true }]));
  assert.equal(await ask(), 'b');
  assert.deepEqual(tries.splice(0), ['b'], 'its failure is remembered');
});

test('doors open and shut, and nobody who is inside is sent away', async (t) => {
  const { parley, one, go, base, client } = await scene(t);
  const stream = await client.chat.completions.create({
    model: 'm',
    messages: user('hi'),
    stream: true,
  });
  const elsewhere = parley.next((l) => l.message === 'listening', 'the new door is open');
  await parley.change(base(one, { server: { threads: 2, listen: ['localhost:0'] } }));
  const port = Number((await elsewhere).address.split(':').at(-1));
  const inside = await Connection.open(port);
  assert.equal((await inside.ask('GET', '/healthz')).status, 200);
  inside.close();
  await assert.rejects(Connection.open(parley.port), { code: 'ECONNREFUSED' });
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'one.');
});

test('an address gives way to one that overlaps with it, and to no other program', async (t) => {
  const { parley, one, base } = await scene(t);
  for (const host of ['0.0.0.0', 'localhost', '127.0.0.1']) {
    const listen = [`${host}:${parley.port}`];
    const heard = await parley.change(base(one, { server: { threads: 2, listen } }));
    assert.equal(heard.message, 'configuration changed', heard.why);
    const connection = await Connection.open(parley.port);
    assert.equal((await connection.ask('GET', '/healthz')).status, 200);
    connection.close();
  }
  const another = net.createServer();
  const bound = new Promise((yes, no) => another.on('error', no).listen(parley.port, '127.0.0.1', yes));
  await assert.rejects(bound, { code: 'EADDRINUSE' });
});

test('what is wrong changes nothing, and the log says where', async (t) => {
  const { parley, one, two, base, ask } = await scene(t);
  const good = base(two);
  const wrong = { ...good, provider: [{ ...good.provider[0], base_url: 7 }] };
  const faults = {
    'limits.head_msx = 1\n': /parley\.toml:1:8: limits\.head_msx: .*did you mean "head_ms"/,
    'limits = [': /parley\.toml:1:\d+: /,
  };
  for (const [text, why] of Object.entries(faults)) {
    const heard = await parley.change(text);
    assert.equal(heard.message, 'configuration refused');
    assert.match(heard.why, why);
  }
  assert.match((await parley.change(wrong)).why, /provider\[0\]\.base_url: /);
  const taken = base(two, { server: { listen: [one.authority] } });
  assert.match((await parley.change(taken)).why, /server\.listen: listen on .* in use/);
  assert.equal(await ask(), 'one', 'the last good one is in force');
  assert.equal((await parley.change(good)).message, 'configuration changed');
  assert.equal(await ask(), 'two');
});

test('a request that waits behind another meets what holds when its turn comes', async (t) => {
  const { parley, two, go, base } = await scene(t);
  const auth = { authorization: `Bearer ${parley.key}` };
  const connection = await Connection.open(parley.port);
  const first = compose('POST', path, auth, bodyOf('m', { stream: true }));
  await connection.write(Buffer.concat([first, compose('POST', path, auth, bodyOf('m'))]));
  await connection.source.until('"one"');
  await parley.change(base(two));
  go.resolve();
  await connection.source.until('[DONE]');
  await connection.source.until('"two"');
  connection.close();
});
