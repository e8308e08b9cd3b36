// The faults of upstreams that gateways are known to fall over, by the numbers of a list that is
// kept with this project's notes: 19 to 38. Each has its test here, or is named where it has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, beforeEach, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { chunks, completion, data, kDone } from './support/replies.mjs';
import { RawUpstream, Upstream } from './support/upstream.mjs';
import { within } from './support/wait.mjs';

const upstream = await Upstream.start({ tls: undefined });
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const raw = await RawUpstream.start();
const keys = {};
const account = (label) => ({ label, api_key: (keys[label] ??= secret(`sk-${label}`)) });
const claude = {
  name: 'claude-pair',
  plugin: 'claude',
  base_url: upstream.url,
  key_header: 'authorization',
  models: ['claude-*'],
  account: [account('c1'), account('c2')],
};
const limitedNames = ['seconds', 'date', 'huge', 'negative', 'nothing'];
const parley = await Parley.start(
  configuration(upstream, {
    upstream: { content_ms: 1500, idle_ms: 1000, held_bytes_max: '64KiB' },
    failover: { gate_ms: 0 },
    routing: { cool_down: true, policy: 'fill-first', affinity_bytes_max: 0, jitter_percent: 0 },
    provider: [
      ...limitedNames.map((name) =>
        provider(upstream, { name, models: [`${name}-*`], account: [account(name)] }),
      ),
      provider(upstream, {
        name: 'pair',
        models: ['pair-*'],
        account: [account('first'), account('second')],
      }),
      claude,
      { ...provider(raw), name: 'raw', models: ['raw-*'] },
      provider(upstream, { name: 'lost', base_url: 'http://nobody.invalid/v1', models: ['lost-*'] }),
    ],
  }),
);
for (const each of [upstream, raw]) each.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
  await raw.stop();
});
const chat = sdk(parley);
const ask = (model, more = {}) =>
  chat.chat.completions.create({ model, messages: user('hi'), ...more });
const messages = new Anthropic({ baseURL: parley.url, apiKey: parley.key, maxRetries: 0 });

let tries;
beforeEach(() => {
  tries = [];
});
const labelOf = (request) =>
  Object.keys(keys).find((l) => request.headers.authorization === `Bearer ${keys[l]}`);
const serve = (request, reply) => reply.json(200, completion(request, { content: 'fine' }));

const kWaits = {
  seconds: [{ 'retry-after': '2' }, 1, 2],
  date: [{ 'retry-after': new Date(Date.now() + 100_000).toUTCString() }, 60, 100],
  huge: [{ 'retry-after': '1000000000000' }, 86_000, 86_400],
  negative: [{ 'retry-after': '-5' }, 1, 2],
  nothing: [{}, 1, 2],
};
for (const [name, [headers, least, most]] of Object.entries(kWaits)) {
  test(`20: a 429 whose wait is ${name} is believed within bounds`, async () => {
    upstream.script = (request, reply) => {
      tries.push(name);
      reply.json(429, { error: { message: 'slow', type: 'requests', code: null } }, headers);
    };
    await assert.rejects(ask(`${name}-m`), { status: 429 });
    await assert.rejects(ask(`${name}-m`), (error) => {
      assert.match(error.message, /no account can serve/);
      const seconds = Number(error.headers.get('retry-after'));
      assert.ok(seconds >= least && seconds <= most, `${seconds} s`);
      return true;
    });
    assert.equal(tries.length, 1, 'it is left alone');
  });
}

for (const status of [429, 503, 529]) {
  test(`21: a ${status} that says nothing: another account, and the first is left alone`, async () => {
    const model = `pair-${status}`; // health is kept by model
    upstream.script = (request, reply) => {
      tries.push(labelOf(request));
      if (tries.at(-1) !== 'first') return serve(request, reply);
      return reply.json(status, { error: { message: 'no', type: 'server_error', code: null } });
    };
    await ask(model);
    await ask(model);
    assert.deepEqual(tries, ['first', 'second', 'second']);
  });
}

