// Refusals reach the SDK as the classes that its users catch, in both dialects, streamed or not.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { house, sdk, user } from './support/house.mjs';
import { configuration, Parley, provider } from './support/parley.mjs';
import { completion, failure, outputText, response } from './support/replies.mjs';

const { upstream, parley, client } = await house((up) => ({
  provider: [provider(up, { models: ['gpt-*'] })],
}));
const model = 'gpt-5.5';
const chat = (c, more) => c.chat.completions.create({ model, messages: user('hi'), ...more });
const responses = (c, more) => c.responses.create({ model, input: 'hi', ...more });
const kWays = {
  chat: (c, more) => chat(c, more),
  'chat, streamed': (c, more) => chat(c, { stream: true, ...more }),
  responses: (c, more) => responses(c, more),
  'responses, streamed': (c, more) => responses(c, { stream: true, ...more }),
};

async function refusal(promise, Class, status) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Class, `${error.constructor.name}: ${error.message}`);
    assert.equal(error.status, status);
    return error;
  }
  assert.fail('it succeeded');
}

const kTheirs = [
  [400, OpenAI.BadRequestError, failure('max_tokens is bad', 'invalid_request_error', null, 'x')],
  [401, OpenAI.AuthenticationError, failure('Bad key', 'invalid_request_error', 'invalid_api_key')],
  [403, OpenAI.PermissionDeniedError, failure('No region', 'forbidden', 'unsupported_country')],
  [404, OpenAI.NotFoundError, failure('No model', 'invalid_request_error', 'model_not_found')],
  [409, OpenAI.ConflictError, failure('Again', 'conflict', 'lock_timeout')],
  [422, OpenAI.UnprocessableEntityError, failure('What', 'invalid_request_error', null)],
  [429, OpenAI.RateLimitError, failure('Slow down', 'requests', 'rate_limit_exceeded')],
  [500, OpenAI.InternalServerError, failure('Oops', 'server_error', null)],
  [503, OpenAI.InternalServerError, failure('Busy', 'server_error', 'server_is_overloaded')],
];

for (const [way, ask] of Object.entries(kWays)) {
  test(`${way}: an upstream's refusal is passed on in its own words`, async () => {
    for (const [status, Class, body] of kTheirs) {
      upstream.script = (request, reply) => reply.json(status, body, { 'x-request-id': 'req_up' });
      const error = await refusal(ask(client), Class, status);
      assert.deepEqual(error.error, body.error);
      assert.equal(error.code, body.error.code);
      assert.equal(error.requestID, 'req_up');
    }
  });

  test(`${way}: a wrong key and no key are Parley's own 401`, async () => {
    const before = upstream.requests.all.length;
    for (const apiKey of ['sk-wrong', 'x'.repeat(4000)]) {
      const wrong = ask(sdk(parley, { apiKey }));
      const error = await refusal(wrong, OpenAI.AuthenticationError, 401);
      assert.equal(error.code, 'invalid_api_key');
      assert.equal(error.type, 'invalid_request_error');
      assert.ok(error.requestID.startsWith('req_'));
      assert.ok(!error.message.includes(apiKey), 'the key is repeated');
    }
    const none = sdk(parley, { defaultHeaders: { authorization: null } });
    await refusal(ask(none), OpenAI.AuthenticationError, 401);
    assert.equal(upstream.requests.all.length, before, 'an upstream was asked');
  });

  test(`${way}: a model that nobody serves is a 404 that helps`, async () => {
    const error = await refusal(ask(client, { model: 'claude-9' }), OpenAI.NotFoundError, 404);
    assert.equal(error.code, 'model_not_found');
    assert.equal(error.param, 'model');
    assert.match(error.message, /"claude-9" is not served here/);
  });

  test(`${way}: no model is a 400`, async () => {
    const error = await refusal(ask(client, { model: undefined }), OpenAI.BadRequestError, 400);
    assert.equal(error.param, 'model');
  });

  test(`${way}: a page of HTML becomes an error in the dialect, its status kept`, async () => {
    const page = '<html><body><h1>cloud is down</h1></body></html>';
    for (const [status, expected] of [
      [502, 502],
      [503, 502],
      [404, 404],
      [403, 403],
    ]) {
      upstream.script = (request, reply) => {
        reply.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
        reply.end(page);
      };
      const error = await refusal(ask(client), OpenAI.APIError, expected);
      assert.ok(error.error.message, "an error in the dialect's shape");
      assert.doesNotMatch(JSON.stringify(error.error), /<html|<body/);
    }
  });

  test(`${way}: an error without a body still says something`, async () => {
    upstream.script = (request, reply) => {
      reply.writeHead(500, { 'content-length': 0 });
      reply.end();
    };
    const error = await refusal(ask(client), OpenAI.InternalServerError, 502);
    assert.ok(error.error.message);
  });
}

