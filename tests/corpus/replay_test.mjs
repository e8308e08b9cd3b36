// Every recorded exchange through a running Parley: the bytes that come out are the bytes that went
// in, whole or cut, and a stream that was cut anywhere is never a success.
//
//   node replay_test.mjs [PART-OF-ID]...
//
// PARLEY_BIN      the program
// PARLEY_CORPUS   the recordings; without it ../shared/corpus beside the tree, else the few own ones
// CORPUS_FULL=1   cuts long streams behind every event, not behind some
// CORPUS_REPLAY   the port of another replay server; what came to it is then not compared
import { createHash } from 'node:crypto';

import { configuration, Parley, secret } from '../e2e/support/parley.mjs';
import { compose, Connection, readReply } from '../e2e/support/raw.mjs';
import { within } from '../e2e/support/wait.mjs';
import { corpusFolders, judge, loadCases, splitEvents } from './cases.mjs';
import { startReplay } from './replay_server.mjs';

const kInFlight = 32;
const kPaths = { 'openai-chat': '/v1/chat/completions', 'openai-responses': '/v1/responses' };
const kRenamed = 'renamed/"möd€l"\\1';
const kFull = process.env.CORPUS_FULL === '1';
const kShown = 40;

const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');

class Mismatch extends Error {}
function must(holds, what) {
  if (!holds) throw new Mismatch(typeof what === 'function' ? what() : what);
}
const show = (bytes) => JSON.stringify(bytes.subarray(-200).toString());

/** A request for the case, with a model, as small as it can be. */
function smallRequest({ meta, isStream }) {
  const model = meta.model ?? 'some-model';
  return Buffer.from(JSON.stringify({ model, stream: isStream, input: 'x', messages: [] }));
}

/** The bytes with the model renamed, found without Parley's help: the first place that will do. */
function rename(bytes, model) {
  const value = JSON.parse(bytes.toString());
  const wanted = JSON.stringify({ ...value, model });
  const text = bytes.toString();
  for (const match of text.matchAll(/("model"\s*:\s*)("(?:[^"\\]|\\.)*")/g)) {
    const at = match.index + match[1].length;
    const spliced = text.slice(0, at) + JSON.stringify(model) + text.slice(at + match[2].length);
    if (JSON.stringify(JSON.parse(spliced)) === wanted) return Buffer.from(spliced);
  }
  throw new Error('no model to rename');
}

// ---- what is checked ----

function checkUpstream(reply, expected, path, key) {
  if (process.env.CORPUS_REPLAY) return;
  const { headers } = reply;
  must(headers['x-replay-request'] === `POST ${path}`, `asked ${headers['x-replay-request']}`);
  must(
    headers['x-replay-authorization'] === sha(`Bearer ${key}`),
    "another key than the account's",
  );
  must(headers['x-replay-sha256'] === sha(expected), 'the request has other bytes');
}

function checkWhole(found, reply) {
  must(reply.status === found.meta.status, `status ${reply.status}: ${show(reply.body)}`);
  must(reply.whole, `the connection broke after ${reply.body.length} bytes`);
  must(reply.body.equals(found.body), () => `other bytes: ${show(reply.body)}`);
  for (const [name, value] of Object.entries(found.headers)) {
    must(reply.headers[name] === value, `${name}: ${reply.headers[name]}, not ${value}`);
  }
}

/** The error event that a body ends with, or undefined. */
function errorAtEnd(wire, body) {
  const marks =
    wire === 'openai-chat' ? ['data: {"error":{'] : ['event: error\ndata: {"type":"error"'];
  const at = body.lastIndexOf(marks[0]);
  if (at < 0) return undefined;
  const ending = body.subarray(at).toString();
  const whole =
    wire === 'openai-chat'
      ? /^data: \{"error":\{[^\n]*\}\}\n\n$/
      : /^event: error\ndata: \{[^\n]*\}\n\nevent: response\.failed\ndata: \{[^\n]*\}\n\n$/;
  return whole.test(ending) ? at : undefined;
}

