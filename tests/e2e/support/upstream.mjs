// A strict upstream. It logs every request whole, answers as the test's script says, and remembers
// whatever no honest proxy would have sent it: `stop` fails the test for that.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

import { encrypted } from './encrypted.mjs';
import { secret } from './parley.mjs';
import { readRequest, Source } from './raw.mjs';
import { defer, Happenings } from './wait.mjs';

const kNeverForwarded = [
  'accept-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'proxy-authorization',
  'cookie',
  'origin',
  'referer',
  'via',
  'expect',
  'content-encoding',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'x-forwarded-for',
  'x-real-ip',
];

const bearer = (headers) => headers.authorization?.replace('Bearer ', '');

/** What is wrong with a request as an upstream sees it. */
export function faultsOf(request, { key, authority, clientKeys = [], credential = bearer }) {
  const { headers, rawHeaders, url, method, body } = request;
  const faults = [];
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((n) => n.toLowerCase());
  if (credential(headers) !== key) faults.push("the credential is not the account's");
  if (headers.host !== authority) faults.push(`host is ${headers.host}, not ${authority}`);
  for (const name of kNeverForwarded) {
    if (name in headers && headers[name] !== key) faults.push(`${name} was forwarded`);
  }
  for (const name of ['authorization', 'host', 'content-length', 'content-type', 'user-agent']) {
    if (names.filter((n) => n === name).length > 1) faults.push(`${name} more than once`);
  }
  if (!headers['user-agent']) faults.push('no user-agent');
  if (method !== 'GET' && headers['content-length'] !== String(body.length)) {
    faults.push(`content-length ${headers['content-length']}, ${body.length} bytes came`);
  }
  const head = `${method} ${url} ${rawHeaders.join('\n')}`;
  for (const k of clientKeys) {
    if (head.includes(k) || body.includes(k)) faults.push("the client's key was forwarded");
  }
  return faults.map((what) => `${method} ${url}: ${what}`);
}

class Base {
  requests = new Happenings();
  faults = [];
  sockets = new Set();
  key = secret('sk-upstream');
  clientKeys = [];

  doors = []; // beside the server's own

  async listen(server, scheme, host = '127.0.0.1', doors = 1) {
    this.server = server;
    server.on(scheme === 'https' ? 'secureConnection' : 'connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    const open = (door, port) => {
      const at = { port, host: '127.0.0.1', reusePort: doors > 1 };
      return new Promise((yes, no) => door.listen(at, yes).on('error', no));
    };
    await open(server, 0);
    this.port = server.address().port;
    // Node lets one connection in by each door at a time.
    while (this.doors.length + 1 < doors) {
      this.doors.push(net.createServer((socket) => server.emit('connection', socket)));
      await open(this.doors.at(-1), this.port);
    }
    this.authority = `${host}:${this.port}`;
    this.url = `${scheme}://${this.authority}`;
    return this;
  }

  /** A client's key, which must never come here. */
  mustNotSee(key) {
    this.clientKeys.push(key);
  }

  note(request) {
    this.faults.push(...faultsOf(request, this));
    this.requests.add(request);
  }

  get last() {
    return this.requests.all.at(-1);
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    for (const door of [this.server, ...this.doors]) await new Promise((done) => door.close(done));
    assert.deepEqual(this.faults, [], 'the upstream has seen what it should not');
  }
}

/** Speaks HTTP by node's own server. `script(request, reply)` answers; reply is node's, and more. */
export class Upstream extends Base {
  script = (request, reply) => reply.json(501, { error: { message: 'the test has no script' } });

  /** `credential(headers)` is where the account's key is found; a bearer token by default. `doors`:
   * how many connections come in at a time. */
  static async start({ tls = encrypted?.upstream, host, credential, doors } = {}) {
    const upstream = new Upstream();
    upstream.credential = credential;
    const serve = (request, reply) => upstream.#serve(request, reply);
    const options = { keepAliveTimeout: 60_000 };
    const server = tls
      ? https.createServer({ ...options, ...tls }, serve)
      : http.createServer(options, serve);
    server.on('tlsClientError', (error) => (upstream.tlsError = error));
    return upstream.listen(server, tls ? 'https' : 'http', host, doors);
  }

  async #serve(request, reply) {
    const gone = defer();
    request.gone = gone.promise; // when the proxy has left, with the time of it
    reply.on('close', () => {
      if (!reply.writableFinished) gone.resolve(performance.now());
    });
    const pieces = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch (error) {
      request.broken = error;
    }
    if (request.broken) return;
    request.body = Buffer.concat(pieces);
    request.text = request.body.toString();
    if (request.text.startsWith('{')) request.json = JSON.parse(request.text);
    this.note(request);
    reply.on('error', () => {});
    dress(reply);
    try {
      await this.script(request, reply);
    } catch (error) {
      this.faults.push(`script: ${error.stack}`);
      reply.destroy();
    }
  }
}

/** What scripts say often. */
function dress(reply) {
  reply.json = (status, value, headers = {}) => {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    reply.writeHead(status, {
      'content-type': 'application/json',
      'content-length': body.length,
      ...headers,
    });
    reply.end(body);
  };
  reply.events = (headers = {}) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers });
  };
  reply.say = (text) => new Promise((done) => reply.write(text, done));
  reply.cut = () => reply.socket.end();
  reply.reset = () => (encrypted ? reply.socket.destroy() : reply.socket.resetAndDestroy());
}

/** An upstream byte by byte: `script(connection, request)` writes whatever it likes. */
export class RawUpstream extends Base {
  script = async () => {};
  connections = new Happenings();

  static async start() {
    const upstream = new RawUpstream();
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new RawConnection(upstream, socket);
      upstream.connections.add(connection);
      connection.serve().catch((error) => upstream.faults.push(`script: ${error.stack}`));
    });
    return upstream.listen(server, 'http');
  }
}

class RawConnection {
  left = false;
  #gone = defer();

  constructor(upstream, socket) {
    this.upstream = upstream;
    this.socket = socket;
    this.source = new Source(socket);
    this.gone = this.#gone.promise; // when the proxy has left, with the time of it
    const leave = () => {
      this.left = true;
      this.#gone.resolve(performance.now());
    };
    socket.on('end', leave).on('close', leave);
  }

  /** One request after the other, until one side closes the connection. */
  async serve() {
    while (!this.socket.writableEnded && !this.socket.destroyed) {
      const request = await readRequest(this.source);
      if (!request) return;
      this.upstream.note(request);
      await this.upstream.script(this, request);
    }
  }

  write(bytes) {
    return new Promise((done) => this.socket.write(bytes, () => done()));
  }

  fin() {
    this.socket.end();
  }

  rst() {
    this.socket.resetAndDestroy();
  }
}