for (const [what, play] of Object.entries({
  500: (request, reply) =>
    reply.json(500, { type: 'error', error: { type: 'api_error', message: 'broken' } }),
  529: (request, reply) =>
    reply.json(529, { type: 'error', error: { type: 'overloaded_error', message: 'busy' } }),
  504: (request, reply) =>
    reply.json(504, { type: 'error', error: { type: 'timeout_error', message: 'late' } }),
  'a cut connection': (request, reply) => reply.reset(),
})) {
  test(`19: accounts of the other dialect fail over as well: ${what}`, async () => {
    upstream.script = (request, reply) => {
      tries.push(labelOf(request));
      if (tries.at(-1) === tries[0]) return play(request, reply);
      return reply.json(200, {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: request.json.model,
        content: [{ type: 'text', text: 'saved' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 9, output_tokens: 12 },
      });
    };
    const model = `claude-${what.replaceAll(' ', '-')}`;
    const got = await messages.messages.create({ model, max_tokens: 9, messages: user('hi') });
    assert.equal(got.content[0].text, 'saved');
    assert.equal(new Set(tries).size, 2);
  });
}

/** A stream as a client gets it: its text, and whether it ended as a success. */
async function read(body, path = '/v1/chat/completions') {
  const reply = await fetch(parley.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${parley.key}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    },
    body: JSON.stringify(body),
  });
  let text = '';
  let isCut = false;
  try {
    const decoder = new TextDecoder();
    for await (const piece of reply.body) text += decoder.decode(piece, { stream: true });
  } catch {
    isCut = true;
  }
  return { status: reply.status, text, isCut };
}

const kText = ['Grüße ', '✓ 🦊', ' "x"\\n'];
const kStream = [...chunks('m', kText), kDone].join('');
const kWire = Buffer.from(kStream);
const kEnd = Buffer.from(kStream.slice(0, kStream.indexOf(kDone) + 'data: [DONE]'.length)).length;
const kHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n';

const kReaders = {
  relayed: {
    ask: () => read({ model: 'raw-m', messages: user('hi'), stream: true }),
    isWhole: (text) => text.includes('[DONE]'),
  },
  translated: {
    ask: () =>
      read({ model: 'raw-m', max_tokens: 9, messages: user('hi'), stream: true }, '/v1/messages'),
    isWhole: (text) => text.includes('message_stop'),
  },
};
for (const [kind, { ask: begin, isWhole }] of Object.entries(kReaders)) {
  test(`24: cut at each of ${kWire.length} bytes: whole, or a failure that says so, ${kind}`, async () => {
    const cut = async (at) => {
      const got = await begin();
      const isSuccess = got.status === 200 && !got.isCut && !/"?error"?/.test(got.text);
      if (at >= kEnd) assert.ok(isSuccess && isWhole(got.text), `at ${at}: ${got.text}`);
      if (isWhole(got.text)) assert.ok(isSuccess, `at ${at}: an end and a failure: ${got.text}`);
      // Once each choice has said that it is finished, an orderly end is one.
      const isFinished = kWire.subarray(0, at).includes('"finish_reason":"stop"');
      if (!isFinished) assert.ok(!isSuccess, `at ${at}: a success: ${got.text}`);
    };
    for (let at = 0; at <= kWire.length; ++at) {
      raw.script = async (connection) => {
        await connection.write(Buffer.concat([Buffer.from(kHead), kWire.subarray(0, at)]));
        connection.fin();
      };
      await cut(at);
    }
  });
}

const kEndless = {
  'one event that does not end': (reply) => reply.write(`data: ${'x'.repeat(200_000)}`),
  'comments without end': async (reply) => {
    while (!reply.destroyed && reply.writable) await reply.say(': still here\n\n');
  },
  'data without an empty line': async (reply) => {
    while (!reply.destroyed && reply.writable) await reply.say('data: {}\n');
  },
};
for (const [what, play] of Object.entries(kEndless)) {
  test(`25: ${what} has an end`, async () => {
    upstream.script = async (request, reply) => {
      reply.events();
      await play(reply);
    };
    const model = `pair-${what.replaceAll(' ', '-')}`;
    const got = await within(read({ model, messages: user('hi'), stream: true }), 'the end', 20_000);
    assert.ok(got.status >= 500 || /error/.test(got.text), JSON.stringify(got).slice(0, 300));
  });
}

