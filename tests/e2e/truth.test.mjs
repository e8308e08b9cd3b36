// No stream ends as a success unless the upstream said so. What it does instead of ending well is
// played byte by byte; the SDK must raise, and the bytes must not hold an end that nobody sent.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import OpenAI from 'openai';

import { collect, sdk, user } from './support/house.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Connection } from './support/raw.mjs';
import { chunks, data, failure, kDone, responseStream } from './support/replies.mjs';
import { RawUpstream } from './support/upstream.mjs';

const upstream = await RawUpstream.start();
const parley = await Parley.start(
  configuration(upstream, {
    upstream: { idle_ms: 300, content_ms: 300, head_ms: 300 },
  }),
);
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const client = sdk(parley);
const model = 'gpt-5.5';

const kDialects = {
  chat: {
    path: '/v1/chat/completions',
    body: { model, messages: user('hi'), stream: true },
    events: [...chunks(model, ['Hällo ', 'wörld'], 'stop', true), kDone],
    ask: (stream = true) => client.chat.completions.create({ model, messages: user('hi'), stream }),
    good: /\[DONE\]/,
    // The error event, at the very end.
    ending: /\n\ndata: \{"error":\{"message":"[^"]+","type":"server_error",[^\n]*\}\}\n\n$/,
  },
  responses: {
    path: '/v1/responses',
    body: { model, input: 'hi', stream: true },
    events: responseStream(model, ['Hällo ', 'wörld']),
    ask: (stream = true) => client.responses.create({ model, input: 'hi', stream }),
    good: /response\.completed|response\.incomplete/,
    ending:
      /\n\nevent: error\ndata: \{"type":"error"[^\n]*\}\n\nevent: response\.failed\ndata: \{[^\n]*"status":"failed"[^\n]*\}\n\n$/,
  },
};

const kHeads = {
  chunked:
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
  length: 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 1000000\r\n\r\n',
  close: 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n',
};
const frame = (framing, bytes) => {
  const all = Buffer.from(bytes);
  if (framing !== 'chunked') return all;
  return Buffer.concat([Buffer.from(`${all.length.toString(16)}\r\n`), all, Buffer.from('\r\n')]);
};

const kEnds = {
  fin: async (connection) => connection.fin(),
  rst: async (connection) => connection.rst(),
  silence: async (connection) => connection.gone,
};

/** Answers every request with these pieces, framed, and then in some way does not go on. */
function play(framing, pieces, end) {
  upstream.script = async (connection) => {
    await connection.write(kHeads[framing]);
    for (const piece of pieces) await connection.write(frame(framing, piece));
    await end(connection);
  };
}

async function raw(dialect) {
  const connection = await Connection.open(parley.port);
  const headers = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  await connection.send('POST', dialect.path, headers, JSON.stringify(dialect.body));
  const reply = await connection.reply();
  connection.close();
  return reply;
}

/** Both a raw client and the SDK must see a failure. */
async function bothSeeFailure(dialect, about) {
  const reply = await raw(dialect);
  assert.doesNotMatch(reply.text, dialect.good, `${about}: an end that nobody sent`);
  if (reply.status === 200) {
    assert.match(`\n\n${reply.text}`, dialect.ending, `${about}: no error event at the end`);
    assert.ok(reply.whole, `${about}: the error event is not the orderly end`);
  } else {
    assert.ok(reply.status >= 500, `${about}: ${reply.status}`);
    assert.ok(JSON.parse(reply.text).error.message, about);
  }
  await assert.rejects(async () => collect(await dialect.ask()), OpenAI.APIError, about);
  return reply;
}

for (const [name, dialect] of Object.entries(kDialects)) {
  for (const [how, end] of Object.entries(kEnds)) {
    test(`${name}: a stream that ends in ${how} amid its events is a failure`, async () => {
      const cuts = how === 'silence' ? [0, 2] : [0, 1, 2, 3, dialect.events.length - 2];
      for (const framing of how === 'silence' ? ['chunked'] : Object.keys(kHeads)) {
        for (const n of cuts) {
          // Until the connection's end, finished choices and an orderly end are a whole stream.
          const isWhole = name === 'chat' && framing === 'close' && how === 'fin' && n > 3;
          if (isWhole) continue;
          play(framing, dialect.events.slice(0, n), end);
          const reply = await bothSeeFailure(dialect, `${framing}, ${n} events, ${how}`);
          const sent = dialect.events.slice(0, n).join('');
          if (reply.status === 200) assert.ok(reply.text.startsWith(sent), 'events were lost');
        }
      }
    });
  }

  test(`${name}: a stream that is cut inside an event, a character or a chunk`, async () => {
    const text = dialect.events.join('');
    const inside = Buffer.from(text).indexOf('ö') + 1;
    const last = dialect.events.slice(0, -1).join('');
    for (const framing of Object.keys(kHeads)) {
      for (const size of [1, inside, Buffer.byteLength(last) + 3]) {
        play(framing, [Buffer.from(text).subarray(0, size)], kEnds.rst);
        const reply = await bothSeeFailure(dialect, `${framing}, ${size} bytes`);
        if (reply.status !== 200) continue;
        const kept = reply.text.slice(
          0,
          reply.text.search(/(event: error\n)?data: [^\n]*"error":\{/),
        );
        assert.ok(text.startsWith(kept) && (kept === '' || kept.endsWith('\n\n')), 'half an event');
      }
    }
    upstream.script = async (connection) => {
      await connection.write(`${kHeads.chunked}ffff\r\n${dialect.events[0]}`);
      connection.fin();
    };
    await bothSeeFailure(dialect, 'inside a chunk');
  });

  test(`${name}: garbage in place of an event is a failure`, async () => {
    const [first, second] = dialect.events;
    const kGarbage = [
      'data: <html><body>502 Bad Gateway</body></html>\n\n',
      'data: {"choices": [\n\n',
      'data: null\n\n',
      'data: "x"\n\n',
      'data: {"a":1} trailing\n\n',
      'data: \u0000\n\n',
    ];
    for (const garbage of kGarbage) {
      play('chunked', [first, second, garbage, ...dialect.events.slice(2), ''], kEnds.fin);
      const reply = await bothSeeFailure(dialect, garbage);
      assert.ok(!reply.text.includes(garbage), 'the garbage was passed on');
    }
  });

  test(`${name}: bytes that are no chunks are a failure`, async () => {
    upstream.script = async (connection) => {
      await connection.write(kHeads.chunked + frame('chunked', dialect.events[0]).toString());
      await connection.write('zz\r\nnot a chunk\r\n');
      await connection.gone;
    };
    await bothSeeFailure(dialect, 'a chunk');
  });

  test(`${name}: an upstream's own error event is passed on, and is a failure`, async () => {
    const body = failure('The server had an error', 'server_error', 'server_error');
    const told = { type: 'error', sequence_number: 2, code: 'server_error', message: 'an error' };
    const event = name === 'chat' ? data(body) : `event: error\n${data(told)}`;
    for (const more of [[], dialect.events.slice(-1)]) {
      play('chunked', [...dialect.events.slice(0, 2), event, ...more], async (connection) => {
        await connection.write('0\r\n\r\n');
      });
      const reply = await raw(dialect);
      assert.ok(reply.text.startsWith(dialect.events.slice(0, 2).join('') + event));
      await assert.rejects(async () => collect(await dialect.ask()), OpenAI.APIError);
    }
  });

  test(`${name}: an empty stream is a failure`, async () => {
    for (const pieces of [[], [': comment\n\n'], ['\n\n\n']]) {
      play('chunked', pieces, (connection) => connection.write('0\r\n\r\n'));
      await bothSeeFailure(dialect, JSON.stringify(pieces));
    }
  });

  test(`${name}: a whole stream after all that is a success`, async () => {
    for (const framing of ['chunked', 'close']) {
      play(framing, dialect.events, async (connection) => {
        if (framing === 'chunked') await connection.write('0\r\n\r\n');
        else connection.fin();
      });
      const reply = await raw(dialect);
      assert.equal(reply.text, dialect.events.join(''));
      assert.ok(reply.whole);
      assert.ok((await collect(await dialect.ask())).length > 3);
    }
  });

  test(`${name}: half an answer that is no stream is a failure`, async () => {
    const whole = JSON.stringify({ id: 'x', choices: [], output: [], pad: 'p'.repeat(100) });
    const large = JSON.stringify({ id: 'x', choices: [], output: [], pad: 'p'.repeat(400_000) });
    for (const [text, end] of [whole, large].flatMap((t) =>
      Object.values(kEnds).map((e) => [t, e]),
    )) {
      for (const framing of ['length', 'chunked', 'close']) {
        const type = (head) => head.replace('text/event-stream', 'application/json');
        const half = text.slice(0, text.length - 10);
        upstream.script = async (connection) => {
          const head = kHeads[framing].replace('1000000', String(text.length));
          await connection.write(type(head));
          await connection.write(frame(framing, half));
          await end(connection);
        };
        // Small ones are an error; of large ones the client has a part, so it is cut off.
        const about = `${framing} ${text.length} ${end}`;
        const got = await dialect.ask(false).then(
          (value) => assert.fail(`${about}: success ${JSON.stringify(value).slice(0, 99)}`),
          (error) => error,
        );
        if (got.code === 'ERR_ASSERTION') throw got;
        if (text === whole) assert.ok(got.status === 502 || got.status === 504, `${about}: ${got}`);
      }
    }
  });
}

test('chat: an orderly end after every choice has finished is an end, and no [DONE] is made up', async () => {
  const { events } = kDialects.chat;
  for (const framing of ['chunked', 'close']) {
    play(framing, events.slice(0, -1), async (connection) => {
      if (framing === 'chunked') await connection.write('0\r\n\r\n');
      else connection.fin();
    });
    const reply = await raw(kDialects.chat);
    assert.equal(reply.text, events.slice(0, -1).join(''));
    assert.ok(reply.whole);
  }
});

test('chat: with two choices, one finished is not an end', async () => {
  const [first, ...rest] = chunks(model, ['a'], 'stop');
  const other = first.replace('"index":0', '"index":1');
  play('chunked', [first, other, ...rest], (connection) => connection.write('0\r\n\r\n'));
  await bothSeeFailure(kDialects.chat, 'one of two');
});

test('responses: [DONE] alone is not an end', async () => {
  const { events, ending, good } = kDialects.responses;
  play('chunked', [...events.slice(0, -1), kDone], (c) => c.write('0\r\n\r\n'));
  const reply = await raw(kDialects.responses);
  assert.doesNotMatch(reply.text, good);
  if (reply.status === 200) assert.match(reply.text, ending);
  else assert.equal(reply.status, 502);
});

test('an end that came counts, whatever breaks behind it', async () => {
  for (const dialect of Object.values(kDialects)) {
    for (const end of [kEnds.fin, kEnds.rst]) {
      play('chunked', [dialect.events.join('')], end);
      // A reset may overtake what is still in the pipe; what the client has decides.
      const reply = await raw(dialect);
      const ended = dialect.good.test(reply.text);
      if (ended) assert.equal(reply.text, dialect.events.join(''));
      else assert.match(`\n\n${reply.text}`, dialect.ending);
      if (end === kEnds.fin) assert.ok(ended);
    }
  }
});

test('every failure has its line in the log, as a failure', async () => {
  play('chunked', kDialects.chat.events.slice(0, 2), kEnds.fin);
  const before = parley.lines.all.length;
  await raw(kDialects.chat);
  const line = await parley.lines.find(
    (l) =>
      l.message === 'exchange' &&
      parley.lines.all.indexOf(l) >= before &&
      l.fault === 'upstream_protocol',
    'the line',
  );
  assert.match(line.level, /^warn/);
  assert.equal(line.status, 200);
  assert.match(line.why, /connection closed inside the reply/);
});
