// The first start: it writes its own configuration and answers offline. What it prints works, and
// the example's ways to fail are failures to the SDK.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import OpenAI from 'openai';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { binary, Parley } from './support/parley.mjs';
import { within } from './support/wait.mjs';

const run = promisify(execFile);
// The file that the first start writes, as it is; only the port and the patience come from outside.
const env = {
  PARLEY_SERVER__LISTEN: '127.0.0.1:0',
  PARLEY_UPSTREAM__IDLE_MS: '900',
  PARLEY_UPSTREAM__CONTENT_MS: '900',
  PARLEY_UPSTREAM__HEAD_MS: '900',
};
const parley = await Parley.start(null, { env });
after(() => parley.stop());
const state = join(parley.folder, 'state');
const file = join(state, 'parley.toml');
const written = readFileSync(file, 'utf8');
parley.key = written.match(/^key = "([^"]+)"/m)[1];
const client = sdk(parley);
const chat = (model, more) =>
  client.chat.completions.create({ model, messages: user('hello'), ...more });
const respond = (model, more) => client.responses.create({ model, input: 'hello', ...more });

test("the configuration is the owner's alone, and good", async () => {
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(state).mode & 0o777, 0o700);
  assert.ok(parley.key.length >= 32);
  assert.ok(!written.includes('@client_key@'));
  const { stdout } = await run(binary, ['--state', state, 'check'], { env: { HOME: state } });
  assert.match(stdout, /good, \d dialects, 1 provider, 1 client key\n/);
});

test('a state folder that was there before keeps its mode', async (t) => {
  const shared = mkdtempSync(join(tmpdir(), 'parley-shared-'));
  t.after(() => rmSync(shared, { recursive: true }));
  chmodSync(shared, 0o1777);
  const other = await Parley.start(null, { env, state: shared });
  t.after(() => other.stop());
  assert.equal(statSync(shared).mode & 0o7777, 0o1777);
  assert.equal(statSync(join(shared, 'parley.toml')).mode & 0o777, 0o600);
});

test('where no configuration can be written it says why, and serves what the environment says', async (t) => {
  const blocked = join(parley.folder, 'blocked');
  writeFileSync(blocked, 'no folder');
  const more = { PARLEY_PROVIDER__EXAMPLE__PLUGIN: 'example', PARLEY_STORE__PLUGIN: '' };
  const other = await Parley.start(null, { env: { ...env, ...more }, state: join(blocked, 'state') });
  t.after(() => other.stop());
  assert.match(other.stderr, /parley\.toml: cannot be written: Not a directory; what the environment/);
  const got = await sdk(other, { apiKey: 'none' }).chat.completions.create({
    model: 'example',
    messages: user('hello'),
  });
  assert.ok(got.choices[0].message.content);
});

test('the command that it prints works as it is', async () => {
  const heard = async () => {
    while (!/^\s+curl .*$/m.test(parley.stdout)) await new Promise(setImmediate);
  };
  await within(heard(), 'the greeting');
  const command = parley.stdout.match(/^\s+(curl .*)$/m)[1];
  const { stdout } = await run('sh', ['-c', `${command} -sS --fail-with-body`]);
  assert.ok(stdout.startsWith('data: {'), stdout);
  assert.ok(stdout.endsWith('data: [DONE]\n\n'));
});

test('the snippet that it prints works as it is', async () => {
  const [snippet] = parley.stdout.match(/^ +import [^]*?console\.log.*$/m);
  const cwd = dirname(fileURLToPath(import.meta.url)); // where the SDK is installed
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', snippet], { cwd });
  assert.match(stdout, /You said: "hello"/);
});

test('a second start takes the same configuration and says nothing of keys', async () => {
  const again = await Parley.start(null, { env, state });
  assert.equal(readFileSync(file, 'utf8'), written);
  assert.equal(again.stdout, '');
  again.key = parley.key;
  assert.equal((await sdk(again).models.retrieve('example')).id, 'example');
  await again.stop();
});

