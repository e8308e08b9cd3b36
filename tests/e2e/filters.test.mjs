// Filters in the pipeline: one that redacts, before real SDKs of every dialect, and one that gets into
// trouble when its configuration says so.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { clients } from './support/clients.mjs';
import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley, provider } from './support/parley.mjs';
import { chunks, completion, kDone, stream } from './support/replies.mjs';
import { command, plugins } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { providers, wires } from './support/wires.mjs';

const kPattern = 'Project Lark é東';
const kRedacted = '[redacted]';
const usage = { input: 21, output: 13 };
const redactor = { name: 'no-codename', plugin: 'example-filter', pattern: kPattern };

/** The pattern, cut in two halves behind its first k units by whoever cuts the text in the middle. */
const cutAt = (k) => `${'x'.repeat(kPattern.length - k + 2)}${kPattern}${'y'.repeat(k + 2)}`;
const cuts = Array.from({ length: kPattern.length + 1 }, (_, k) => k);

// ---- one that redacts ----

const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  const upstream = await Upstream.start({ credential: wire.key });
  upstream.script = (request, reply) => {
    const path = new URL(request.url, upstream.url).pathname;
    const asked = wire.read({ json: request.json, path });
    upstream.asked = asked;
    upstream.body = request.body.toString();
    if (!asked.stream) return reply.json(200, wire.whole(asked, upstream.answer));
    reply.events();
    for (const event of wire.stream(asked, upstream.answer)) reply.write(event);
    return reply.end();
  };
  upstreams[name] = upstream;
}
const parley = await Parley.start({
  ...configuration(upstreams.chat),
  provider: providers(upstreams),
  filter: [redactor],
});
Object.values(upstreams).forEach((upstream) => upstream.mustNotSee(parley.key));
after(async () => {
  await parley.stop();
  for (const upstream of Object.values(upstreams)) await upstream.stop();
});

for (const [from, make] of Object.entries(clients)) {
  const client = make(parley);
  for (const to of new Set([from, from === 'anthropic' ? 'chat' : 'anthropic'])) {
    const upstream = upstreams[to];
    const ask = (q, answer) => {
      upstream.answer = { usage, finish: 'stop', ...answer };
      return client.ask(`m-${to}`, { limit: 500, ...q });
    };

    test(`${from} -> ${to}: requests are redacted`, async () => {
      const history = {
        calls: [{ id: 'call_a', name: 'find', args: { what: kPattern } }],
        results: [{ id: 'call_a', text: `found ${kPattern} twice: ${kPattern}` }],
      };
      const tools = [{ name: 'find', description: 'finds', schema: { type: 'object' } }];
      const q = { system: `Never say ${kPattern}.`, user: `what of ${kPattern}?`, history, tools };
      await ask(q, { text: 'nothing' });
      assert.equal(upstream.asked.system, `Never say ${kRedacted}.`);
      assert.equal(upstream.asked.user[0], `what of ${kRedacted}?`);
      assert.deepEqual(upstream.asked.calls[0].args, { what: kRedacted });
      assert.equal(upstream.asked.results[0].text, `found ${kRedacted} twice: ${kRedacted}`);
      assert.ok(!upstream.body.includes('Lark'), upstream.body);
    });

    test(`${from} -> ${to}: whole replies are redacted`, async () => {
      const got = await ask({ user: 'hi' }, { text: `a ${kPattern}, ${kPattern}` });
      assert.equal(got.text, `a ${kRedacted}, ${kRedacted}`);
      assert.deepEqual(got.usage, usage);
      assert.equal(got.finish, 'stop');
    });

    test(`${from} -> ${to}: streams are redacted wherever the pattern is cut`, async () => {
      for (const k of cuts) {
        const got = await ask({ user: 'hi', stream: true }, { text: cutAt(k) });
        const text = cutAt(k).replace(kPattern, kRedacted);
        assert.deepEqual([got.text, got.finish, got.usage], [text, 'stop', usage], `cut at ${k}`);
      }
    });

    test(`${from} -> ${to}: what only began like the pattern is let go at the end`, async () => {
      const head = kPattern.slice(0, -1);
      const text = `${'z'.repeat(head.length)}${head}`;
      const got = await ask({ user: 'hi', stream: true }, { text });
      assert.equal(got.text, text);
    });

    test(`${from} -> ${to}: arguments of streamed calls are redacted`, async () => {
      const calls = [{ id: 'call_a', name: 'find', args: { what: kPattern, n: 1 } }];
      const tools = [{ name: 'find', description: 'finds', schema: { type: 'object' } }];
      const q = { user: 'find it', tools, stream: true };
      const got = await ask(q, { text: 'yes', calls, finish: 'tool_calls' });
      assert.deepEqual(got.calls[0].args, { what: kRedacted, n: 1 });
      assert.equal(got.finish, 'tool_calls');
    });
  }
}

