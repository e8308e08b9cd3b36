// What coding tools do beside asking for answers, each as it does it, and what of an upstream's
// words they act on: statuses, headers, codes. Their own programs run in tests/cli.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { configuration, Parley } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { Upstream } from './support/upstream.mjs';
import { providers, wires } from './support/wires.mjs';

const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  upstreams[name] = await Upstream.start({ credential: wire.key });
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

const kJson = { 'content-type': 'application/json' };
const bearer = { ...kJson, authorization: `Bearer ${parley.key}` };
const claude = { ...bearer, 'anthropic-version': '2023-06-01', 'user-agent': 'claude-cli/2.1' };
const codex = { ...bearer, originator: 'codex_exec', 'user-agent': 'codex_exec/0.1' };
const google = { ...kJson, 'x-goog-api-key': parley.key, 'user-agent': 'GeminiCLI/0.61' };
const asks = {
  claude: (model, more) =>
    once(parley.port, 'POST', '/v1/messages?beta=true', claude,
      JSON.stringify({ model, max_tokens: 32000, messages: [{ role: 'user', content: 'hi' }], ...more })),
  codex: (model, more) =>
    once(parley.port, 'POST', '/v1/responses', codex,
      JSON.stringify({ model, store: false, input: [{ role: 'user', content: 'hi' }], ...more })),
  gemini: (model, more) =>
    once(parley.port, 'POST', `/v1beta/models/${model}:generateContent`, google,
      JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }], ...more })),
};

/** All upstreams answer so. */
const everybody = (script) => {
  for (const [name, upstream] of Object.entries(upstreams)) {
    upstream.script = (request, reply) => script(wires[name], request, reply);
  }
};
const say = (wire, request, reply, answer = {}) => {
  const path = new URL(request.url, 'http://x').pathname;
  const asked = wire.read({ json: request.json, path });
  const usage = { input: 7, output: 3 };
  return reply.json(200, wire.whole(asked, { text: 'so', finish: 'stop', usage, ...answer }));
};
const foreign = (own) => Object.keys(wires).filter((name) => name !== own);

test('probes without a key are answered at once, and no refusal is logged', async () => {
  const before = parley.lines.all.length;
  for (const [method, path] of [['HEAD', '/'], ['GET', '/'], ['GET', '/api/hello'], ['HEAD', '/api/hello']]) {
    const { status } = await once(parley.port, method, path);
    assert.equal(status, path === '/' ? 200 : 404, `${method} ${path}`);
  }
  const said = parley.lines.all.slice(before);
  assert.deepEqual(said.filter((l) => l.status === 401 || l.level === 'error'), []);
});

test('lists of models come from memory: nobody is asked', async () => {
  const before = Object.values(upstreams).map((upstream) => upstream.requests.all.length);
  const list = async (path, headers) => {
    const reply = await once(parley.port, 'GET', path, headers);
    assert.equal(reply.status, 200);
    return JSON.parse(reply.text);
  };
  const ofClaude = await list('/v1/models?limit=1000', claude);
  assert.equal(ofClaude.data.length, 4);
  assert.equal(ofClaude.data[0].type, 'model');
  const ofGoogle = await list('/v1beta/models', google);
  assert.equal(ofGoogle.models.length, 4);
  assert.equal((await once(parley.port, 'GET', '/v1/models?client_version=0.99.0', codex)).status, 404);
  assert.deepEqual(Object.values(upstreams).map((upstream) => upstream.requests.all.length), before);
});

test('a WebSocket is refused at once, and http goes on', async () => {
  const upgrade = {
    ...codex, connection: 'Upgrade', upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13',
  };
  const { status } = await once(parley.port, 'GET', '/v1/responses', upgrade);
  assert.equal(status, 426);
});

test('a query, an old and a new version and unknown betas are no hindrance on any upstream', async () => {
  everybody(say);
  for (const name of Object.keys(wires)) {
    for (const version of ['2023-06-01', '2026-10-21']) {
      const headers = { ...claude, 'anthropic-version': version, 'anthropic-beta': 'never-heard-of-2027-01-01' };
      const body = {
        model: `m-${name}`, max_tokens: 32000, messages: [{ role: 'user', content: 'hi' }],
        context_management: { edits: [] }, output_config: { effort: 'high' }, speed: 'fast',
      };
      const reply = await once(parley.port, 'POST', '/v1/messages?beta=true', headers, JSON.stringify(body));
      assert.equal(reply.status, 200, reply.text);
      const sent = upstreams[name].last;
      if (name === 'anthropic') {
        assert.equal(sent.url, '/v1/messages?beta=true');
        assert.equal(sent.headers['anthropic-version'], version);
        assert.equal(sent.headers['anthropic-beta'], 'never-heard-of-2027-01-01');
        assert.deepEqual(sent.json, body);
      } else {
        assert.equal(sent.headers['anthropic-beta'], undefined);
        assert.equal(sent.headers['anthropic-version'], undefined);
      }
    }
  }
});

