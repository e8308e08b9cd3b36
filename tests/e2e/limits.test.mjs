// Every limit refuses in order: the right status, the connection closed, no upstream asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';

import { house } from './support/house.mjs';
import { configuration, isSanitized, Parley } from './support/parley.mjs';
import { compose, Connection, once } from './support/raw.mjs';
import { completion } from './support/replies.mjs';

const KiB = 1024;
const MiB = KiB * KiB;
const { upstream, parley } = await house({
  server: { threads: 1 },
  limits: {
    head_ms: 400,
    head_bytes_max: 8 * KiB,
    head_fields_max: 40,
    body_bytes_max: 256 * KiB,
    inflated_bytes_max: 2 * MiB,
    inflate_ratio_max: 100,
    body_grace_ms: 300,
    body_bytes_per_s_min: 10_000,
    idle_ms: 60_000,
  },
});
const { port } = parley;
const path = '/v1/chat/completions';
const auth = { authorization: `Bearer ${parley.key}` };
const body = (content) => JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] });
upstream.script = (request, reply) => reply.json(200, completion(request, { content: 'ok' }));

/** The reply, after which the connection must end and no upstream have been asked. */
async function refused(connection, status, before = upstream.requests.all.length) {
  const reply = await connection.reply();
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.headers.connection, 'close');
  assert.equal(await connection.ended(), 'fin');
  assert.equal(upstream.requests.all.length, before, 'an upstream was asked');
  connection.close();
  return reply;
}

/** One byte now and then until the other end has had enough. */
function drip(connection, byte) {
  const timer = setInterval(() => connection.write(byte), 40);
  connection.source.ending.then(() => clearInterval(timer));
}

test('a head that is too long, or has too many fields, is a 431', async () => {
  for (const headers of [
    { 'x-long': 'x'.repeat(9 * KiB) },
    Object.fromEntries(Array.from({ length: 45 }, (_, i) => [`x-${i}`, 'y'])),
  ]) {
    const connection = await Connection.open(port);
    await connection.send('GET', '/healthz', headers);
    await refused(connection, 431);
  }
  const target = await Connection.open(port);
  await target.send('GET', `/${'x'.repeat(9 * KiB)}`);
  await refused(target, 431);
  const endless = await Connection.open(port);
  await endless.write('GET / HTTP/1.1\r\n');
  await endless.write(`x: ${'y'.repeat(20 * KiB)}`); // no end in sight
  await refused(endless, 431);
  // Told of in the log, though not each of a flood.
  const line = await parley.exchange({ status: 431, fault: 'too_large' });
  assert.equal(line.peer, '127.0.0.1');
  const fits = await once(port, 'GET', '/healthz', { 'x-long': 'x'.repeat(7 * KiB) });
  assert.equal(fits.status, 200);
});

test('a body that is too long is a 413, before it has come', async () => {
  const announced = await Connection.open(port);
  await announced.send('POST', path, { ...auth, 'content-length': 300 * KiB });
  const told = JSON.parse((await refused(announced, 413)).text);
  assert.match(told.error.message, /over the limit of 262144 bytes/, "in the client's dialect");

  const stranger = await Connection.open(port);
  await stranger.send('POST', path, { 'content-length': 300 * KiB });
  await refused(stranger, 401);

  const huge = await Connection.open(port);
  await huge.send('POST', path, { ...auth, 'content-length': '999999999999999999' });
  await refused(huge, 413);

  const sent = await Connection.open(port);
  sent.send('POST', path, auth, body('x'.repeat(300 * KiB))); // the refusal comes while it is sent
  await refused(sent, 413);

  const chunked = await Connection.open(port);
  await chunked.send('POST', path, { ...auth, 'transfer-encoding': 'chunked' });
  for (let i = 0; i < 5; ++i) chunked.write(`10000\r\n${'x'.repeat(64 * KiB)}\r\n`);
  await refused(chunked, 413);
  assert.equal((await once(port, 'POST', path, auth, body('x'.repeat(250 * KiB)))).status, 200);
});

test('a head that comes too slowly is a 408', async () => {
  const connection = await Connection.open(port);
  await connection.write('GET /healthz HTTP/1.1\r\nx-slow: ');
  drip(connection, 'a');
  await refused(connection, 408);
});

test('blank lines before a request are no way to stay', async () => {
  const connection = await Connection.open(port);
  await connection.write('\r\n');
  drip(connection, '\r\n');
  await refused(connection, 400);
  const silent = await Connection.open(port);
  await silent.write('\r\n');
  assert.equal(await silent.ended(), 'fin', 'closed at limits.head_ms');
});

test('a body that comes too slowly is a 408, sized and chunked', async () => {
  const sized = await Connection.open(port);
  await sized.send('POST', path, { ...auth, 'content-length': 5000 }, '{');
  drip(sized, ' ');
  await refused(sized, 408);
  const chunked = await Connection.open(port);
  await chunked.send('POST', path, { ...auth, 'transfer-encoding': 'chunked' }, '1\r\n{\r\n');
  drip(chunked, '1\r\n \r\n');
  await refused(chunked, 408);
  const silent = await Connection.open(port);
  await silent.send('POST', path, { ...auth, 'content-length': 5000 });
  await refused(silent, 408);
});

