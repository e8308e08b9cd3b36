// The upstream's side of HTTP: connections that are kept and go stale, heads of every kind, replies
// that Parley will not pass on.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import zlib from 'node:zlib';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Connection, once } from './support/raw.mjs';
import { RawUpstream } from './support/upstream.mjs';
import { defer, within } from './support/wait.mjs';

const upstream = await RawUpstream.start();
// One loop: its pool is the only one, so what is kept is found again.
const parley = await Parley.start(
  configuration(upstream, {
    server: { threads: 1 },
    upstream: {
      head_ms: 400,
      idle_ms: 400,
      content_ms: 400,
      idle_connection_ms: 60_000,
      head_bytes_max: 8192,
      held_bytes_max: 65_536,
    },
  }),
);
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const path = '/v1/chat/completions';
const auth = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
const text = JSON.stringify({ model: 'm', messages: user('hi') });
const kAnswer = JSON.stringify({ id: 'x', choices: [{ index: 0, message: { content: 'ok' } }] });
const head = (fields = {}, status = '200 OK') => {
  const all = { 'content-type': 'application/json', 'content-length': kAnswer.length, ...fields };
  const lines = Object.entries(all)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => `${k}: ${v}`);
  return `HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n`;
};
const answer = (connection) => connection.write(head() + kAnswer);
const ask = (body = text) => once(parley.port, 'POST', path, auth, body);
const opened = () => upstream.connections.all.length;

test('a connection is kept and used again', async () => {
  upstream.script = answer;
  const before = opened();
  for (let i = 0; i < 20; ++i) assert.equal((await ask()).text, kAnswer);
  assert.ok(opened() - before <= 1, `${opened() - before} connections`);
});

test('a connection that the upstream closed meanwhile is not used', async () => {
  upstream.script = answer;
  await ask();
  const { socket } = upstream.connections.all.at(-1);
  const closed = new Promise((done) => socket.once('close', done));
  socket.end();
  await within(closed, 'Parley closes its side');
  const before = opened();
  assert.equal((await ask()).text, kAnswer);
  assert.equal(opened(), before + 1);
});

test('a connection that closes under the next request: it is sent again, once, unseen', async () => {
  for (const how of ['fin', 'rst']) {
    upstream.script = answer;
    await ask();
    let first = true;
    upstream.script = async (connection) => {
      if (!first) return answer(connection);
      first = false;
      return how === 'fin' ? connection.fin() : connection.rst();
    };
    const seen = upstream.requests.all.length;
    const reply = await ask();
    assert.equal(reply.status, 200, `${how}: ${reply.text}`);
    const [one, two] = upstream.requests.all.slice(seen);
    assert.equal(upstream.requests.all.length, seen + 2);
    assert.deepEqual(one.body, two.body);
    assert.deepEqual(one.rawHeaders, two.rawHeaders);
  }
});

test('a fresh connection that closes without a reply is a 502, and nothing is sent twice', async () => {
  upstream.script = answer;
  await ask();
  let n = 0;
  upstream.script = async (connection) => {
    ++n;
    connection.fin();
  };
  const reply = await ask(); // the kept one, then a fresh one
  assert.equal(reply.status, 502);
  assert.equal(n, 2);
  assert.equal((await ask()).status, 502);
  assert.equal(n, 3);
});

test('a kept connection that breaks amid its reply is not tried again', async () => {
  upstream.script = answer;
  await ask();
  let n = 0;
  upstream.script = async (connection) => {
    ++n;
    await connection.write('HTTP/1.1 200 OK\r\ncontent-le');
    connection.fin();
  };
  assert.equal((await ask()).status, 502);
  assert.equal(n, 1);
});

test('bytes behind a reply end its connection, and belong to no other reply', async () => {
  let n = 0;
  upstream.script = (connection) => {
    ++n;
    const extra = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison';
    return connection.write(head() + kAnswer + (n === 1 ? extra : ''));
  };
  for (let i = 0; i < 3; ++i) assert.equal((await ask()).text, kAnswer);
});

