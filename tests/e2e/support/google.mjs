// Strict doubles of two of Google's servers: the one that hands out access tokens to service
// accounts, and Vertex AI, which takes them.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import http from 'node:http';

import { defer, Happenings } from './wait.mjs';
import { Upstream } from './upstream.mjs';
import { wires } from './wires.mjs';

const kScope = 'https://www.googleapis.com/auth/cloud-platform';
const kGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const kGraceS = 60; // what clocks may differ

const json = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

export class TokenServer {
  requests = new Happenings();
  faults = [];
  tokens = new Map(); // token -> when it ends
  lifeS = 3600;
  skewMs = 0; // of its clock
  script = (request, reply) => this.grant(reply);
  #sockets = new Set();

  static async start() {
    const tokens = new TokenServer();
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    tokens.pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    tokens.publicKey = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    await tokens.#listen(0);
    return tokens;
  }

  async #listen(port) {
    this.server = http.createServer((request, reply) => this.#serve(request, reply));
    this.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise((yes, no) => this.server.listen(port, '127.0.0.1', yes).on('error', no));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/token`;
  }

  /** The key as Google's console gives it. */
  key(more = {}) {
    return {
      type: 'service_account',
      project_id: 'p-1',
      private_key_id: 'key-1',
      private_key: this.pem,
      client_email: 'robot@p-1.iam.gserviceaccount.com',
      client_id: '1',
      token_uri: this.url,
      universe_domain: 'googleapis.com',
      ...more,
    };
  }

  now() {
    return Date.now() + this.skewMs;
  }

  /** Nobody listens there any more, until `open`. */
  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  open() {
    return this.#listen(this.port);
  }

  async stop() {
    if (this.server.listening) await this.close();
    assert.deepEqual(this.faults, [], 'the token server has seen what it should not');
  }

  async #serve(request, reply) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    request.text = Buffer.concat(pieces).toString();
    request.refusal = this.#refusal(request);
    const gone = defer();
    request.gone = gone.promise;
    reply.on('close', () => gone.resolve());
    reply.setHeader('date', new Date(this.now()).toUTCString());
    this.requests.add(request);
    if (request.refusal) {
      return this.say(reply, 400, { error: 'invalid_grant', error_description: request.refusal });
    }
    return this.script(request, reply);
  }

  /** What is wrong with the time is refused; what no client may get wrong is a fault. */
  #refusal({ method, url, headers, text }) {
    const fault = (what) => this.faults.push(what);
    if (method !== 'POST' || url !== '/token') fault(`${method} ${url}`);
    if (headers['content-type'] !== 'application/x-www-form-urlencoded') fault('content-type');
    if (headers['content-length'] !== String(text.length)) fault('content-length');
    if (!headers['user-agent']?.startsWith('parley/')) fault(`user-agent ${headers['user-agent']}`);
    const form = new URLSearchParams(text);
    assert.deepEqual([...form.keys()].sort(), ['assertion', 'grant_type']);
    if (form.get('grant_type') !== kGrant) fault(`grant_type ${form.get('grant_type')}`);
    const parts = form.get('assertion').split('.');
    if (parts.length !== 3 || parts.some((p) => !/^[\w-]+$/.test(p))) fault('not a compact JWS');
    const [head, claims] = [json(parts[0]), json(parts[1])];
    assert.deepEqual(head, { alg: 'RS256', typ: 'JWT', kid: 'key-1' });
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    const signature = Buffer.from(parts[2], 'base64url');
    if (!verify('RSA-SHA256', signed, this.publicKey, signature)) fault('the signature is wrong');
    const { iat, exp, ...others } = claims;
    const iss = 'robot@p-1.iam.gserviceaccount.com';
    assert.deepEqual(others, { iss, scope: kScope, aud: this.url });
    if (exp - iat > 3600 || exp <= iat) fault(`a life of ${exp - iat} s`);
    const nowS = this.now() / 1000;
    const fits = iat <= nowS + kGraceS && iat >= nowS - 3600 && exp > nowS;
    return fits ? undefined : 'Token must be in a reasonable timeframe';
  }

  say(reply, status, body) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    reply.writeHead(status, { 'content-type': 'application/json' });
    reply.end(text);
  }

  grant(reply, lifeS = this.lifeS) {
    const access_token = `ya29.${randomBytes(16).toString('hex')}`;
    this.tokens.set(access_token, Date.now() + lifeS * 1000);
    this.say(reply, 200, { access_token, expires_in: lifeS, token_type: 'Bearer' });
  }

  isGood(token) {
    return this.tokens.get(token) > Date.now();
  }

  revokeAll() {
    for (const token of this.tokens.keys()) this.tokens.set(token, 0);
  }
}

const kPath =
  /^\/v1\/projects\/p-1\/locations\/global\/publishers\/google\/models\/(m-v|text-embedding-005):([a-zA-Z]+)$/;
const kTokenOf = (headers) => headers.authorization?.match(/^Bearer (ya29\.\w+)$/)?.[1];

/** Vertex AI: knows its paths, and the tokens that the server has given. */
export async function startVertex(tokens) {
  const upstream = await Upstream.start({
    credential: (headers) => (tokens.tokens.has(kTokenOf(headers)) ? upstream.key : 'none'),
  });
  upstream.refused = 0;
  upstream.usage = { input: 11, output: 7 };
  upstream.script = (request, reply) => {
    const url = new URL(request.url, upstream.url);
    const path = url.pathname.match(kPath);
    assert.ok(path, `not a path of Vertex AI: ${request.url}`);
    if (!tokens.isGood(kTokenOf(request.headers))) {
      upstream.refused += 1;
      const message = `Request had invalid credentials: ${request.headers.authorization}`;
      return reply.json(401, { error: { code: 401, message, status: 'UNAUTHENTICATED' } });
    }
    const [, model, method] = path;
    if (method === 'countTokens') {
      assert.deepEqual(Object.keys(request.json), ['contents']);
      return reply.json(200, { totalTokens: 5 });
    }
    if (method === 'predict') {
      assert.deepEqual(Object.keys(request.json), ['instances']);
      const embeddings = { values: [0.25, -0.5], statistics: { token_count: 4.0, truncated: false } };
      const predictions = request.json.instances.map(({ content, ...others }) => {
        assert.equal(typeof content, 'string');
        assert.deepEqual(others, {});
        return { embeddings };
      });
      return reply.json(200, { predictions });
    }
    assert.match(method, /^(g|streamG)enerateContent$/);
    const wire = wires.gemini;
    const asked = wire.read({ json: request.json, path: `/models/${model}:${method}` });
    const answer = { usage: upstream.usage, finish: 'stop', text: upstream.text ?? 'Good day.' };
    if (!asked.stream) return reply.json(200, wire.whole(asked, answer));
    assert.equal(url.search, '?alt=sse');
    reply.events();
    for (const event of wire.stream(asked, answer)) reply.write(event);
    return reply.end();
  };
  return upstream;
}
