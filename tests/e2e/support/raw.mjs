// HTTP/1.1 byte by byte: a reader that forgives nothing, and a client on a bare socket.
import net from 'node:net';
import tls from 'node:tls';

import { encrypted } from './encrypted.mjs';
import { defer, within } from './wait.mjs';

/** Bytes as they come from a socket, with how it ended: 'fin' or 'rst'. */
export class Source {
  #parts = [];
  #size = 0;
  #wake = null;
  #ending = defer();
  ended = null;

  constructor(socket) {
    socket.on('data', (bytes) => {
      this.#parts.push(bytes);
      this.#size += bytes.length;
      this.#stir();
    });
    socket.on('end', () => this.#end('fin'));
    socket.on('error', () => this.#end('rst'));
    socket.on('close', () => this.#end('fin'));
  }

  #stir() {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #end(how) {
    this.ended ??= how;
    this.#ending.resolve(this.ended);
    this.#stir();
  }

  /** How it ends, once it has. */
  get ending() {
    return this.#ending.promise;
  }

  /** What has come and was not taken yet. */
  get bytes() {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  get size() {
    return this.#size;
  }

  take(size) {
    const { bytes } = this;
    this.#parts = size < bytes.length ? [bytes.subarray(size)] : [];
    this.#size -= size;
    return bytes.subarray(0, size);
  }

  /** Waits for more bytes; false when none will come. */
  async more() {
    if (this.ended) return false;
    const { promise, resolve } = Promise.withResolvers();
    this.#wake = resolve;
    const before = this.#size;
    await promise;
    return this.#size > before;
  }

  /** Everything up to and with `mark`; undefined when the end comes before. */
  async until(mark) {
    let from = 0;
    for (;;) {
      const at = this.bytes.indexOf(mark, from);
      if (at >= 0) return this.take(at + mark.length);
      from = Math.max(0, this.#size - mark.length + 1);
      if (!(await this.more())) return undefined;
    }
  }

  /** Exactly so many bytes, or all there are when the end comes before. */
  async exactly(size) {
    while (this.#size < size && (await this.more()));
    return this.take(Math.min(size, this.#size));
  }

  async rest() {
    while (await this.more());
    return this.take(this.#size);
  }
}

function parseHead(bytes) {
  const lines = bytes.toString('latin1').slice(0, -4).split('\r\n');
  const headers = {};
  const rawHeaders = [];
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 1 || /[\s]/.test(line[colon - 1])) throw new Error(`not a header field: ${line}`);
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    rawHeaders.push(name, value);
  }
  return { first: lines[0], headers, rawHeaders };
}

async function readChunks(source) {
  const body = [];
  for (;;) {
    const line = await source.until('\r\n');
    if (!line) return { body, whole: false };
    const text = line.toString('latin1').slice(0, -2);
    if (!/^[0-9a-fA-F]+$/.test(text)) throw new Error(`not a chunk size: ${JSON.stringify(text)}`);
    const size = parseInt(text, 16);
    if (size === 0) {
      const end = await source.exactly(2);
      if (end.length === 2 && end.toString() !== '\r\n') throw new Error('trailers, or worse');
      return { body, whole: end.length === 2 };
    }
    const data = await source.exactly(size);
    body.push(data);
    if (data.length < size) return { body, whole: false };
    const end = await source.exactly(2);
    if (end.length < 2) return { body, whole: false };
    if (end.toString() !== '\r\n') throw new Error('a chunk is longer than it says');
  }
}

async function readBody(source, headers, bodiless, untilClose) {
  if (bodiless) return { body: [], whole: true };
  const chunked = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (chunked !== undefined && length !== undefined) throw new Error('both lengths');
  if (chunked !== undefined) {
    if (chunked !== 'chunked') throw new Error(`transfer-encoding: ${chunked}`);
    return readChunks(source);
  }
  if (length !== undefined) {
    if (!/^\d+$/.test(length)) throw new Error(`content-length: ${length}`);
    const body = await source.exactly(Number(length));
    return { body: [body], whole: body.length === Number(length) };
  }
  if (!untilClose) return { body: [], whole: true };
  return { body: [await source.rest()], whole: source.ended === 'fin' };
}

/** One reply. `whole` is what its framing says: it did not end before its end. */
export async function readReply(source, method = 'POST') {
  const head = await source.until('\r\n\r\n');
  if (!head) {
    const rest = source.take(source.size).toString('latin1');
    throw new Error(`no reply: ${source.ended} after ${JSON.stringify(rest)}`);
  }
  const { first, headers, rawHeaders } = parseHead(head);
  const line = first.match(/^HTTP\/1\.1 (\d{3}) (.*)$/);
  if (!line) throw new Error(`not a status line: ${JSON.stringify(first)}`);
  const status = Number(line[1]);
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const { body, whole } = await readBody(source, headers, bodiless, true);
  const bytes = body.length === 1 ? body[0] : Buffer.concat(body);
  const broken = whole ? null : source.ended;
  return {
    status,
    headers,
    rawHeaders,
    body: bytes,
    whole,
    broken,
    get text() {
      return bytes.toString();
    },
  };
}

/** One request, or undefined at the end of the connection. */
export async function readRequest(source) {
  const head = await source.until('\r\n\r\n');
  if (!head) return undefined;
  const { first, headers, rawHeaders } = parseHead(head);
  const [, method, url] = first.match(/^(\S+) (\S+) HTTP\/1\.1$/) ?? [];
  if (!method) throw new Error(`not a request line: ${JSON.stringify(first)}`);
  const { body, whole } = await readBody(source, headers, false, false);
  if (!whole) return undefined;
  return { method, url, headers, rawHeaders, body: Buffer.concat(body) };
}

/** A client's connection. */
export class Connection {
  static async open(port, secure = encrypted?.client) {
    const connection = new Connection();
    const tcp = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const socket = secure ? tls.connect({ socket: tcp, ...secure }) : tcp;
    tcp.on('error', (error) => socket.destroy(error));
    connection.tcp = tcp;
    connection.socket = socket;
    connection.source = new Source(socket);
    const { promise, resolve, reject } = Promise.withResolvers();
    socket.once(secure ? 'secureConnect' : 'connect', resolve).once('error', reject);
    await within(promise, 'connect');
    return connection;
  }

  write(bytes) {
    return new Promise((done) => this.socket.write(bytes, () => done()));
  }

  /** Writes a request; what `headers` sets to undefined is left out. */
  send(method, target, headers = {}, body = '') {
    return this.write(compose(method, target, headers, body));
  }

  reply(method) {
    return within(readReply(this.source, method), 'a reply');
  }

  async ask(method, target, headers, body) {
    await this.send(method, target, headers, body);
    return this.reply(method);
  }

  /** 'fin' or 'rst': how the other end closes. */
  ended() {
    return within(this.source.ending, 'the connection ends');
  }

  close() {
    this.socket.destroy();
    this.tcp.destroy();
  }

  reset() {
    this.tcp.resetAndDestroy();
  }
}

export function compose(method, target, headers = {}, body = '') {
  const bytes = Buffer.from(body);
  const all = { host: 'parley.test', ...headers };
  const hasLength = Object.keys(all).some((n) => /^(content-length|transfer-encoding)$/i.test(n));
  if (!hasLength && (bytes.length || method === 'POST')) all['content-length'] = bytes.length;
  const fields = Object.entries(all).filter(([, v]) => v !== undefined);
  const head = fields.map(([n, v]) => `${n}: ${v}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`), bytes]);
}

/** One request on a connection of its own. */
export async function once(port, method, target, headers, body, secure) {
  const connection = await Connection.open(port, secure);
  try {
    return await connection.ask(method, target, headers, body);
  } finally {
    connection.close();
  }
}
