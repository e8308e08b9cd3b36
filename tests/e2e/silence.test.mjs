// A translated stream whose upstream is silent: its client hears that the exchange lives, whatever
// comes of it then.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { house, user } from './support/house.mjs';
import { Connection } from './support/raw.mjs';
import { stream } from './support/replies.mjs';
import { defer, within } from './support/wait.mjs';

const { upstream, parley } = await house({ limits: { ping_ms: 1000 } });

// The client's dialects, as far as they are not the upstream's, with what a sign of life looks like
// before anything was said, a word that is said, and the dialect's error.
const kWires = {
  messages: {
    path: '/v1/messages',
    body: { max_tokens: 99, messages: user('hi'), stream: true },
    alive: 'event: ping\ndata: {"type":"ping"}\n\n',
    word: '"text":"told"',
    end: 'message_stop',
    error: /event: error\ndata: \{"type":"error","error":\{"type":"rate_limit_error"/,
  },
  generate: {
    path: '/v1beta/models/MODEL:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    alive: '\r\n\n\n\r\n', // blank lines, as a chunk
    word: '"text":"told"',
    end: '"finishReason":"STOP"',
    error: /data: \{"error":\{"code":429/,
  },
};

async function ask(wire, model) {
  const connection = await Connection.open(parley.port);
  const headers = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model, ...wire.body });
  await connection.send('POST', wire.path.replace('MODEL', model), headers, body);
  return connection;
}

for (const [name, wire] of Object.entries(kWires)) {
  for (const begun of [false, true]) {
    const when = begun ? 'after the head' : 'before the head';
    test(`${name}: silence ${when} is filled, and the answer comes behind it`, async () => {
      const heard = defer();
      upstream.script = async (request, reply) => {
        if (begun) {
          reply.events();
          reply.flushHeaders();
        }
        await heard.promise;
        if (!begun) reply.events();
        await reply.say(stream('m', ['told'], 'stop').join(''));
        reply.end();
      };
      const connection = await ask(wire, `gpt-${begun}-${name}`);
      assert.ok(await within(connection.source.until(wire.alive), 'a sign of life'));
      heard.resolve();
      assert.ok(await within(connection.source.until(wire.word), 'the answer'));
      assert.ok(await within(connection.source.until(wire.end), 'its end'));
      const line = await parley.exchange({ model: `gpt-${begun}-${name}` });
      assert.equal(line.level, 'info', line.why);
      connection.close();
    });
  }

  test(`${name}: a refusal behind a sign of life is the stream's own error`, async () => {
    const heard = defer();
    upstream.script = async (request, reply) => {
      await heard.promise;
      reply.json(429, { error: { message: 'slow down', type: 'requests', code: 'rate_limit' } });
    };
    const connection = await ask(wire, `gpt-refused-${name}`);
    assert.ok(await within(connection.source.until(wire.alive), 'a sign of life'));
    heard.resolve();
    const rest = await within(connection.source.until('\r\n0\r\n\r\n'), 'the end');
    assert.match(rest.toString(), wire.error);
    assert.doesNotMatch(rest.toString(), new RegExp(wire.end));
    connection.close();
  });
}
