// What of a reply finds no place in the client's dialect is named: in the reply's head while that
// is to come, and in the log.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { house } from './support/house.mjs';
import { provider } from './support/parley.mjs';

const kPicture = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
const { upstream, parley } = await house((up) => ({
  provider: [provider(up, { dialects: ['openai-chat'] })],
}));
upstream.script = ({ json }, reply) => {
  const head = { id: 'r', created: 1, model: json.model };
  const said = { role: 'assistant', content: 'Look.', images: [kPicture, kPicture] };
  const usage = { prompt_tokens: 3, completion_tokens: 2 };
  if (!json.stream) {
    const choices = [{ index: 0, message: said, finish_reason: 'stop' }];
    return reply.json(200, { ...head, object: 'chat.completion', choices, usage });
  }
  reply.events();
  const choices = [{ index: 0, delta: said, finish_reason: 'stop' }];
  reply.write(`data: ${JSON.stringify({ ...head, choices, usage })}\n\n`);
  reply.write('data: [DONE]\n\n');
  return reply.end();
};

const ask = (stream) =>
  fetch(`${parley.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': parley.key },
    body: JSON.stringify({ model: 'm', max_tokens: 9, stream, messages: [{ role: 'user', content: 'x' }] }),
  });
const isTold = (line) => line.message === 'exchange' && line.lost === 'field_dropped;image';
const told = () => parley.lines.all.filter(isTold).length;

test('a picture that a client cannot be shown is named once, in the head and in the log', async () => {
  const reply = await ask(false);
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('x-parley-warnings'), 'field_dropped;image');
  assert.deepEqual((await reply.json()).content, [{ type: 'text', text: 'Look.' }]);
  await parley.lines.find(isTold, 'the log names it');
  assert.equal(told(), 1);
});

test('in a stream, where the head may be gone, the log names it', async () => {
  const text = await (await ask(true)).text();
  assert.match(text, /Look\./);
  assert.match(text, /message_stop/);
  await parley.lines.find((line) => isTold(line) && told() === 2, 'the log names it again');
});

test('names that a client makes up are named as they can be, in a head of bounded size', async () => {
  const names = ['a\r\nset-cookie: x=1', 'b,c;d', 'é漢', 'n'.repeat(400), ...Array.from({ length: 90 }, (_, i) => `new_member_${i}`)];
  const made = Object.fromEntries(names.map((name) => [name, { x: 1 }]));
  const reply = await fetch(`${parley.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': parley.key },
    body: JSON.stringify({ ...made, model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }),
  });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('set-cookie'), null);
  const told = reply.headers.get('x-parley-warnings');
  assert.ok(told.length <= 1024, `${told.length} bytes`);
  const all = told.split(', ');
  assert.ok(all.length > 10);
  for (const one of all) assert.match(one, /^[a-z_]+(;[!-~ ]+)?$/);
  const [, others] = /^and_others;(\d+)$/.exec(all.pop());
  assert.equal(all.length + Number(others), names.length + 1, 'and the picture of the reply');
});

test('what of the reply is lost stands before what of the request is, within the same bounds', async () => {
  const made = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`new_member_${i}`, i]));
  const reply = await fetch(`${parley.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': parley.key },
    body: JSON.stringify({ ...made, model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }),
  });
  assert.equal(reply.status, 200);
  const told = reply.headers.get('x-parley-warnings');
  assert.ok(told.length <= 1024, `${told.length} bytes`);
  const all = told.split(', ');
  assert.equal(all.find((one) => one.startsWith('field_dropped')), 'field_dropped;image');
  assert.match(all.at(-1), /^and_others;\d+$/);
  await parley.lines.find((line) => line.message === 'exchange' && line.lost === told, 'the log tells the same');
});
