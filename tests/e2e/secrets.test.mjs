// Planted secrets: whatever goes wrong, no log line, error or page holds a client's or an account's key.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { user } from './support/house.mjs';
import { binary, configuration, Parley, provider, secret } from './support/parley.mjs';
import { compose, Connection, once } from './support/raw.mjs';
import { chunks, completion, data, failure } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { toml } from './support/toml.mjs';

const run = promisify(execFile);
const upstream = await Upstream.start();
const second = secret('sk-second-upstream');
const config = configuration(upstream, {
  limits: { body_bytes_max: 10_000, head_bytes_max: 4096 },
  upstream: { idle_ms: 300, content_ms: 300, head_ms: 300 },
});
config.provider = [
  provider(upstream),
  {
    name: 'dead',
    plugin: 'openai',
    base_url: 'http://127.0.0.1:9/v1',
    models: ['dead'],
    account: [{ api_key: second }],
  },
];
const parley = await Parley.start(config);
upstream.mustNotSee(parley.key);
const kSecrets = [parley.key, upstream.key, second];
after(async () => {
  await parley.stop();
  for (const key of kSecrets) {
    assert.ok(!parley.stderr.includes(key), 'a key is in the log');
    assert.ok(!parley.stdout.includes(key), 'a key is on standard output');
  }
  await upstream.stop();
});
const path = '/v1/chat/completions';
const auth = { authorization: `Bearer ${parley.key}` };
const body = (more = {}) => JSON.stringify({ model: 'm', messages: user('hi'), ...more });

function clean(reply, about) {
  const all = JSON.stringify(reply.rawHeaders) + reply.body.toString('latin1');
  for (const key of kSecrets) assert.ok(!all.includes(key), `${about}: a key is in the reply`);
  return reply;
}

test("refusals of Parley's own", async () => {
  const near = `${parley.key.slice(0, -1)}x`;
  kSecrets.push(near); // a wrong key is one too, perhaps of elsewhere
  for (const [about, ...request] of [
    ['wrong key', 'POST', path, { authorization: `Bearer ${near}` }, body()],
    ['wrong key, other header', 'POST', path, { 'x-api-key': near }, body()],
    ['wrong key in the query', 'POST', `${path}?key=${near}`, {}, body()],
    ['key in the query, unknown path', 'GET', `/v1/unknown?key=${parley.key}`],
    ['unknown path', 'GET', '/v1/unknown', auth],
    ['unknown model', 'POST', path, auth, body({ model: 'dead-or-alive*' })],
    ['bad JSON', 'POST', path, auth, `{"model": "m", ${parley.key}`],
    ['too large', 'POST', path, auth, body({ x: 'y'.repeat(20_000) })],
    ['head too large', 'POST', path, { ...auth, 'x-y': 'z'.repeat(5000) }, body()],
    ['malformed head', 'POST', path, { ...auth, 'bad name': 'x' }, body()],
    ['nobody there', 'POST', path, auth, body({ model: 'dead' })],
    ['own pages', 'GET', '/', auth],
    ['models', 'GET', '/v1/models', auth],
  ])
    clean(await once(parley.port, ...request), about);
});

test('an upstream that repeats the key it was given', async () => {
  const { key } = upstream;
  const kEchoes = {
    'a 401': (request, reply) =>
      reply.json(
        401,
        failure(
          `Incorrect API key provided: ${key}. You can find yours at …`,
          'auth',
          'invalid_api_key',
        ),
      ),
    'a 401 of plain text': (request, reply) => {
      reply.writeHead(401, { 'content-type': 'text/plain' });
      reply.end(`bad key ${key}`);
    },
    'a 500 with the whole request': (request, reply) =>
      reply.json(500, { error: { message: 'oops', request: { headers: request.headers } } }),
    'a page of HTML': (request, reply) => {
      reply.writeHead(502, { 'content-type': 'text/html' });
      reply.end(`<html>${key}</html>`);
    },
    'an error with status 200': (request, reply) => reply.json(200, failure(`bad key ${key}`, 'x')),
    'an error amid a stream': async (request, reply) => {
      reply.events();
      await reply.say(chunks('m', ['a']).slice(0, 2).join(''));
      await reply.say(data(failure(`key ${key} has expired`, 'server_error')));
      reply.end();
    },
    'a redirect': (request, reply) => {
      reply.writeHead(302, { location: `https://other.example/?key=${key}` });
      reply.end();
    },
    'a header': (request, reply) => reply.json(400, failure('no', 'x'), { 'x-debug-auth': key }),
  };
  for (const [about, script] of Object.entries(kEchoes)) {
    upstream.script = script;
    const reply = await once(
      parley.port,
      'POST',
      path,
      auth,
      body({ stream: /stream/.test(about) }),
    );
    clean(reply, about);
  }
});

test('upstreams that fail in every other way', async () => {
  const ways = [
    (request, reply) => reply.cut(),
    (request, reply) => reply.reset(),
    () => {},
    (request, reply) => reply.json(200, 'garbage'),
    async (request, reply) => {
      reply.events();
      await reply.say(chunks('m', ['a'])[0]);
      reply.reset();
    },
  ];
  for (const [i, script] of ways.entries()) {
    upstream.script = script;
    clean(await once(parley.port, 'POST', path, auth, body({ stream: true })), `way ${i}`);
  }
  upstream.script = (request, reply) => reply.json(200, completion(request, { content: 'fine' }));
  clean(await once(parley.port, 'POST', path, auth, body()), 'a success');
});

test('a connection that breaks amid its key', async () => {
  const connection = await Connection.open(parley.port);
  const bytes = compose('POST', path, auth, body());
  await connection.write(bytes.subarray(0, bytes.indexOf(parley.key) + 20));
  connection.reset();
  const garbage = await Connection.open(parley.port);
  await garbage.write(`${parley.key}\r\n\r\n`);
  clean(await garbage.reply(), 'garbage');
});

test('parley check and a start with a faulty configuration', async () => {
  const file = join(parley.folder, 'bad.toml');
  for (const bad of [
    { ...config, server: { listen: [secret('sk-oops')] } },
    { ...config, provider: [{ ...config.provider[0], api_key: upstream.key }] },
    {
      ...config,
      client_key: [
        { name: 'x', key: parley.key },
        { name: 'x', key: parley.key },
      ],
    },
    { ...config, provider: [{ ...config.provider[0], nonsense: upstream.key }] },
  ]) {
    writeFileSync(file, toml(bad));
    for (const command of ['check', 'serve']) {
      const { code, stdout, stderr } = await run(binary, [command, '--config', file], {
        env: { HOME: parley.folder },
        timeout: 20_000, // deadline
      }).then(
        () => ({ code: 0 }),
        (error) => error,
      );
      assert.notEqual(code, 0, `${command} took it`);
      for (const key of kSecrets) assert.ok(!`${stdout}${stderr}`.includes(key), stderr);
    }
  }
});