test('models, chat, responses, streams', async () => {
  const ids = (await collect(client.models.list())).map((m) => m.id);
  for (const id of ['example', 'example-echo', 'example-tool', 'example-429']) {
    assert.ok(ids.includes(id), id);
  }
  const whole = await chat('example');
  assert.match(whole.choices[0].message.content, /You said: "hello"/);
  const { content } = whole.choices[0].message;
  assert.equal(textOf(await collect(await chat('example', { stream: true }))), content);
  assert.match((await respond('example')).output_text, /You said: "hello"/);
  const events = await collect(await respond('example', { stream: true }));
  assert.equal(events.at(-1).type, 'response.completed');
  assert.equal(
    events
      .filter((e) => e.type === 'response.output_text.delta')
      .map((e) => e.delta)
      .join(''),
    content,
  );
  const echo = await chat('example-echo', { messages: user('Grüße 🦊') });
  assert.equal(echo.choices[0].message.content, 'Grüße 🦊');
});

test('usage, reasoning, embeddings', async () => {
  const got = await collect(
    await chat('example', {
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  assert.ok(got.at(-1).usage.total_tokens > 0);
  const thought = await chat('example-reasoning');
  assert.ok(thought.usage.completion_tokens_details.reasoning_tokens > 0);
  const vectors = await client.embeddings.create({ model: 'example-embed', input: ['a', 'b'] });
  assert.equal(vectors.data.length, 2);
  assert.equal(vectors.data[0].embedding.length, 64);
});

test('a tool is called and its result is quoted, in both dialects, streamed', async () => {
  const parameters = {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  };
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
  const runner = client.chat.completions.stream({
    model: 'example-tool',
    messages: user('weather?'),
    tools,
  });
  const { message } = (await runner.finalChatCompletion()).choices[0];
  const [call] = message.tool_calls;
  assert.equal(call.function.name, 'get_weather');
  assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
  const done = await chat('example-tool', {
    tools,
    messages: [
      ...user('weather?'),
      message,
      { role: 'tool', tool_call_id: call.id, content: '22 °C' },
    ],
  });
  assert.match(done.choices[0].message.content, /22 °C/);

  const flat = [{ type: 'function', name: 'get_weather', parameters, strict: true }];
  const events = await collect(await respond('example-tool', { tools: flat, stream: true }));
  const asked = events.at(-1).response.output.find((o) => o.type === 'function_call');
  assert.equal(asked.name, 'get_weather');
  const result = { type: 'function_call_output', call_id: asked.call_id, output: '22 °C' };
  const told = await respond('example-tool', {
    tools: flat,
    input: [{ role: 'user', content: 'weather?' }, asked, result],
  });
  assert.match(told.output_text, /22 °C/);
});

const kRefusals = {
  'example-401': [OpenAI.AuthenticationError, 401],
  'example-429': [OpenAI.RateLimitError, 429],
  'example-500': [OpenAI.InternalServerError, 500],
  'example-503': [OpenAI.InternalServerError, 503],
  'example-html': [OpenAI.InternalServerError, 502],
};
const kWays = {
  chat: (model) => chat(model),
  'chat, streamed': async (model) => collect(await chat(model, { stream: true })),
  responses: (model) => respond(model),
  'responses, streamed': async (model) => collect(await respond(model, { stream: true })),
};

for (const [way, ask] of Object.entries(kWays)) {
  test(`${way}: the models that refuse are refusals`, async () => {
    for (const [model, [Class, status]] of Object.entries(kRefusals)) {
      await assert.rejects(ask(model), (error) => {
        assert.ok(error instanceof Class, `${model}: ${error.constructor.name}`);
        assert.equal(error.status, status);
        if (status === 429) assert.equal(error.headers.get('retry-after'), '2');
        return true;
      });
    }
  });

  test(`${way}: the models that break are failures, never successes`, async () => {
    for (const model of ['example-stall', 'example-cut', 'example-garbage', 'example-error']) {
      const whole = model === 'example-error' && !way.includes('streamed');
      if (whole) {
        const got = await ask(model); // status 200, an error inside: passed on as it is
        assert.ok(got.error.message);
        assert.equal(got.choices ?? got.output, undefined);
        continue;
      }
      await assert.rejects(ask(model), OpenAI.APIError, model);
    }
  });
}

test('the slow one is slow, and whole', async () => {
  let first;
  let n = 0;
  const controller = new AbortController();
  const stream = await chat('example-slow', { stream: true, messages: user('x') });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    first ??= performance.now();
    if (++n === 3) break;
  }
  controller.abort();
  assert.ok(performance.now() - first >= 800, 'two pauses of 500 ms');
});
