// SIGTERM: what goes on may end, nothing new begins, and the end is an orderly one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encrypted } from './support/encrypted.mjs';
import { collect, sdk, textOf, user } from './support/house.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { compose, Connection, once } from './support/raw.mjs';
import { chunks, completion, kDone } from './support/replies.mjs';
import { newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer } from './support/wait.mjs';

const model = 'gpt-5.5';
const body = JSON.stringify({ model, messages: user('hi'), stream: true });
const path = '/v1/chat/completions';

/** A Parley with an upstream whose streams pause amid their words until `go` is resolved. */
async function scene(t, limits = {}, { env = {}, supervised = false } = {}) {
  const upstream = await Upstream.start();
  const config = configuration(upstream, { limits, server: { threads: 2 } });
  const parley = await Parley.start(config, { env, supervised });
  const go = defer();
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return reply.json(200, completion(request, { content: 'whole' }));
    const events = chunks(model, ['a', 'b', 'c']);
    reply.events();
    await reply.say(events.slice(0, 2).join(''));
    await go.promise;
    for (const event of events.slice(2)) await reply.say(event);
    reply.end(kDone);
  };
  t.after(() => upstream.stop());
  const { port } = parley;
  const auth = { authorization: `Bearer ${parley.key}` };
  const drained = () => parley.lines.find((l) => l.message === 'draining', 'it drains');
  return { upstream, parley, go, port, auth, drained };
}

const refuses = (port) => assert.rejects(Connection.open(port), { code: 'ECONNREFUSED' });

/** What holds for a process that stands alone holds under a supervisor, which has the sockets too. */
function bothWays(name, run) {
  test(name, (t) => run(t, false));
  test(`${name}, under its supervisor`, (t) => run(t, true));
}

bothWays('an open stream ends whole, nothing new is taken, the exit code is 0', async (t, supervised) => {
  const { parley, go, port, drained } = await scene(t, {}, { supervised });
  const client = sdk(parley);
  const streams = await Promise.all(
    [1, 2, 3].map(() =>
      client.chat.completions.create({
        model,
        messages: user('hi'),
        stream: true,
      }),
    ),
  );
  parley.signal('SIGTERM');
  await drained();
  await refuses(port);
  go.resolve();
  for (const stream of streams) {
    const got = await collect(stream);
    assert.equal(textOf(got), 'abc');
    assert.equal(got.at(-1).choices[0].finish_reason, 'stop');
  }
  assert.deepEqual(await parley.ended(), { code: 0, signal: null });
  const lines = parley.lines.all.filter((l) => l.message === 'exchange');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.equal(line.status, 200);
});

// With TLS they have shaken no hands yet, and nothing of theirs can be answered.
if (!encrypted) {
  bothWays('who waits at the door is answered', async (t, supervised) => {
    const { parley, port, auth } = await scene(t, {}, { supervised });
    const [serving] = supervised ? parley.children() : [parley.pid];
    // It cannot accept while it stands still: the system takes the connection, and the request.
    process.kill(serving, 'SIGSTOP');
    const text = JSON.stringify({ model, messages: user('hi') });
    const waiting = await Promise.all([1, 2, 3].map(() => Connection.open(port)));
    for (const connection of waiting) {
      await connection.write(compose('POST', path, auth, text));
    }
    parley.signal('SIGTERM');
    process.kill(serving, 'SIGCONT');
    for (const connection of waiting) {
      const reply = await connection.reply();
      assert.equal(reply.status, 200, reply.text);
      assert.equal(await connection.ended(), 'fin');
    }
    assert.deepEqual(await parley.ended(), { code: 0, signal: null });
  });
}

test('idle connections are closed at once, busy ones after their reply', async (t) => {
  const { parley, go, port, auth, drained } = await scene(t);
  const fresh = await Connection.open(port);
  const used = await Connection.open(port);
  assert.equal((await used.ask('GET', '/healthz')).status, 200);
  const busy = await Connection.open(port);
  // A second request waits behind the first: the drain has come before its turn.
  await busy.write(Buffer.concat([compose('POST', path, auth, body), compose('GET', '/healthz')]));
  await busy.source.until('"a"');
  parley.signal('SIGTERM');
  await drained();
  assert.equal(await fresh.ended(), 'fin');
  assert.equal(await used.ended(), 'fin');
  go.resolve();
  await busy.source.until('[DONE]');
  assert.equal(await busy.ended(), 'fin');
  assert.deepEqual(await parley.ended(), { code: 0, signal: null });
});

test('a request that is still coming is answered, and says that it is the last', async (t) => {
  const { parley, port, auth, drained } = await scene(t);
  const connection = await Connection.open(port);
  const text = JSON.stringify({ model, messages: user('hi') });
  await connection.send('POST', path, { ...auth, 'content-length': text.length }, text.slice(0, 9));
  // The head has been read when the next connection on the same loop is answered.
  for (let i = 0; i < 4; ++i) await once(port, 'GET', '/healthz');
  parley.signal('SIGTERM');
  await drained();
  await connection.write(text.slice(9));
  const reply = await connection.reply();
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.headers.connection, 'close');
  assert.deepEqual(await parley.ended(), { code: 0, signal: null });
});

