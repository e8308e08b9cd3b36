// HTTP/1.1 as clients really write it, byte by byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { house } from './support/house.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { compose, Connection, once } from './support/raw.mjs';
import { completion, stream } from './support/replies.mjs';

const kOrigin = 'https://chat.example.com';
const { upstream, parley } = await house({
  server: { threads: 2, cors_origins: [kOrigin] },
  limits: { idle_ms: 60_000, requests_per_connection_max: 60 },
});
const { port } = parley;
const path = '/v1/chat/completions';
const auth = { authorization: `Bearer ${parley.key}` };
const json = { ...auth, 'content-type': 'application/json' };
const ask = (content, more = {}) =>
  JSON.stringify({ model: 'gpt-5.5', messages: [{ role: 'user', content }], ...more });
const contentOf = (reply) => JSON.parse(reply.text).choices[0].message.content;
const echo = (request, reply) => {
  const { content } = request.json.messages[0];
  if (!request.json.stream) return reply.json(200, completion(request, { content }));
  reply.events();
  return reply.end(stream('gpt-5.5', [content]).join(''));
};
upstream.script = echo;

test('twenty requests in one write are answered in order', async () => {
  const connection = await Connection.open(port);
  const requests = Array.from({ length: 20 }, (_, i) => {
    if (i % 5 === 4) return compose('GET', '/healthz');
    if (i % 5 === 3) {
      const body = ask(`n${i}`, { stream: true });
      const chunks = `5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}`;
      return compose(
        'POST',
        path,
        { ...json, 'transfer-encoding': 'chunked' },
        `${chunks}\r\n0\r\n\r\n`,
      );
    }
    return compose('POST', path, json, ask(`n${i}`));
  });
  await connection.write(Buffer.concat(requests));
  for (let i = 0; i < 20; ++i) {
    const reply = await connection.reply();
    assert.equal(reply.status, 200, `${i}: ${reply.text}`);
    if (i % 5 === 4) assert.match(reply.text, /"ok"/);
    else if (i % 5 === 3) assert.ok(reply.text.includes(`"n${i}"`));
    else assert.equal(contentOf(reply), `n${i}`);
  }
  connection.close();
});

test('a connection is kept, also after errors, and closed when asked to', async () => {
  const connection = await Connection.open(port);
  for (let i = 0; i < 10; ++i) {
    assert.equal(contentOf(await connection.ask('POST', path, json, ask(`k${i}`))), `k${i}`);
    const unknown = await connection.ask('POST', path, json, '{"model":"gpt-5.5",');
    assert.equal(unknown.status, 400);
    assert.equal((await connection.ask('GET', '/nowhere', auth)).status, 404);
  }
  const last = await connection.ask('POST', path, { ...json, connection: 'close' }, ask('bye'));
  assert.equal(contentOf(last), 'bye');
  assert.equal(last.headers.connection, 'close');
  assert.equal(await connection.ended(), 'fin');
});

test('a connection serves so many requests and says so with the last one', async () => {
  const connection = await Connection.open(port);
  for (let i = 1; i <= 60; ++i) {
    const reply = await connection.ask('GET', '/healthz');
    assert.equal(reply.headers.connection, i === 60 ? 'close' : undefined);
  }
  assert.equal(await connection.ended(), 'fin');
});

test('a short body that nobody wants is passed over, with the refusal and after it', async () => {
  const connection = await Connection.open(port);
  const refused = { ...json, authorization: 'Bearer sk-wrong' };
  const body = ask('unheard');
  assert.equal((await connection.ask('POST', path, refused, body)).status, 401);
  await connection.send('POST', path, { ...refused, 'content-length': body.length });
  assert.equal((await connection.reply()).status, 401);
  await connection.write(body.slice(0, 7));
  await connection.write(Buffer.concat([Buffer.from(body.slice(7)), compose('POST', path, json, ask('heard'))]));
  assert.equal(contentOf(await connection.reply()), 'heard');
  await connection.send('POST', path, { ...refused, 'content-length': 10_000_000 });
  assert.equal((await connection.reply()).headers.connection, 'close', 'a long one is not');
  assert.equal(await connection.ended(), 'fin');
});