/** After a cut behind `count` events. */
function checkCut(found, count, how, reply) {
  const { wire } = found.meta;
  const sent = found.body.subarray(0, found.ends[count]);
  if (found.meta.status >= 400) {
    must(reply.status >= 400, `status ${reply.status}`);
    return;
  }
  if (reply.status !== 200) {
    must(reply.status >= 500 && reply.whole, `status ${reply.status}`);
    must(JSON.parse(reply.body.toString()).error.message, 'an error without words');
    return;
  }
  // What the client has of what was sent: all of it, or whole events and then an error event.
  const isAll = reply.body.equals(sent);
  const at = isAll ? undefined : errorAtEnd(wire, reply.body);
  const kept = reply.body.subarray(0, at ?? reply.body.length);
  must(sent.subarray(0, kept.length).equals(kept), () => `other bytes: ${show(reply.body)}`);
  must(found.ends.includes(kept.length), 'half an event');
  const seen = judge(wire, found.events.slice(0, found.ends.indexOf(kept.length)));
  const told = at !== undefined;
  if (told) {
    must(reply.whole, 'an error event, and then no orderly end');
    // A reset may overtake what was sent before it; an orderly end may not.
    if (how.mode === 'fin') must(kept.length === sent.length, 'events were lost');
    return;
  }
  if (!reply.whole) return;
  // The upstream said that this is the end, or failed in its own words: both are passed on.
  if (seen.ended || seen.failed) return;
  // No other end than the connection's: then this is how a whole stream without [DONE] looks.
  const isOrderly = wire === 'openai-chat' && how.framing === 'close' && how.mode === 'fin';
  must(isOrderly && seen.finished && isAll, () => `a success: ${show(reply.body)}`);
}

/** After a body of one piece was cut. */
function checkHalf(found, reply) {
  if (found.meta.status >= 400) must(reply.status >= 400, `status ${reply.status}`);
  else must(reply.status >= 500 || !reply.whole, () => `a success: ${show(reply.body)}`);
}

// ---- what is asked ----

/** Behind which events a stream is cut. */
function cuts({ events }) {
  const all = events.map((_, i) => i);
  if (kFull) return all;
  return all.filter((i) => i < 30 || i >= all.length - 5 || i % 20 === 0);
}

function* jobs(all) {
  for (const found of all) {
    const request = found.request ?? smallRequest(found);
    const ask = (kind, spec, parley, check, body = request) => ({
      found,
      kind,
      spec: `${found.id}${spec}`,
      parley,
      check,
      body,
    });
    yield ask('plain', '', 'plain', (reply) => checkWhole(found, reply));
    yield ask('renamed', '', 'renaming', (reply) => checkWhole(found, reply));
    yield ask('chopped', `;chop=${chop(found)}`, 'plain', (reply) => checkWhole(found, reply));
    const small = smallRequest(found);
    if (!found.isStream) {
      const size = found.body.toString('latin1').trimEnd().length; // behind it all is said
      for (const [at, mode, framing] of [
        [0, 'fin', 'length'],
        [size >> 1, 'rst', 'length'],
        [size - 1, 'fin', 'close'],
        [size >> 1, 'fin', 'chunked'],
        [size - 1, 'rst', 'chunked'],
      ]) {
        const spec = `;cut=bytes:${at};cutmode=${mode};framing=${framing}`;
        yield ask('half', spec, 'plain', (reply) => checkHalf(found, reply), small);
      }
      continue;
    }
    for (const framing of ['length', 'close']) {
      const whole = (reply) => checkWhole(found, reply);
      yield ask('framed', `;framing=${framing}`, 'plain', whole, small);
    }
    for (const count of cuts(found)) {
      for (const framing of ['chunked', 'length', 'close']) {
        for (const mode of ['fin', 'rst']) {
          const spec = `;cut=events:${count};cutmode=${mode};framing=${framing}`;
          const check = (reply) => checkCut(found, count, { framing, mode }, reply);
          yield ask('cut', spec, 'plain', check, small);
        }
      }
    }
  }
}