test('SIGINT is the same', async (t) => {
  const { parley, go, port, auth, drained } = await scene(t);
  const connection = await Connection.open(port);
  await connection.send('POST', path, auth, body);
  await connection.source.until('"a"');
  parley.signal('SIGINT');
  await drained();
  go.resolve();
  await connection.source.until('[DONE]');
  assert.deepEqual(await parley.ended(), { code: 0, signal: null });
});

test('drain_ms is the limit: what goes on then is cut, and looks cut', async (t) => {
  const { parley, port, auth } = await scene(t, { drain_ms: 200 });
  const connection = await Connection.open(port);
  await connection.send('POST', path, auth, body);
  while (!connection.source.bytes.includes('"a"')) await connection.source.more();
  parley.signal('SIGTERM');
  const got = await connection.reply();
  assert.ok(!got.whole || /"error":\{/.test(got.text), 'a cut stream looks whole');
  assert.doesNotMatch(got.text, /\[DONE\]/);
  assert.deepEqual(await parley.ended(), { code: 0, signal: null });
});

test('a second signal ends it at once', async (t) => {
  // What it drops in its haste is no leak.
  const { parley, port, auth, drained } = await scene(t, {}, { env: { ASAN_OPTIONS: 'detect_leaks=0' } });
  const connection = await Connection.open(port);
  await connection.send('POST', path, auth, body);
  await connection.source.until('"a"');
  parley.signal('SIGTERM');
  await drained();
  parley.signal('SIGTERM');
  const { code } = await parley.ended(5000);
  assert.equal(code, 0);
});

test('SIGTERM as soon as it says that it listens ends it in order too', async (t) => {
  const { parley } = await scene(t);
  parley.signal('SIGTERM');
  assert.deepEqual(await parley.ended(), { code: 0, signal: null });
});

test('with nothing to do it ends at once', async (t) => {
  const { parley, port } = await scene(t, { drain_ms: 60_000 });
  assert.equal((await once(port, 'GET', '/readyz')).status, 200);
  parley.signal('SIGTERM');
  assert.deepEqual(await parley.ended(5000), { code: 0, signal: null });
  await refuses(port);
});

/** A Parley whose one account is being refreshed, by a server that answers when `go` is resolved. */
async function refreshing(t, limits = {}) {
  const api = await Upstream.start();
  const login = await OAuthServer.start({
    clientId: 'client-1',
    more: () => ({ resource_url: api.url }),
  });
  api.credential = (headers) => (login.isGood(headers.authorization?.slice(7)) ? api.key : 'none');
  api.script = (request, reply) => reply.json(200, completion(request, { content: 'Good day.' }));
  t.after(async () => {
    await api.stop();
    await login.stop();
  });
  const [asked, go] = [defer(), defer()];
  login.script = async (request, reply) => {
    asked.resolve();
    await go.promise;
    return login.answer(request, reply);
  };
  const secret = { ...login.family(), expires_at_ms: 1_600_000_000_000, resource_url: api.url };
  const config = configuration(undefined, {
    limits,
    provider: [
      {
        name: 'qwen',
        models: ['m'],
        client_id: 'client-1',
        token_url: `${login.url}/token`,
        device_url: `${login.url}/device`,
        account: [{ label: 'main', secret: JSON.stringify(secret) }],
      },
    ],
  });
  const state = newFolder();
  const parley = await Parley.start(config, { state });
  await asked.promise;
  parley.signal('SIGTERM');
  await parley.lines.find((l) => l.message === 'draining', 'it drains');
  await refuses(parley.port);
  await parley.lines.find((l) => l.message === 'refreshes may end' && l.refreshes === 1, 'it waits');
  return { login, config, state, parley, go };
}

test('a refresh that waits for its answer gets it, and what came is there at the next start', async (t) => {
  const { login, config, state, parley, go } = await refreshing(t);
  // The server replaces the token when it answers: who does not hear that has lost the account.
  go.resolve();
  assert.equal((await parley.ended()).code, 0, parley.stderr);
  assert.ok(parley.lines.all.some((l) => l.message === 'secret refreshed'), parley.stderr);
  const next = await Parley.start(config, { state });
  const got = await sdk(next).chat.completions.create({ model: 'm', messages: user('hi') });
  assert.equal(got.choices[0].message.content, 'Good day.');
  assert.equal(login.refreshes().length, 1);
  await next.stop();
});

test('a login server that never answers holds up the end for drain_ms and no longer', async (t) => {
  const { parley, go } = await refreshing(t, { drain_ms: 200 });
  assert.equal((await parley.ended()).code, 0, parley.stderr);
  go.resolve();
});
