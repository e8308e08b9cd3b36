// The configuration's files are followed as they change: by editors, by orchestrators, many times a
// second and half of it nonsense, while clients are served.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setInterval } from 'node:timers/promises';

import Anthropic from '@anthropic-ai/sdk';

import { Certificates } from './support/certificates.mjs';
import { collect, sdk, textOf, user } from './support/house.mjs';
import { configuration, Parley, provider, secret } from './support/parley.mjs';
import { Connection } from './support/raw.mjs';
import { chunks, completion, kDone } from './support/replies.mjs';
import { toml } from './support/toml.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, tell } from './support/wait.mjs';

const kSeconds = Number(process.env.PARLEY_E2E_EDIT_SECONDS ?? 3);

/** A Parley and an upstream that answers with the account's key; streams pause until `go`. */
async function scene(t, more = {}, options = {}) {
  const upstream = await Upstream.start();
  const go = defer();
  upstream.credential = () => upstream.key; // keys change here
  upstream.script = async (request, reply) => {
    const key = request.headers.authorization.replace('Bearer ', '');
    if (!request.json.stream) return reply.json(200, completion(request, { content: key }));
    reply.events();
    await reply.say(chunks('m', ['a']).slice(0, 2).join(''));
    await go.promise;
    await reply.say(chunks('m', ['b']).slice(1).join(''));
    reply.end(kDone);
  };
  const config = configuration(upstream, { server: { threads: 2 }, ...more });
  const parley = await Parley.start(config, options);
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  const client = sdk(parley);
  const ask = async () => {
    const got = await client.chat.completions.create({ model: 'm', messages: user('hi') });
    return got.choices[0].message.content;
  };
  const open = () =>
    client.chat.completions.create({ model: 'm', messages: user('hi'), stream: true });
  return { upstream, go, config, parley, client, ask, open };
}

/** The same configuration with another key for its account. */
const withKey = (config, upstream, key) => ({
  ...config,
  provider: [provider(upstream, { account: [{ label: 'main', api_key: key }] })],
});

test('what differs is told in words, and no secret is among them', async (t) => {
  const { parley, upstream, config, ask } = await scene(t);
  const key = secret('sk-another');
  const before = parley.lines.all.length;
  const next = { ...withKey(config, upstream, key), limits: { head_ms: '9s' } };
  assert.equal((await parley.change(next)).message, 'configuration changed');
  const told = parley.lines.all.slice(before).filter((l) => l.message === 'change');
  assert.deepEqual(
    told.map((l) => l.what),
    ['limits.head_ms: "15s" -> "9s"', 'provider "up".account "main".api_key: changed'],
  );
  assert.equal(await ask(), key);
  assert.ok(!parley.stderr.includes(key) && !parley.stderr.includes(parley.key));
});

test('what needs a restart is named, and the rest is in force', async (t) => {
  const { parley, upstream, config, ask } = await scene(t);
  const warned = parley.next((l) => l.message === 'a restart is needed', 'it names it');
  const key = secret('sk-another');
  await parley.change({ ...withKey(config, upstream, key), server: { ...config.server, threads: 3 } });
  assert.equal((await warned).for, 'server.threads: 2 -> 3');
  assert.equal(await ask(), key);
});

test('a variable of the .env beside it', async (t) => {
  const { parley, upstream, config, ask } = await scene(t);
  const env = join(parley.folder, '.env');
  fs.writeFileSync(env, 'SOME_KEY=sk-from-env-1\n');
  await parley.change(withKey(config, upstream, '$SOME_KEY'));
  assert.equal(await ask(), 'sk-from-env-1');
  const heard = parley.reads();
  fs.writeFileSync(env, 'SOME_KEY=sk-from-env-2\n');
  await heard;
  assert.equal(await ask(), 'sk-from-env-2');
});

test('what is known of models: the file of its own, and the configuration over it', async (t) => {
  const { parley, upstream, config } = await scene(t);
  const models = join(parley.folder, 'models.toml');
  const write = (keys) => fs.writeFileSync(models, `[[model]]\nnames = ["m"]\n${keys}\n`);
  const client = new Anthropic({ baseURL: parley.url, apiKey: parley.key, maxRetries: 0 });
  const sent = async () => {
    const q = { model: 'm', max_tokens: 99, messages: user('hi'), temperature: 0.5 };
    await client.messages.create(q);
    return Object.keys(upstream.last.json).filter((k) => k.startsWith('max_') || k === 'temperature');
  };
  write('max_tokens_name = "max_tokens"');
  await parley.change({ models_file: models, ...config });
  assert.deepEqual(await sent(), ['max_tokens', 'temperature']);
  let heard = parley.reads();
  const change = parley.next((l) => l.message === 'change', 'it says what has changed');
  write('sampling_ok = false');
  assert.equal((await change).what, `file "${models}": changed`);
  assert.equal((await heard).message, 'configuration changed');
  assert.deepEqual(await sent(), ['max_completion_tokens']);
  // What is wrong changes nothing, and is told with the file's name.
  const refused = parley.next((l) => l.message === 'configuration refused', 'it is refused');
  write('sampling_ok = fal');
  assert.match((await refused).why, /models\.toml:3/);
  assert.deepEqual(await sent(), ['max_completion_tokens']);
  heard = parley.reads();
  write('sampling_ok = false');
  await heard;
  const over = { names: ['m*'], sampling_ok: true, max_tokens_name: 'max_tokens' };
  await parley.change({ models_file: models, ...config, model: [over] });
  assert.deepEqual(await sent(), ['max_tokens', 'temperature']);
});

