// Plays recorded replies, in a thread of its own. What to play, and how, stands in the request:
//
//   x-case-id: <id>[;chop=MIN-MAX][;cut=events:N|bytes:N][;cutmode=fin|rst][;framing=chunked|length|close]
//
// chop writes the body in pieces of so many bytes; cut ends the connection there, without a proper
// end; framing is chunked for streams and length for the rest. Every reply says what was asked, in
// x-replay-… fields, so that whoever sees the reply knows what has come here.
import { createHash } from 'node:crypto';
import net from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

import { readRequest, Source } from '../e2e/support/raw.mjs';
import { loadCases, splitEvents } from './cases.mjs';

/** Starts a server for the cases in these folders; resolves to its port and a way to stop it. */
export async function startReplay(roots) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { roots } });
  const port = await new Promise((yes, no) => worker.once('message', yes).once('error', no));
  return { port, stop: () => worker.terminate() };
}

/** Reproducible pieces: the same case is always cut the same way. */
function* pieces(body, least, most, seed) {
  let state = seed >>> 0;
  for (let at = 0; at < body.length;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const size = least + ((state >>> 8) % (most - least + 1));
    yield body.subarray(at, at + size);
    at += size;
  }
}

const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');
const seedOf = (id) => createHash('sha256').update(id).digest().readUInt32BE();

function read(spec) {
  const [id, ...options] = spec.split(';');
  return [id, Object.fromEntries(options.map((option) => option.split('=')))];
}

function limitOf(cut, body) {
  if (!cut) return body.length;
  const [kind, count] = cut.split(':');
  if (kind === 'bytes') return Math.min(Number(count), body.length);
  const events = splitEvents(body).slice(0, Number(count));
  return events.reduce((size, event) => size + event.length, 0);
}

function headOf(found, framing, request, spec) {
  const lines = [`HTTP/1.1 ${found.meta.status} Replayed`];
  for (const [name, value] of Object.entries(found.headers)) lines.push(`${name}: ${value}`);
  if (found.isStream) lines.push('cache-control: no-cache');
  lines.push(`x-replay-case: ${encodeURI(spec)}`);
  lines.push(`x-replay-request: ${request.method} ${request.url}`);
  lines.push(`x-replay-sha256: ${sha(request.body)}`);
  lines.push(`x-replay-authorization: ${sha(request.headers.authorization ?? '')}`);
  if (framing === 'chunked') lines.push('transfer-encoding: chunked');
  else if (framing === 'length') lines.push(`content-length: ${found.body.length}`);
  else lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function play(socket, request, cases) {
  const spec = request.headers['x-case-id'] ?? '';
  const [id, options] = read(spec);
  const found = cases.get(id);
  if (!found) {
    socket.end('HTTP/1.1 404 No Such Case\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    return;
  }
  const framing = options.framing ?? (found.isStream ? 'chunked' : 'length');
  const payload = found.body.subarray(0, limitOf(options.cut, found.body));
  const frame = (bytes) =>
    framing === 'chunked'
      ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
      : bytes;
  socket.write(headOf(found, framing, request, spec));
  if (options.chop) {
    const [least, most] = options.chop.split('-').map(Number);
    for (const piece of pieces(payload, least, most, seedOf(id))) socket.write(frame(piece));
  } else if (payload.length) {
    socket.write(frame(payload));
  }
  if (options.cut && options.cutmode === 'rst') socket.resetAndDestroy();
  else if (options.cut || framing === 'close') socket.end();
  else if (framing === 'chunked') socket.write('0\r\n\r\n');
}

async function serve(socket, cases) {
  socket.on('error', () => {});
  const source = new Source(socket);
  while (!socket.writableEnded && !socket.destroyed) {
    const request = await readRequest(source);
    if (!request) break;
    play(socket, request, cases);
  }
  socket.end();
}

if (workerData?.roots) {
  const cases = new Map(loadCases(workerData.roots).map((found) => [found.id, found]));
  const server = net.createServer({ allowHalfOpen: true, noDelay: true });
  server.on('connection', (socket) => serve(socket, cases).catch(() => socket.destroy()));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () =>
    parentPort.postMessage(server.address().port),
  );
}
