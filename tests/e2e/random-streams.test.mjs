// Streams that are made up at random, each through Parley to the clients of the three other
// dialects: what the client's official SDK makes of it is what the upstream's own SDK makes of the
// bytes themselves.
//
//   PARLEY_STREAMS=200    how many for each upstream
//   PARLEY_STREAMS_AT=0   the number of the first: what fails, fails again under its number
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { readers } from './support/meaning.mjs';
import { Parley, secret } from './support/parley.mjs';
import { randomStream } from './support/random_streams.mjs';
import { within } from './support/wait.mjs';

const kCount = Number(process.env.PARLEY_STREAMS ?? 200);
const kFirst = Number(process.env.PARLEY_STREAMS_AT ?? 0);
const kInFlight = 8;
const kDeadlineMs = 60_000 + kCount * 200; // deadline
const kShown = 5;
const kFields = ['text', 'refusal', 'reasoning', 'calls', 'finish', 'usage', 'order'];
const kPlugins = {
  'openai-chat': { plugin: 'openai', path: '/v1', settings: { dialects: ['openai-chat'] } },
  'openai-responses': { plugin: 'openai', path: '/v1', settings: { dialects: ['openai-responses'] } },
  'anthropic-messages': { plugin: 'claude', path: '', settings: {} },
  'gemini-generate': { plugin: 'gemini', path: '', settings: {} },
};
const dialects = Object.keys(kPlugins);

// The model of a request says which stream it gets: "openai-chat.17".
const server = http.createServer((request, reply) => {
  let asked = request.url;
  request.on('data', (piece) => (asked += piece));
  request.on('end', async () => {
    const [, dialect, seed] = /([a-z-]+)\.(\d+)/.exec(asked);
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of randomStream(dialect, Number(seed))) {
      if (!reply.write(piece)) await new Promise((ready) => reply.once('drain', ready));
    }
    reply.end();
  });
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const upstreamUrl = `http://127.0.0.1:${server.address().port}`;
const key = secret('sk-client');
const parley = await Parley.start({
  server: { listen: ['127.0.0.1:0'] },
  log: { format: 'json', level: 'info', exchanges: false },
  client_key: [{ name: 'tester', key }],
  provider: dialects.map((dialect) => ({
    name: dialect,
    plugin: kPlugins[dialect].plugin,
    base_url: upstreamUrl + kPlugins[dialect].path,
    ...kPlugins[dialect].settings,
    models: [`${dialect}.*`],
    account: [{ label: 'main', api_key: secret('sk-upstream') }],
  })),
});
after(async () => {
  await parley.stop();
  server.closeAllConnections();
  server.close();
});

const own = {};
const through = {};
for (const dialect of dialects) {
  const reader = readers[dialect];
  own[dialect] = reader.client({ baseURL: reader.base(upstreamUrl), apiKey: 'k' });
  through[dialect] = reader.client({ baseURL: reader.base(parley.url), apiKey: key });
}

const read = (dialect, client, model) =>
  within(readers[dialect].read(client, model, true), `an answer of ${model}`);

const squeezed = (text) => text.replace(/\s+/g, '');

/** Blank lines stand between sections of reasoning where a dialect has none. */
const isSame = (field, wanted, got) =>
  isDeepStrictEqual(wanted, got) || (field === 'reasoning' && squeezed(wanted) === squeezed(got));

async function differences(from, to, seed, wanted) {
  const got = await read(to, through[to], `${from}.${seed}`);
  return kFields
    .filter((field) => !isSame(field, wanted[field], got[field]))
    .map((field) => `${seed}: ${field}: ${JSON.stringify(wanted[field])}\n  got ${JSON.stringify(got[field])}`);
}

for (const from of dialects) {
  const others = dialects.filter((to) => to !== from);

  const title = `${from}: ${kCount} streams mean the same to ${others.join(', ')}`;
  test(title, { timeout: kDeadlineMs }, async () => {
    const wrong = Object.fromEntries(others.map((to) => [to, []]));
    const isEnough = () => others.some((to) => wrong[to].length >= kShown);
    let next = kFirst;
    const work = async () => {
      while (next < kFirst + kCount && !isEnough()) {
        const seed = next++;
        const wanted = await read(from, own[from], `${from}.${seed}`);
        for (const to of others) {
          const found = await differences(from, to, seed, wanted).catch((e) => [`${seed}: ${e.message}`]);
          wrong[to].push(...found);
        }
      }
    };
    await Promise.all(Array.from({ length: kInFlight }, work));
    const told = others.map((to) => [`${to}: ${wrong[to].length}`, ...wrong[to].slice(0, kShown)].join('\n'));
    assert.ok(others.every((to) => !wrong[to].length), told.join('\n'));
  });
}
