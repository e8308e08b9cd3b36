// Chat Completions with the SDKs that people use, through Parley to a strict upstream.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import OpenAI from 'openai';
import OpenAI4 from 'openai-4';
import OpenAI6 from 'openai-6';

import { collect, house, sdk, textOf, user } from './support/house.mjs';
import { chunks, completion, kDone, stream } from './support/replies.mjs';

const { upstream, parley } = await house();
const model = 'gpt-5.5';
const kText = 'Hello, wörld ✓ 你好 🦊 "quoted" \\back\n\ttab';
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

const say =
  (...events) =>
  async (request, reply) => {
    reply.events();
    for (const event of events.flat()) await reply.say(event);
    reply.end();
  };

for (const [name, Sdk] of Object.entries({ 7: OpenAI, 6: OpenAI6, 4: OpenAI4 })) {
  const client = sdk(parley, {}, Sdk);

  test(`openai ${name}: a whole completion`, async () => {
    upstream.script = (request, reply) =>
      reply.json(200, completion(request, { content: kText }), { 'x-request-id': 'req_theirs' });
    const { data, response } = await client.chat.completions
      .create({ model, messages: user('hello'), temperature: 0.25, stop: ['XX'] })
      .withResponse();
    assert.equal(data.choices[0].message.content, kText);
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.usage.total_tokens, 21);
    assert.equal(data._request_id, 'req_theirs');
    assert.equal(response.headers.get('content-type'), 'application/json');
    const { json, url, method, headers } = upstream.last;
    assert.equal(`${method} ${url}`, 'POST /v1/chat/completions');
    assert.deepEqual(json, { model, messages: user('hello'), temperature: 0.25, stop: ['XX'] });
    assert.match(headers['user-agent'], /OpenAI/, "the client's own user-agent goes on");
    assert.ok(headers['x-stainless-lang'], "the client's own headers go on");
  });

  test(`openai ${name}: a streamed completion`, async () => {
    upstream.script = say(stream(model, [...kText], 'stop', true));
    const got = await collect(
      await client.chat.completions.create({
        model,
        messages: user('hi'),
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    assert.equal(textOf(got), kText);
    assert.equal(got.at(-2).choices[0].finish_reason, 'stop');
    assert.equal(got.at(-1).usage.total_tokens, 21);
    assert.deepEqual(got.at(-1).choices, []);
  });
}

const client = sdk(parley);

test('events reach the client as they come, none waits for the next', async () => {
  const events = chunks(model, ['one', 'two', 'three', 'four']);
  let go;
  upstream.script = async (request, reply) => {
    reply.events();
    for (const event of events) {
      const seen = new Promise((yes) => (go = yes));
      await reply.say(event);
      await seen; // the next one is written only when the client has this one
    }
    reply.end(kDone);
  };
  let n = 0;
  const body = { model, messages: user('hi'), stream: true };
  for await (const chunk of await client.chat.completions.create(body)) {
    assert.ok(chunk.id);
    ++n;
    go();
  }
  assert.equal(n, events.length);
});

test('a streamed tool call is put together, and its result goes back', async () => {
  const call = (more) => ({ tool_calls: [{ index: 0, ...more }] });
  upstream.script = say(
    stream(
      model,
      [
        call({ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '' } }),
        ...['{"ci', 'ty": "P', 'arís"}'].map((args) => call({ function: { arguments: args } })),
      ],
      'tool_calls',
    ),
  );
  const body = { model, messages: user('weather?'), tools };
  const runner = client.chat.completions.stream(body);
  const {
    choices: [{ message, finish_reason: finish }],
  } = await runner.finalChatCompletion();
  assert.equal(finish, 'tool_calls');
  assert.equal(message.tool_calls.length, 1);
  assert.equal(message.tool_calls[0].id, 'call_1');
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: 'París' });
  assert.deepEqual(upstream.last.json.tools, tools);

  upstream.script = (request, reply) => reply.json(200, completion(request, { content: '22 °C' }));
  const result = { role: 'tool', tool_call_id: 'call_1', content: '22 °C, sunny' };
  const {
    id,
    type,
    function: { name, arguments: args },
  } = message.tool_calls[0];
  const said = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type, function: { name, arguments: args } }],
  };
  const messages = [...user('weather?'), said, result];
  const done = await client.chat.completions.create({ model, messages, tools });
  assert.equal(done.choices[0].message.content, '22 °C');
  assert.deepEqual(upstream.last.json.messages, messages);
});

