// Requests leave by the proxy of their account, their provider, or the house; addresses are an
// account's own where it has one.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';

import { Certificates } from './support/certificates.mjs';
import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { HttpProxy, SocksProxy } from './support/proxy.mjs';
import { completion, stream } from './support/replies.mjs';
import { newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';

const made = new Certificates();
const good = made.signed('server', { names: 'DNS:localhost,DNS:up.test,IP:127.0.0.1' });
tls.setDefaultCACertificates([made.authority.tls.cert.toString()]);

const password = secret('pass/word');
const proof = `someone:${encodeURIComponent(password)}`;
const asked = { user: 'someone', password };
const plain = await Upstream.start({ tls: undefined, host: 'up.test' });
const sealed = await Upstream.start({ tls: good.tls, host: 'up.test' });
const proxies = {
  http: await HttpProxy.start(asked),
  open: await HttpProxy.start(),
  https: await HttpProxy.start({ ...asked, tls: good.tls }),
  socks: await SocksProxy.start(asked),
  openSocks: await SocksProxy.start(),
  refusing: await HttpProxy.start({ status: 403 }),
  refusingSocks: await SocksProxy.start({ reply: 2 }),
};
const gone = await HttpProxy.start();
await gone.stop();
const at = (scheme, proxy, who = proof) => `${scheme}://${who ? `${who}@` : ''}127.0.0.1:${proxy.port}`;

const kWays = {
  http: at('http', proxies.http),
  https: `https://${proof}@localhost:${proxies.https.port}`,
  socks: at('socks5', proxies.socks),
  openSocks: at('socks5', proxies.openSocks, ''),
};
const base = (upstream) => ({ base_url: `${upstream.url}/v1` });
const via = (upstream, name, egress, more = {}) =>
  provider(upstream, {
    ...base(upstream),
    name,
    models: [`${name}-*`],
    account: [{ label: 'main', api_key: upstream.key, egress }],
    ...more,
  });
const broken = {
  refusing: at('http', proxies.refusing, ''),
  refusingSocks: at('socks5', proxies.refusingSocks, ''),
  stranger: at('http', proxies.http, 'other:wrong'),
  nameless: at('http', proxies.http, ''),
  strangerSocks: at('socks5', proxies.socks, 'other:wrong'),
  namelessSocks: at('socks5', proxies.socks, ''),
  gone: at('http', gone, ''),
  notTls: `https://localhost:${proxies.http.port}`,
};
// It can be reached without a proxy.
const local = await Upstream.start({ tls: undefined });
const parley = await Parley.start(
  configuration(plain, {
    server: { threads: 1 }, // each loop has tunnels of its own
    upstream: { ca_file: made.authority.certificate, egress: at('http', proxies.open, ''), connect_ms: 3000 },
    routing: { cool_down: false },
    provider: [
      ...Object.entries(kWays).flatMap(([name, egress]) => [
        via(plain, `plain-${name}`, egress),
        via(sealed, `tls-${name}`, egress),
      ]),
      ...Object.entries(broken).map(([name, egress]) => via(plain, `broken-${name}`, egress)),
      via(local, 'straight', 'direct'),
      via(local, 'house', undefined),
      via(local, 'provider', undefined, { egress: '$PROVIDER_EGRESS' }),
      provider(local, {
        name: 'moved',
        base_url: 'http://nowhere.test/v1',
        models: ['moved-*'],
        account: [{ label: 'own', api_key: local.key, base_url: `${local.url}/team/v1`, egress: 'direct' }],
      }),
      {
        name: 'moved-claude',
        plugin: 'claude',
        base_url: 'http://nowhere.test',
        key_header: 'authorization',
        models: ['claude-moved'],
        account: [{ api_key: local.key, base_url: `${local.url}/team`, egress: 'direct' }],
      },
    ],
  }),
  { env: { PROVIDER_EGRESS: kWays.openSocks } },
);
for (const upstream of [plain, sealed, local]) upstream.mustNotSee(parley.key);
after(async () => {
  await parley.stop();
  assert.ok(!parley.stderr.includes(password), 'a password stands in the log');
  for (const each of [plain, sealed, local, ...Object.values(proxies)]) await each.stop();
  made.remove();
});
const client = sdk(parley);
const ask = (model) => client.chat.completions.create({ model, messages: user('hi') });
const serve = (request, reply) => {
  if (!request.json.stream) return reply.json(200, completion(request, { content: 'hello' }));
  reply.events();
  return reply.end(stream('m', ['hel', 'lo'], 'stop').join(''));
};
for (const upstream of [plain, sealed, local]) upstream.script = serve;

for (const [kind, upstream] of Object.entries({ plain, tls: sealed })) {
  for (const name of Object.keys(kWays)) {
    test(`${kind} upstream by ${name}: one tunnel for many requests, the proxy resolves`, async () => {
      const proxy = proxies[name];
      const before = proxy.asked.length;
      const model = `${kind}-${name}-m`;
      for (let i = 0; i < 3; ++i) {
        assert.equal((await ask(model)).choices[0].message.content, 'hello');
      }
      const chunks = await client.chat.completions.create({ model, messages: user('hi'), stream: true });
      assert.equal(textOf(await collect(chunks)), 'hello');
      assert.deepEqual(proxy.asked.slice(before), [`up.test:${upstream.port}`]);
      if (proxy.kinds) assert.equal(proxy.kinds.at(-1), 3, 'a name is the proxy’s to resolve');
    });
  }
}

test('a large body, both ways, through TLS in TLS', async () => {
  const content = 'x'.repeat(3_000_000);
  sealed.script = (request, reply) =>
    reply.json(200, completion(request, { content: request.json.messages[0].content }));
  const got = await client.chat.completions.create({
    model: 'tls-https-m',
    messages: user(content),
  });
  assert.equal(got.choices[0].message.content, content);
  sealed.script = serve;
});

test('without an egress of its own: the provider’s, else the house’s; direct is direct', async () => {
  const { open, openSocks } = proxies;
  const counts = () => [open.asked.length, openSocks.asked.length];
  const [house, ofProvider] = counts();
  await ask('straight-m');
  assert.deepEqual(counts(), [house, ofProvider]);
  await ask('house-m');
  assert.deepEqual(counts(), [house + 1, ofProvider]);
  await ask('provider-m');
  assert.deepEqual(counts(), [house + 1, ofProvider + 1]);
});

const kFaults = {
  refusing: /proxy http:\/\/127\.0\.0\.1:\d+: refused with HTTP 403/,
  refusingSocks: /proxy socks5:\/\/127\.0\.0\.1:\d+: does not allow it/,
  stranger: /proxy http:.*HTTP 407: it does not take this name and password/,
  nameless: /proxy http:.*HTTP 407: it wants a name and a password/,
  strangerSocks: /proxy socks5:.*does not take this name and password/,
  namelessSocks: /proxy socks5:.*wants a name and a password/,
  gone: /proxy http:\/\/127\.0\.0\.1:\d+: connect: connection refused/i,
  notTls: /proxy https:\/\/localhost:\d+: tls handshake/,
};
for (const [name, words] of Object.entries(kFaults)) {
  test(`what fails on the way is named: ${name}`, async () => {
    await assert.rejects(ask(`broken-${name}-m`), (error) => {
      assert.equal(error.status, 502, error.message);
      assert.match(error.message, words);
      assert.ok(!error.message.includes(password) && !error.message.includes('other:'));
      return true;
    });
  });
}

test('an account has an address of its own', async () => {
  await ask('moved-m');
  assert.equal(local.last.url, '/team/v1/chat/completions');
  local.script = (request, reply) =>
    reply.json(200, {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'hello' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 9, output_tokens: 12 },
    });
  await ask('claude-moved');
  assert.equal(local.last.url, '/team/v1/messages');
});

