// Any client, any model: the official SDK of each dialect against an upstream of each dialect.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import OpenAI from 'openai';

import { clients } from './support/clients.mjs';
import { faultsIn } from './support/legal.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { providers, wires } from './support/wires.mjs';

const kImage = {
  mime: 'image/png',
  data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
};
const kTool = {
  name: 'get_weather',
  description: 'The weather of a city',
  schema: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
};
const kCalls = [
  { id: 'call_a', name: 'get_weather', args: { city: 'Zürich "Nord"', days: 2 } },
  { id: 'call_b', name: 'get_weather', args: { city: 'Oslo' } },
];
const kText = 'Grüße aus 東京 — "quoted"\nand a second line 🎉';
const usage = { input: 21, output: 13 };

// One upstream for each wire, each behind a model name of its own.
const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  const upstream = await Upstream.start({ credential: wire.key });
  upstream.script = (request, reply) => {
    const path = new URL(request.url, upstream.url).pathname;
    assert.ok(wire.is(path), `${name}: ${path}`);
    assert.deepEqual(faultsIn(name, request), []);
    const asked = wire.read({ json: request.json, path });
    upstream.asked = asked;
    const answer = upstream.answers?.shift() ?? upstream.answer;
    if (answer.status) return reply.json(answer.status, wire.error(answer.status, answer.message));
    if (!asked.stream) return reply.json(200, wire.whole(asked, answer));
    reply.events();
    for (const event of wire.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  upstreams[name] = upstream;
}
const parley = await Parley.start({
  ...configuration(upstreams.chat),
  provider: providers(upstreams),
});
Object.values(upstreams).forEach((upstream) => upstream.mustNotSee(parley.key));
after(async () => {
  await parley.stop();
  for (const upstream of Object.values(upstreams)) await upstream.stop();
});

for (const [from, make] of Object.entries(clients)) {
  const client = make(parley);
  for (const [to, upstream] of Object.entries(upstreams)) {
    const ask = async (q, answer) => {
      upstream.answer = { usage, finish: 'stop', ...answer };
      return client.ask(`m-${to}`, q);
    };
    for (const stream of [false, true]) {
      const title = `${from} -> ${to}${stream ? ', streamed' : ''}`;

      test(`${title}: text, instructions, limits and usage`, async () => {
        const q = { stream, system: 'Be brief.', user: 'Grüezi', limit: 500, temperature: 0.5 };
        const got = await ask(q, { text: kText });
        assert.equal(got.text, kText);
        assert.deepEqual(got.calls, []);
        assert.equal(got.finish, 'stop');
        assert.deepEqual(got.usage, usage);
        assert.equal(got.model, `m-${to}`);
        const { asked } = upstream;
        assert.equal(asked.stream, stream);
        assert.equal(asked.system, 'Be brief.');
        assert.deepEqual(asked.user, ['Grüezi']);
        assert.equal(asked.limit, 500);
        assert.equal(asked.temperature, 0.5);
        assert.equal(asked.model, `m-${to}`);
      });

      test(`${title}: tools are called`, async () => {
        const answer = { text: 'Let me see.', calls: kCalls, finish: 'tool_calls' };
        const got = await ask({ stream, user: 'weather?', tools: [kTool] }, answer);
        assert.equal(got.text, 'Let me see.');
        assert.deepEqual(
          got.calls.map(({ name, args }) => ({ name, args })),
          kCalls.map(({ name, args }) => ({ name, args })),
        );
        assert.equal(new Set(got.calls.map((c) => c.id)).size, 2, 'ids differ');
        assert.equal(got.finish, 'tool_calls');
        assert.deepEqual(upstream.asked.tools, ['get_weather']);
      });

      test(`${title}: results of tools go back to their calls`, async () => {
        const results = [
          { id: 'call_a', text: 'rain' },
          { id: 'call_b', text: 'snow' },
        ];
        const history = { calls: kCalls, results };
        const q = { stream, user: 'weather?', tools: [kTool], history };
        const got = await ask(q, { text: 'Take a coat.' });
        assert.equal(got.text, 'Take a coat.');
        const { asked } = upstream;
        assert.deepEqual(
          asked.calls.map(({ name, args }) => ({ name, args })),
          kCalls.map(({ name, args }) => ({ name, args })),
        );
        assert.deepEqual(
          asked.results.map((r) => r.text),
          ['rain', 'snow'],
        );
        assert.deepEqual(
          asked.results.map((r) => r.id),
          asked.calls.map((c) => c.id),
        );
      });

      test(`${title}: a limit is told as one`, async () => {
        const got = await ask({ stream, user: 'long' }, { text: 'It was a', finish: 'length' });
        assert.equal(got.text, 'It was a');
        assert.equal(got.finish, 'length');
      });

      test(`${title}: a refusal of the upstream is the SDK's own error`, async () => {
        const answer = { status: 429, message: 'slow down, please' };
        await assert.rejects(ask({ stream, user: 'x' }, answer), (error) => {
          assert.equal(error.status, 429);
          assert.match(error.message, /slow down, please/);
          return true;
        });
      });
    }

    test(`${from} -> ${to}: an image arrives`, async () => {
      await ask({ user: 'what is this?', image: kImage }, { text: 'a dot' });
      assert.equal(upstream.asked.images, 1);
    });
  }
}

test('a count that nobody can make is a guess, and says so', async () => {
  const seen = upstreams.chat.requests.all.length;
  const reply = await fetch(`${parley.url}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { 'x-api-key': parley.key, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm-chat', messages: [{ role: 'user', content: 'Grüezi' }] }),
  });
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('x-parley-warnings'), /token_count_estimated/);
  assert.ok((await reply.json()).input_tokens > 0);
  assert.equal(upstreams.chat.requests.all.length, seen);
});

test('legacy completions reach models that never had them', async () => {
  const client = new OpenAI({ baseURL: `${parley.url}/v1`, apiKey: parley.key, maxRetries: 0 });
  for (const [name, upstream] of Object.entries(upstreams)) {
    if (name === 'chat') continue; // its own place knows them
    upstream.answer = { usage, finish: 'stop', text: kText };
    const model = `m-${name}`;
    const whole = await client.completions.create({ model, prompt: 'Grüezi', max_tokens: 50 });
    assert.equal(whole.object, 'text_completion');
    assert.equal(whole.model, model);
    assert.equal(whole.choices[0].text, kText);
    assert.equal(whole.choices[0].finish_reason, 'stop');
    assert.equal(whole.usage.prompt_tokens, usage.input);
    assert.deepEqual(upstream.asked.user, ['Grüezi']);
    const stream = await client.completions.create({
      model,
      prompt: ['Grüezi'],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let last;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      last = chunk;
    }
    assert.equal(text, kText);
    assert.equal(last.usage.completion_tokens, usage.output);
    for (const more of [{ prompt: ['a', 'b'] }, { prompt: [1, 2] }, { suffix: 'x' }, { echo: true }]) {
      await assert.rejects(
        client.completions.create({ model, prompt: 'a', ...more }),
        (error) => error.status === 400 && error.code === 'unsupported_value',
      );
    }
  }
});

test('what only its own dialect has is refused elsewhere, in words and by a code', async () => {
  const before = Object.values(upstreams).map((upstream) => upstream.requests.all.length);
  const ask = (path, headers, body) =>
    fetch(`${parley.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const bearer = { authorization: `Bearer ${parley.key}` };
  for (const [path, body] of [
    ['/v1/responses/compact', { model: 'm-chat', input: 'long' }],
    ['/v1/responses/compact', { model: 'm-anthropic', input: 'long' }],
    ['/v1/responses/compact', { model: 'm-gemini', input: 'long' }],
    ['/v1/moderations', { model: 'm-anthropic', input: 'x' }],
    ['/v1/images/generations', { model: 'm-gemini', prompt: 'x' }],
    ['/v1/audio/speech', { model: 'm-responses', input: 'x', voice: 'alloy' }],
  ]) {
    const reply = await ask(path, bearer, body);
    const { error } = await reply.json();
    assert.equal(reply.status, 400, `${path} ${body.model}: ${JSON.stringify(error)}`);
    assert.equal(error.code, 'unsupported_value', path);
    assert.equal(error.type, 'invalid_request_error', path);
    assert.match(error.message, /served by .*, which does not speak openai-/, path);
  }
  const google = { 'x-goog-api-key': parley.key };
  const predicted = await ask('/v1beta/models/m-chat:predict', google, { instances: [] });
  assert.equal(predicted.status, 400);
  assert.equal((await predicted.json()).error.status, 'INVALID_ARGUMENT');
  // What nobody serves is not there, as the dialect of the path says it.
  for (const path of ['/v1beta/interactions', '/v1beta/cachedContents', '/v1beta/files']) {
    const reply = await ask(path, google, { model: 'm-gemini', input: 'x' });
    assert.equal(reply.status, 404, path);
    assert.equal((await reply.json()).error.status, 'NOT_FOUND', path);
  }
  const after = Object.values(upstreams).map((upstream) => upstream.requests.all.length);
  assert.deepEqual(after, before, 'nobody was asked');
});

test('a reply has a date, though its upstream tells none', async () => {
  for (const to of ['anthropic', 'gemini']) {
    upstreams[to].answer = { usage, finish: 'stop', text: 'now' };
    const client = new OpenAI({ baseURL: `${parley.url}/v1`, apiKey: parley.key });
    const messages = [{ role: 'user', content: 'when?' }];
    const before = Math.floor(Date.now() / 1000);
    const dates = [];
    const reply = await client.chat.completions.create({ model: `m-${to}`, messages });
    dates.push(reply.created);
    const q = { model: `m-${to}`, messages, stream: true };
    for await (const chunk of await client.chat.completions.create(q)) dates.push(chunk.created);
    dates.push((await client.responses.create({ model: `m-${to}`, input: 'when?' })).created_at);
    for (const date of dates) assert.ok(date >= before && date <= before + 60, `${to}: ${date}`);
  }
});

test('a tool runner that would keep a thread at the other end says all of it again', async () => {
  const upstream = upstreams.chat;
  const calls = [{ id: 'call_a', name: 'get_weather', args: { city: 'Oslo' } }];
  upstream.answers = [
    { usage, finish: 'tool_calls', calls },
    { usage, finish: 'stop', text: 'Take a coat.' },
  ];
  const cities = [];
  const weather = betaTool({
    name: kTool.name,
    description: kTool.description,
    inputSchema: kTool.schema,
    run: ({ city }) => cities.push(city) && 'snow',
  });
  const client = new Anthropic({ baseURL: parley.url, apiKey: parley.key, maxRetries: 0 });
  const messages = [{ role: 'user', content: 'weather?' }];
  const q = { model: 'm-chat', max_tokens: 100, messages, tools: [weather] };
  const { content } = await client.beta.messages.toolRunner(q);
  assert.equal(content[0].text, 'Take a coat.');
  assert.deepEqual(cities, ['Oslo']);
  const { asked } = upstream;
  assert.deepEqual(asked.user, ['weather?']);
  assert.deepEqual(asked.results, [{ id: asked.calls[0].id, text: 'snow' }]);
});

test('large requests cross whole, many at once', async () => {
  const upstream = upstreams.anthropic;
  upstream.answer = { usage, finish: 'stop', text: 'read' };
  const before = upstream.requests.all.length;
  const texts = Array.from({ length: 8 }, (_, i) => `${i} "ä" `.repeat(120_000));
  const client = clients.chat(parley);
  const replies = await Promise.all(texts.map((user) => client.ask('m-anthropic', { user })));
  for (const reply of replies) assert.equal(reply.text, 'read');
  const asked = upstream.requests.all.slice(before).map(({ json }) => {
    const [{ content }] = json.messages;
    return typeof content === 'string' ? content : content[0].text;
  });
  assert.deepEqual(asked.sort(), texts.sort());
});