test('expect: 100-continue is answered before the body, or with the refusal instead', async () => {
  const connection = await Connection.open(port);
  const body = ask('patient');
  const headers = { ...json, expect: '100-continue', 'content-length': body.length };
  await connection.send('POST', path, headers);
  assert.equal((await connection.reply()).status, 100);
  await connection.write(body);
  assert.equal(contentOf(await connection.reply()), 'patient');
  assert.equal(upstream.last.headers.expect, undefined);

  const refused = { ...headers, authorization: 'Bearer sk-wrong' };
  await connection.send('POST', path, refused);
  const reply = await connection.reply();
  assert.equal(reply.status, 401);
  assert.equal(reply.headers.connection, 'close', 'the body may still come');
  assert.equal(await connection.ended(), 'fin');

  const odd = await once(port, 'POST', path, { ...json, expect: 'a miracle' }, body);
  assert.equal(odd.status, 417);
});

test('HEAD is GET without a body', async () => {
  const connection = await Connection.open(port);
  for (const target of ['/v1/models', '/healthz', '/readyz', '/']) {
    const get = await connection.ask('GET', target, auth);
    const head = await connection.ask('HEAD', target, auth);
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], String(get.body.length));
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.ok(get.body.length > 0);
  }
  const { status, body } = await connection.ask('HEAD', path, auth);
  assert.equal(status, 405);
  assert.equal(body.length, 0);
  assert.equal((await connection.ask('GET', '/healthz')).status, 200, 'the connection is in order');
  connection.close();
});

test('HTTP/1.0: closed by default, kept when asked, streams end with the connection', async () => {
  const one0 = (bytes) =>
    Buffer.from(bytes.toString('latin1').replace('HTTP/1.1', 'HTTP/1.0'), 'latin1');
  const connection = await Connection.open(port);
  await connection.write(
    one0(compose('POST', path, { ...json, connection: 'keep-alive' }, ask('a'))),
  );
  const kept = await connection.reply();
  assert.equal(contentOf(kept), 'a');
  assert.equal(kept.headers.connection, 'keep-alive');
  await connection.write(one0(compose('POST', path, json, ask('b', { stream: true }))));
  const streamed = await connection.reply();
  assert.equal(streamed.headers['transfer-encoding'], undefined);
  assert.equal(streamed.headers['content-length'], undefined);
  assert.equal(streamed.headers.connection, 'close');
  assert.ok(streamed.text.endsWith('data: [DONE]\n\n'));
  assert.equal(await connection.ended(), 'fin');

  const bare = await Connection.open(port);
  await bare.write('GET /healthz HTTP/1.0\r\n\r\n'); // no host: that is right for 1.0
  assert.equal((await bare.reply()).status, 200);
  assert.equal(await bare.ended(), 'fin');
});

test('chunked bodies: any sizes, extensions, trailers', async () => {
  const connection = await Connection.open(port);
  const text = ask(`ch✓nked ${'x'.repeat(3000)}`);
  const body = Buffer.from(text);
  const kWays = [
    [1, '', ''],
    [7, ';ext=1', ''],
    [1000, ' ;a="b"', 'x-trailer: 1\r\n'],
    [100_000, '', ''],
  ];
  for (const [size, extension, trailers] of kWays) {
    const parts = [];
    for (let at = 0; at < body.length; at += size) {
      const piece = body.subarray(at, at + size);
      const ext = extension.trimStart();
      parts.push(Buffer.from(`${piece.length.toString(16).toUpperCase()}${ext}\r\n`), piece);
      parts.push(Buffer.from('\r\n'));
    }
    parts.push(Buffer.from(`0\r\n${trailers}\r\n`));
    await connection.send('POST', path, { ...json, 'transfer-encoding': 'Chunked' });
    for (const part of parts.length > 3000 ? [Buffer.concat(parts)] : parts) connection.write(part);
    const reply = await connection.reply();
    assert.equal(reply.status, 200, reply.text);
    assert.equal(upstream.last.text, text);
    assert.equal(upstream.last.headers['content-length'], String(body.length));
    assert.equal(upstream.last.headers['x-trailer'], undefined);
  }
  connection.close();
});

test('a request may come byte by byte', async () => {
  const connection = await Connection.open(port);
  for (const byte of compose('POST', path, json, ask('slowly'))) {
    await connection.write(Buffer.of(byte));
  }
  assert.equal(contentOf(await connection.reply()), 'slowly');
  connection.close();
});

