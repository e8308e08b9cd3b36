// Many streams at once, and streams that their client leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { collect, house, sdk, textOf, user } from './support/house.mjs';
import { Connection } from './support/raw.mjs';
import { chunks, kDone, responseStream, stream } from './support/replies.mjs';
import { tell, within } from './support/wait.mjs';

const { upstream, parley, client } = await house({ server: { threads: 2 } });
const model = 'gpt-5.5';
const kStreams = 200;

test('200 streams at once: all complete, none has a word of another', async () => {
  let open = 0;
  let most = 0;
  let release;
  const together = new Promise((yes) => (release = yes));
  upstream.script = async (request, reply) => {
    most = Math.max(most, ++open);
    const id = request.json.messages?.[0].content ?? request.json.input;
    const words = Array.from({ length: 20 }, (_, i) => `${id}:${i} `);
    const events = request.json.input ? responseStream(id, words) : stream(id, words, 'stop');
    reply.events({ 'x-request-id': id });
    await reply.say(events.slice(0, 3).join(''));
    if (open === kStreams) release();
    await together; // nobody ends before all have begun
    for (const event of events.slice(3)) await reply.say(event);
    reply.end();
    --open;
  };
  const ask = async (i) => {
    const id = `stream-${i}`;
    const isChat = i % 2 === 0;
    const { data, response } = await (
      isChat
        ? client.chat.completions.create({ model, messages: user(id), stream: true })
        : client.responses.create({ model, input: id, stream: true })
    ).withResponse();
    assert.equal(response.headers.get('x-request-id'), id);
    const all = await collect(data);
    const got = isChat ? textOf(all) : all.map((e) => e.delta ?? '').join('');
    const words = Array.from({ length: 20 }, (_, n) => `${id}:${n} `).join('');
    assert.equal(got, words);
    if (isChat) assert.equal(all.at(-1).choices[0].finish_reason, 'stop');
    else assert.equal(all.at(-1).type, 'response.completed');
  };
  await Promise.all(Array.from({ length: kStreams }, (_, i) => ask(i)));
  assert.equal(most, kStreams);
});

/** A stream that begins and never ends. */
const endless = async (request, reply) => {
  reply.events();
  const isChat = request.json.messages !== undefined;
  const events = isChat ? chunks(model, ['a', 'b', 'c'], null) : responseStream(model, ['a', 'b']);
  await reply.say(events.slice(0, 6).join(''));
};

const kAborts = 9;

for (const dialect of ['chat', 'responses']) {
  test(`${dialect}: a client that leaves is known upstream within 100 ms`, async () => {
    upstream.script = endless;
    const times = [];
    for (let i = 0; i < kAborts; ++i) {
      const asked = await (dialect === 'chat'
        ? client.chat.completions.create({ model, messages: user('hi'), stream: true })
        : client.responses.create({ model, input: 'hi', stream: true }));
      const { gone } = upstream.last;
      let left;
      for await (const event of asked) {
        const spoken = dialect === 'chat' ? textOf([event]) : event.type.endsWith('.delta');
        if (!spoken) continue;
        left = performance.now();
        asked.controller.abort();
        break;
      }
      times.push((await within(gone, 'the upstream sees that the client left')) - left);
    }
    times.sort((a, b) => a - b);
    const median = times[(kAborts - 1) / 2];
    tell(`abort to upstream, ${dialect}: median ${median.toFixed(1)} ms of ${kAborts}`);
    assert.ok(median <= 100, `median ${median} ms`);
  });
}

test("a client that leaves before any answer ends the upstream's request too", async () => {
  upstream.script = () => {}; // says nothing at all
  const before = upstream.requests.all.length;
  const controller = new AbortController();
  const ask = client.chat.completions.create(
    { model: 'gpt-silent', messages: user('hi') },
    { signal: controller.signal },
  );
  await upstream.requests.count(before + 1, 'request');
  const { gone } = upstream.last;
  const left = performance.now();
  controller.abort();
  await assert.rejects(ask, OpenAI.APIUserAbortError);
  const took = (await within(gone, 'the upstream sees that the client left')) - left;
  assert.ok(took <= 500, `${took} ms`);
  const line = await parley.exchange({ model: 'gpt-silent' });
  assert.equal(line.status, 499);
  assert.equal(line.fault, 'cancelled');
});

test('a client that leaves while its request is still coming costs no upstream', async () => {
  const before = upstream.requests.all.length;
  const connection = await Connection.open(parley.port);
  const headers = { authorization: `Bearer ${parley.key}`, 'content-length': 1000 };
  await connection.send('POST', '/v1/chat/completions', headers, '{"model":"gpt-half"');
  connection.reset();
  const line = await parley.exchange({
    path: '/v1/chat/completions',
    status: 499,
    caller: 'tester',
    in_bytes: 0,
  });
  assert.equal(line.fault, 'cancelled');
  assert.equal(upstream.requests.all.length, before);
});

test('clients that reset amid a stream leave nothing behind', async () => {
  upstream.script = endless;
  const body = JSON.stringify({ model, messages: user('x'), stream: true });
  const headers = { authorization: `Bearer ${parley.key}` };
  const before = upstream.requests.all.length;
  const all = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const connection = await Connection.open(parley.port);
      await connection.send('POST', '/v1/chat/completions', headers, body);
      await connection.source.until('"a"');
      return connection;
    }),
  );
  for (const connection of all) connection.reset();
  const gone = upstream.requests.all.slice(before).map((r) => r.gone);
  assert.equal(gone.length, 50);
  await within(Promise.all(gone), 'all are ended');
});

test('what comes behind the end is not waited for', async () => {
  upstream.script = async (request, reply) => {
    reply.events();
    await reply.say(chunks(model, ['a']).join('') + kDone); // and the connection stays open
  };
  const body = { model, messages: user('hi'), stream: true };
  const raw = await client.chat.completions.create(body).asResponse();
  const text = await within(raw.text(), 'the reply ends', 10_000);
  assert.ok(text.endsWith(kDone));
  assert.equal(textOf(await collect(await sdk(parley).chat.completions.create(body))), 'a');
});

for (const [name, path, end] of [
  ['relayed', '/v1/chat/completions', 'data: [DONE]'],
  ['translated', '/v1/messages', 'event: message_stop'],
]) {
  test(`${name}: a client that leaves once it has heard the end has had its answer`, async () => {
    upstream.script = async (request, reply) => {
      reply.events();
      await reply.say(stream(model, ['a'], 'stop').join('')); // and the connection stays open
    };
    const asked = `gpt-heard-${name}`;
    const connection = await Connection.open(parley.port);
    const body = { model: asked, max_tokens: 9, messages: user('hi'), stream: true };
    const headers = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
    await connection.send('POST', path, headers, JSON.stringify(body));
    assert.ok(await within(connection.source.until(end), 'the end is heard'));
    connection.close();
    const line = await parley.exchange({ model: asked });
    assert.equal(line.status, 200);
    assert.equal(line.level, 'info', line.why);
  });
}
