// Clients and upstreams that leave at any moment: nothing leaks, nobody else notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dice } from './support/dice.mjs';
import { house, user } from './support/house.mjs';
import { compose, Connection } from './support/raw.mjs';
import { chunks, kDone } from './support/replies.mjs';
import { tell, within } from './support/wait.mjs';

const kRounds = 60;
const kAtOnce = 12;
const kSeed = Number(process.env.PARLEY_STORM_SEED ?? 1);
const { upstream, parley } = await house({ limits: { write_idle_ms: 1500 } });
const auth = { authorization: `Bearer ${parley.key}`, connection: 'close' };

const roll = dice(kSeed);

// What the upstream does with a request is in the request itself.
const kUpstreams = {
  async whole(reply) {
    reply.json(200, { id: 'c', object: 'chat.completion', model: 'm', choices: [] });
  },
  async silent() {},
  async reset(reply) {
    reply.reset();
  },
  async cutHead(reply) {
    reply.socket.end('HTTP/1.1 200 OK\r\ncontent-type: text/event-');
  },
  async stream(reply) {
    const [first, word, last] = chunks('m', ['word ']);
    reply.events();
    for (const piece of [first, ...Array(50).fill(word), last + kDone]) await reply.say(piece);
    reply.end();
  },
  async flood(reply) {
    const [first, word] = chunks('m', ['x'.repeat(30_000)]);
    reply.events();
    await reply.say(first);
    while (!reply.destroyed && (await Promise.race([reply.say(word), reply.left])) !== 'left');
  },
  async half(reply) {
    const [first, word] = chunks('m', ['word ']);
    reply.events();
    await reply.say(first + word);
    reply.reset();
  },
  async refusal(reply) {
    reply.json(429, { error: { message: 'slow down' } }, { 'retry-after': '1' });
  },
};
const kKinds = Object.keys(kUpstreams);

upstream.script = (request, reply) => {
  reply.left = new Promise((left) => reply.on('close', () => left('left')));
  return kUpstreams[request.json.metadata.does](reply);
};

async function visit() {
  const does = kKinds[roll(kKinds.length)];
  const padding = 'p'.repeat([0, 100, 70_000, 900_000][roll(4)]);
  const body = { model: 'm', messages: user('go'), stream: true, metadata: { does, padding } };
  const bytes = compose('POST', '/v1/chat/completions', auth, JSON.stringify(body));
  const connection = await Connection.open(parley.port);
  const isDeaf = roll(3) === 0;
  if (isDeaf) connection.socket.pause();
  const upTo = roll(3) === 0 ? roll(bytes.length) : bytes.length;
  await Promise.race([connection.write(bytes.subarray(0, upTo)), connection.source.ending]);
  // It leaves at once, or after so many bytes of the reply, or after so many turns of our loop.
  const patience = roll(4);
  const wanted = roll(3000);
  if (patience === 1 && !isDeaf && upTo === bytes.length && does !== 'silent') {
    while (connection.source.size < wanted && (await connection.source.more()));
  }
  for (let turns = patience === 2 ? roll(30) : 0; turns > 0; --turns) {
    await new Promise((next) => setImmediate(next));
  }
  if (roll(2) === 0) connection.reset();
  else connection.close();
}

test(`${kRounds * kAtOnce} clients leave at any moment (seed ${kSeed})`, async () => {
  const seen = {};
  for (let round = 0; round < kRounds; ++round) {
    await within(Promise.all(Array.from({ length: kAtOnce }, visit)), `round ${round}`);
  }
  for (const { json } of upstream.requests.all) {
    seen[json.metadata.does] = (seen[json.metadata.does] ?? 0) + 1;
  }
  tell(`storm: upstream saw ${JSON.stringify(seen)}`);
  assert.equal(Object.keys(seen).length, kKinds.length, 'every kind of upstream took part');
  // Whoever stays is served as ever.
  const stayed = await Connection.open(parley.port);
  const body = { model: 'm', messages: user('go'), stream: true, metadata: { does: 'stream' } };
  const reply = await stayed.ask('POST', '/v1/chat/completions', auth, JSON.stringify(body));
  stayed.close();
  assert.equal(reply.status, 200);
  assert.ok(reply.whole && reply.text.endsWith(kDone));
  // No upstream still works for a client that has left.
  const silent = upstream.requests.all.filter((r) => r.json.metadata.does === 'silent');
  await within(Promise.all(silent.map((r) => r.gone)), 'upstreams of clients that left are left');
});
