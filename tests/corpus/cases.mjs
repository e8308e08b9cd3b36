// Recorded cases: a folder with meta.json, response.headers.json, response.body, and request.json
// where the request is known.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The wire formats that are relayed byte for byte here. */
const kRelayed = ['openai-chat', 'openai-responses'];

function* folders(root) {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(root, entry.name);
    if (existsSync(join(folder, 'meta.json'))) yield folder;
    else yield* folders(folder);
  }
}

/** All cases below these folders of these wire formats, ordered by id. */
export function loadCases(roots, wires = kRelayed) {
  const all = [];
  for (const folder of roots.flatMap((root) => [...folders(root)])) {
    const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
    if (!wires.includes(meta.wire)) continue;
    const request = join(folder, 'request.json');
    all.push({
      id: meta.id,
      meta,
      isStream: meta.stream_format === 'sse',
      headers: JSON.parse(readFileSync(join(folder, 'response.headers.json'), 'utf8')),
      body: readFileSync(join(folder, 'response.body')),
      request: existsSync(request) ? readFileSync(request) : undefined,
    });
  }
  return all.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Pieces that each end behind an event's blank line; the last one may lack it. */
export function splitEvents(body) {
  const events = [];
  const text = body.toString('latin1');
  let from = 0;
  for (const { index, 0: mark } of text.matchAll(/\r\n\r\n|\n\n|\r\r/g)) {
    events.push(body.subarray(from, index + mark.length));
    from = index + mark.length;
  }
  if (from < body.length) events.push(body.subarray(from));
  return events;
}

/** What a client may conclude from events that it has: read on our own, by JSON.parse. */
export function judge(wire, events) {
  const seen = { ended: false, failed: false, choices: new Map() };
  for (const event of events) {
    const lines = event.toString().split(/\r\n|\n|\r/);
    const data = lines.filter((l) => l.startsWith('data:')).map((l) => l.slice(5).trimStart());
    if (!data.length) continue;
    const text = data.join('\n');
    if (text.startsWith('[DONE]')) {
      if (wire === 'openai-chat') seen.ended = true;
      continue;
    }
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      continue;
    }
    if (value.error || value.type === 'error' || value.type === 'response.failed')
      seen.failed = true;
    if (/^response\.(completed|incomplete)$/.test(value.type)) seen.ended = true;
    for (const choice of value.choices ?? []) {
      const finished = seen.choices.get(choice.index ?? 0) || Boolean(choice.finish_reason);
      seen.choices.set(choice.index ?? 0, finished);
    }
  }
  seen.finished = seen.choices.size > 0 && [...seen.choices.values()].every(Boolean);
  return seen;
}

/** Where cases are, most of all the recordings beside the tree; says so. */
export function corpusFolders() {
  const own = join(dirname(fileURLToPath(import.meta.url)), 'cases');
  const given = process.env.PARLEY_CORPUS ?? resolve(own, '../../../../shared/corpus');
  const folder = existsSync(join(given, 'cases')) ? join(given, 'cases') : given;
  if (existsSync(folder)) {
    console.log(`==== corpus: the recordings in ${resolve(folder)}, and our own ====`);
    return [folder, own];
  }
  if (process.env.PARLEY_CORPUS) throw new Error(`PARLEY_CORPUS: ${given} does not exist`);
  console.log('!!!! corpus: no recordings here (PARLEY_CORPUS): only our own few cases !!!!');
  return [own];
}