test('what a filter holds back does not make a reply whole that was cut', async () => {
  const upstream = await Upstream.start();
  const config = configuration(upstream, { filter: [redactor] });
  const cut = await Parley.start(config);
  upstream.mustNotSee(cut.key);
  upstream.script = async (request, reply) => {
    reply.events();
    const all = chunks('m', ['all of ', kPattern.slice(0, 6)]);
    await reply.say(all.slice(0, 3).join(''));
    reply.destroy();
  };
  const heard = [];
  await assert.rejects(async () => {
    const open = { model: 'm', messages: user('hi'), stream: true };
    for await (const chunk of await sdk(cut).chat.completions.create(open)) heard.push(chunk);
  });
  assert.equal(textOf(heard), 'all of ');
  assert.ok(heard.every((c) => !c.choices[0]?.finish_reason));
  await cut.stop();
  await upstream.stop();
});

// ---- one that gets into trouble ----

/** A Parley with one filter of the tests' own, and what its upstream has heard. */
async function troubled(t, filter, more = {}) {
  const upstream = await Upstream.start();
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return reply.json(200, completion(request, { content: 'whole' }));
    reply.events();
    await reply.say(stream('m', ['one ', 'two ', 'three']).join(''));
    return reply.end();
  };
  const config = configuration(upstream, {
    plugins: { folders: [plugins] },
    filter: [{ name: 'trouble', plugin: 'troubled-filter', ...filter }],
    ...(typeof more === 'function' ? more(upstream) : more),
  });
  const house = await Parley.start(config);
  upstream.mustNotSee(house.key);
  t.after(async () => {
    await house.stop();
    await upstream.stop();
  });
  const client = sdk(house);
  const ask = (model = 'm') => client.chat.completions.create({ model, messages: user('hi') });
  const hear = async () =>
    textOf(
      await collect(
        await client.chat.completions.create({ model: 'm', messages: user('hi'), stream: true }),
      ),
    );
  const count = () => upstream.requests.all.length;
  return { upstream, parley: house, client, ask, hear, count };
}

const failing = (status, words) => (error) => {
  assert.equal(error.status, status, error.message);
  assert.match(error.message, words);
  return true;
};