test('retry-after is passed on, and the SDK waits for it and succeeds', async () => {
  let asked = [];
  upstream.script = (request, reply) => {
    asked.push(performance.now());
    const body = failure('Slow down', 'requests', 'rate_limit_exceeded');
    const wait = { 'retry-after': '1', 'retry-after-ms': '700' };
    if (asked.length === 1) return reply.json(429, body, wait);
    return reply.json(200, completion(request, { content: 'RECOVERED' }));
  };
  const got = await chat(sdk(parley, { maxRetries: 2 }));
  assert.equal(got.choices[0].message.content, 'RECOVERED');
  assert.equal(asked.length, 2);
  assert.ok(asked[1] - asked[0] >= 690, `it waited ${asked[1] - asked[0]} ms`);
  assert.equal(upstream.last.headers['x-stainless-retry-count'], '1');

  asked = [];
  const error = await refusal(chat(client), OpenAI.RateLimitError, 429);
  assert.equal(error.headers.get('retry-after'), '1');
  assert.equal(error.headers.get('retry-after-ms'), '700');
});

test('x-should-retry and rate-limit headers are passed on', async () => {
  const headers = {
    'x-should-retry': 'false',
    'x-ratelimit-remaining-requests': '0',
    'openai-version': '1',
  };
  upstream.script = (request, reply) => reply.json(500, failure('no', 'server_error'), headers);
  const before = upstream.requests.all.length;
  const retrying = sdk(parley, { maxRetries: 5 });
  const error = await refusal(chat(retrying), OpenAI.InternalServerError, 500);
  for (const [name, value] of Object.entries(headers)) assert.equal(error.headers.get(name), value);
  assert.equal(upstream.requests.all.length, before + 1, 'the SDK heeds x-should-retry');
});

test('an upstream that is not there is a 502, and the SDK may retry', async () => {
  // A port that was free a moment ago: nobody listens there.
  const nobody = { url: 'http://127.0.0.1:9', key: 'sk-none' };
  const lonely = await Parley.start(configuration(nobody));
  try {
    for (const ask of Object.values(kWays)) {
      const error = await refusal(ask(sdk(lonely)), OpenAI.InternalServerError, 502);
      assert.equal(error.code, 'bad_gateway');
      assert.match(error.message, /connect 127\.0\.0\.1:9: Connection refused/);
    }
  } finally {
    await lonely.stop();
  }
});

test('an error with status 200 is not made a success', async () => {
  const body = failure('quota is gone', 'insufficient_quota', 'insufficient_quota');
  upstream.script = (request, reply) => reply.json(200, body);
  const got = await client.chat.completions.create({ model: 'gpt-odd', messages: user('hi') });
  assert.equal(got.error.code, 'insufficient_quota', 'as the upstream said it');
  assert.equal(got.choices, undefined);
  const line = await parley.exchange({ model: 'gpt-odd' });
  assert.equal(line.fault, 'quota_exhausted', 'and known for what it is');
});

test('an answer that is no JSON at all is a 502', async () => {
  for (const body of ['{"choices": [', 'nonsense', '', '[1,2]']) {
    upstream.script = (request, reply) => reply.json(200, body);
    await refusal(chat(client), OpenAI.InternalServerError, 502);
    await refusal(responses(client), OpenAI.InternalServerError, 502);
  }
});

test('a good answer behind all that is a good answer', async () => {
  upstream.script = (request, reply) => reply.json(200, response(model, [outputText('fine')]));
  assert.equal((await responses(client)).output_text, 'fine');
});
