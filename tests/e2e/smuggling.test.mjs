// Requests whose end two servers could see in different places, and other bytes that are no HTTP:
// each is a 400 and the end of its connection, and no upstream hears of it or of what follows.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { house } from './support/house.mjs';
import { Connection } from './support/raw.mjs';
import { completion } from './support/replies.mjs';

const { upstream, parley } = await house();
upstream.script = (request, reply) => reply.json(200, completion(request, { content: 'reached' }));
const body = '{"model":"m","messages":[]}';
const size = body.length;
const hidden =
  `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${parley.key}\r\n` +
  `content-length: ${size}\r\n\r\n${body}`;
const chunked = `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

const line = 'POST /v1/chat/completions HTTP/1.1\r\n';
const host = 'host: parley.test\r\n';
const auth = `authorization: Bearer ${parley.key}\r\n`;
const start = line + host + auth;

const kSmuggled = {
  'both lengths': `${start}content-length: ${size}\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`,
  'both lengths, the other way round': `${start}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n${chunked}`,
  'two lengths': `${start}content-length: ${size}\r\ncontent-length: 5\r\n\r\n${body}`,
  'the same length twice': `${start}content-length: ${size}\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a list of lengths': `${start}content-length: ${size}, ${size}\r\n\r\n${body}`,
  'two codings': `${start}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`,
  'a list of codings': `${start}transfer-encoding: gzip, chunked\r\n\r\n${chunked}`,
  'identity, chunked': `${start}transfer-encoding: identity, chunked\r\n\r\n${chunked}`,
  'chunked, identity': `${start}transfer-encoding: chunked, identity\r\n\r\n${chunked}`,
  xchunked: `${start}transfer-encoding: xchunked\r\n\r\n${chunked}`,
  'chunked in quotes': `${start}transfer-encoding: "chunked"\r\n\r\n${chunked}`,
  'chunked with a vertical tab': `${start}transfer-encoding: \x0bchunked\r\n\r\n${chunked}`,
  'an empty coding': `${start}transfer-encoding:\r\n\r\n${chunked}`,
  'chunked in HTTP/1.0': `${start.replace('1.1', '1.0')}transfer-encoding: chunked\r\n\r\n${chunked}`,
  'a sign': `${start}content-length: +${size}\r\n\r\n${body}`,
  'a minus': `${start}content-length: -1\r\n\r\n${body}`,
  hex: `${start}content-length: 0x${size.toString(16)}\r\n\r\n${body}`,
  'a fraction': `${start}content-length: ${size}.0\r\n\r\n${body}`,
  'an empty length': `${start}content-length:\r\n\r\n${body}`,
  'a length with a space in it': `${start}content-length: 2 7\r\n\r\n${body}`,
  'a length beyond 64 bits': `${start}content-length: 99999999999999999999\r\n\r\n${body}`,
  'a folded field': `${start}x-a: b\r\n c: d\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a folded coding': `${start}transfer-encoding:\r\n chunked\r\n\r\n${chunked}`,
  'a fold before the first field': `${line} x: y\r\n${host}${auth}content-length: ${size}\r\n\r\n${body}`,
  'a space before the colon': `${start}content-length : ${size}\r\n\r\n${body}`,
  'a tab before the colon': `${start}transfer-encoding\t: chunked\r\n\r\n${chunked}`,
  'a bare LF behind the request line': `${start.replace('\r\n', '\n')}content-length: ${size}\r\n\r\n${body}`,
  'a bare LF behind a field': `${start}content-length: ${size}\n\r\n${body}`,
  'a bare LF as the blank line': `${start}content-length: ${size}\r\n\n${body}`,
  'a bare CR in a value': `${start}x: a\rb\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a NUL in a value': `${start}x: a\0b\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a NUL in a name': `${start}x\0y: a\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a control character in a value': `${start}x: a\x01b\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a name with a space': `${start}x y: a\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a field without a colon': `${start}nonsense\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'a field without a name': `${start}: x\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'two hosts': `${start}host: other\r\ncontent-length: ${size}\r\n\r\n${body}`,
  'no host': `${line}${auth}content-length: ${size}\r\n\r\n${body}`,
  'a host with a path': `${line}host: a/b\r\n${auth}content-length: ${size}\r\n\r\n${body}`,
  'a host with a user': `${line}host: a@b\r\n${auth}content-length: ${size}\r\n\r\n${body}`,
  'a space in the target': `${start.replace('completions', 'comp letions')}content-length: ${size}\r\n\r\n${body}`,
  'no version': `POST /v1/chat/completions\r\n${host}${auth}content-length: ${size}\r\n\r\n${body}`,
  'HTTP/2.0': `${start.replace('1.1', '2.0')}content-length: ${size}\r\n\r\n${body}`,
  'HTTP/1.2': `${start.replace('1.1', '1.2')}content-length: ${size}\r\n\r\n${body}`,
  'a small http/1.1': `${start.replace('HTTP', 'http')}content-length: ${size}\r\n\r\n${body}`,
  'two spaces in the request line': `${start.replace('POST ', 'POST  ')}content-length: ${size}\r\n\r\n${body}`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'a chunk size that is negative': `${start}transfer-encoding: chunked\r\n\r\n-1\r\n${chunked}`,
  'a chunk size with a sign': `${start}transfer-encoding: chunked\r\n\r\n+${chunked}`,
  'a chunk size with 0x': `${start}transfer-encoding: chunked\r\n\r\n0x${chunked}`,
  'a chunk size beyond 64 bits': `${start}transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
  'an empty chunk size': `${start}transfer-encoding: chunked\r\n\r\n\r\n${chunked}`,
  'a chunk size with a space': `${start}transfer-encoding: chunked\r\n\r\n ${chunked}`,
  'a chunk that ends in LF': `${start}transfer-encoding: chunked\r\n\r\n${chunked.replace('\r\n', '\n')}`,
  'a chunk longer than it says': `${start}transfer-encoding: chunked\r\n\r\n2\r\n${body}\r\n0\r\n\r\n`,
  'a chunk extension with a bare LF': `${start}transfer-encoding: chunked\r\n\r\n${size.toString(16)};a\nb\r\n${body}\r\n0\r\n\r\n`,
  'a trailer with a bare LF':
    `${start}transfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n` +
    `${body}\r\n0\r\nx: y\n\r\n\r\n`,
};

for (const [name, bytes] of Object.entries(kSmuggled)) {
  test(name, async () => {
    const before = upstream.requests.all.length;
    const connection = await Connection.open(parley.port);
    await connection.write(Buffer.from(bytes + hidden, 'latin1'));
    const reply = await connection.reply();
    assert.ok(reply.status === 400, `${reply.status} ${reply.text}`);
    assert.equal(reply.headers.connection, 'close');
    assert.ok(['fin', 'rst'].includes(await connection.ended()));
    assert.equal(connection.source.size, 0, 'what followed was answered');
    assert.equal(upstream.requests.all.length, before, 'it reached the upstream');
    connection.close();
  });
}

test('the same request without tricks is served', async () => {
  for (const bytes of [
    `${start}content-length: ${size}\r\n\r\n${body}`,
    `${start}transfer-encoding: chunked\r\n\r\n${chunked}`,
    `\r\n${start}content-length: 0${size}\r\n\r\n${body}`,
  ]) {
    const connection = await Connection.open(parley.port);
    await connection.write(bytes + hidden);
    assert.equal((await connection.reply()).status, 200);
    assert.equal((await connection.reply()).status, 200);
    connection.close();
  }
});