test('unknown paths and wrong methods are refused in the nearest dialect', async () => {
  const connection = await Connection.open(port);
  const unknown = await connection.ask('GET', '/v1/nothing', auth);
  assert.equal(unknown.status, 404);
  assert.equal(JSON.parse(unknown.text).error.code, 'unknown_url');
  for (const [method, target, allow] of [
    ['GET', path, 'POST'],
    ['DELETE', '/v1/responses', 'POST'],
    ['POST', '/v1/models', 'GET'],
    ['PUT', '/v1/models/gpt-5.5', 'GET'],
  ]) {
    const reply = await connection.ask(method, target, { ...auth, 'content-length': 0 });
    assert.equal(reply.status, 405, `${method} ${target}`);
    assert.match(JSON.parse(reply.text).error.message, new RegExp(`use ${allow}`));
    assert.match(reply.headers.allow ?? 'none', new RegExp(`\\b${allow}\\b`));
  }
  connection.close();
});

test('a WebSocket is refused with 426, so clients fall back to plain requests', async () => {
  const upgrade = {
    ...auth,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': 13,
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const reply = await once(port, 'GET', '/v1/responses', upgrade);
  assert.equal(reply.status, 426);
  assert.match(JSON.parse(reply.text).error.message, /websocket/);
});

test('own pages', async () => {
  for (const [target, wanted] of [
    ['/healthz', /"ok"/],
    ['/readyz', /"ready"/],
    ['/', /parley/],
  ]) {
    const reply = await once(port, 'GET', target);
    assert.equal(reply.status, 200);
    assert.match(reply.text, wanted);
    assert.match(reply.headers['content-type'], /^application\/json/);
    assert.ok(Date.parse(reply.headers.date) > 0);
  }
});

test('CORS: a page that may ask, a page that may not, no page', async () => {
  const asked = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-stainless-os',
  };
  const yes = await once(port, 'OPTIONS', path, { origin: kOrigin, ...asked });
  assert.equal(yes.status, 204);
  assert.equal(yes.headers['access-control-allow-origin'], kOrigin);
  assert.equal(
    yes.headers['access-control-allow-headers'],
    asked['access-control-request-headers'],
  );
  assert.match(yes.headers['access-control-allow-methods'], /POST/);
  assert.match(yes.headers.vary, /origin/i);
  assert.ok(Number(yes.headers['access-control-max-age']) > 0);
  const no = await once(port, 'OPTIONS', path, { origin: 'https://evil.example', ...asked });
  assert.equal(no.headers['access-control-allow-origin'], undefined);
  assert.equal(no.status, 403);

  const simple = await once(port, 'POST', path, { ...json, origin: kOrigin }, ask('page'));
  assert.equal(contentOf(simple), 'page');
  assert.equal(simple.headers['access-control-allow-origin'], kOrigin);
  assert.equal(simple.headers['access-control-expose-headers'], '*');
  const denied = await once(port, 'POST', path, { ...json, origin: kOrigin, authorization: 'no' });
  assert.equal(denied.status, 401);
  assert.equal(denied.headers['access-control-allow-origin'], kOrigin, 'the page may read why');
  const other = await once(port, 'POST', path, { ...json, origin: 'null' }, ask('x'));
  assert.equal(other.headers['access-control-allow-origin'], undefined);
  const none = await once(port, 'POST', path, json, ask('x'));
  assert.equal(none.headers['access-control-allow-origin'], undefined);
});

test('without client keys only local clients and local pages are served', async () => {
  const open = await Parley.start(configuration(null, { client_key: [] }));
  const body = ask('hi').replace('gpt-5.5', 'example');
  assert.equal((await once(open.port, 'POST', path, {}, body)).status, 200);
  const local = { origin: 'http://localhost:3000' };
  assert.equal((await once(open.port, 'POST', path, local, body)).status, 200);
  const foreign = await once(open.port, 'POST', path, { origin: 'https://evil.example' }, body);
  assert.equal(foreign.status, 403);
  await open.stop();
});