/** The finest pieces, but for what is so long that it would take its time. */
function chop({ body }) {
  if (kFull || body.length < 32 * 1024) return '1-7';
  return body.length < 128 * 1024 ? '1-70' : '1-300';
}

// ---- how ----

class Asker {
  connections = new Map();

  async ask(parley, path, spec, body) {
    for (;;) {
      const kept = this.connections.get(parley);
      const connection = kept ?? (await Connection.open(parley.port));
      this.connections.delete(parley);
      const headers = {
        authorization: `Bearer ${parley.key}`,
        'content-type': 'application/json',
        'x-case-id': spec,
      };
      connection.socket.write(compose('POST', path, headers, body));
      const reply = await readReply(connection.source);
      if (reply.whole && reply.headers.connection !== 'close') {
        this.connections.set(parley, connection);
      } else {
        connection.close();
      }
      return reply;
    }
  }

  close() {
    for (const connection of this.connections.values()) connection.close();
  }
}

async function run(all, parleys, accountKey) {
  const counts = {};
  const failures = [];
  let passed = 0;
  const queue = jobs(all);
  const work = async () => {
    const asker = new Asker();
    for (const job of queue) {
      const path = kPaths[job.found.meta.wire];
      counts[job.kind] = (counts[job.kind] ?? 0) + 1;
      try {
        const asked = asker.ask(parleys[job.parley], path, job.spec, job.body);
        const reply = await within(asked, 'a reply');
        const renamed = job.parley === 'renaming';
        const expected = renamed ? rename(job.body, kRenamed) : job.body;
        const isRelayed = 'x-replay-case' in reply.headers;
        if (['plain', 'renamed', 'chopped', 'framed'].includes(job.kind) || isRelayed) {
          checkUpstream(reply, expected, path, accountKey);
        }
        job.check(reply);
        ++passed;
      } catch (error) {
        failures.push(`FAILED ${job.kind} ${job.spec}: ${error.message}`);
      }
    }
    asker.close();
  };
  await Promise.all(Array.from({ length: kInFlight }, work));
  return { counts, failures, passed };
}

async function main() {
  const parts = process.argv.slice(2);
  const roots = corpusFolders();
  const all = loadCases(roots).filter(
    ({ id }) => !parts.length || parts.some((p) => id.includes(p)),
  );
  for (const found of all) {
    if (!found.isStream) continue;
    found.events = splitEvents(found.body);
    found.ends = [0];
    for (const event of found.events) found.ends.push(found.ends.at(-1) + event.length);
  }
  const replay = process.env.CORPUS_REPLAY
    ? { port: Number(process.env.CORPUS_REPLAY), stop() {} }
    : await startReplay(roots);
  const accountKey = secret('sk-replay');
  const place = {
    name: 'replay',
    plugin: 'openai',
    base_url: `http://127.0.0.1:${replay.port}/v1`,
    models: ['*'],
    account: [{ api_key: accountKey }],
  };
  const target = { provider: 'replay', model: kRenamed };
  // A connection is used for one kind of job at a time and may have to wait for its next one.
  const quiet = {
    provider: [place],
    log: { level: 'info', exchanges: false },
    limits: { idle_ms: 3_600_000 },
  };
  const route = [{ model: '*', targets: [target] }];
  const plain = await Parley.start(configuration(null, quiet));
  const renaming = await Parley.start(configuration(null, { ...quiet, route }));
  const started = performance.now();
  const { counts, failures, passed } = await run(all, { plain, renaming }, accountKey);
  for (const parley of [plain, renaming]) {
    await parley.stop().catch((error) => failures.unshift(`FAILED end: ${error.message}`));
  }
  await replay.stop();
  for (const failure of failures.slice(0, kShown)) console.log(failure);
  if (failures.length > kShown) console.log(`… and ${failures.length - kShown} more`);
  const kinds = Object.entries(counts)
    .map(([kind, n]) => `${n} ${kind}`)
    .join(', ');
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `corpus: ${all.length} cases in ${seconds} s: ${kinds}: ` +
      `${passed} passed, ${failures.length} failed`,
  );
  process.exitCode = failures.length ? 1 : 0;
}

await main();
