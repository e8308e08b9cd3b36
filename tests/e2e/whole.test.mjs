// A whole JSON body in answer to a request for a stream: what the SDK then reads is a stream or an
// error, never a success without words.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import OpenAI from 'openai';

import { clients } from './support/clients.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { providers, wires } from './support/wires.mjs';

const kAnswer = {
  usage: { input: 21, output: 13 },
  finish: 'stop',
  text: 'Grüße aus 東京\nand a second line',
};
const kTypes = ['application/json', 'text/event-stream', 'text/plain'];

const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  const upstream = await Upstream.start({ credential: wire.key });
  upstream.script = (request, reply) => {
    const path = new URL(request.url, upstream.url).pathname;
    const asked = wire.read({ json: request.json, path });
    assert.ok(asked.stream, `${name}: a stream is asked for`);
    const answer = upstream.answer;
    const body = answer.status ? wire.error(answer.status, answer.message) : wire.whole(asked, answer);
    reply.writeHead(200, { 'content-type': upstream.type });
    reply.write(JSON.stringify(upstream.isArray ? [body] : body, null, upstream.indent));
    return reply.end();
  };
  upstreams[name] = upstream;
}
const parley = await Parley.start({
  ...configuration(upstreams.chat),
  provider: providers(upstreams),
});
after(async () => {
  await parley.stop();
  for (const upstream of Object.values(upstreams)) await upstream.stop();
});

for (const [name, make] of Object.entries(clients)) {
  const client = make(parley);
  const upstream = upstreams[name];
  const ask = (answer, more) => {
    Object.assign(upstream, { type: kTypes[0], isArray: false, indent: 0, answer }, more);
    return client.ask(`m-${name}`, { stream: true, user: 'Grüezi', limit: 500 });
  };
  for (const type of kTypes) {
    test(`${name}: a whole answer as ${type} is told as a stream`, async () => {
      for (const indent of [0, 2]) {
        const got = await ask(kAnswer, { type, indent });
        assert.equal(got.text, kAnswer.text);
        assert.equal(got.finish, 'stop');
        assert.deepEqual(got.usage, kAnswer.usage);
      }
    });
  }

  test(`${name}: calls in a whole answer come through`, async () => {
    const calls = [{ id: 'call_a', name: 'get_weather', args: { city: 'Zürich "Nord"' } }];
    const got = await ask({ ...kAnswer, text: '', calls, finish: 'tool_calls' });
    assert.deepEqual(
      got.calls.map(({ name: called, args }) => ({ called, args })),
      [{ called: 'get_weather', args: calls[0].args }],
    );
  });

  test(`${name}: an error in a whole answer of status 200 is an error`, async () => {
    for (const type of kTypes) {
      await assert.rejects(ask({ status: 429, message: 'slow down' }, { type }), (error) => {
        assert.match(String(error.message), /slow down/);
        assert.equal(error.status, 429);
        return true;
      });
    }
  });
}

test('legacy completions: a whole answer is told as a stream, several are an error', async () => {
  const upstream = upstreams.chat;
  const { script } = upstream;
  const client = new OpenAI({ baseURL: `${parley.url}/v1`, apiKey: parley.key, maxRetries: 0 });
  const choice = (index, text) => ({ index, text, finish_reason: 'stop', logprobs: null });
  let texts = ['Grüße\nund mehr'];
  upstream.script = (request, reply) =>
    reply.json(200, {
      id: 'cmpl-1',
      object: 'text_completion',
      created: 1_790_000_000,
      model: 'm',
      choices: texts.map((text, i) => choice(i, text)),
      usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
    });
  const q = { model: 'm-chat', prompt: 'Grüezi', stream: true };
  let text = '';
  let finish;
  for await (const chunk of await client.completions.create(q)) {
    assert.equal(chunk.object, 'text_completion');
    text += chunk.choices[0]?.text ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  assert.equal(text, texts[0]);
  assert.equal(finish, 'stop');
  texts = ['one', 'two'];
  await assert.rejects(async () => {
    for await (const chunk of await client.completions.create({ ...q, n: 2 })) assert.ok(chunk);
  }, /several answers/);
  upstream.script = script;
});

test('gemini: an array in place of events is told as events', async () => {
  const client = clients.gemini(parley);
  Object.assign(upstreams.gemini, { type: kTypes[0], isArray: true, indent: 0, answer: kAnswer });
  const got = await client.ask('m-gemini', { stream: true, user: 'Grüezi', limit: 500 });
  assert.equal(got.text, kAnswer.text);
});
