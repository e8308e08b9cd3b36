// Reasoning that a Chat place tells in blocks goes back to it as it came, whatever the client
// speaks, and to nobody else.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { clients } from './support/clients.mjs';
import { configuration, Parley, provider } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';

const kPieces = [
  { type: 'reasoning.text', text: 'Let', format: 'anthropic-claude-v1', index: 0 },
  { type: 'reasoning.text', text: ' me\u00e9 "see"', format: 'anthropic-claude-v1', index: 0 },
  { type: 'reasoning.text', signature: 'c2ln/+==', format: 'anthropic-claude-v1', index: 0 },
  { type: 'reasoning.encrypted', data: 'ZW5j', id: 'rs_1', format: 'openai-responses-v1', index: 1 },
];
const kBlocks = [
  {
    type: 'reasoning.text',
    text: 'Let me\u00e9 "see"',
    format: 'anthropic-claude-v1',
    index: 0,
    signature: 'c2ln/+==',
  },
  kPieces[3],
];
const kCall = { id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } };

let asked;
function serve({ json }, reply) {
  asked = json;
  const head = { id: 'gen-1', created: 1, model: json.model };
  const done = json.messages.some(({ role }) => role === 'tool');
  const usage = { prompt_tokens: 3, completion_tokens: 2 };
  const finish_reason = done ? 'stop' : 'tool_calls';
  if (!json.stream) {
    const message = done
      ? { role: 'assistant', content: 'Snow.' }
      : { role: 'assistant', content: null, reasoning: kBlocks[0].text, reasoning_details: kBlocks, tool_calls: [kCall] };
    const choices = [{ index: 0, message, finish_reason }];
    return reply.json(200, { ...head, object: 'chat.completion', choices, usage });
  }
  const deltas = done
    ? [{ content: 'Snow.' }]
    : [
        ...kPieces.map((piece) => ({ reasoning: piece.text, reasoning_details: [piece] })),
        { tool_calls: [{ index: 0, ...kCall }] },
      ];
  reply.events();
  for (const delta of [...deltas, {}]) {
    const last = Object.keys(delta).length === 0;
    const choices = [{ index: 0, delta, finish_reason: last ? finish_reason : null }];
    const chunk = { ...head, object: 'chat.completion.chunk', choices };
    reply.write(`data: ${JSON.stringify(last ? { ...chunk, usage } : chunk)}\n\n`);
  }
  reply.write('data: [DONE]\n\n');
  return reply.end();
}

const here = await Upstream.start();
const there = await Upstream.start();
for (const upstream of [here, there]) upstream.script = serve;
const parley = await Parley.start(
  configuration(here, {
    provider: Object.entries({ here, there }).map(([name, upstream]) =>
      provider(upstream, { name, dialects: ['openai-chat'] }),
    ),
    // The same model at both.
    route: ['here', 'there'].map((place) => ({ model: `m-${place}`, targets: [{ provider: place, model: 'm' }] })),
  }),
);
after(async () => {
  await parley.stop();
  await here.stop();
  await there.stop();
});

const headers = { 'content-type': 'application/json', authorization: `Bearer ${parley.key}` };
const google = { 'content-type': 'application/json', 'x-goog-api-key': parley.key };
const post = async (path, body, sent = headers) => {
  const reply = await fetch(`${parley.url}${path}`, { method: 'POST', headers: sent, body: JSON.stringify(body) });
  const json = await reply.json();
  assert.equal(reply.status, 200, JSON.stringify(json));
  return { json, warnings: reply.headers.get('x-parley-warnings') ?? '' };
};
const schema = { type: 'object', properties: { city: { type: 'string' } } };

// Each client asks, gets a call with its reasoning, and answers it with all that it was told.
const talks = {
  messages: async (first, second) => {
    const tools = [{ name: 'get_weather', input_schema: schema }];
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    const messages = [{ role: 'user', content: 'weather?' }];
    const q = { max_tokens: 4000, tools, thinking };
    const { json } = await post('/v1/messages', { ...q, model: first, messages });
    assert.deepEqual(json.content.map(({ type }) => type), ['thinking', 'tool_use']);
    assert.equal(json.content[0].thinking, kBlocks[0].text);
    const { id } = json.content[1];
    const results = [{ type: 'tool_result', tool_use_id: id, content: 'snow' }];
    messages.push({ role: 'assistant', content: json.content }, { role: 'user', content: results });
    return post('/v1/messages', { ...q, model: second, messages });
  },
  responses: async (first, second) => {
    const tools = [{ type: 'function', name: 'get_weather', parameters: schema }];
    const q = { tools, store: false, include: ['reasoning.encrypted_content'] };
    const input = [{ role: 'user', content: 'weather?' }];
    const { json } = await post('/v1/responses', { ...q, model: first, input });
    assert.deepEqual(json.output.map(({ type }) => type), ['reasoning', 'function_call']);
    const { call_id } = json.output[1];
    input.push(...json.output, { type: 'function_call_output', call_id, output: 'snow' });
    return post('/v1/responses', { ...q, model: second, input });
  },
  gemini: async (first, second) => {
    const declarations = [{ name: 'get_weather', parametersJsonSchema: schema }];
    const q = { tools: [{ functionDeclarations: declarations }] };
    const contents = [{ role: 'user', parts: [{ text: 'weather?' }] }];
    const path = (model) => `/v1beta/models/${model}:generateContent`;
    const { json } = await post(path(first), { ...q, contents }, google);
    // As Google's own CLI does: thoughts are not told again.
    const { content } = json.candidates[0];
    const parts = content.parts.filter(({ thought }) => !thought);
    const { id, name } = parts.find(({ functionCall }) => functionCall).functionCall;
    contents.push({ role: 'model', parts }, { role: 'user', parts: [{ functionResponse: { id, name, response: { output: 'snow' } } }] });
    return post(path(second), { ...q, contents }, google);
  },
};

for (const [name, talk] of Object.entries(talks)) {
  test(`${name}: blocks of reasoning go back as they came`, async () => {
    const { warnings } = await talk('m-here', 'm-here');
    const [, turn] = asked.messages;
    assert.deepEqual(turn.reasoning_details, kBlocks);
    assert.equal(turn.reasoning_content, undefined, 'it is told once');
    assert.equal(warnings, '');
  });

  test(`${name}: and to no other place, though it has the same model`, async () => {
    const { warnings } = await talk('m-here', 'm-there');
    const [, turn] = asked.messages;
    assert.equal(turn.reasoning_details, undefined);
    assert.equal(turn.tool_calls.length, 1);
    assert.match(warnings, /seal_dropped/);
  });
}

// A client of Chat is relayed.
const { chat: _, ...crossing } = clients;
for (const [name, make] of Object.entries(crossing)) {
  test(`${name}: streamed, the SDK reads the reasoning once`, async () => {
    const tools = [{ name: 'get_weather', description: 'w', schema }];
    const got = await make(parley).ask('m-here', { stream: true, user: 'weather?', tools, think: 2000 });
    assert.deepEqual(got.calls.map(({ args }) => args), [{ city: 'Oslo' }]);
    if (got.reasoning !== undefined) assert.equal(got.reasoning, kBlocks[0].text);
  });
}
