// A strict double of an authorisation server by OAuth 2: it checks every parameter of every call,
// rotates refresh tokens, and revokes the whole family when an old one comes again.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

import { defer, Happenings } from './wait.mjs';

const random = (prefix) => `${prefix}-${randomBytes(16).toString('hex')}`;
const kForm = 'application/x-www-form-urlencoded';
const kDevice = 'urn:ietf:params:oauth:grant-type:device_code';

export class OAuthServer {
  requests = new Happenings();
  faults = [];
  lifeS = 3600;
  reused = 0; // refresh tokens that came twice
  forgiven = []; // those that came twice within the grace: {name, usedAt}, when they were used first
  trace = []; // what became of every refresh, in words
  secrets = []; // whatever no log may hold
  #access = new Map(); // token -> {family, endsAt}
  #refresh = new Map(); // token -> {family, isUsed}
  #codes = new Map(); // of a browser or a device -> what it stands for
  #sockets = new Set();

  /**
   * clientId, clientSecret; basic: the client proves itself in a header, too; pkce: it has to;
   * scope; redirect(uri): whether it is one; more(grant): members of a reply beside the tokens;
   * reuse: what an old refresh token is answered with; pages: path -> (request, reply, url);
   * paths: where it is asked; json: in JSON instead of forms; sendsState: with the state, too;
   * refreshScope: what a refresh asks for; graceMs: how long a token that was used is taken again,
   * as long as nothing of what came for it has been seen: its answer may have been lost.
   */
  static async start(terms) {
    const server = new OAuthServer();
    server.terms = { reuse: { error: 'invalid_grant' }, more: () => ({}), pages: {}, ...terms };
    server.paths = { authorize: '/authorize', token: '/token', device: '/device', ...terms.paths };
    const serve = (request, reply) => server.#serve(request, reply);
    server.server = http.createServer({ keepAliveTimeout: 60_000 }, serve);
    server.server.on('connection', (socket) => {
      server.#sockets.add(socket);
      socket.on('close', () => server.#sockets.delete(socket));
    });
    await new Promise((yes, no) => server.server.listen(0, '127.0.0.1', yes).on('error', no));
    server.url = `http://127.0.0.1:${server.server.address().port}`;
    return server;
  }

  /** The tokens of an account that logged in some time ago: {access_token, refresh_token}. */
  family(account = {}) {
    return this.#grant({ isRevoked: false, ...account });
  }

  isGood(token) {
    const known = this.#access.get(token);
    if (known === undefined) return false;
    known.grant.isSeen = true;
    const { family, grant, endsAt } = known;
    return !family.isRevoked && !grant.isReplaced && endsAt > Date.now();
  }

  wasGiven(token) {
    return this.#access.has(token);
  }

  accountOf(token) {
    return this.#access.get(token)?.family;
  }

  /** Access tokens are good for nothing any more; refresh tokens are. */
  forgetAccess() {
    for (const known of this.#access.values()) known.endsAt = 0;
  }

  refreshes() {
    return this.requests.all.filter((r) => r.form?.get('grant_type') === 'refresh_token');
  }

  /** What a browser does: goes there, logs in, and comes back with a code. */
  authorize(url, account = {}) {
    const { searchParams: query, origin, pathname } = new URL(url);
    assert.equal(origin + pathname, this.url + this.paths.authorize);
    const { clientId, redirectName = 'redirect_uri', authorize = {}, pkce } = this.terms;
    const names = ['client_id', redirectName, 'state', ...Object.keys(authorize)];
    if (pkce) names.push('code_challenge', 'code_challenge_method');
    assert.deepEqual([...query.keys()].sort(), names.sort());
    assert.equal(query.get('client_id'), clientId);
    for (const [name, value] of Object.entries(authorize)) assert.equal(query.get(name), value);
    assert.match(query.get('state'), /^[\w-]{22,}$/);
    if (pkce) this.#checkChallenge(query);
    const redirect = query.get(redirectName);
    assert.ok(this.terms.redirect(redirect), `redirect ${redirect}`);
    const code = this.codeFor(redirect, query.get('code_challenge'), account, query.get('state'));
    const back = new URL(redirect);
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state'));
    return back.href;
  }

  /** A code that is good for one trade. */
  codeFor(redirect, challenge, account = {}, state = null) {
    const code = random('code');
    this.#codes.set(code, { redirect, challenge, account, state });
    this.secrets.push(code);
    return code;
  }

  /** What a person does with the code that a device shows. */
  approve(account = {}) {
    for (const one of this.#codes.values()) if (one.isDevice) one.account = account;
  }

  #checkChallenge(given) {
    assert.equal(given.get('code_challenge_method'), 'S256');
    assert.match(given.get('code_challenge'), /^[\w-]{43}$/);
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
    assert.deepEqual(this.faults, [], 'the authorisation server has seen what it should not');
    assert.equal(this.reused, 0, 'a refresh token came twice');
  }

  /** None of its secrets may stand in a text. */
  mustNotStandIn(text, where) {
    for (const secret of this.secrets) assert.ok(!text.includes(secret), `a secret is ${where}`);
  }

  async #serve(request, reply) {
    const pieces = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      return; // who asked has ended amid its question
    }
    request.text = Buffer.concat(pieces).toString();
    const gone = defer();
    request.gone = gone.promise;
    reply.on('close', () => gone.resolve());
    const url = new URL(request.url, this.url);
    request.path = url.pathname;
    if (request.headers['content-type'] === (this.terms.json ? 'application/json' : kForm)) {
      request.form = new URLSearchParams(this.terms.json ? JSON.parse(request.text) : request.text);
    }
    try {
      this.#checkAll(request);
      this.requests.add(request);
      if (this.script) return await this.script(request, reply);
      return this.answer(request, reply);
    } catch (error) {
      this.faults.push(error.message);
      return this.say(reply, 500, { error: 'server_error' });
    }
  }

