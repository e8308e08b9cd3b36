// TLS on both sides: clients reach Parley by it, Parley trusts no upstream that it should not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, test } from 'node:test';
import tls from 'node:tls';

import OpenAI from 'openai';

import { Certificates } from './support/certificates.mjs';
import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Connection, once, Source } from './support/raw.mjs';
import { completion, outputText, response, stream } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { within } from './support/wait.mjs';

const made = new Certificates();
const good = made.signed('server');
const authority = readFileSync(made.authority.certificate, 'utf8');
tls.setDefaultCACertificates([authority]);
const server = { tls_certificate: good.certificate, tls_key: good.key };
const trust = { upstream: { ca_file: made.authority.certificate } };

const upstream = await Upstream.start({ tls: good.tls });
const parley = await Parley.start(configuration(upstream, { server, ...trust }));
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
  made.remove();
});
const client = sdk(parley);
const model = 'gpt-5.5';

test('both ways encrypted: chat, responses, streams', async () => {
  assert.match(parley.url, /^https:/);
  upstream.script = (request, reply) => reply.json(200, completion(request, { content: 'secret' }));
  const got = await client.chat.completions.create({ model, messages: user('hi') });
  assert.equal(got.choices[0].message.content, 'secret');
  upstream.script = (request, reply) => reply.json(200, response(model, [outputText('fine')]));
  assert.equal((await client.responses.create({ model, input: 'hi' })).output_text, 'fine');
  const words = Array.from({ length: 500 }, (_, i) => `w${i} `);
  upstream.script = async (request, reply) => {
    reply.events();
    for (const event of stream(model, words)) await reply.say(event);
    reply.end();
  };
  const all = await collect(
    await client.chat.completions.create({
      model,
      messages: user('hi'),
      stream: true,
    }),
  );
  assert.equal(textOf(all), words.join(''));
});

test('large bodies, both directions', async () => {
  const content = 'x'.repeat(5_000_000);
  upstream.script = (request, reply) =>
    reply.json(200, completion(request, { content: request.json.messages[0].content }));
  const got = await client.chat.completions.create({ model, messages: user(content) });
  assert.equal(got.choices[0].message.content, content);
});

test('forty streams at a time', async () => {
  upstream.script = async (request, reply) => {
    reply.events();
    const word = request.json.messages[0].content;
    for (const event of stream(model, [word, word])) await reply.say(event);
    reply.end();
  };
  const ask = async (i) =>
    textOf(
      await collect(
        await client.chat.completions.create({
          model,
          messages: user(`n${i}.`),
          stream: true,
        }),
      ),
    );
  const all = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(i)));
  assert.deepEqual(
    all,
    all.map((_, i) => `n${i}.n${i}.`),
  );
});

test('a client that leaves is noticed through TLS', async () => {
  upstream.script = async (request, reply) => {
    reply.events();
    await reply.say(stream(model, ['a'])[0]);
    await reply.say(stream(model, ['a'])[1]);
  };
  const asked = await client.chat.completions.create({ model, messages: user('x'), stream: true });
  for await (const chunk of asked) if (textOf([chunk])) asked.controller.abort();
  await upstream.last.gone;
});

test('TLS 1.1 gets nothing, plain HTTP a word; 1.2 and 1.3 and http/1.1 by ALPN are spoken', async () => {
  const secure = { ca: authority, servername: 'localhost' };
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const only = { ...secure, minVersion: version, maxVersion: version };
    const connection = await Connection.open(parley.port, { ...only, ALPNProtocols: ['http/1.1'] });
    assert.equal(connection.socket.getProtocol(), version);
    assert.equal(connection.socket.alpnProtocol, 'http/1.1');
    assert.equal((await connection.ask('GET', '/healthz')).status, 200);
    connection.close();
  }
  await assert.rejects(
    Connection.open(parley.port, {
      ...secure,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
  );
  const plain = await Connection.open(parley.port, null);
  const told = await plain.ask('POST', '/v1/chat/completions', {}, 'x'.repeat(100_000));
  assert.equal(told.status, 400);
  assert.match(told.text, /TLS is spoken here; use https:/);
  assert.equal(await plain.ended(), 'fin');
  plain.close();
});

test('sessions to an upstream are resumed', async () => {
  upstream.script = (request, reply) => {
    reply.setHeader('connection', 'close');
    reply.json(200, completion(request, { content: String(request.socket.isSessionReused()) }));
  };
  const ask = async () => {
    const got = await client.chat.completions.create({ model, messages: user('hi') });
    return got.choices[0].message.content;
  };
  const all = [];
  for (let i = 0; i < 6; ++i) all.push(await ask());
  // Not each time: a session serves once, and some servers give a new one to strangers only.
  assert.ok(all.includes('true'), all.join());
});

const kBad = {
  expired: [() => made.signed('expired', { days: -1 }), /certificate has expired/],
  'for another host': [
    () => made.signed('elsewhere', { names: 'DNS:elsewhere.test,IP:127.0.0.9' }),
    /IP address mismatch/,
  ],
  'signed by itself': [() => made.selfSigned('lonely'), /self.signed certificate/],
};

for (const [what, [make, why]] of Object.entries(kBad)) {
  test(`an upstream whose certificate is ${what} is not spoken to`, async () => {
    const bad = await Upstream.start({ tls: make().tls });
    const wary = await Parley.start(configuration(bad, trust));
    for (const stream of [false, true]) {
      const ask = sdk(wary).chat.completions.create({ model, messages: user('hi'), stream });
      await assert.rejects(ask, (error) => {
        assert.ok(error instanceof OpenAI.InternalServerError, String(error));
        assert.equal(error.status, 502);
        assert.match(error.message, why);
        return true;
      });
    }
    assert.equal(bad.requests.all.length, 0, 'a request was sent');
    await wary.stop();
    await bad.stop();
  });
}

test("a host's name is checked as well as an address", async () => {
  const named = made.signed('named', { names: 'DNS:localhost' });
  const right = await Upstream.start({ tls: named.tls, host: 'localhost' });
  right.script = (request, reply) => reply.json(200, completion(request, { content: 'named' }));
  const wary = await Parley.start(configuration(right, trust));
  const got = await sdk(wary).chat.completions.create({ model, messages: user('hi') });
  assert.equal(got.choices[0].message.content, 'named');
  await wary.stop();
  await right.stop();
});

test('without ca_file a private authority is unknown', async () => {
  const bare = await Parley.start(configuration(upstream));
  const ask = sdk(bare).chat.completions.create({ model, messages: user('hi') });
  await assert.rejects(ask, /unable to get local issuer|self.signed certificate in/);
  await bare.stop();
});

test('a plain upstream behind https:// is a 502, not a hang', async () => {
  const plain = await Upstream.start();
  const secure = { url: plain.url.replace('http:', 'https:'), key: 'sk-x' };
  const wary = await Parley.start(configuration(secure, trust));
  const ask = sdk(wary).chat.completions.create({ model, messages: user('hi') });
  await assert.rejects(ask, (error) => error.status === 502);
  assert.equal((await once(wary.port, 'GET', '/healthz')).status, 200);
  await wary.stop();
  await plain.stop();
});

test('who does not shake hands is let go', async () => {
  const hasty = await Parley.start(
    configuration(upstream, { server, ...trust, limits: { handshake_ms: 200 } }),
  );
  const socket = net.connect(hasty.port, '127.0.0.1');
  const { ending } = new Source(socket);
  await within(ending, 'the end of a silent connection', 5_000); // deadline: half the default
  await hasty.stop();
});
