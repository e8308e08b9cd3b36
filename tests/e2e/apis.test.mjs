// Everything else that the SDK calls: embeddings, models, moderations, images, sound.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import OpenAI, { toFile } from 'openai';

import { collect, house, sdk, user } from './support/house.mjs';
import { completion } from './support/replies.mjs';

const { upstream, client, parley } = await house((up) => {
  const more = {
    name: 'more',
    plugin: 'openai',
    base_url: `${up.url}/v1`,
    models: [
      'gpt-5.5',
      'gpt-5-mini',
      'text-embedding-3-small',
      'omni-moderation-latest',
      'gpt-image-1',
      'tts-1',
      'whisper-1',
      'large-*',
      'org/odd name',
    ],
    account: [{ api_key: up.key }],
  };
  const route = (model, to) => ({ model, targets: [{ provider: 'more', model: to }] });
  return {
    provider: [more],
    route: [
      route('ears', 'whisper-large-v3'),
      route('painter', 'gpt-image-1'),
      route('any/*', 'gpt-5.5'),
      route('mouth', 'tts-1'),
    ],
  };
});
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

test('embeddings come as base64 and as numbers', async () => {
  const vector = Float32Array.from({ length: 1536 }, (_, i) => Math.sin(i));
  upstream.script = (request, reply) => {
    const base64 = request.json.encoding_format === 'base64';
    const bytes = Buffer.from(vector.buffer);
    const embedding = base64 ? bytes.toString('base64') : [...vector];
    const datum = (_, index) => ({ object: 'embedding', index, embedding });
    reply.json(200, {
      object: 'list',
      model: request.json.model,
      data: request.json.input.map(datum),
      usage: { prompt_tokens: 2, total_tokens: 2 },
    });
  };
  const ask = { model: 'text-embedding-3-small', input: ['a', 'b'] };
  const implicit = await client.embeddings.create(ask);
  assert.equal(upstream.last.json.encoding_format, 'base64', 'the SDK asks for base64 by itself');
  assert.equal(implicit.data.length, 2);
  assert.deepEqual(implicit.data[1].embedding, [...vector]);
  const numbers = await client.embeddings.create({ ...ask, encoding_format: 'float' });
  assert.deepEqual(numbers.data[0].embedding, [...vector]);
  assert.equal(upstream.last.url, '/v1/embeddings');
});

test('an address without the version serves as well', async () => {
  const bare = sdk(parley, { baseURL: parley.url });
  upstream.script = (request, reply) => reply.json(200, completion(request, { content: 'here' }));
  const ask = { model: 'gpt-5.5', messages: user('where?') };
  const got = await bare.chat.completions.create(ask);
  assert.equal(got.choices[0].message.content, 'here');
  assert.equal(upstream.last.url, '/v1/chat/completions');
  await bare.chat.completions.create(ask, { query: { trace: 1 } });
  assert.equal(upstream.last.url, '/v1/chat/completions?trace=1');
  assert.ok((await collect(bare.models.list())).length > 0);
  upstream.script = (request, reply) =>
    reply.json(200, { object: 'response.input_tokens', input_tokens: 3 });
  await bare.responses.inputTokens.count({ model: 'gpt-5.5', input: 'x' });
  assert.equal(upstream.last.url, '/v1/responses/input_tokens');
});

test('Codex is told that there is no list of its kind', async () => {
  await assert.rejects(client.get('/models?client_version=0.99.0'), (error) => {
    assert.equal(error.status, 404, error.message);
    assert.match(error.message, /Codex/);
    return true;
  });
  assert.equal((await client.get('/models?version=1')).object, 'list');
});

test("the list of models is Parley's own: names, routes, no patterns", async () => {
  const before = upstream.requests.all.length;
  const listed = (await collect(client.models.list())).map((m) => m.id);
  for (const id of ['gpt-5.5', 'whisper-1', 'ears', 'painter']) assert.ok(listed.includes(id), id);
  assert.ok(!listed.some((id) => id.includes('*')), 'patterns are no models');
  assert.deepEqual(listed, [...listed].sort());
  assert.equal(new Set(listed).size, listed.length);
  assert.equal(upstream.requests.all.length, before, 'no upstream was asked');
});

