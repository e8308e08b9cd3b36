// A Parley with an upstream of each dialect, for clients that are no JavaScript. Writes one line of
// JSON, {url, key, models, count}, and ends when its standard input does; with 1 if an upstream saw
// what no honest proxy sends.
//
// The newest text of the user names the answer in answers.json. Some are acted out: "silent" waits
// until the client has been told that its stream lives, "cut" breaks off, "asked" tells what the
// upstream was asked, as JSON.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { faultsIn } from '../e2e/support/legal.mjs';
import { configuration, Parley } from '../e2e/support/parley.mjs';
import { Tap } from '../e2e/support/tap.mjs';
import { Upstream } from '../e2e/support/upstream.mjs';
import { providers, wires } from '../e2e/support/wires.mjs';

const kAnswers = JSON.parse(readFileSync(new URL('answers.json', import.meta.url)));
const kCount = 77;
/** Signs of life of all dialects: a comment, an event, a chunk of two empty lines. */
const kSign = /^: |^event: ping$|"type":"keepalive"|(^|\n)2\r\n\n\n\r\n/m;
let tap;

const kActs = {
  async silent(wire, asked, answer, reply) {
    const since = tap.replies.all.length;
    const events = wire.stream(asked, answer);
    reply.events();
    for (const event of events.slice(0, 2)) reply.write(event);
    await tap.heard(kSign, 1, since);
    for (const event of events.slice(2)) reply.write(event);
    reply.end();
  },
  async cut(wire, asked, answer, reply) {
    reply.events();
    await reply.say(wire.stream(asked, answer).slice(0, -2).join(''));
    reply.cut();
  },
};

function say(wire, asked, answer, reply) {
  if (answer.status) {
    const body = wire.error(answer.status, answer.message);
    return reply.json(answer.status, body, { 'retry-after': '7' });
  }
  if (!asked.stream) return reply.json(200, wire.whole(asked, answer));
  reply.events();
  for (const event of wire.stream(asked, answer)) reply.write(event);
  return reply.end();
}

async function serve(name, request, reply) {
  const wire = wires[name];
  const path = new URL(request.url, 'http://upstream').pathname;
  if (wire.counts(path)) return reply.json(200, wire.count(kCount));
  assert.ok(wire.is(path), `${name}: ${path}`);
  assert.deepEqual(faultsIn(name, request), [], request.text);
  const asked = wire.read({ json: request.json, path });
  const named = asked.results.length ? 'asked' : asked.user.at(-1);
  if (named === 'asked') {
    const answer = { text: JSON.stringify(asked), finish: 'stop', usage: kAnswers.text.usage };
    return say(wire, asked, answer, reply);
  }
  const answer = kAnswers[named];
  assert.ok(answer, `no answer "${named}"`);
  return (kActs[named] ?? say)(wire, asked, answer, reply);
}

const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  upstreams[name] = await Upstream.start({ credential: wire.key });
  upstreams[name].script = (request, reply) => serve(name, request, reply);
}
const parley = await Parley.start({
  ...configuration(upstreams.chat),
  limits: { ping_ms: 1000 },
  provider: providers(upstreams),
});
for (const upstream of Object.values(upstreams)) upstream.mustNotSee(parley.key);
tap = await Tap.start(parley.port);

const models = Object.keys(wires).map((name) => `m-${name}`);
console.log(JSON.stringify({ url: tap.url, key: parley.key, models, count: kCount }));
process.stdin.resume();
process.stdin.on('end', async () => {
  await tap.stop();
  await parley.stop();
  for (const upstream of Object.values(upstreams)) await upstream.stop();
  process.exit(0);
});
