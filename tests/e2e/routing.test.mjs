// Which upstream, which account, which name; and the few bytes that change for it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import OpenAI from 'openai';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley, secret } from './support/parley.mjs';
import { Connection, once } from './support/raw.mjs';
import { chunks, completion, kDone, stream } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';

const one = await Upstream.start();
const two = await Upstream.start();
// Accounts of one place differ by their key; the upstream checks it against this list itself.
const keys = [secret('sk-a'), secret('sk-b'), secret('sk-c')];
const seen = [];
const many = await Upstream.start();
const place = (name, upstream, more = {}) => ({
  name,
  plugin: 'openai',
  base_url: `${upstream.url}/v1`,
  account: [{ api_key: upstream.key }],
  ...more,
});
const target = (name, model) => ({ provider: name, model });
const parley = await Parley.start(
  configuration(null, {
    routing: { policy: 'round-robin', affinity_bytes_max: 0 },
    server: { threads: 2 },
    provider: [
      place('one', one, {
        models: ['gpt-5.5', 'gpt-5*', 'shared'],
        excluded_models: ['gpt-5-secret'],
      }),
      place('two', two, { models: ['qwen3:8b', 'shared'] }),
      place('counting', one, { models: ['counted'], usage_in_streams: true }),
      place('many', many, {
        models: ['rich'],
        account: keys.map((api_key, i) => ({ label: `n${i}`, api_key })),
      }),
      place('odd-key', two, {
        models: ['odd'],
        key_header: 'x-acme-key',
        headers: { 'x-team': 'red' },
      }),
      place('chat-only', two, { models: ['chatty'], dialects: ['openai-chat'] }),
      { ...place('messages-only', two, { models: ['mute'] }), plugin: 'claude' },
    ],
    route: [
      { model: 'fast', targets: [target('one', 'gpt-5-mini')] },
      { model: 'team/*', targets: [target('two', 'qwen3:8b')] },
      { model: 'both', targets: [target('one', 'gpt-5-mini'), target('two', 'qwen3:8b')] },
      { model: 'same', targets: [{ provider: 'two' }] },
      { model: 'counted-fast', targets: [target('counting', 'a "quoted" näme')] },
    ],
  }),
);
for (const upstream of [one, two]) upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  for (const upstream of [one, two, many]) await upstream.stop();
});
const client = sdk(parley);
const says = (word) => (request, reply) => reply.json(200, completion(request, { content: word }));
const ask = async (model) => {
  const got = await client.chat.completions.create({ model, messages: user('hi') });
  return got.choices[0].message.content;
};

test('a model goes to who serves it, a pattern too, an excluded one nowhere', async () => {
  one.script = says('one');
  two.script = says('two');
  assert.equal(await ask('gpt-5.5'), 'one');
  assert.equal(await ask('gpt-5-nano'), 'one');
  assert.equal(await ask('qwen3:8b'), 'two');
  await assert.rejects(ask('gpt-5-secret'), OpenAI.NotFoundError);
});

test('a route gives a name of its own; the upstream is asked by its name', async () => {
  one.script = says('one');
  two.script = says('two');
  assert.equal(await ask('fast'), 'one');
  assert.equal(one.last.json.model, 'gpt-5-mini');
  assert.equal(await ask('team/reviewer'), 'two');
  assert.equal(two.last.json.model, 'qwen3:8b');
  assert.equal(await ask('same'), 'two');
  assert.equal(two.last.json.model, 'same');
});

test('only the name changes: every other byte of the body stays', async () => {
  one.script = says('spliced');
  // Odd spacing, big numbers, escapes, unknown members, the name in other places.
  const before =
    '{ "messages" : [ {"role":"user","content":"\\"model\\":\\"fast\\" \\u00e9 é"}] ,\r\n' +
    '\t"temperature":1.50e+00, "seed":12345678901234567890, "x":{"model":"fast"},"model" : ';
  const body = `${before}"fast" ,"metadata":{"fast":"fast"}}\n`;
  const connection = await Connection.open(parley.port);
  const headers = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  for (const text of [body, body.replace('"fast" ,', '"f\\u0061st" ,')]) {
    const reply = await connection.ask('POST', '/v1/chat/completions', headers, text);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(one.last.text, body.replace('"fast" ,', '"gpt-5-mini" ,'));
  }
  connection.close();
});

test('a name that needs escapes is escaped', async () => {
  one.script = says('ok');
  assert.equal(await ask('counted-fast'), 'ok');
  assert.equal(one.last.json.model, 'a "quoted" näme');
});

test('a model twice is refused: parsers do not agree which one counts', async () => {
  const connection = await Connection.open(parley.port);
  const headers = { authorization: `Bearer ${parley.key}` };
  const body = '{"model":"fast","model":"gpt-5.5","messages":[]}';
  const reply = await connection.ask('POST', '/v1/chat/completions', headers, body);
  assert.equal(reply.status, 400);
  assert.equal(JSON.parse(reply.text).error.param, 'model');
  connection.close();
});

test('several targets take turns evenly', async () => {
  const count = { one: 0, two: 0 };
  one.script = says('one');
  two.script = says('two');
  const all = await Promise.all(Array.from({ length: 60 }, () => ask('both')));
  for (const who of all) ++count[who];
  assert.deepEqual(count, { one: 30, two: 30 });
  for (const name of ['shared']) {
    const who = await Promise.all(Array.from({ length: 10 }, () => ask(name)));
    assert.equal(who.filter((w) => w === 'one').length, 5);
  }
});

test('several accounts of one place take turns evenly', async () => {
  many.note = (request) => seen.push(request.headers.authorization);
  many.script = says('rich');
  await Promise.all(Array.from({ length: 90 }, () => ask('rich')));
  const counts = keys.map((key) => seen.filter((s) => s === `Bearer ${key}`).length);
  assert.deepEqual(counts, [30, 30, 30]);
  assert.equal(seen.length, 90);
});

