// Responses with the SDKs that people use, through Parley to a strict upstream.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import OpenAI from 'openai';
import OpenAI4 from 'openai-4';
import OpenAI6 from 'openai-6';

import { collect, house, sdk } from './support/house.mjs';
import {
  callStream,
  functionCall,
  named,
  outputText,
  response,
  responseStream,
} from './support/replies.mjs';

const { upstream, parley } = await house();
const model = 'gpt-5.5';
const kText = 'Hello, wörld ✓ 你好 🦊 "quoted" \\back\n\ttab';
const tools = [
  {
    type: 'function',
    name: 'get_weather',
    description: 'Weather',
    strict: true,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
];

const say = (events) => async (request, reply) => {
  reply.events();
  for (const event of events) await reply.say(event);
  reply.end();
};

for (const [name, Sdk] of Object.entries({ 7: OpenAI, 6: OpenAI6, 4: OpenAI4 })) {
  const client = sdk(parley, {}, Sdk);

  test(`openai ${name}: a whole response`, async () => {
    upstream.script = (request, reply) =>
      reply.json(200, response(request.json.model, [outputText(kText)]));
    const body = { model, instructions: 'Be terse.', input: 'hello', store: false };
    const got = await client.responses.create(body);
    assert.equal(got.output_text, kText);
    assert.equal(got.status, 'completed');
    assert.equal(got.usage.total_tokens, 21);
    assert.equal(`${upstream.last.method} ${upstream.last.url}`, 'POST /v1/responses');
    assert.deepEqual(upstream.last.json, body);
  });

  test(`openai ${name}: a streamed response`, async () => {
    upstream.script = say(responseStream(model, [...kText]));
    const got = await collect(await client.responses.create({ model, input: 'hi', stream: true }));
    const deltas = got.filter((e) => e.type === 'response.output_text.delta');
    assert.equal(deltas.map((e) => e.delta).join(''), kText);
    assert.deepEqual(
      got.map((e) => e.sequence_number),
      got.map((_, i) => i),
    );
    assert.equal(got.at(-1).type, 'response.completed');
    assert.equal(got.at(-1).response.output[0].content[0].text, kText);
  });
}

const client = sdk(parley);

test('the stream helper of the SDK ends with the whole response', async () => {
  upstream.script = say(responseStream(model, ['helper ', 'ok']));
  const stream = client.responses.stream({ model, input: 'hi' });
  assert.equal((await stream.finalResponse()).output_text, 'helper ok');
});

test('a streamed function call is put together, and its result goes back', async () => {
  upstream.script = say(callStream(model, 'get_weather', ['{"ci', 'ty": "P', 'arís"}']));
  const input = [{ role: 'user', content: 'weather?' }];
  const include = ['reasoning.encrypted_content'];
  const events = await collect(
    await client.responses.create({
      model,
      input,
      tools,
      include,
      store: false,
      stream: true,
    }),
  );
  const pieces = events.filter((e) => e.type === 'response.function_call_arguments.delta');
  const {
    response: { output },
  } = events.at(-1);
  assert.equal(pieces.map((e) => e.delta).join(''), output[0].arguments);
  assert.deepEqual(JSON.parse(output[0].arguments), { city: 'París' });

  upstream.script = (request, reply) => reply.json(200, response(model, [outputText('22 °C')]));
  const result = { type: 'function_call_output', call_id: output[0].call_id, output: '22 °C' };
  const next = [...input, ...output, result];
  const done = await client.responses.create({ model, input: next, tools, include, store: false });
  assert.equal(done.output_text, '22 °C');
  assert.deepEqual(upstream.last.json.input, next);
});

test('encrypted reasoning goes both ways unchanged', async () => {
  const encrypted = randomBytes(30_000).toString('base64');
  const item = {
    id: 'rs_1',
    type: 'reasoning',
    summary: [],
    encrypted_content: encrypted,
    status: 'completed',
  };
  upstream.script = (request, reply) =>
    reply.json(200, response(model, [item, functionCall('get_weather', '{}')]));
  const first = await client.responses.create({ model, input: 'think', store: false, tools });
  assert.deepEqual(first.output[0], item);
  const input = [{ role: 'user', content: 'think' }, ...first.output];
  await client.responses.create({ model, input, store: false, tools });
  assert.ok(upstream.last.text.includes(`"encrypted_content":"${encrypted}"`));
});

test('an image of 1 MiB as a data URL arrives byte for byte', async () => {
  const image = randomBytes(1024 * 1024);
  const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');
  upstream.script = (request, reply) => {
    const seen = request.json.input[0].content[1].image_url.split(',')[1];
    reply.json(200, response(model, [outputText(sha(Buffer.from(seen, 'base64')))]));
  };
  const image_url = `data:image/png;base64,${image.toString('base64')}`;
  const content = [
    { type: 'input_text', text: 'what is it' },
    { type: 'input_image', image_url, detail: 'auto' },
  ];
  const got = await client.responses.create({ model, input: [{ role: 'user', content }] });
  assert.equal(got.output_text, sha(image));
});

test('an incomplete response is one, and no failure', async () => {
  const incomplete = response(model, [outputText('cut sho')], {
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
  });
  const created = response(model, [], { status: 'in_progress', usage: null });
  upstream.script = say(
    named([
      { type: 'response.created', response: created },
      { type: 'response.incomplete', response: incomplete },
    ]),
  );
  const got = await collect(await client.responses.create({ model, input: 'hi', stream: true }));
  assert.equal(got.at(-1).type, 'response.incomplete');
  assert.equal(got.at(-1).response.incomplete_details.reason, 'max_output_tokens');
});

test('a response that failed is given as the upstream gave it', async () => {
  const created = response(model, [], { status: 'in_progress', usage: null });
  const error = { code: 'server_error', message: 'The model had a bad day' };
  const failed = { ...created, status: 'failed', error };
  upstream.script = say(
    named([
      { type: 'response.created', response: created },
      { type: 'response.failed', response: failed },
    ]),
  );
  const events = await collect(
    await client.responses.create({
      model: 'gpt-failed',
      input: 'hi',
      stream: true,
    }),
  );
  assert.equal(events.at(-1).type, 'response.failed');
  assert.deepEqual(events.at(-1).response.error, error);
  const line = await parley.exchange({ model: 'gpt-failed' });
  assert.match(line.why, /bad day/);
  assert.match(line.level, /^warn/);
});

test('events and fields that nobody knows yet pass through', async () => {
  const created = response(model, [], { status: 'in_progress', usage: null });
  const events = [
    { type: 'response.created', response: created },
    { type: 'response.telepathy.delta', delta: '〰', who: { knows: [1, null, { x: '…' }] } },
    { type: 'response.completed', response: response(model, [outputText('ok')]), mood: 'good' },
  ];
  upstream.script = say(named(events));
  const got = await collect(await client.responses.create({ model, input: 'hi', stream: true }));
  assert.deepEqual(
    got,
    events.map((e, i) => ({ ...e, sequence_number: i })),
  );
});

test('keep-alive comments and events without a name pass, and do no harm', async () => {
  const [first, ...rest] = responseStream(model, ['still ', 'here']);
  const bare = rest.map((event) => event.replace(/^event: .*\n/, ''));
  upstream.script = say([': keep-alive\n\n', first, ': keep-alive\n\n', ...bare]);
  const got = await collect(await client.responses.create({ model, input: 'hi', stream: true }));
  assert.equal(got.at(-1).response.output[0].content[0].text, 'still here');
});

test('input_tokens and compact are passed on', async () => {
  upstream.script = (request, reply) =>
    reply.json(200, { object: 'response.input_tokens', input_tokens: 11 });
  const counted = await client.responses.inputTokens.count({ model, input: 'how much?' });
  assert.equal(counted.input_tokens, 11);
  assert.equal(upstream.last.url, '/v1/responses/input_tokens');

  const item = { id: 'cmp_1', type: 'compaction', encrypted_content: 'opaque' };
  upstream.script = (request, reply) =>
    reply.json(200, { ...response(model, [item]), object: 'response.compaction' });
  const compact = await client.responses.compact({ model, input: [] });
  assert.deepEqual(compact.output, [item]);
  assert.equal(upstream.last.url, '/v1/responses/compact');
});

test('a stream of data without a space and with CRLF is a stream as well', async () => {
  const events = responseStream(model, ['as ', 'it ', 'comes']);
  const odd = events.map((e) => e.replaceAll('\n', '\r\n').replaceAll(': ', ':'));
  upstream.script = say(odd);
  const got = await collect(await client.responses.create({ model, input: 'hi', stream: true }));
  const deltas = got.filter((e) => e.type === 'response.output_text.delta');
  assert.equal(deltas.map((e) => e.delta).join(''), 'as it comes');
});