test('27: what concerns one connection, and cookies, stay on their side', async () => {
  raw.script = async (connection) => {
    const body = JSON.stringify(completion({ json: { model: 'm' } }, { content: 'fine' }));
    await connection.write(
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: session=1\r\n' +
        'connection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\n' +
        `x-kept: yes\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  };
  const { response } = await ask('raw-m').withResponse();
  for (const name of ['set-cookie', 'x-hop', 'proxy-authenticate']) {
    assert.equal(response.headers.get(name), null, name);
  }
  assert.equal(response.headers.get('x-kept'), 'yes');
});

test('30: a name that leads nowhere is named', async () => {
  await assert.rejects(ask('lost-m'), (error) => {
    assert.equal(error.status, 502);
    assert.match(error.message, /resolve nobody\.invalid/);
    return true;
  });
});

test('31: a connection whose other end is gone without a word ends by a deadline of its own', async () => {
  // To us that is a connection on which nothing comes; packets are not dropped here, since that
  // needs rights over the machine's network.
  upstream.script = async (request, reply) => {
    reply.events();
    await reply.say(chunks('m', ['some'], null).join(''));
  };
  const got = await within(read({ model: 'pair-half', messages: user('hi'), stream: true }), 'the end');
  assert.match(got.text, /some/);
  assert.match(got.text, /error/);
});

const finished = chunks('m', ['a'], 'stop');
const usageOf = (n) => ({ prompt_tokens: 9, completion_tokens: n, total_tokens: 9 + n });
const withUsage = (usage) => data({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage });
const kUsages = {
  missing: [[], 0],
  null: [[withUsage(null)], 0],
  twice: [[withUsage(usageOf(12)), withUsage(usageOf(12))], 12],
  'in the last frame': [[withUsage(usageOf(12))], 12],
};
for (const [what, [more, tokens]] of Object.entries(kUsages)) {
  test(`37: usage ${what}`, async () => {
    upstream.script = (request, reply) => {
      reply.events();
      reply.end([...finished, ...more, kDone].join(''));
    };
    const model = `pair-usage-${what.replaceAll(' ', '-')}`;
    const got = await messages.messages
      .stream({ model, max_tokens: 9, messages: user('hi') })
      .finalMessage();
    assert.equal(got.stop_reason, 'end_turn');
    assert.equal(got.usage.output_tokens, tokens);
  });
}

test('38: events and fields that nobody knows pass unchanged, and break no crossing', async () => {
  const odd = [
    data({ object: 'chat.completion.novelty', choices: [], novelty: { deep: [1, 2] } }),
    'event: surprise\n' + data({ id: 'c', choices: [], x: 1 }),
  ];
  const wire = [finished[0], ...odd, ...finished.slice(1), kDone].join('');
  upstream.script = (request, reply) => {
    reply.events();
    reply.end(wire);
  };
  const relayed = await read({ model: 'pair-odd', messages: user('hi'), stream: true });
  assert.equal(relayed.text, wire);
  const crossed = await messages.messages
    .stream({ model: 'pair-odd', max_tokens: 9, messages: user('hi') })
    .finalText();
  assert.equal(crossed, 'a');
});

// ---- those that are tested elsewhere ----

const kElsewhere = {
  '19: the sixteen scenarios of failover': ['failover.test.mjs', 'another account answers'],
  '22: an error event before content': ['failover.test.mjs', 'an error event in a 200'],
  '23: an error behind content': ['truth.test.mjs', "an upstream's own error event is passed on"],
  '26: chunks that are none': ['truth.test.mjs', 'bytes that are no chunks are a failure'],
  '26: lengths that are wrong': ['upstream.test.mjs', 'bytes behind a reply end its connection'],
  '27: interim replies, one after the other': ['upstream.test.mjs', 'interim replies are passed over'],
  '27: redirects': ['upstream.test.mjs', 'redirects are not followed'],
  '28: pages in place of JSON': ['failover.test.mjs', 'an HTML page as 502'],
  '29: certificates': ['tls.test.mjs', 'is not spoken to'],
  '29: a plain upstream behind https': ['tls.test.mjs', 'is a 502, not a hang'],
  '32: no head, no content': ['failover.test.mjs', 'no head in time'],
  '32: silence that is filled': ['silence.test.mjs', 'is filled, and the answer comes behind it'],
  '33: all accounts are used up': ['accounts.test.mjs', 'all are used up: a 429'],
  '34: an account that flaps': ['chaos.test.mjs', 'one probe at a time'],
  '35: opaque reasoning': ['ownership.test.mjs', 'encrypted reasoning goes back to who wrote it'],
  '36: calls in parallel, between all dialects': ['crossing.test.mjs', 'tools are called'],
};
for (const [what, [file, words]] of Object.entries(kElsewhere)) {
  test(`${what}: in ${file}`, () => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8');
    assert.ok(text.includes(words), `${file} has no test "${words}" any more`);
  });
}
