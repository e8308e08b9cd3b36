// A wrong guess about a model heals itself: what its upstream refuses, though we chose it, is left
// out in one more try, and from then on. Each upstream is strict in one thing, in its vendor's words.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { configuration, Parley } from './support/parley.mjs';
import { clients } from './support/clients.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer } from './support/wait.mjs';
import { providers, wires } from './support/wires.mjs';

const kHour = 3_600_000;
const usage = { input: 7, output: 3 };
const invalid = {
  chat: (message, param = null, code = null) => ({
    error: { message, type: 'invalid_request_error', param, code },
  }),
  anthropic: (message) => ({ type: 'error', error: { type: 'invalid_request_error', message } }),
  gemini: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
};
invalid.responses = invalid.chat;

const kTool = {
  name: 'get_weather',
  description: 'The weather of a city',
  schema: { type: 'object', properties: { city: { type: 'string' } } },
};

// What a strict upstream of each wire has against the first try.
const strict = {
  chat: {
    refuses: ({ temperature }) => temperature !== undefined,
    body: invalid.chat(
      "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
      'temperature',
      'unsupported_value',
    ),
    asks: { user: 'Grüezi', temperature: 0.5 },
    lesson: 'sampling_ok is false',
    warning: /sampling_dropped;temperature/,
  },
  responses: {
    refuses: ({ include }) => include?.includes('reasoning.encrypted_content'),
    body: invalid.responses(
      'Encrypted content is not supported with this model.',
      'include',
      'invalid_value',
    ),
    asks: { user: 'Grüezi' },
    lesson: 'reasoning is "none"',
  },
  anthropic: {
    refuses: ({ temperature }) => temperature !== undefined,
    body: invalid.anthropic('`temperature` is deprecated for this model.'),
    asks: { user: 'Grüezi', temperature: 0.5 },
    lesson: 'sampling_ok is false',
    warning: /sampling_dropped;temperature/,
  },
  gemini: {
    refuses: ({ tools }) => tools?.[0]?.functionDeclarations?.[0]?.parametersJsonSchema,
    body: invalid.gemini(
      `Invalid JSON payload received. Unknown name "parametersJsonSchema" at 'tools[0].function_declarations[0]': Cannot find field.`,
    ),
    asks: { user: 'Grüezi', tools: [kTool] },
    lesson: 'json_schema_ok is false',
  },
};