test('an account of the store leaves by its own egress, else by its provider’s', async (t) => {
  const store = newFolder();
  const folder = join(store, 'account/up');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (label, more) => {
    const document = { secret: plain.key, prefix: label, prefix_required: true, ...more };
    writeFileSync(join(folder, `${label}.json`), JSON.stringify(document), { mode: 0o600 });
  };
  write('own', { egress: kWays.http });
  write('usual', {});
  write('wrong', { egress: `ftp://${proof}@h:1` });
  const other = await Parley.start(
    configuration(plain, {
      store: { folder: store },
      provider: [via(plain, 'up', undefined, { account: undefined, models: ['m'], egress: kWays.openSocks })],
    }),
  );
  t.after(() => other.stop());
  plain.mustNotSee(other.key);
  const { http, openSocks } = proxies;
  const counts = () => [http.asked.length, openSocks.asked.length];
  const by = (model) => sdk(other).chat.completions.create({ model, messages: user('hi') });
  const [own, usual] = counts();
  await by('own/m');
  assert.deepEqual(counts(), [own + 1, usual]);
  await by('usual/m');
  assert.deepEqual(counts(), [own + 1, usual + 1]);
  await assert.rejects(by('wrong/m'), (error) => error.status === 404);
  assert.match(other.stderr, /up\/wrong.*egress: expected/);
  assert.ok(!other.stderr.includes(password));
});

test('a wrong egress is a fault of the configuration, and is not repeated', async () => {
  for (const egress of [`ftp://${proof}@h:1`, `${proof}@h:1`, 'http://h:1/path', 'socks4://h:1']) {
    const wrong = configuration(plain, { provider: [via(plain, 'x', egress)] });
    await assert.rejects(Parley.start(wrong), (error) => {
      assert.match(error.message, /provider\[0\]\.account\[0\]\.egress: expected "direct" or a proxy/);
      assert.ok(!error.message.includes(password));
      return true;
    });
  }
});
