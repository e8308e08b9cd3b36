// Back-pressure: a client that reads slowly makes the upstream wait, not Parley grow.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { house, user } from './support/house.mjs';
import { isSanitized } from './support/parley.mjs';
import { Connection, once } from './support/raw.mjs';
import { chunks, kDone } from './support/replies.mjs';
import { tell, within } from './support/wait.mjs';

const MiB = 1024 * 1024;
const kSize = 64 * MiB;
const kGrowthMax = isSanitized ? 64 * MiB : 8 * MiB;
const { upstream, parley } = await house({
  server: { threads: 1 },
  limits: { write_idle_ms: isSanitized ? 5000 : 1500 },
});
const auth = { authorization: `Bearer ${parley.key}` };

const kKinds = {
  'a stream of small events': {
    path: '/v1/chat/completions',
    body: { model: 'm', messages: user('much'), stream: true },
    head: { 'content-type': 'text/event-stream' },
    pieces() {
      const [first, word, last] = chunks('m', ['x'.repeat(900)]);
      const many = word.repeat(64);
      const n = Math.ceil(kSize / many.length);
      return [first, ...Array(n).fill(many), last + kDone].map((text) => Buffer.from(text));
    },
  },
  'one large event': {
    path: '/v1/responses',
    body: { model: 'm', input: 'much', stream: true },
    head: { 'content-type': 'text/event-stream' },
    growthMax: 16 * MiB, // the event itself is held whole until it is judged
    pieces() {
      const type = 'response.completed';
      const data = JSON.stringify({ type, response: { id: 'r', output: ['x'.repeat(3 * MiB)] } });
      const deltas = `data: {"type":"response.output_text.delta","delta":"${'y'.repeat(9000)}"}\n\n`;
      const n = Math.ceil((kSize - data.length) / deltas.length / 7);
      return [...Array(n).fill(deltas.repeat(7)), `event: ${type}\ndata: ${data}\n\n`].map((text) =>
        Buffer.from(text),
      );
    },
  },
  'sound of a known length': {
    path: '/v1/audio/speech',
    body: { model: 'm', input: 'much', voice: 'ash' },
    head: { 'content-type': 'audio/mpeg', 'content-length': kSize },
    pieces: () => Array.from({ length: 64 }, (_, i) => Buffer.alloc(MiB, i + 1)),
  },
};

for (const [name, kind] of Object.entries(kKinds)) {
  test(`${name}: 64 MiB to a client that reads slowly`, async () => {
    const pieces = kind.pieces();
    const size = pieces.reduce((sum, p) => sum + p.length, 0);
    const sent = createHash('sha256');
    pieces.forEach((piece) => sent.update(piece));
    let written = 0;
    upstream.script = async (request, reply) => {
      reply.writeHead(200, kind.head);
      for (const piece of pieces) {
        await reply.say(piece);
        written += piece.length;
      }
      reply.end();
    };
    await once(parley.port, 'GET', '/healthz');
    const before = parley.memory();
    let most = before;
    const connection = await Connection.open(parley.port);
    const { socket, source } = connection;
    socket.pause();
    await connection.send('POST', kind.path, auth, JSON.stringify(kind.body));
    let behind = 0;
    let looked = 0;
    // It takes a step, then asks after Parley's health: on the one loop the answer comes behind
    // whatever Parley does for the slow one.
    while (!source.ended && source.size < size) {
      socket.resume();
      await source.more();
      socket.pause();
      if (source.size - looked < MiB) continue;
      looked = source.size;
      await once(parley.port, 'GET', '/healthz');
      most = Math.max(most, parley.memory());
      behind = Math.max(behind, written - source.size);
    }
    const grown = most - before;
    tell(
      `${name}: Parley grew by ${(grown / MiB).toFixed(1)} MiB, ` +
        `the upstream was at most ${(behind / MiB).toFixed(1)} MiB ahead`,
    );
    socket.resume();
    const reply = await connection.reply();
    assert.ok(reply.whole);
    assert.equal(reply.body.length, size);
    assert.equal(createHash('sha256').update(reply.body).digest('hex'), sent.digest('hex'));
    connection.close();
    assert.ok(grown < Math.max(kGrowthMax, kind.growthMax ?? 0), `it grew by ${grown} bytes`);
  });
}

test('a client that takes nothing at all is given up, and the upstream is told', async () => {
  let stopped;
  upstream.script = async (request, reply) => {
    reply.events();
    const event = chunks('m', ['x'.repeat(60_000)])[1];
    reply.on('close', () => (stopped = true));
    while (!stopped) await Promise.race([reply.say(event), request.gone]);
  };
  const connection = await Connection.open(parley.port);
  connection.socket.pause();
  const body = JSON.stringify({ model: 'gpt-stuck', messages: user('hi'), stream: true });
  const before = upstream.requests.all.length;
  await connection.send('POST', '/v1/chat/completions', auth, body);
  await upstream.requests.count(before + 1, 'request');
  await within(upstream.last.gone, 'the upstream is told');
  const line = await parley.exchange({ model: 'gpt-stuck' });
  assert.match(line.level, /^warn/);
  connection.close();
});

test('an event that comes in many pieces costs in proportion to its size', async () => {
  const cpu = () => {
    const fields = readFileSync(`/proc/${parley.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // ticks of 10 ms
  };
  const body = JSON.stringify({ model: 'm', messages: user('much'), stream: true });
  const cost = async (size) => {
    const [first, word, last] = chunks('m', ['x'.repeat(size)]);
    upstream.script = async (request, reply) => {
      reply.events();
      await reply.say(first);
      for (let at = 0; at < word.length; at += 16_384) await reply.say(word.slice(at, at + 16_384));
      reply.end(last + kDone);
    };
    const before = cpu();
    const reply = await once(parley.port, 'POST', '/v1/chat/completions', auth, body);
    assert.equal(reply.body.length, (first + word + last + kDone).length);
    return cpu() - before;
  };
  const [small, large] = [await cost(4 * MiB), await cost(16 * MiB)];
  tell(`one event: ${small} ms of CPU for 4 MiB, ${large} ms for 16 MiB`);
  assert.ok(large < 8 * small + 100, 'four times the size, four times the cost');
});

test('a large request is taken while it comes, and given on whole', async () => {
  const content = 'x'.repeat(32 * MiB);
  const body = JSON.stringify({ model: 'm', messages: user(content) });
  upstream.script = (request, reply) => reply.json(200, { n: request.body.length, choices: [] });
  const reply = await once(parley.port, 'POST', '/v1/chat/completions', auth, body);
  assert.equal(JSON.parse(reply.text).n, body.length);
  // What an upstream that reads slowly has not taken yet is waited for.
  const after = parley.memory();
  tell(`after a request of 32 MiB Parley holds ${(after / MiB).toFixed(1)} MiB`);
});
