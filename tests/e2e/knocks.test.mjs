// Keys that nobody knows, in numbers: they cost little and do not fill the log.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { test } from 'node:test';

import { house } from './support/house.mjs';
import { isSanitized } from './support/parley.mjs';

const { parley } = await house();
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const kTicksPerSecond = 100;

function knock() {
  return new Promise((yes, no) => {
    const request = http.request(`${parley.url}/v1/chat/completions`, {
      agent,
      method: 'POST',
      headers: { authorization: `Bearer sk-${randomBytes(16).toString('hex')}`, 'content-length': 2 },
    });
    request.on('response', (reply) => reply.resume().on('end', () => yes(reply.statusCode)));
    request.on('error', no);
    request.end('{}');
  });
}

/** Seconds of CPU that the program has used. */
function cpu() {
  const fields = readFileSync(`/proc/${parley.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / kTicksPerSecond;
}

const knocks = () =>
  parley.lines.all.filter((line) => line.message === 'exchange' && line.status === 401);

test('a flood of unknown keys: a line a second, which says how many there were', async () => {
  const kKnocks = isSanitized ? 2000 : 20_000;
  const began = performance.now();
  const before = cpu();
  for (let i = 0; i < kKnocks; i += 100) {
    const statuses = await Promise.all(Array.from({ length: 100 }, knock));
    assert.ok(statuses.every((status) => status === 401));
  }
  const cost = ((cpu() - before) / kKnocks) * 1e6;
  // Only what was not told of is counted, so the next line that is told says it.
  while (knocks().reduce((sum, line) => sum + 1 + (line.untold ?? 0), 0) < kKnocks) await knock();
  const seconds = (performance.now() - began) / 1000;
  assert.ok(knocks().length <= seconds + 2, `${knocks().length} lines in ${seconds} s`);
  console.log(`${kKnocks} unknown keys: ${cost.toFixed(1)} us of CPU each, connection and all`);
  if (!isSanitized) assert.ok(cost < 20, `${cost} us`);
});