test('a mounted folder whose link is swapped, as orchestrators do', async (t) => {
  const { parley, upstream, config, ask } = await scene(t);
  const mount = (name, key) => {
    fs.mkdirSync(join(parley.folder, name));
    const text = toml(withKey(config, upstream, key));
    fs.writeFileSync(join(parley.folder, name, 'parley.toml'), text);
    fs.symlinkSync(name, join(parley.folder, '..tmp'));
    fs.renameSync(join(parley.folder, '..tmp'), join(parley.folder, '..data'));
  };
  let heard = parley.reads();
  mount('..1', 'sk-mounted-1');
  fs.symlinkSync('..data/parley.toml', join(parley.folder, 'link'));
  fs.renameSync(join(parley.folder, 'link'), parley.file);
  await heard;
  assert.equal(await ask(), 'sk-mounted-1');
  heard = parley.reads();
  mount('..2', 'sk-mounted-2');
  await heard;
  assert.equal(await ask(), 'sk-mounted-2');
});

test('the file that it made itself is missed when it goes, and followed when it is back', async (t) => {
  const parley = await Parley.start(null, { env: { PARLEY_SERVER__LISTEN: '127.0.0.1:0' } });
  t.after(() => parley.stop());
  const file = join(parley.folder, 'state', 'parley.toml');
  const written = fs.readFileSync(file, 'utf8');
  const listed = async (key) => {
    const auth = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await fetch(`${parley.url}/v1/models`, { headers: auth })).status;
  };
  const [, key] = written.match(/^key = "([^"]+)"/m);
  const gone = parley.next(({ text }) => /configuration refused/.test(text ?? ''), 'it is missed');
  fs.renameSync(file, `${file}.moved`);
  assert.match((await gone).text, /parley\.toml: cannot be read: No such file/);
  assert.equal(await listed(key), 200);
  assert.equal(await listed(undefined), 401, 'nobody came in by that');
  const back = parley.next(({ text }) => /configuration changed/.test(text ?? ''), 'it is back');
  fs.writeFileSync(file, written.replaceAll(key, 'sk-another-key'));
  await back;
  assert.equal(await listed(key), 401);
  assert.equal(await listed('sk-another-key'), 200);
});

test('certificates that are renewed on the disk', async (t) => {
  const made = new Certificates();
  t.after(() => made.remove());
  const [certificate, key] = ['cert.pem', 'key.pem'].map((name) => made.path(name));
  const put = ({ tls }) => {
    fs.writeFileSync(certificate, tls.cert);
    fs.writeFileSync(key, tls.key);
  };
  const [first, second] = [made.signed('first'), made.signed('second')];
  put(first);
  const { parley } = await scene(t, {
    server: { threads: 2, tls_certificate: certificate, tls_key: key },
  });
  const subject = async () => {
    const connection = await Connection.open(parley.port, { rejectUnauthorized: false });
    const name = connection.socket.getPeerCertificate().subject.CN;
    connection.close();
    return name;
  };
  assert.equal(await subject(), 'parley test first');
  const connection = await Connection.open(parley.port, { rejectUnauthorized: false });
  let heard = parley.reads();
  put(second);
  // Between the two files nothing fits, which may be seen.
  while ((await heard).message !== 'configuration changed') heard = parley.reads();
  assert.equal(await subject(), 'parley test second');
  const told = parley.lines.all.filter((l) => l.message === 'change').map((l) => l.what);
  assert.ok(told.includes(`file "${certificate}": changed`), told.join('\n'));
  assert.equal((await connection.ask('GET', '/healthz')).status, 200, 'who is inside stays');
  connection.close();
});

test(`twenty edits a second for ${kSeconds} s, a third of them nonsense`, async (t) => {
  const { parley, upstream, go, config, ask, open } = await scene(t);
  const streams = await Promise.all(Array.from({ length: 10 }, open));
  const nonsense = ['[server\n', 'limits.head_ms = "soon"\n', '[[provider]]\nname = "no-such"\n'];
  let served = 0;
  let over = false;
  const clients = Array.from({ length: 8 }, async () => {
    for (; !over; ++served) assert.match(await ask(), /^sk-/);
  });
  let edits = 0;
  let last;
  const count = (message) => parley.lines.all.filter((l) => l.message === message).length;
  // Few of them are read, and of these a third is refused: some time one is.
  const isSeen = () => count('configuration changed') > 1 && count('configuration refused') > 0;
  for await (const _ of setInterval(50)) {
    if (edits >= kSeconds * 20 && isSeen()) break;
    last = `sk-edit-${++edits}`;
    const text = toml(withKey(config, upstream, last));
    // In place, whole, or by halves: a reader may see any of it.
    if (edits % 3 === 0) fs.writeFileSync(parley.file, nonsense[(edits / 3) % 3]);
    else if (edits % 3 === 1) parley.write(text);
    else fs.writeFileSync(parley.file, text);
  }
  // An edit before the last one may be what is heard of first.
  let heard = parley.reads();
  parley.write(withKey(config, upstream, 'sk-last'));
  while ((await ask()) !== 'sk-last') {
    await heard;
    heard = parley.reads();
  }
  over = true;
  await Promise.all(clients);
  go.resolve();
  for (const stream of streams) assert.equal(textOf(await collect(stream)), 'ab');
  const lines = parley.lines.all;
  for (const line of lines.filter((l) => l.message === 'exchange')) assert.equal(line.status, 200);
  const [taken, refused] = [count('configuration changed'), count('configuration refused')];
  tell(`edits: ${edits} made, ${taken} taken over, ${refused} refused, ${served} requests served`);
  assert.ok(taken > 1 && refused > 0);
});
