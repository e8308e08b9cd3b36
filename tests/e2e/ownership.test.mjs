// What only the account knows that made it is asked of that account, or of nobody.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';

import { collect, sdk, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { named, outputText, response, responseStream } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';

const upstream = await Upstream.start();
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const keys = {};
const account = (label) => ({ label, api_key: (keys[label] ??= secret(`sk-${label}`)) });
const place = (name, ...labels) =>
  provider(upstream, { name, models: [`${name}-*`], account: labels.map(account) });
const parley = await Parley.start(
  configuration(upstream, {
    // Each account in turn, unless something holds a request back.
    routing: { cool_down: true, policy: 'round-robin', affinity_bytes_max: 0 },
    provider: [place('trio', 'a', 'b', 'c'), place('spent', 's', 't'), place('other', 'o')],
  }),
);
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const client = sdk(parley);

let asked;
beforeEach(() => {
  asked = [];
  upstream.script = serve;
});
const labelOf = (request) =>
  Object.keys(keys).find((l) => request.headers.authorization === `Bearer ${keys[l]}`);
let serial = 0;
const reasoning = (sealed) => ({
  id: `rs_${++serial}`,
  type: 'reasoning',
  summary: [],
  encrypted_content: sealed,
});
/** Everything that an account makes is new: a response, reasoning, a conversation. */
function serve(request, reply) {
  const who = labelOf(request);
  asked.push(who);
  const sealed = `gAAAAA${'x'.repeat(300)}-${++serial}`;
  const conversation = request.json.conversation && { id: request.json.conversation };
  const id = `resp_own${++serial}`;
  const output = [reasoning(sealed), outputText(who)];
  const made = { ...response(request.json.model, output, { conversation }), id };
  if (!request.json.stream) return reply.json(200, made);
  reply.events();
  const created = { ...made, status: 'in_progress', output: [] };
  const events = [
    { type: 'response.created', response: created },
    { type: 'response.output_item.added', output_index: 0, item: { ...output[0], encrypted_content: null } },
    { type: 'response.output_item.done', output_index: 0, item: output[0] },
    ...responseStream(request.json.model, [who])
      .map((text) => JSON.parse(text.split('data: ')[1]))
      .filter((event) => !['response.created', 'response.in_progress', 'response.completed'].includes(event.type)),
    { type: 'response.completed', response: made },
  ];
  reply.write(named(events).join(''));
  return reply.end();
}
const fail = (status, error, headers) => (request, reply) => {
  asked.push(labelOf(request));
  reply.json(status, { error }, headers);
};

async function create(body) {
  if (!body.stream) return client.responses.create(body);
  const events = await collect(await client.responses.create(body));
  return events.at(-1).response;
}
const first = (stream, model = 'trio-1', more = {}) =>
  create({ model, input: 'hi', stream, ...more });

/** Seven more requests, which would go round. */
async function allGoTo(owner, body) {
  asked = [];
  for (let i = 0; i < 7; ++i) await client.responses.create(body);
  assert.deepEqual(asked, Array(7).fill(owner));
}

for (const stream of [false, true]) {
  const form = stream ? 'streamed' : 'whole';

  test(`previous_response_id goes to who made the response: ${form}`, async () => {
    for (let i = 0; i < 3; ++i) {
      const { id } = await first(stream);
      await allGoTo(asked[0], { model: 'trio-2', input: 'go on', previous_response_id: id });
      asked = [];
      await client.responses.create({ model: 'trio-1', input: 'someone else' });
      asked = [];
    }
  });

  test(`encrypted reasoning goes back to who wrote it: ${form}`, async () => {
    const { output } = await first(stream);
    const owner = asked[0];
    const input = [...user('hi'), ...output, ...user('and?')];
    await allGoTo(owner, { model: 'trio-1', input, store: false });
  });
}

test('a conversation and a file belong to who has served them', async () => {
  await first(false, 'trio-1', { conversation: 'conv_1' });
  await allGoTo(asked[0], { model: 'trio-1', input: 'hi', conversation: 'conv_1' });
  const file = { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] };
  asked = [];
  await client.responses.create({ model: 'trio-1', input: [file] });
  await allGoTo(asked[0], { model: 'trio-1', input: [file] });
});

test('when the owner fails nobody else is asked', async () => {
  const { id } = await first(false);
  const owner = asked[0];
  asked = [];
  upstream.script = fail(500, { message: 'broken', type: 'server_error', code: null });
  const body = { model: 'trio-1', input: 'go on', previous_response_id: id };
  await assert.rejects(client.responses.create(body), { status: 500 });
  assert.deepEqual(asked, [owner]);
});

test('while the owner is limited the client hears until when', async () => {
  const { id } = await first(false, 'spent-1');
  const owner = asked[0];
  asked = [];
  upstream.script = fail(429, { message: 'slow', type: 'requests', code: null }, { 'retry-after': '50' });
  const body = { model: 'spent-1', input: 'go on', previous_response_id: id };
  await assert.rejects(client.responses.create(body), { status: 429 });
  await assert.rejects(client.responses.create(body), (error) => {
    assert.equal(error.status, 429);
    assert.match(error.message, /1 not the owner, 1 cooling down/);
    const seconds = Number(error.headers.get('retry-after'));
    assert.ok(seconds > 40 && seconds <= 50, `${seconds} s`);
    return true;
  });
  assert.deepEqual(asked, [owner]);
  upstream.script = serve;
  asked = [];
  await client.responses.create({ model: 'spent-1', input: 'hi' });
  assert.notEqual(asked[0], owner, 'others still serve what is not bound');
});

test('what its owner cannot be asked for is refused, in the words of the dialect', async () => {
  const { id } = await first(false);
  asked = [];
  const body = { model: 'other-1', input: 'go on', previous_response_id: id };
  await assert.rejects(client.responses.create(body), (error) => {
    assert.equal(error.status, 404);
    assert.equal(error.param, 'previous_response_id');
    assert.match(error.message, /is known only to the account that made it/);
    return true;
  });
  assert.deepEqual(asked, []);
});

test('what belongs to two accounts is refused', async () => {
  const one = await first(false);
  const two = await first(false);
  assert.notEqual(asked[0], asked[1]);
  asked = [];
  const input = [...two.output, ...user('and?')];
  const body = { model: 'trio-1', input, previous_response_id: one.id };
  await assert.rejects(client.responses.create(body), (error) => {
    assert.equal(error.status, 400);
    assert.match(error.message, /another account/);
    return true;
  });
  assert.deepEqual(asked, []);
});

test('what nobody is known to own may be asked of anyone', async () => {
  const body = { model: 'trio-1', input: 'go on', previous_response_id: 'resp_of_last_week' };
  await client.responses.create(body);
  await allGoTo(asked[0], body);
});