  answer(request, reply) {
    const url = new URL(request.url, this.url);
    const page = this.terms.pages[url.pathname];
    if (page) return page(request, reply, url);
    assert.equal(request.method, 'POST');
    assert.equal(url.search, '');
    assert.ok(request.form, `content-type ${request.headers['content-type']}`);
    if (url.pathname === this.paths.device) return this.#begin(request, reply);
    assert.equal(url.pathname, this.paths.token);
    this.#checkClient(request);
    const grant = request.form.get('grant_type');
    if (grant === 'refresh_token') return this.#rotate(request.form, reply);
    if (grant === 'authorization_code') return this.#trade(request.form, reply);
    assert.equal(grant, kDevice);
    return this.#poll(request.form, reply);
  }

  #checkAll({ headers, text, method }) {
    assert.match(headers['user-agent'] ?? '', /^parley\//);
    assert.equal(headers.accept, 'application/json');
    assert.equal(headers['accept-encoding'], undefined);
    if (method === 'POST') assert.equal(headers['content-length'], String(text.length));
  }

  #checkClient({ form, headers }) {
    const { clientId, clientSecret, basic } = this.terms;
    assert.equal(form.get('client_id'), clientId);
    assert.equal(form.get('client_secret'), clientSecret ?? null);
    const proof = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    assert.equal(headers.authorization, basic ? `Basic ${proof}` : undefined);
  }

  #keys(form, ...names) {
    if (this.terms.clientSecret) names.push('client_secret');
    assert.deepEqual([...form.keys()].sort(), ['client_id', 'grant_type', ...names].sort());
  }

  #rotate(form, reply) {
    const { refreshScope } = this.terms;
    this.#keys(form, 'refresh_token', ...(refreshScope ? ['scope'] : []));
    assert.equal(form.get('scope'), refreshScope ?? null);
    const token = form.get('refresh_token');
    const known = this.#refresh.get(token);
    if (known && this.#forgives(known)) {
      this.forgiven.push({ name: known.family.name, usedAt: known.usedAt });
      this.#tell(known, token, 'came again');
      known.next.isReplaced = true;
    } else if (!known || known.next || known.grant.isReplaced || known.family.isRevoked) {
      if (known?.next || known?.grant.isReplaced) {
        known.family.isRevoked = true;
        this.reused += 1;
        this.#tell(known, token, 'is of old: revoked');
      }
      return this.say(reply, 400, this.terms.reuse);
    }
    known.grant.isSeen = true;
    known.usedAt ??= Date.now();
    const tokens = this.#grant(known.family);
    known.next = this.#refresh.get(tokens.refresh_token).grant;
    this.#tell(known, token, `-> ${tokens.refresh_token.slice(0, 9)}`);
    return this.say(reply, 200, tokens);
  }

  #tell({ family }, token, what) {
    this.trace.push(`${new Date().toISOString()} ${family.name}: ${token.slice(0, 9)} ${what}`);
  }

  #forgives({ family, grant, next, usedAt }) {
    const isLate = Date.now() - usedAt >= (this.terms.graceMs ?? 0);
    return next && !next.isSeen && !grant.isReplaced && !family.isRevoked && !isLate;
  }

  #trade(form, reply) {
    const { pkce, sendsState } = this.terms;
    const names = [...(pkce ? ['code_verifier'] : []), ...(sendsState ? ['state'] : [])];
    this.#keys(form, 'code', 'redirect_uri', ...names);
    const known = this.#codes.get(form.get('code'));
    if (!known) return this.say(reply, 400, { error: 'invalid_grant' });
    this.#codes.delete(form.get('code'));
    assert.equal(form.get('redirect_uri'), known.redirect);
    if (sendsState) assert.equal(form.get('state'), known.state);
    if (this.terms.pkce) this.#verify(form, known);
    return this.say(reply, 200, this.family(known.account));
  }

  #verify(form, { challenge }) {
    const verifier = form.get('code_verifier');
    assert.match(verifier, /^[\w.~-]{43,128}$/);
    assert.equal(createHash('sha256').update(verifier).digest('base64url'), challenge);
  }

  #begin({ form }, reply) {
    const { clientId, scope, pkce } = this.terms;
    const names = ['client_id', 'scope'];
    if (pkce) names.push('code_challenge', 'code_challenge_method');
    assert.deepEqual([...form.keys()].sort(), names.sort());
    assert.equal(form.get('client_id'), clientId);
    assert.equal(form.get('scope'), scope);
    if (pkce) this.#checkChallenge(form);
    const device_code = random('device');
    this.#codes.set(device_code, { isDevice: true, challenge: form.get('code_challenge') });
    this.secrets.push(device_code);
    const verification_uri = `${this.url}/activate`;
    this.say(reply, 200, {
      device_code,
      user_code: 'WXYZ-1234',
      verification_uri,
      verification_uri_complete: `${verification_uri}?user_code=WXYZ-1234`,
      expires_in: 600,
      interval: 1,
    });
  }

  #poll(form, reply) {
    this.#keys(form, 'device_code', ...(this.terms.pkce ? ['code_verifier'] : []));
    const known = this.#codes.get(form.get('device_code'));
    assert.ok(known?.isDevice, 'a device code that was given');
    if (this.terms.pkce) this.#verify(form, known);
    if (!known.account) return this.say(reply, 400, { error: 'authorization_pending' });
    this.#codes.delete(form.get('device_code'));
    return this.say(reply, 200, this.family(known.account));
  }

  #grant(family) {
    const access_token = random('at');
    const refresh_token = random('rt');
    const shared = { isSeen: false, isReplaced: false };
    this.#access.set(access_token, { family, grant: shared, endsAt: Date.now() + this.lifeS * 1000 });
    this.#refresh.set(refresh_token, { family, grant: shared });
    this.secrets.push(access_token, refresh_token);
    const grant = { access_token, refresh_token, token_type: 'Bearer', expires_in: this.lifeS };
    return { ...grant, ...this.terms.more(family) };
  }

  say(reply, status, body) {
    reply.writeHead(status, { 'content-type': 'application/json' });
    reply.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}
