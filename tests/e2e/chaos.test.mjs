// One account goes down and comes back every second, and two hundred streams at a time hear nothing
// of it. (Number 34 of the faults: see faults.test.mjs.)
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setInterval } from 'node:timers/promises';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { chunks, kDone } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, within } from './support/wait.mjs';

const kStreams = 200;
const kPhases = 8; // down and up, a second each at least; then up for good

const upstream = await Upstream.start({ doors: 32 });
upstream.credential = () => upstream.key; // there are several; the scripts look at them
const keys = { steady: secret('sk-steady'), flapping: secret('sk-flapping') };
const parley = await Parley.start(
  configuration(upstream, {
    routing: {
      cool_down: true,
      policy: 'round-robin',
      affinity_bytes_max: 0,
      wait_ms: 100,
      wait_max_ms: 200,
      probe_ms: 200,
    },
    provider: [
      provider(upstream, {
        account: Object.entries(keys).map(([label, api_key]) => ({ label, api_key })),
      }),
    ],
  }),
);
upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  await upstream.stop();
});
const client = sdk(parley);

// What the flapping account is at, and what is known of the phase it is in.
const calm = () => ({
  refused: new Set(),
  older: null,
  probes: 0,
  looked: 0,
  isLookedFor: defer(),
  isFound: defer(),
});
const phase = { isDown: false, ...calm() };
const seen = { refusals: 0, probes: 0, probesAtOnce: 0, servedAfterDown: 0 };

let begun = 0; // requests of the clients, which are numbered
const open = new Set(); // those that are not over

let arrived = defer();
const arrival = () => arrived.promise;

async function refuse(request, reply) {
  const marker = request.json.user;
  seen.refusals += 1;
  // What was begun before Parley knew of the failure is over: it asks only to find out whether that
  // is over, too.
  const isProbe = phase.older?.size === 0;
  if (isProbe) {
    seen.probes += 1;
    phase.probes += 1;
    phase.looked += 1;
    if (phase.looked === 2) phase.isLookedFor.resolve();
    seen.probesAtOnce = Math.max(seen.probesAtOnce, phase.probes);
  }
  const { refused } = phase;
  await arrival(); // so that others would overlap
  if (isProbe && refused === phase.refused) phase.probes -= 1;
  refused.add(marker);
  if (seen.refusals % 3 === 0) return reply.reset();
  return reply.json(503, { error: { message: 'down', type: 'server_error', code: null } });
}

upstream.script = async (request, reply) => {
  arrived.resolve();
  arrived = defer();
  const isFlapping = request.headers.authorization === `Bearer ${keys.flapping}`;
  if (isFlapping && phase.isDown) return refuse(request, reply);
  if (isFlapping && seen.refusals > 0) seen.servedAfterDown += 1;
  if (isFlapping) phase.isFound.resolve();
  // Who was refused and comes here has been told of the failure.
  const knows = phase.isDown && phase.refused.has(request.json.user);
  if (knows) phase.older ??= new Set(open);
  reply.events();
  for (const chunk of chunks('m', ['a', 'b', 'c'], 'stop')) await reply.say(chunk);
  return reply.end(kDone);
};

test('200 streams at a time hear nothing of an account that flaps; one probe at a time', async () => {
  let isOver = false;
  let done = 0;
  const failures = [];
  const served = new Set();
  const worker = async (number) => {
    while (!isOver) {
      const marker = String((begun += 1));
      open.add(marker);
      try {
        const stream = await client.chat.completions.create({
          model: 'm',
          messages: user('hi'),
          stream: true,
          user: marker,
        });
        let text = '';
        for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
        assert.equal(text, 'abc');
        done += 1;
      } catch (error) {
        failures.push(error);
      }
      open.delete(marker);
      phase.older?.delete(marker);
      served.add(number);
      if (served.size === kStreams) warm.resolve();
    }
  };
  // Every client has a connection, and Parley has as many as it needs, before anything happens.
  const warm = defer();
  const workers = Array.from({ length: kStreams }, (_, i) => worker(i));
  await within(warm.promise, 'all clients are served');
  let flips = 0;
  const flip = () => Object.assign(phase, { isDown: flips++ % 2 === 0, ...calm() });
  for await (const next of setInterval(1000, flip)) {
    // On a slow machine it takes longer until all that was sent before is over.
    if (phase.isDown) await within(phase.isLookedFor.promise, 'it is looked for twice');
    else await within(phase.isFound.promise, 'it is found, up as it is');
    next();
    if (flips >= kPhases) break; // it is up again
  }
  isOver = true;
  await Promise.all(workers);
  const told = JSON.stringify({ ...seen, done });
  assert.deepEqual(failures, [], told);
  assert.ok(done > kStreams, told);
  assert.ok(seen.refusals > 1, `it was down: ${told}`);
  assert.ok(seen.probes > 1, `it was looked for: ${told}`);
  assert.equal(seen.probesAtOnce, 1, told);
  assert.ok(seen.servedAfterDown > 1, `it was found again: ${told}`);
});