test('a body that is slow but fast enough is taken', async () => {
  const connection = await Connection.open(port);
  const bytes = Buffer.from(body('x'.repeat(40_000)));
  await connection.send('POST', path, { ...auth, 'content-length': bytes.length });
  let at = 0;
  await new Promise((done) => {
    const timer = setInterval(() => {
      connection.write(bytes.subarray(at, (at += 2000))); // 50 kB a second
      if (at < bytes.length) return;
      clearInterval(timer);
      done();
    }, 40);
  });
  assert.equal((await connection.reply()).status, 200);
  connection.close();
});

const kCodings = {
  gzip: zlib.gzipSync,
  'x-gzip': zlib.gzipSync,
  deflate: zlib.deflateSync,
  'deflate raw': zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
  'gzip, br': (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
};

for (const [name, pack] of Object.entries(kCodings)) {
  const coding = { ...auth, 'content-encoding': name.replace(' raw', '') };

  test(`${name}: a compressed body goes on plain, and the connection is kept`, async () => {
    const connection = await Connection.open(port);
    const words = Array.from({ length: 30_000 }, (_, i) => `${i}`).join(' ');
    for (const text of [body('short'), body(words)]) {
      const packed = pack(Buffer.from(text));
      const chunk = Buffer.concat([
        Buffer.from(`${packed.length.toString(16)}\r\n`),
        packed,
        Buffer.from('\r\n0\r\n\r\n'),
      ]);
      for (const [headers, bytes] of [
        [{}, packed],
        [{ 'transfer-encoding': 'chunked' }, chunk],
      ]) {
        const reply = await connection.ask('POST', path, { ...coding, ...headers }, bytes);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(upstream.last.text, text);
        assert.equal(upstream.last.headers['content-encoding'], undefined);
      }
    }
    connection.close();
  });

  test(`${name}: a bomb is a 413 and costs little memory`, async () => {
    const bomb = pack(Buffer.alloc(100 * MiB));
    const before = upstream.requests.all.length;
    const memory = parley.memory();
    for (const bytes of [bomb, pack(Buffer.alloc(3 * MiB, 'abc'))]) {
      if (bytes.length > 256 * KiB) continue;
      const connection = await Connection.open(port);
      const reply = await connection.ask('POST', path, coding, bytes);
      assert.equal(reply.status, 413, reply.text);
      assert.match(reply.text, /over the limit/);
      connection.close();
    }
    assert.equal(upstream.requests.all.length, before);
    const grown = parley.memory() - memory;
    if (!isSanitized) assert.ok(grown < 8 * MiB, `${grown} bytes`);
  });

  test(`${name}: a body that is cut or broken is a 400`, async () => {
    const packed = pack(Buffer.from(body('x'.repeat(500))));
    const cut = packed.subarray(0, packed.length - 5);
    const trailing = Buffer.concat([packed, Buffer.from('trailing')]);
    const before = upstream.requests.all.length;
    for (const bytes of [cut, trailing, Buffer.from('certainly not compressed'), Buffer.alloc(0)]) {
      const reply = await once(port, 'POST', path, coding, bytes);
      assert.equal(reply.status, 400, `${bytes.length}: ${reply.text}`);
    }
    assert.equal(upstream.requests.all.length, before);
  });
}

test('an unknown coding is a 415, identity is none', async () => {
  const odd = await once(port, 'POST', path, { ...auth, 'content-encoding': 'lzma' }, 'x');
  assert.equal(odd.status, 415);
  const many = { ...auth, 'content-encoding': 'gzip, gzip, gzip' };
  assert.ok((await once(port, 'POST', path, many, 'x')).status >= 400);
  const none = { ...auth, 'content-encoding': 'identity' };
  assert.equal((await once(port, 'POST', path, none, body('x'))).status, 200);
});

test('more clients than connections_max wait for their turn', async () => {
  const small = await Parley.start(configuration(null, { limits: { connections_max: 3 } }));
  const first = await Promise.all([1, 2, 3].map(() => Connection.open(small.port)));
  for (const c of first) assert.equal((await c.ask('GET', '/healthz')).status, 200);
  const isTold = (l) => l.message === 'clients wait at the door';
  const told = await small.lines.find(isTold, 'the log says why');
  assert.match(told.why, /limits\.connections_max/);
  const waiting = await Connection.open(small.port);
  await waiting.send('GET', '/healthz');
  for (const c of first) assert.equal((await c.ask('GET', '/healthz')).status, 200);
  assert.equal(waiting.source.size, 0, 'the fourth is not served yet');
  first[0].close();
  assert.equal((await waiting.reply()).status, 200);
  for (const c of [...first, waiting]) c.close();
  assert.equal(small.lines.all.filter(isTold).length, 1, 'once for a while');
  await small.stop();
});

test('after all that the house is in order', async () => {
  const connection = await Connection.open(port);
  await connection.write(compose('POST', path, auth, body('x')));
  assert.equal((await connection.reply()).status, 200);
  connection.close();
});