test('the session of Claude Code keeps the cache of an OpenAI upstream, turn after turn', async () => {
  everybody(say);
  const keyOf = async (name, session) => {
    const user_id = `user_0123_account_4567_session_${session}`;
    await asks.claude(`m-${name}`, { metadata: { user_id } });
    return upstreams[name].last.json.prompt_cache_key;
  };
  for (const name of ['chat', 'responses']) {
    const key = await keyOf(name, 'a');
    assert.match(key, /^\S{8,64}$/);
    assert.equal(await keyOf(name, 'a'), key);
    assert.notEqual(await keyOf(name, 'b'), key);
  }
});

test('names of MCP tools, references and late tools reach everybody', async () => {
  everybody(say);
  const name = `mcp__server__${'t'.repeat(51)}`;
  const tools = [{ name, description: 'd', defer_loading: true, input_schema: { type: 'object', properties: {} } }];
  const messages = [
    { role: 'user', content: 'find' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name, input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'tool_reference', tool_name: 'edit' }] }] },
  ];
  for (const upstream of foreign('anthropic')) {
    assert.equal((await asks.claude(`m-${upstream}`, { tools, messages })).status, 200);
    const sent = upstreams[upstream].last;
    assert.ok(sent.text.includes(`"${name}"`), sent.text);
    assert.ok(sent.text.includes('tool edit loaded'), sent.text);
    assert.ok(!sent.text.includes('defer_loading'), sent.text);
  }
});

test('the limits that Anthropic tells of a plan reach Claude Code', async () => {
  const limits = {
    'anthropic-ratelimit-unified-status': 'allowed_warning',
    'anthropic-ratelimit-unified-5h-utilization': '0.83',
    'anthropic-ratelimit-unified-reset': '1790000000',
  };
  upstreams.anthropic.script = (request, reply) => {
    for (const [name, value] of Object.entries(limits)) reply.setHeader(name, value);
    return say(wires.anthropic, request, reply);
  };
  const { headers } = await asks.claude('m-anthropic');
  for (const [name, value] of Object.entries(limits)) assert.equal(headers[name], value);
});

// ---- refusals ----

const invalid = {
  chat: (message, type, code) => ({ error: { message, type, param: null, code } }),
  anthropic: (message, type) => ({ type: 'error', error: { type, message } }),
  gemini: (message, code, status) => ({ error: { code, message, status } }),
};
invalid.responses = invalid.chat;
const kTooLong = {
  chat: invalid.chat(
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
    'invalid_request_error', 'context_length_exceeded'),
  anthropic: invalid.anthropic('prompt is too long: 130000 tokens > 128000 maximum', 'invalid_request_error'),
  gemini: invalid.gemini(
    'The input token count (130000) exceeds the maximum number of tokens allowed (128000).', 400, 'INVALID_ARGUMENT'),
};
kTooLong.responses = kTooLong.chat;
const kBusy = {
  chat: [503, invalid.chat('busy', 'server_error', null)],
  responses: [503, invalid.chat('busy', 'server_error', 'slow_down')],
  anthropic: [529, invalid.anthropic('Overloaded', 'overloaded_error')],
  gemini: [503, invalid.gemini('busy', 503, 'UNAVAILABLE')],
};
const wireOf = { claude: 'anthropic', codex: 'responses', gemini: 'gemini' };

for (const [tool, ask] of Object.entries(asks)) {
  const own = wireOf[tool];

  test(`${tool}: a prompt that is too long is told in the sentence that it knows`, async () => {
    for (const name of foreign(own)) {
      upstreams[name].script = (request, reply) => reply.json(400, kTooLong[name]);
      const reply = await ask(`m-${name}`);
      const { error } = JSON.parse(reply.text);
      assert.equal(reply.status, 400);
      assert.equal(error.message, kTooLong[own].error.message, `from ${name}`);
      if (tool === 'codex') assert.equal(error.code, 'context_length_exceeded');
    }
  });

  test(`${tool}: a busy upstream is told as what it tries again upon`, async () => {
    for (const name of foreign(own)) {
      upstreams[name].script = (request, reply) => reply.json(kBusy[name][0], kBusy[name][1], { 'retry-after': '2' });
      const reply = await ask(`m-${name}`);
      const { error } = JSON.parse(reply.text);
      assert.equal(reply.status, tool === 'claude' ? 529 : 503, `from ${name}`);
      assert.equal(reply.headers['retry-after'], '2');
      if (tool === 'claude') assert.equal(error.type, 'overloaded_error');
      if (tool === 'codex') assert.match(error.code, /^(server_is_overloaded|slow_down)$/);
      if (tool === 'gemini') assert.equal(error.status, 'UNAVAILABLE');
    }
  });
}