test('the tool runner goes round by itself', async () => {
  let asked = 0;
  upstream.script = async (request, reply) => {
    if (++asked === 2) return say(stream(model, ['It is ', 'cold']))(request, reply);
    const first = {
      id: 'call_9',
      type: 'function',
      function: { name: 'get_weather', arguments: '{' },
    };
    const rest = { function: { arguments: '"city":"Oslo"}' } };
    const deltas = [first, rest].map((c) => ({ tool_calls: [{ index: 0, ...c }] }));
    return say(stream(model, deltas, 'tool_calls'))(request, reply);
  };
  const cities = [];
  const { parameters, name } = tools[0].function;
  const weather = ({ city }) => {
    cities.push(city);
    return 'cold';
  };
  const runner = client.chat.completions.runTools({
    model,
    stream: true,
    messages: user('weather?'),
    tools: [
      { type: 'function', function: { name, parameters, parse: JSON.parse, function: weather } },
    ],
  });
  assert.equal(await runner.finalContent(), 'It is cold');
  assert.deepEqual(cities, ['Oslo']);
  assert.equal(upstream.last.json.messages.at(-1).content, 'cold');
});

test('an image of 1 MiB as a data URL arrives byte for byte', async () => {
  const image = randomBytes(1024 * 1024);
  const url = `data:image/png;base64,${image.toString('base64')}`;
  upstream.script = (request, reply) => {
    const seen = request.json.messages[0].content[1].image_url.url.split(',')[1];
    const hash = createHash('sha256').update(Buffer.from(seen, 'base64')).digest('hex');
    reply.json(200, completion(request, { content: hash }));
  };
  const messages = user([
    { type: 'text', text: 'what is it' },
    { type: 'image_url', image_url: { url } },
  ]);
  const got = await client.chat.completions.create({ model, messages });
  const hash = createHash('sha256').update(image).digest('hex');
  assert.equal(got.choices[0].message.content, hash);
  assert.equal(upstream.last.text, JSON.stringify({ model, messages }));
});

test('a large reply arrives whole', async () => {
  const content = 'lörem ipsum '.repeat(400_000);
  upstream.script = (request, reply) => reply.json(200, completion(request, { content }));
  const got = await client.chat.completions.create({ model, messages: user('much') });
  assert.equal(got.choices[0].message.content, content);
});

test('legacy completions, whole and streamed', async () => {
  const choice = (text, finish) => ({ index: 0, text, logprobs: null, finish_reason: finish });
  const reply = (choices) => ({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    model,
    choices,
  });
  upstream.script = (request, out) => out.json(200, reply([choice('legacy', 'stop')]));
  const whole = await client.completions.create({ model, prompt: 'say' });
  assert.equal(whole.choices[0].text, 'legacy');
  const events = [choice('leg', null), choice('acy', null), choice('', 'stop')];
  upstream.script = say(
    events.map((c) => `data: ${JSON.stringify(reply([c]))}\n\n`),
    kDone,
  );
  const got = await collect(
    await client.completions.create({ model, prompt: 'say', stream: true }),
  );
  assert.equal(got.map((c) => c.choices[0].text).join(''), 'legacy');
  assert.equal(upstream.last.url, '/v1/completions');
});

test('the usage that is seen on the way is logged', async () => {
  upstream.script = say(stream('gpt-logged', ['a'], 'stop', true));
  await collect(
    await client.chat.completions.create({
      model: 'gpt-logged',
      messages: user('hi'),
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  const line = await parley.exchange({ model: 'gpt-logged' });
  assert.equal(line.in_tokens, 9);
  assert.equal(line.out_tokens, 12);
  assert.equal(line.caller, 'tester');
  assert.equal(line.account, 'main');
  assert.equal(line.status, 200);
  assert.equal(line.level, 'info');
});