test('a place may want its key in another header, and headers of its own', async () => {
  const { note } = two;
  two.note = (request) => two.requests.add(request);
  two.script = says('odd');
  assert.equal(await ask('odd'), 'odd');
  two.note = note;
  const { headers } = two.last;
  assert.equal(headers['x-acme-key'], two.key);
  assert.equal(headers['x-team'], 'red');
  assert.equal(headers.authorization, undefined);
});

test('a place that does not speak the dialect is named', async () => {
  const said = client.audio.speech.create({ model: 'mute', input: 'hi', voice: 'ash' });
  await assert.rejects(said, (error) => {
    assert.equal(error.status, 400);
    assert.match(error.message, /messages-only, which does not speak openai-chat/);
    return true;
  });
});

test('a place that speaks another dialect is translated to', async () => {
  two.script = (request, reply) =>
    reply.json(200, completion(request, { content: 'translated' }));
  const reply = await client.responses.create({ model: 'chatty', input: 'hi' });
  assert.equal(reply.output_text, 'translated');
  assert.equal(two.last.url, '/v1/chat/completions');
});

const counted = (withUsage) => async (request, reply) => {
  reply.events();
  const asked = request.json.stream_options?.include_usage === true;
  for (const event of chunks('counted', ['a', 'b'], 'stop', asked || withUsage)) {
    await reply.say(event);
  }
  reply.end(kDone);
};

test('usage_in_streams asks for usage and keeps the extra chunk to itself', async () => {
  one.script = counted(false);
  const got = await collect(
    await client.chat.completions.create({
      model: 'counted',
      messages: user('hi'),
      stream: true,
    }),
  );
  assert.deepEqual(one.last.json.stream_options, { include_usage: true });
  assert.equal(textOf(got), 'ab');
  assert.ok(
    got.every((c) => c.usage == null && c.choices.length === 1),
    'the client sees usage',
  );
  const line = await parley.exchange({ model: 'counted' });
  assert.equal(line.out_tokens, 12);
});

test('who asks for usage gets it, and who says no does not', async () => {
  one.script = counted(false);
  const ask2 = (options) =>
    client.chat.completions.create({
      model: 'counted',
      messages: user('hi'),
      stream: true,
      stream_options: options,
    });
  const yes = await collect(await ask2({ include_usage: true }));
  assert.equal(yes.at(-1).usage.total_tokens, 21);
  for (const options of [{ include_usage: false }, {}, null, { include_obfuscation: false }]) {
    const got = await collect(await ask2(options));
    assert.equal(one.last.json.stream_options.include_usage, true);
    assert.deepEqual({ ...options, include_usage: true }, one.last.json.stream_options);
    assert.ok(
      got.every((c) => c.usage == null),
      'the client sees usage',
    );
  }
});

test('what is not streamed, or not chat, is not asked for usage', async () => {
  one.script = says('plain');
  assert.equal(await ask('counted'), 'plain');
  assert.equal(one.last.json.stream_options, undefined);
});

test("usage beside content is the client's, only the extra chunk is cut", async () => {
  one.script = async (request, reply) => {
    reply.events();
    const [role, a, b, end, extra] = chunks('counted', ['a', 'b'], 'stop', true);
    const beside = b.replace('"choices"', '"usage":{"prompt_tokens":1},"choices"');
    for (const event of [role, a, beside, end, extra, kDone]) await reply.say(event);
    reply.end();
  };
  const got = await collect(
    await client.chat.completions.create({
      model: 'counted',
      messages: user('hi'),
      stream: true,
    }),
  );
  assert.equal(textOf(got), 'ab');
  assert.deepEqual(
    got.filter((c) => c.usage).map((c) => c.usage),
    [{ prompt_tokens: 1 }],
  );
});

test('the extra chunk is cut as well where a stream does not say that it is one', async () => {
  // Events under another content type are held until content comes. With one loop, whoever gets an
  // answer from it knows that all sent before was read.
  const counting = place('counting', one, { models: ['counted'], usage_in_streams: true });
  const config = configuration(null, { server: { threads: 1 }, provider: [counting] });
  const lone = await Parley.start(config);
  const [role, a, end, extra] = chunks('counted', ['a'], 'stop', true);
  for (const pieces of [
    [role, a + end + extra + kDone],
    [role + a + end + extra, kDone],
    [role, a, end, extra, kDone],
    [role + extra, a + end, kDone],
    [role, extra, a + end, kDone],
    [role, extra + role.slice(0, 20), role.slice(20) + extra + a + end + kDone],
  ]) {
    one.script = async (request, reply) => {
      reply.writeHead(200, { 'content-type': 'application/octet-stream' });
      for (const piece of pieces) {
        await reply.say(piece);
        await once(lone.port, 'GET', '/healthz');
      }
      reply.end();
    };
    const got = await sdk(lone)
      .chat.completions.create({
        model: 'counted',
        messages: user('hi'),
        stream: true,
      })
      .asResponse();
    assert.equal(await got.text(), pieces.join('').replaceAll(extra, ''));
  }
  await lone.stop();
});

test('a stream of a place without usage_in_streams goes as it comes', async () => {
  const events = stream('gpt-5.5', ['x'], 'stop', true);
  one.script = async (request, reply) => {
    reply.events();
    await reply.say(events.join(''));
    reply.end();
  };
  const got = await client.chat.completions
    .create({
      model: 'gpt-5.5',
      messages: user('hi'),
      stream: true,
    })
    .asResponse();
  assert.equal(await got.text(), events.join(''));
  assert.equal(one.last.json.stream_options, undefined);
});