test('connection: close and HTTP/1.0 are heeded', async () => {
  for (const bytes of [head({ connection: 'close' }), head().replace('1.1', '1.0')]) {
    upstream.script = (connection) => connection.write(bytes + kAnswer);
    await ask();
    await within(upstream.connections.all.at(-1).gone, 'Parley closes it');
    const before = opened();
    assert.equal((await ask()).status, 200);
    assert.equal(opened(), before + 1);
  }
});

test('interim replies are passed over; switching protocols is refused', async () => {
  upstream.script = (connection) =>
    connection.write(
      'HTTP/1.1 100 Continue\r\n\r\n' +
        'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n' +
        head() +
        kAnswer,
    );
  const reply = await ask();
  assert.equal(reply.text, kAnswer);
  assert.equal(reply.headers.link, undefined);
  upstream.script = (connection) =>
    connection.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    );
  assert.equal((await ask()).status, 502);
  upstream.script = (connection) => connection.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50));
  assert.equal((await ask()).status, 502);
});

test('a head may come byte by byte, and be as odd as it likes', async () => {
  upstream.script = async (connection) => {
    for (const byte of head({ 'X-ODD': ' \t padded \t ', 'x-empty': '' })) {
      await connection.write(byte);
    }
    await connection.write(kAnswer);
  };
  const reply = await ask();
  assert.equal(reply.text, kAnswer);
  assert.equal(reply.headers['x-odd'], 'padded');
  assert.equal(reply.headers['x-empty'], '');
});

test('heads that are none are a 502', async () => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'HTTP/3 200 OK\r\n\r\n',
    `HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab`,
    `HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: a\r\n folded\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nbad name: a\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(9000)}\r\n\r\n`,
    'SSH-2.0-OpenSSH_9.2\r\n',
  ]) {
    upstream.script = async (connection) => {
      await connection.write(bytes);
      connection.fin();
    };
    const reply = await ask();
    assert.equal(reply.status, 502, `${JSON.stringify(bytes.slice(0, 60))}: ${reply.text}`);
    assert.equal(JSON.parse(reply.text).error.code, 'bad_gateway');
  }
});

test('an answer that is whole in its words and shorter than it said is a failure', async () => {
  const long = JSON.stringify({ ...JSON.parse(kAnswer), system_fingerprint: 'x'.repeat(50_000) });
  for (const ends of [true, false]) {
    const play = (body) => async (connection) => {
      await connection.write(head({ 'content-length': body.length + 5 }) + body);
      if (ends) connection.fin();
    };
    upstream.script = play(kAnswer);
    const reply = await ask();
    assert.equal(reply.status, ends ? 502 : 504, reply.text);
    upstream.script = play(long);
    // Its head has gone out, so its client must not wait for the rest.
    assert.equal((await ask()).broken, 'rst');
  }
});

test('a reply that does not come is a 504', async () => {
  upstream.script = (connection) => connection.gone;
  const reply = await ask();
  assert.equal(reply.status, 504);
  assert.equal(JSON.parse(reply.text).error.code, 'timeout');
  upstream.script = async (connection) => {
    await connection.write('HTTP/1.1 200 OK\r\n');
    await connection.gone;
  };
  assert.equal((await ask()).status, 504);
});

test('redirects are not followed', async () => {
  for (const status of ['301 Moved', '302 Found', '307 Temporary', '308 Permanent']) {
    const before = upstream.requests.all.length;
    const location = `${upstream.url}/v1/elsewhere`;
    upstream.script = (connection) =>
      connection.write(head({ location, 'content-length': 0 }, status));
    const reply = await ask();
    assert.equal(reply.status, 502);
    assert.equal(reply.headers.location, undefined);
    assert.equal(upstream.requests.all.length, before + 1);
  }
});