// Its own backend tells the moment by the clock; the others tell how long, or a moment of theirs.
test('Codex is told when a limit ends that another upstream has told of', async () => {
  const kWait = 7200;
  for (const name of foreign('responses')) {
    upstreams[name].script = (request, reply) =>
      reply.json(429, wires[name].spent('Spent.', kWait), { 'retry-after': `${kWait}` });
    const before = Date.now() / 1000;
    const reply = await asks.codex(`m-${name}`);
    const { error } = JSON.parse(reply.text);
    assert.equal(reply.status, 429);
    assert.equal(error.type, 'usage_limit_reached', `from ${name}`);
    assert.ok(error.resets_at >= Math.floor(before + kWait), `${error.resets_at} from ${name}`);
    assert.ok(error.resets_at <= Math.ceil(Date.now() / 1000 + kWait), `${error.resets_at}`);
  }
});

test('the moment that a limit ends is told to others as a time to wait', async () => {
  const { error } = wires.responses.spent('Spent.', 0);
  const resets_at = Math.floor(Date.now() / 1000) + 7200;
  upstreams.responses.script = (request, reply) => reply.json(429, { error: { ...error, resets_at } });
  for (const ask of [asks.claude, asks.gemini]) {
    const { status, headers } = await ask('m-responses');
    assert.equal(status, 429);
    assert.ok(Math.abs(resets_at - Date.now() / 1000 - headers['retry-after']) <= 2, headers['retry-after']);
  }
});

test('every reply that Parley writes has the id that each SDK looks for', async () => {
  everybody(say);
  for (const [tool, ask] of Object.entries(asks)) {
    for (const model of [`m-${foreign(wireOf[tool])[0]}`, 'nobody-has-it']) {
      const { headers } = await ask(model);
      assert.match(headers['x-request-id'], /^req_/);
      assert.equal(headers['request-id'], headers['x-request-id']);
    }
  }
});

test('errors of Anthropic\'s form have the id in their bodies, whosever fault it was', async () => {
  upstreams.chat.script = (request, reply) => reply.json(400, invalid.chat('No.', 'invalid_request_error', null));
  for (const model of ['m-chat', 'nobody-has-it']) {
    const { headers, text } = await asks.claude(model);
    const { type, error, request_id } = JSON.parse(text);
    assert.equal(type, 'error');
    assert.equal(typeof error.message, 'string');
    assert.match(request_id, /^req_/);
    assert.equal(request_id, headers['request-id']);
  }
  const stranger = await once(parley.port, 'POST', '/v1/messages', kJson, '{}');
  assert.equal(stranger.status, 401);
  assert.equal(JSON.parse(stranger.text).request_id, stranger.headers['request-id']);
});

test('an error of Anthropic reaches Claude Code byte for byte', async () => {
  const body = '{"type":"error", "error":{"type":"invalid_request_error","message":"Invalid `signature` in `thinking` block"} ,"x":1}';
  upstreams.anthropic.script = (request, reply) => {
    reply.writeHead(400, kJson);
    reply.end(body);
  };
  const reply = await asks.claude('m-anthropic');
  assert.equal(reply.status, 400);
  assert.equal(reply.text, body);
});

test('Gemini CLI is given ids of calls, an end and counts, whoever answers', async () => {
  everybody((wire, request, reply) =>
    say(wire, request, reply, {
      text: undefined, finish: 'tool_calls', calls: [{ id: 'call_1', name: 'write', args: { a: 1 } }],
    }));
  const tools = [{ functionDeclarations: [{ name: 'write', parametersJsonSchema: { type: 'object', properties: { a: { type: 'integer' } } } }] }];
  for (const name of foreign('gemini')) {
    const { text } = await asks.gemini(`m-${name}`, { tools });
    const { candidates: [{ content, finishReason }], usageMetadata } = JSON.parse(text);
    const { functionCall } = content.parts.find((part) => part.functionCall);
    assert.deepEqual(functionCall, { id: 'call_1', name: 'write', args: { a: 1 } });
    assert.equal(finishReason, 'STOP');
    assert.equal(usageMetadata.promptTokenCount, 7);
    const [sent] = wires[name].read({ json: upstreams[name].last.json, path: '' }).tools;
    assert.equal(sent, 'write');
  }
});

test('Gemini CLI is told nothing of a prompt whose tokens nobody counted', async () => {
  upstreams.chat.script = (request, reply) =>
    reply.json(200, {
      id: 'c', object: 'chat.completion', created: 1, model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'so' }, finish_reason: 'stop' }],
    });
  const { text } = await asks.gemini('m-chat');
  const { usageMetadata } = JSON.parse(text);
  assert.equal(usageMetadata?.promptTokenCount, undefined, text);
});

test('a side call of Gemini CLI for JSON that fits a schema is answered by everybody', async () => {
  everybody((wire, request, reply) => say(wire, request, reply, { text: '{"next":"user"}' }));
  const responseJsonSchema = {
    type: 'object', properties: { next: { type: 'string', enum: ['user', 'model'] } }, required: ['next'],
  };
  for (const name of Object.keys(wires)) {
    const reply = await asks.gemini(`m-${name}`, {
      generationConfig: { responseMimeType: 'application/json', responseJsonSchema },
    });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(JSON.parse(reply.text).candidates[0].content.parts[0].text, '{"next":"user"}');
    assert.ok(upstreams[name].last.text.includes('"enum":["user","model"]'), upstreams[name].last.text);
  }
});