test('a request that filters only read goes on byte for byte', async (t) => {
  const { upstream, parley } = await troubled(t, { mood: 'watching' });
  upstream.script = (request, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end('{ "choices" : [ {"index":0,"message":{"content":"é"},"finish_reason":"stop"} ] }');
  };
  const body = '{ "messages":[{"role":"user", "content":"h\\u0069"}],\n "x":1.50, "model":"m" }';
  const headers = { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' };
  const url = `${parley.url}/v1/chat/completions`;
  const reply = await fetch(url, { method: 'POST', headers, body });
  const text = await reply.text();
  assert.equal(text.slice(0, 14), '{ "choices" : ');
  assert.equal(upstream.last.body.toString(), body);
});

test('a rejection is told in the client dialect, and no upstream is asked', async (t) => {
  const { ask, count } = await troubled(t, { mood: 'rejecting' });
  await assert.rejects(ask(), (error) => {
    assert.equal(error.code, 'not_today');
    return failing(400, /nothing of this kind today/)(error);
  });
  assert.equal(count(), 0);
});

test('a filter that fails on a request refuses it, or lets it pass', async (t) => {
  const strict = await troubled(t, { mood: 'failing' });
  await assert.rejects(strict.ask(), failing(500, /filter trouble: it does not feel like it/));
  assert.equal(strict.count(), 0);
  const mild = await troubled(t, { mood: 'failing', on_error: 'pass' });
  const heard = mild.parley.next((l) => l.message === 'an exchange goes on without a filter');
  assert.equal((await mild.ask()).choices[0].message.content, 'whole');
  const told = await heard;
  assert.match(told.why, /filter trouble: it does not feel like it/);
});

test('a filter that fails within a reply ends it with an error, or lets it pass', async (t) => {
  const strict = await troubled(t, { mood: 'stumbling' });
  await assert.rejects(strict.hear(), /filter trouble: it stumbled/);
  const mild = await troubled(t, { mood: 'stumbling', on_error: 'pass' });
  assert.equal(await mild.hear(), 'one two three');
});

test('what the grammar forbids ends the reply, whatever on_error says', async (t) => {
  const { hear } = await troubled(t, { mood: 'wrong', on_error: 'pass' });
  await assert.rejects(hear(), /filter trouble: wrong event: a second RESPONSE_STARTED/);
});

test('a filter ends a reply in its own way', async (t) => {
  const { hear } = await troubled(t, { mood: 'ending' });
  assert.equal(await hear(), 'one ');
});

test('a filter answers in place of the upstream, whole and streamed', async (t) => {
  const { ask, hear, count } = await troubled(t, { mood: 'answering' });
  assert.equal((await ask()).choices[0].message.content, 'from the filter');
  assert.equal(await hear(), 'from the filter');
  assert.equal(count(), 0);
});

test('an answer of a filter passes those behind it', async (t) => {
  const behind = { name: 'behind', plugin: 'example-filter', pattern: 'the' };
  const { hear } = await troubled(t, { mood: 'answering' }, {
    filter: [{ name: 'trouble', plugin: 'troubled-filter', mood: 'answering' }, behind],
  });
  assert.equal(await hear(), 'from [redacted] filter');
});

test('a filter sends a request elsewhere, but not in circles', async (t) => {
  const { upstream, ask } = await troubled(t, { mood: 'routing', to: 'other' });
  const got = await ask();
  assert.equal(got.choices[0].message.content, 'whole');
  assert.equal(upstream.last.json.model, 'other');
  const nowhere = await troubled(t, { mood: 'routing', to: 'nobody' }, (up) => ({
    provider: [provider(up, { models: ['m'] })],
  }));
  await assert.rejects(nowhere.ask(), failing(500, /filter trouble: ROUTE to "nobody"/));
});

test('filters of a route are for that route', async (t) => {
  const { ask } = await troubled(t, { mood: 'rejecting', everywhere: false }, (upstream) => ({
    provider: [provider(upstream)],
    route: [{ model: 'guarded', filters: ['trouble'], targets: [{ provider: 'up', model: 'm' }] }],
  }));
  assert.equal((await ask('m')).choices[0].message.content, 'whole');
  await assert.rejects(ask('guarded'), failing(400, /nothing of this kind/));
});

test('what a filter cannot be shown is refused, or passes', async (t) => {
  const moderate = (client) => client.moderations.create({ model: 'm', input: 'hi' });
  const strict = await troubled(t, { mood: 'watching' });
  await assert.rejects(
    moderate(strict.client),
    failing(400, /the filter trouble cannot be shown this kind of request/),
  );
  assert.equal(strict.count(), 0);
  const mild = await troubled(t, { mood: 'watching', on_error: 'pass' });
  mild.upstream.script = (request, reply) =>
    reply.json(200, { id: 'modr-1', model: 'm', results: [] });
  assert.equal((await moderate(mild.client)).id, 'modr-1');
});

test('exchanges end with the filters that they began with', async (t) => {
  const { upstream, parley, client, ask } = await troubled(t, { mood: 'hearing' });
  let go;
  const gate = new Promise((yes) => (go = yes));
  upstream.script = async (request, reply) => {
    reply.events();
    const all = stream('m', ['one ', 'two']);
    await reply.say(all.slice(0, 2).join(''));
    await gate;
    await reply.say(all.slice(2).join(''));
    return reply.end();
  };
  const open = { model: 'm', messages: user('hi'), stream: true };
  const heard = (await client.chat.completions.create(open))[Symbol.asyncIterator]();
  let text = '';
  while (text !== 'one ') text += textOf([(await heard.next()).value]);
  const { config } = parley;
  const filter = [{ ...config.filter[0], mood: 'rejecting' }];
  assert.equal((await parley.change({ ...config, filter })).message, 'configuration changed');
  await assert.rejects(ask(), failing(400, /nothing of this kind today/));
  go();
  for (let next = await heard.next(); !next.done; next = await heard.next()) {
    text += textOf([next.value]);
  }
  assert.equal(text, 'one two');
});

test('what a filter has gathered goes to the one in its place, unless that cannot take it', async (t) => {
  const { parley, ask } = await troubled(t, { mood: 'counting' });
  const number = (n) => failing(403, new RegExp(`number ${n}$`));
  await assert.rejects(ask(), number(1));
  await assert.rejects(ask(), number(2));
  const { config } = parley;
  const turned = (to) => ({ ...config, filter: [{ ...config.filter[0], to }] });
  assert.equal((await parley.change(turned('others'))).message, 'configuration changed');
  await assert.rejects(ask(), number(3));
  const refused = await parley.change(turned('stubborn'));
  assert.equal(refused.message, 'configuration refused');
  assert.match(refused.why, /restore: it wants no past/);
  await assert.rejects(ask(), number(4));
});

test('a filter that is not there is a fault of the configuration', async () => {
  const config = configuration(undefined, {
    filter: [{ name: 'no-codename', plugin: 'exmple-filter', pattern: 'x' }],
  });
  await assert.rejects(Parley.start(config), /filter "exmple-filter" is not loaded; did you mean "example-filter"/);
});

test('parley explain says what filters make of a request', async () => {
  const told = await command('explain', '--config', parley.file, '--model', 'm-chat');
  assert.match(told.stdout, /filter no-codename: reads requests, hears replies; .* is refused/);
  assert.match(told.stdout, /no reply is relayed: filters hear it event by event/);
});