test('one model by name, by pattern and with a slash; no such model is a 404', async () => {
  const known = await client.models.retrieve('gpt-5.5');
  assert.equal(known.id, 'gpt-5.5');
  assert.equal(known.object, 'model');
  assert.equal((await client.models.retrieve('large-7b')).id, 'large-7b');
  assert.equal((await client.models.retrieve('org/odd name')).id, 'org/odd name');
  await assert.rejects(client.models.retrieve('no-such'), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
});

test('moderations, with a model and without', async () => {
  upstream.script = (request, reply) =>
    reply.json(200, {
      id: 'modr-1',
      model: 'omni-moderation-latest',
      results: [{ flagged: false }],
    });
  const got = await client.moderations.create({ input: 'fine' });
  assert.equal(got.results[0].flagged, false);
  assert.equal(upstream.last.url, '/v1/moderations');
  assert.deepEqual(upstream.last.json, { input: 'fine' }, 'nothing is added that nobody asked for');
  await client.moderations.create({ input: 'fine', model: 'omni-moderation-latest' });
});

test('images.generate', async () => {
  const image = randomBytes(200_000);
  upstream.script = (request, reply) =>
    reply.json(200, {
      created: 1,
      data: [{ b64_json: image.toString('base64') }],
      usage: { total_tokens: 3 },
    });
  const got = await client.images.generate({ model: 'painter', prompt: 'a dot' });
  assert.equal(sha(Buffer.from(got.data[0].b64_json, 'base64')), sha(image));
  assert.equal(upstream.last.json.model, 'gpt-image-1');
  await client.images.generate({ prompt: 'a dot' });
  assert.deepEqual(upstream.last.json, { prompt: 'a dot' });
});

test('images.generate as a stream', async () => {
  const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  upstream.script = async (request, reply) => {
    reply.events();
    await reply.say(event('image_generation.partial_image', { b64_json: 'AAAA' }));
    await reply.say(event('image_generation.completed', { b64_json: 'BBBB' }));
    reply.end();
  };
  const ask = { model: 'gpt-image-1', prompt: 'a dot', stream: true, partial_images: 1 };
  const got = await collect(await client.images.generate(ask));
  assert.deepEqual(
    got.map((e) => e.b64_json),
    ['AAAA', 'BBBB'],
  );
});

test('audio.speech: sound arrives byte for byte, however it is framed', async () => {
  const sound = randomBytes(700_001);
  for (const framing of ['length', 'chunked']) {
    upstream.script = (request, reply) => {
      const length = framing === 'length' ? { 'content-length': sound.length } : {};
      reply.writeHead(200, { 'content-type': 'audio/mpeg', ...length });
      reply.write(sound.subarray(0, 100_000));
      reply.end(sound.subarray(100_000));
    };
    const got = await client.audio.speech.create({ model: 'mouth', voice: 'ash', input: 'say it' });
    assert.equal(got.headers.get('content-type'), 'audio/mpeg');
    assert.equal(sha(Buffer.from(await got.arrayBuffer())), sha(sound));
    assert.equal(upstream.last.json.model, 'tts-1');
  }
});

/** What a multipart body holds, read strictly and by ourselves. */
function parts(request) {
  const boundary = request.headers['content-type'].match(/boundary=([^;]+)/)[1];
  const text = request.body.toString('latin1');
  const pieces = text.split(`--${boundary}`);
  assert.equal(pieces[0], '');
  assert.match(pieces.at(-1), /^--(\r\n)?$/);
  const fields = {};
  for (const piece of pieces.slice(1, -1)) {
    const [, head, value] = piece.match(/^\r\n([^]*?)\r\n\r\n([^]*)\r\n$/);
    const name = head.match(/name="([^"]*)"/)[1];
    assert.ok(!(name in fields), `${name} twice`);
    fields[name] = { head, value: Buffer.from(value, 'latin1') };
  }
  return fields;
}

test('audio.transcriptions: the model is spliced into the form, the sound is not touched', async () => {
  // The sound holds what looks like a boundary and like the field itself.
  const trap = Buffer.from(
    '\r\n--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nfake\r\n',
  );
  const sound = Buffer.concat([randomBytes(300_000), trap, randomBytes(300_000)]);
  upstream.script = (request, reply) => reply.json(200, { text: 'hello' });
  const send = async (model) => {
    const file = await toFile(sound, 'spöken "word".mp3', { type: 'audio/mpeg' });
    return client.audio.transcriptions.create({ file, model, language: 'en' });
  };
  assert.equal((await send('whisper-1')).text, 'hello');
  const plain = parts(upstream.last);
  assert.equal(plain.model.value.toString(), 'whisper-1');
  await send('ears');
  const routed = parts(upstream.last);
  assert.equal(routed.model.value.toString(), 'whisper-large-v3');
  for (const fields of [plain, routed]) {
    assert.equal(sha(fields.file.value), sha(sound));
    assert.equal(fields.language.value.toString(), 'en');
    assert.match(fields.file.head, /spöken|sp%|sp\\|sp./);
  }
  assert.equal(upstream.last.url, '/v1/audio/transcriptions');
});

test('audio.transcriptions: text and streams come back as they are', async () => {
  upstream.script = (request, reply) => {
    reply.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    reply.end('1\n00:00 --> 00:01\nhéllo\n');
  };
  const file = () => toFile(Buffer.from('sound'), 'a.wav');
  const ask = async (more) =>
    client.audio.transcriptions.create({ file: await file(), model: 'ears', ...more });
  assert.equal(await ask({ response_format: 'srt' }), '1\n00:00 --> 00:01\nhéllo\n');

  const event = (value) => `data: ${JSON.stringify(value)}\n\n`;
  upstream.script = async (request, reply) => {
    reply.events();
    await reply.say(event({ type: 'transcript.text.delta', delta: 'hé' }));
    await reply.say(event({ type: 'transcript.text.done', text: 'hé' }));
    reply.end();
  };
  const got = await collect(await ask({ stream: true }));
  assert.deepEqual(
    got.map((e) => e.type),
    ['transcript.text.delta', 'transcript.text.done'],
  );
});

test('audio.translations and image edits are forms too', async () => {
  upstream.script = (request, reply) => reply.json(200, { text: 'hello', data: [] });
  const file = await toFile(Buffer.from('sound'), 'a.wav');
  await client.audio.translations.create({ file, model: 'ears' });
  assert.equal(parts(upstream.last).model.value.toString(), 'whisper-large-v3');
  assert.equal(upstream.last.url, '/v1/audio/translations');
  const image = await toFile(Buffer.from('picture'), 'a.png', { type: 'image/png' });
  await client.images.edit({ image, prompt: 'nicer', model: 'painter' });
  assert.equal(parts(upstream.last).model.value.toString(), 'gpt-image-1');
  assert.equal(upstream.last.url, '/v1/images/edits');
});