test('a web page in place of an answer is named for what it is', async () => {
  const page = '<!DOCTYPE html><html><body>Welcome</body></html>';
  const fields = { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length };
  upstream.script = (connection) => connection.write(head(fields) + page);
  for (const stream of [true, false]) {
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: user('hi'), stream });
    const reply = await once(parley.port, 'POST', '/v1/messages', auth, body);
    assert.equal(reply.status, 502);
    assert.match(JSON.parse(reply.text).error.message, /a web page .* base_url/);
  }
  assert.equal((await ask()).status, 502);
});

test('a compressed reply is refused: it was not asked for, and cannot be watched', async () => {
  for (const [coding, pack] of [
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
  ]) {
    const packed = pack(Buffer.from(kAnswer));
    upstream.script = async (connection) => {
      const fields = { 'content-encoding': coding, 'content-length': packed.length };
      await connection.write(head(fields));
      await connection.write(packed);
    };
    const reply = await ask();
    assert.equal(reply.status, 502);
    assert.match(reply.text, /compressed/);
  }
  upstream.script = (connection) =>
    connection.write(head({ 'content-encoding': 'identity' }) + kAnswer);
  assert.equal((await ask()).text, kAnswer);
});

test('an answer that comes before the request is through counts', async () => {
  const sent = defer();
  const server = await RawUpstream.start();
  server.server.removeAllListeners('connection');
  server.server.on('connection', (socket) => {
    server.sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.pause();
      const body = '{"error":{"message":"far too large","type":"invalid_request_error"}}';
      socket.end(
        `HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-type: application/json\r\n` +
          `content-length: ${body.length}\r\n\r\n${body}`,
      );
      sent.resolve();
    });
  });
  const eager = await Parley.start(configuration(server));
  const body = JSON.stringify({ model: 'm', messages: user('x'.repeat(8_000_000)) });
  const headers = { authorization: `Bearer ${eager.key}` };
  const reply = await once(eager.port, 'POST', path, headers, body);
  await sent.promise;
  assert.equal(reply.status, 413, reply.text);
  assert.match(reply.text, /far too large/);
  await eager.stop();
  await server.stop();
});

test('an event or an error that is too large to hold is a failure', async () => {
  const events = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';
  upstream.script = async (connection) => {
    await connection.write(`${events}data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n`);
    await connection.write(`data: {"x":"${'y'.repeat(200_000)}`);
    await connection.gone;
  };
  const reply = await ask(JSON.stringify({ model: 'm', messages: [], stream: true }));
  assert.match(reply.text, /"content":"a"/);
  assert.match(reply.text, /held_bytes_max/);
  assert.ok(reply.whole);
});

test('204 and an empty 200 are no answer to a chat', async () => {
  for (const bytes of ['HTTP/1.1 204 No Content\r\n\r\n', head({ 'content-length': 0 })]) {
    upstream.script = (connection) => connection.write(bytes);
    const reply = await ask();
    assert.equal(reply.status, 502, bytes);
  }
});

test("a client's HTTP/1.0 stream that fails says so within the stream", async () => {
  const chunk = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n';
  upstream.script = async (connection) => {
    await connection.write(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n' +
        `transfer-encoding: chunked\r\n\r\n${chunk.length.toString(16)}\r\n${chunk}\r\n`,
    );
    connection.fin();
  };
  const body = JSON.stringify({ model: 'm', messages: [], stream: true });
  const connection = await Connection.open(parley.port);
  await connection.write(
    `POST ${path} HTTP/1.0\r\nauthorization: Bearer ${parley.key}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  const reply = await connection.reply();
  assert.ok(reply.text.startsWith(chunk));
  assert.match(reply.text, /data: \{"error":\{[^\n]*\}\n\n$/);
  connection.close();
});

test('the upstream sees one clean request line and head', async () => {
  upstream.script = answer;
  await sdk(parley)
    .chat.completions.create({ model: 'm', messages: user('hi') })
    .catch(() => {});
  const request = upstream.last;
  assert.equal(`${request.method} ${request.url}`, `POST ${path}`);
  const names = request.rawHeaders.filter((_, i) => i % 2 === 0).map((n) => n.toLowerCase());
  assert.equal(names[0], 'host');
  assert.equal(new Set(names).size, names.length, 'a field twice');
});
