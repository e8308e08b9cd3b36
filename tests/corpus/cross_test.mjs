// Every recorded reply through Parley to the clients of the three other dialects: what the client's
// official SDK makes of it is what the upstream's own SDK makes of the recorded bytes.
//
//   node cross_test.mjs [PART-OF-ID]...
//
// PARLEY_BIN, PARLEY_CORPUS  as in replay_test.mjs
// UPDATE_CASES=1             writes the table into docs/dialects.md
// CROSS_DETAILS=FILE         writes the unexplained differences to a file
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { readers } from '../e2e/support/meaning.mjs';
import { Parley, root, secret } from '../e2e/support/parley.mjs';
import { within } from '../e2e/support/wait.mjs';
import { corpusFolders, loadCases } from './cases.mjs';
import { reasonFor } from './cross_reasons.mjs';

const kInFlight = 16;
const kShown = 60;
const kPlugins = {
  'openai-chat': { plugin: 'openai', path: '/v1', settings: { dialects: ['openai-chat'] } },
  'openai-responses': {
    plugin: 'openai',
    path: '/v1',
    settings: { dialects: ['openai-responses'] },
  },
  'anthropic-messages': { plugin: 'claude', path: '', settings: {} },
  'gemini-generate': { plugin: 'gemini', path: '', settings: {} },
};
const dialects = Object.keys(kPlugins);

const parts = process.argv.slice(2);
const cases = loadCases(corpusFolders(), dialects).filter(
  ({ id, meta, body }) =>
    meta.status < 400 && body.length > 0 && (!parts.length || parts.some((p) => id.includes(p))),
);

// The model of a request is the number of a case: "case-17".
const server = http.createServer((request, reply) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = Buffer.concat(pieces).toString();
    const number = /case-(\d+)/.exec(request.url + body)[1];
    const found = cases[Number(number)];
    reply.writeHead(200, { 'content-type': found.headers['content-type'] });
    reply.end(found.body);
  });
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const upstreamUrl = `http://127.0.0.1:${server.address().port}`;
const key = secret('sk-client');
const parley = await Parley.start({
  server: { listen: ['127.0.0.1:0'] },
  log: { format: 'json', level: 'info', exchanges: false },
  // Recorded failures say nothing of the accounts that the next case needs.
  routing: { cool_down: false },
  client_key: [{ name: 'tester', key }],
  provider: dialects.map((dialect) => ({
    name: dialect,
    plugin: kPlugins[dialect].plugin,
    base_url: upstreamUrl + kPlugins[dialect].path,
    ...kPlugins[dialect].settings,
    models: [`${dialect}~*`],
    account: [{ label: 'main', api_key: secret('sk-upstream') }],
  })),
});

const own = {};
const through = {};
for (const dialect of dialects) {
  const reader = readers[dialect];
  own[dialect] = reader.client({ baseURL: reader.base(upstreamUrl), apiKey: 'k' });
  through[dialect] = reader.client({ baseURL: reader.base(parley.url), apiKey: key });
}

async function meaning(dialect, client, model, stream) {
  try {
    return await within(readers[dialect].read(client, model, stream), `an answer of ${model}`);
  } catch (error) {
    return { error: String(error.message).slice(0, 300) };
  }
}

const kFields = ['text', 'refusal', 'reasoning', 'calls', 'finish', 'usage'];
/** The names of what differs; an error on both sides is the same thing told twice. */
function differences(wanted, got) {
  if (wanted.error && got.error) return [];
  if (wanted.error || got.error) return ['error'];
  return kFields.filter((field) => !isDeepStrictEqual(wanted[field], got[field]));
}

const table = new Map(); // "from -> to": counts
const reasons = new Map();
const unexplained = [];

async function cross(found, number) {
  const from = found.meta.wire;
  const isStream = found.meta.stream;
  const wanted = await meaning(from, own[from], `case-${number}`, isStream);
  for (const to of dialects) {
    if (to === from) continue;
    const got = await meaning(to, through[to], `${from}~case-${number}`, isStream);
    const row = `${from} -> ${to}`;
    const counts = table.get(row) ?? { same: 0, explained: 0, unexplained: 0 };
    table.set(row, counts);
    const different = differences(wanted, got);
    const open = [];
    for (const field of different) {
      const why = reasonFor({ field, from, to, wanted, got, found });
      if (why) reasons.set(why, (reasons.get(why) ?? 0) + 1);
      else open.push(field);
    }
    if (!different.length) counts.same += 1;
    else if (!open.length) counts.explained += 1;
    else {
      counts.unexplained += 1;
      unexplained.push({ id: found.id, row, open, wanted, got });
    }
  }
}

const queue = cases.entries();
await Promise.all(
  Array.from({ length: kInFlight }, async () => {
    for (const [number, found] of queue) await cross(found, number);
  }),
);

const lines = ['| upstream -> client | same | explained | unexplained |', '|---|---|---|---|'];
for (const [row, c] of [...table].sort()) {
  lines.push(`| ${row} | ${c.same} | ${c.explained} | ${c.unexplained} |`);
}
lines.push('', 'Explained differences:');
for (const [why, count] of [...reasons].sort((a, b) => b[1] - a[1]))
  lines.push(`- ${count} x ${why}`);
console.log(lines.join('\n'));
const short = (value) => JSON.stringify(value)?.slice(0, 220);
for (const { id, row, open, wanted, got } of unexplained.slice(0, kShown)) {
  console.log(`\n${row}: ${id}`);
  for (const field of open)
    console.log(`  ${field}: ${short(wanted[field])}\n     got: ${short(got[field])}`);
  if (got.error && !open.includes('error')) console.log(`  error: ${got.error}`);
}
if (process.env.CROSS_DETAILS) {
  writeFileSync(process.env.CROSS_DETAILS, JSON.stringify(unexplained, null, 1));
}
if (process.env.UPDATE_CASES && !parts.length) {
  const file = join(root, 'docs/dialects.md');
  const text = readFileSync(file, 'utf8');
  const head = text.slice(0, text.indexOf('<!-- counts -->'));
  const tail = text.slice(text.indexOf('<!-- end -->'));
  writeFileSync(file, `${head}<!-- counts -->\n\n${lines.join('\n')}\n\n${tail}`);
}
const total = [...table.values()].reduce((n, c) => n + c.same + c.explained + c.unexplained, 0);
await parley.stop();
server.closeAllConnections();
console.log(`\n${total - unexplained.length} passed, ${unexplained.length} failed`);
process.exit(unexplained.length || total === 0 ? 1 : 0);