const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  const upstream = await Upstream.start({ credential: wire.key });
  upstream.script = (request, reply) => {
    const path = new URL(request.url, upstream.url).pathname;
    const asked = wire.read({ json: request.json, path });
    const refusal = upstream.judge?.(request.json, asked);
    if (refusal) return reply.json(400, refusal);
    const answer = { text: 'Grüße', finish: 'stop', usage };
    if (!asked.stream) return reply.json(200, wire.whole(asked, answer));
    reply.events();
    for (const event of wire.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  upstreams[name] = upstream;
}
const parley = await Parley.start({
  ...configuration(upstreams.chat),
  provider: providers(upstreams, (name) => [`${name}-*`]),
});
Object.values(upstreams).forEach((upstream) => upstream.mustNotSee(parley.key));
after(async () => {
  await parley.stop();
  for (const upstream of Object.values(upstreams)) await upstream.stop();
});

let number = 0;
/** A model that nothing is known of, and nothing was learnt of. */
const fresh = (wire) => `${wire}-m${++number}`;
/** How often the upstream is called meanwhile. */
async function calls(upstream, work) {
  const before = upstream.requests.all.length;
  const result = await work();
  return [upstream.requests.all.length - before, result];
}
const isLesson = (model) => (line) => line.message?.startsWith?.(`model ${model} at `);
const lessons = (model) => parley.lines.all.filter(isLesson(model));
/** What the log says was learnt, once it says so. */
async function learnt(model) {
  await parley.lines.find(isLesson(model), `a lesson about ${model}`);
  return lessons(model);
}

/** The SDK of a client that speaks another dialect, and the headers of what it was answered. */
function foreign(wire) {
  const name = wire === 'anthropic' ? 'chat' : 'anthropic';
  const headers = [];
  const listening = async (url, init) => {
    const reply = await fetch(url, init);
    headers.push(reply.headers);
    return reply;
  };
  const client = clients[name](parley, { fetch: listening });
  return { ask: client.ask, warnings: () => headers.at(-1)?.get('x-parley-warnings') ?? '' };
}

for (const [wire, { refuses, body, asks, lesson, warning }] of Object.entries(strict)) {
  const upstream = upstreams[wire];
  for (const stream of [false, true]) {
    test(`${wire}${stream ? ', streamed' : ''}: what was refused is left out, once and for an hour`, async () => {
      const model = fresh(wire);
      const client = foreign(wire);
      upstream.judge = (json, asked) => refuses(json, asked) && body;

      const [first, got] = await calls(upstream, () => client.ask(model, { ...asks, stream }));
      assert.equal(got.text, 'Grüße');
      assert.equal(first, 2, 'refused, and asked once more');
      if (warning) assert.match(client.warnings(), warning);
      const told = await learnt(model);
      assert.equal(told.length, 1, 'logged once');
      assert.equal(told[0].level, 'info');
      assert.equal(told[0].message, `model ${model} at ${wire}: ${lesson}, as its refusal said`);

      const [second] = await calls(upstream, () => client.ask(model, { ...asks, stream }));
      assert.equal(second, 1, 'the next one goes right at once');
      if (warning) assert.match(client.warnings(), warning);
      assert.equal(lessons(model).length, 1);

      // Nothing is known of others by that.
      const [other] = await calls(upstream, () => client.ask(fresh(wire), { ...asks, stream }));
      assert.equal(other, 2, 'another model has its own lesson');
    });
  }

  test(`${wire}: what the client asked for is its own to hear`, async () => {
    const model = fresh(wire);
    const message = 'the schema of the tool get_weather is not a JSON Schema';
    upstream.judge = () => invalid[wire](message);
    const [count] = await calls(upstream, () =>
      assert.rejects(foreign(wire).ask(model, { ...asks, tools: [kTool] }), (error) => {
        assert.equal(error.status, 400);
        assert.match(error.message, new RegExp(message));
        return true;
      }),
    );
    assert.equal(count, 1);
    assert.deepEqual(lessons(model), []);
  });

  test(`${wire}: a second refusal is passed on`, async () => {
    const model = fresh(wire);
    upstream.judge = (json, asked) =>
      refuses(json, asked) ? body : invalid[wire]('and it is not to my taste');
    const [count] = await calls(upstream, () =>
      assert.rejects(foreign(wire).ask(model, asks), (error) => {
        assert.equal(error.status, 400);
        assert.match(error.message, /not to my taste/);
        return true;
      }),
    );
    assert.equal(count, 2);
    assert.equal((await learnt(model)).length, 1, 'what was learnt is kept all the same');
  });

  test(`${wire}: the same refusal again is passed on, and not tried a third time`, async () => {
    upstream.judge = () => body;
    const [count] = await calls(upstream, () =>
      assert.rejects(foreign(wire).ask(fresh(wire), asks), (error) => error.status === 400),
    );
    assert.equal(count, 2);
  });

  test(`${wire}: a relayed request is the client's own, and is tried once`, async () => {
    const model = fresh(wire);
    upstream.judge = () => body;
    const [count] = await calls(upstream, () =>
      assert.rejects(clients[wire](parley).ask(model, asks), (error) => error.status === 400),
    );
    assert.equal(count, 1);
    assert.deepEqual(lessons(model), []);
  });
}

test('a large request heals as well', async () => {
  const upstream = upstreams.anthropic;
  upstream.judge = ({ temperature }) => temperature !== undefined && strict.anthropic.body;
  const user = '"ä" '.repeat(200_000);
  const [count, got] = await calls(upstream, () =>
    foreign('anthropic').ask(fresh('anthropic'), { user, temperature: 0.5 }),
  );
  assert.equal(got.text, 'Grüße');
  assert.equal(count, 2);
});

test('many at once learn the same lesson, which is told once', async () => {
  const upstream = upstreams.chat;
  const model = fresh('chat');
  upstream.judge = (json) => strict.chat.refuses(json) && strict.chat.body;
  const client = foreign('chat');
  const [count, all] = await calls(upstream, () =>
    Promise.all(Array.from({ length: 12 }, () => client.ask(model, strict.chat.asks))),
  );
  for (const { text } of all) assert.equal(text, 'Grüße');
  assert.ok(count >= 13 && count <= 24, `${count} calls`);
  assert.equal((await learnt(model)).length, 1);
});

test('several wrong guesses about one model are learnt one by one', async () => {
  const upstream = upstreams.anthropic;
  const model = fresh('anthropic');
  upstream.judge = ({ temperature, cache_control }) => {
    if (temperature !== undefined) return strict.anthropic.body;
    return cache_control && invalid.anthropic('cache_control: Extra inputs are not permitted');
  };
  const client = foreign('anthropic');
  const asks = { user: 'x', temperature: 0.5, tools: [kTool] };
  await assert.rejects(client.ask(model, asks), /cache_control/);
  const [second] = await calls(upstream, () => client.ask(model, asks));
  assert.equal(second, 2);
  const [third] = await calls(upstream, () => client.ask(model, asks));
  assert.equal(third, 1);
  const told = await learnt(model);
  assert.deepEqual(
    told.map((line) => line.message.split(': ')[1]),
    ['sampling_ok is false, as its refusal said', 'auto_cache is false, as its refusal said'],
  );
});

test('a stream that has only been told that we are alive is healed', async () => {
  const upstream = upstreams.chat;
  const heard = defer();
  const impatient = await Parley.start(configuration(upstream, { limits: { ping_ms: 1000 } }));
  upstream.mustNotSee(impatient.key);
  const { script } = upstream;
  upstream.script = async (request, reply) => {
    if (strict.chat.refuses(request.json)) await heard.promise;
    return script(request, reply);
  };
  upstream.judge = (json) => strict.chat.refuses(json) && strict.chat.body;
  try {
    const reply = await fetch(`${impatient.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': impatient.key, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'm',
        max_tokens: 50,
        temperature: 0.5,
        stream: true,
        messages: [{ role: 'user', content: 'x' }],
      }),
    });
    let text = '';
    for await (const piece of reply.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes('event: ping')) heard.resolve();
    }
    const count = (event) => text.split(`event: ${event}\n`).length - 1;
    assert.ok(count('ping') >= 1);
    assert.equal(count('message_start'), 1);
    assert.equal(count('message_stop'), 1);
    assert.equal(count('error'), 0);
  } finally {
    upstream.script = script;
    await impatient.stop();
  }
});

test('a refusal that comes as a stream is healed, too', async () => {
  const upstream = upstreams.anthropic;
  const { refuses, body, asks } = strict.anthropic;
  const { script } = upstream;
  upstream.judge = undefined;
  upstream.script = (request, reply) => {
    if (!refuses(request.json)) return script(request, reply);
    reply.events();
    reply.write(`event: error\ndata: ${JSON.stringify(body)}\n\n`);
    return reply.end();
  };
  try {
    const model = fresh('anthropic');
    const streamed = { ...asks, stream: true };
    const [count, got] = await calls(upstream, () => foreign('anthropic').ask(model, streamed));
    assert.equal(got.text, 'Grüße');
    assert.equal(count, 2);
  } finally {
    upstream.script = script;
  }
});

test('with no room for lessons every request is healed by itself', async () => {
  const upstream = upstreams.chat;
  upstream.judge = (json) => strict.chat.refuses(json) && strict.chat.body;
  const forgetful = await Parley.start({
    ...configuration(upstream, { lessons: { entries_max: 0, keep_ms: kHour } }),
  });
  upstream.mustNotSee(forgetful.key);
  try {
    const client = clients.anthropic(forgetful);
    for (let i = 0; i < 2; ++i) {
      const [count, got] = await calls(upstream, () => client.ask('m', strict.chat.asks));
      assert.equal(got.text, 'Grüße');
      assert.equal(count, 2);
    }
  } finally {
    await forgetful.stop();
  }
});