test('a key may stand wherever clients put it', async () => {
  const { key } = parley;
  const ways = [
    { authorization: `Bearer ${key}` },
    { authorization: `bearer ${key}` },
    { authorization: key },
    { 'x-api-key': key },
    { 'x-goog-api-key': key },
    { 'api-key': key },
  ];
  for (const way of ways) {
    const reply = await once(port, 'POST', path, way, ask('key'));
    assert.equal(reply.status, 200, JSON.stringify(way));
    assert.equal(upstream.last.headers.authorization, `Bearer ${upstream.key}`);
  }
  const query = `${path}?api-version=1&key=${key}&x=%20y`;
  assert.equal((await once(port, 'POST', query, {}, ask('key'))).status, 200);
  assert.equal(upstream.last.url, `${path}?api-version=1&x=%20y`, 'the key does not go on');
});

test("fields of the client's connection stay there, all others go on", async () => {
  const headers = {
    ...json,
    'user-agent': 'my tool/1.0',
    'x-mine': 'yes',
    'openai-beta': 'a=1',
    'openai-organization': 'o',
    connection: 'keep-alive, X-Hop',
    'x-hop': 'secret of this hop',
    'keep-alive': 'timeout=5',
    te: 'trailers',
    cookie: 'a=b',
    'x-forwarded-for': '1.2.3.4',
    origin: undefined,
    'accept-encoding': 'gzip',
    via: '1.1 other',
  };
  const reply = await once(port, 'POST', path, headers, ask('hop'));
  assert.equal(reply.status, 200, reply.text);
  const seen = upstream.last.headers;
  for (const name of ['user-agent', 'x-mine', 'openai-beta', 'openai-organization']) {
    assert.equal(seen[name], headers[name]);
  }
  assert.equal(seen['x-hop'], undefined, 'named by connection, so of this connection only');
});

test('who sends no user-agent gets ours', async () => {
  await once(port, 'POST', path, json, ask('agent'));
  assert.match(upstream.last.headers['user-agent'], /^parley\/\d/);
});

test("an upstream's fields go on, but for those of its connection", async () => {
  upstream.script = (request, reply) =>
    reply.json(200, completion(request, { content: 'x' }), {
      'x-ratelimit-remaining-tokens': '12',
      'openai-processing-ms': '5',
      'x-request-id': 'req_up',
      'set-cookie': '__cf=1',
      server: 'cloudflare',
      'cf-ray': '1',
      'alt-svc': 'h3',
      date: 'never',
      'access-control-allow-origin': '*',
      'keep-alive': 'timeout=5',
      'strict-transport-security': 'x',
      connection: 'keep-alive, x-hop',
      'x-hop': 'of theirs',
    });
  const { headers, rawHeaders } = await once(port, 'POST', path, json, ask('x'));
  assert.equal(headers['x-ratelimit-remaining-tokens'], '12');
  assert.equal(headers['openai-processing-ms'], '5');
  assert.equal(headers['x-request-id'], 'req_up');
  for (const name of [
    'set-cookie',
    'server',
    'cf-ray',
    'alt-svc',
    'access-control-allow-origin',
    'keep-alive',
    'strict-transport-security',
    'x-hop',
  ]) {
    assert.equal(headers[name], undefined, name);
  }
  assert.ok(Date.parse(headers.date) > 0);
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((n) => n.toLowerCase());
  assert.equal(new Set(names).size, names.length, 'a field twice');
  upstream.script = echo;
});

test('targets in other forms', async () => {
  const connection = await Connection.open(port);
  const absolute = await connection.ask('GET', 'http://parley.test/healthz?x=1');
  assert.equal(absolute.status, 200);
  assert.equal((await connection.ask('OPTIONS', '*')).status, 204);
  for (const target of ['healthz', '/%zz', '/%00', '/a#b', '/\\', '/%4']) {
    assert.equal((await once(port, 'GET', target)).status, 400, target);
  }
  connection.close();
});

test('an idle connection is closed without a word', async () => {
  const hasty = await Parley.start(configuration(null, { limits: { idle_ms: 200 } }));
  const fresh = await Connection.open(hasty.port);
  assert.equal(await fresh.ended(), 'fin');
  assert.equal(fresh.source.size, 0);
  const used = await Connection.open(hasty.port);
  assert.equal((await used.ask('GET', '/healthz')).status, 200);
  assert.equal(await used.ended(), 'fin');
  assert.equal(used.source.size, 0);
  await hasty.stop();
});
