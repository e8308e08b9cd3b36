// Libraries are replaced, broken, removed and brought back while clients are served.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import { promisify } from 'node:util';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { binary, configuration, isSanitized, Parley } from './support/parley.mjs';
import { chunks, completion, kDone } from './support/replies.mjs';
import { toml } from './support/toml.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer, tell, until } from './support/wait.mjs';

const run = promisify(execFile);
const kSeconds = Number(process.env.PARLEY_E2E_PLUGIN_SECONDS ?? 5);
const kStreams = isSanitized ? 10 : 100;
// What a process may have more of in the end; one generation of a plugin has about half of one.
const kMibMore = 12;
const bundled = resolve(dirname(binary), '../lib/parley/plugins');
const read = (name) => fs.readFileSync(join(bundled, `${name}.so`));

/** The same code with another hash: what stands behind the sections is not looked at. */
const variant = (bytes, n) => Buffer.concat([bytes, Buffer.from(`variant ${n}\n`)]);

/** The same plugin of another version, which must be as long as the one that it says. */
function versioned(bytes, version) {
  const text = bytes.toString('latin1').replaceAll(/0\.1\.0(?=["\0])/g, version);
  return Buffer.from(text, 'latin1');
}

/** A Parley whose plugins come, beside the bundled ones, from a folder of its own. */
async function scene(t, more = {}, limits = {}) {
  const upstream = await Upstream.start();
  const gate = { go: defer() };
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return reply.json(200, completion(request, { content: 'whole' }));
    reply.events();
    await reply.say(chunks('m', ['a']).slice(0, 2).join(''));
    await gate.go.promise;
    await reply.say(chunks('m', ['b']).slice(1).join(''));
    reply.end(kDone);
  };
  const folder = fs.mkdtempSync('/tmp/parley-e2e-plugins-');
  fs.chmodSync(folder, 0o700);
  const config = configuration(upstream, {
    server: { threads: 2 },
    plugins: { folders: [folder], quiet_ms: '20ms', wait_max_ms: '500ms', cool_ms: '100ms', ...limits },
    ...more,
  });
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
    fs.rmSync(folder, { recursive: true });
  });
  const client = sdk(parley);
  const ask = async () => {
    const got = await client.chat.completions.create({ model: 'm', messages: user('hi') });
    assert.equal(got.choices[0].message.content, 'whole');
  };
  const open = () =>
    client.chat.completions.create({ model: 'm', messages: user('hi'), stream: true });
  const command = async (...args) => {
    const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    return (await run(binary, ['plugin', ...args, ...at], { env })).stdout;
  };
  const status = async () => JSON.parse(await command('status', '--json'));
  const serving = async (id) =>
    (await status()).files.find((file) => file.serves && file.plugin === id);
  const put = (name, bytes) => {
    fs.writeFileSync(join(folder, '.new'), bytes, { mode: 0o600 });
    fs.renameSync(join(folder, '.new'), join(folder, name));
  };
  const heard = (message, id) =>
    parley.next((l) => l.message === message && (!id || l.plugin === id), `${message} ${id}`);
  return { parley, upstream, go: gate.go, gate, folder, ask, open, command, status, serving, put, heard };
}

const idOf = async (serving, name) => {
  const files = (await serving()).files;
  return files.find((file) => file.file.endsWith(`/${name}.so`)).plugin;
};

test('a library that is dropped in serves, and streams on the old one go on', async (t) => {
  const { go, ask, open, status, serving, put, heard } = await scene(t);
  const id = await idOf(status, 'openai');
  const stream = await open();
  const taken = heard('plugin taken over', id);
  put('openai.so', variant(read('openai'), 1));
  const line = await taken;
  assert.equal(line.generation, 2);
  await ask();
  assert.equal((await serving(id)).sha256, line.sha256);
  const next = heard('plugin taken over', id);
  put('openai.so', variant(read('openai'), 2));
  await next;
  await ask();
  assert.ok((await status()).leaving.every((row) => row.state === 'in use'));
  const gone = heard('plugin unloaded', id);
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'ab');
  await gone;
});

test('what is broken is refused by name, and the one before it goes on', async (t) => {
  const { ask, status, serving, put, heard } = await scene(t);
  const id = await idOf(status, 'openai');
  const good = variant(read('openai'), 1);
  const first = heard('plugin taken over', id);
  put('openai.so', good);
  const { sha256 } = await first;
  const broken = {
    truncated: good.subarray(0, 4000),
    empty: Buffer.alloc(0),
    'no library': Buffer.from('#!/bin/sh\n'),
    'of another machine': Buffer.from(good).fill(0x28, 18, 19),
  };
  for (const [what, bytes] of Object.entries(broken)) {
    const refused = heard('plugin refused');
    put('openai.so', bytes);
    assert.match((await refused).why, /plugin openai\.so: /, what);
    await ask();
    const row = await serving(id);
    assert.equal(row.sha256, sha256, what);
    assert.ok(row.refused, what);
  }
});

test('the newest version serves, whichever file it is in', async (t) => {
  const { status, serving, put, heard, folder, ask } = await scene(t);
  const id = await idOf(status, 'example');
  const newer = heard('plugin taken over', id);
  put('zz.so', versioned(read('example'), '0.2.0'));
  assert.equal((await newer).version, '0.2.0');
  put('zzz.so', versioned(read('example'), '0.1.5'));
  const last = heard('plugin taken over', id);
  put('a.so', versioned(read('example'), '0.3.0'));
  assert.equal((await last).version, '0.3.0');
  const aside = (await status()).files.filter((f) => f.plugin === id && !f.serves);
  assert.equal(aside.length, 3);
  for (const file of aside) assert.match(file.aside, /shadowed by .*a\.so, version 0\.3\.0/);
  const back = heard('plugin taken over', id);
  fs.rmSync(join(folder, 'a.so'));
  assert.equal((await back).version, '0.2.0');
  assert.equal((await serving(id)).version, '0.2.0');
  await ask();
});

test('the same bytes once more are nothing new', async (t) => {
  const { parley, status, serving, put, heard, command } = await scene(t);
  const id = await idOf(status, 'openai');
  const other = await idOf(status, 'example');
  const first = heard('plugin taken over', id);
  const bytes = variant(read('openai'), 1);
  put('openai.so', bytes);
  const { generation, sha256 } = await first;
  const taken = () =>
    parley.lines.all.filter((l) => l.message === 'plugin taken over' && l.plugin === id).length;
  assert.equal(taken(), 1);
  put('openai.so', bytes);
  const next = heard('plugin taken over', other); // the folder has been looked through
  put('example.so', variant(read('example'), 1));
  await next;
  assert.equal(taken(), 1);
  const row = await serving(id);
  assert.deepEqual([row.generation, row.sha256], [generation, sha256]);
  await command('load', row.file); // and asked for by name
  assert.deepEqual((await serving(id)).generation, generation);
});

test('a file that is removed: while it is needed it serves on, and then it goes', async (t) => {
  const { parley, folder, ask, status, serving, heard } = await scene(t);
  const id = 'dev.parley.test.troubled-observer';
  const file = join(folder, 'troubled-observer.so');
  fs.copyFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'troubled-observer.so'), file);
  fs.chmodSync(file, 0o600);
  const { config } = parley;
  const told = fs.mkdtempSync(join(parley.folder, 'told-'));
  const observer = [{ name: 'trouble', plugin: 'troubled-observer', folder: told }];
  await parley.change({ ...config, observer });
  assert.ok(await serving(id));
  const refused = heard('plugin refused');
  fs.rmSync(file);
  assert.match((await refused).why, /troubled-observer/);
  await ask();
  const row = await serving(id);
  assert.ok(row.refused, JSON.stringify(row));
  const gone = heard('plugin gone', id);
  await parley.change(config);
  await gone;
  assert.equal(await serving(id), undefined);
  assert.deepEqual((await status()).pinned, []);
  await ask();
});

test('another folder counts from the change on, until it is taken out, and streams go on', async (t) => {
  const { parley, go, folder, ask, open, serving, heard } = await scene(t);
  const id = 'dev.parley.test.staying-policy';
  const other = fs.mkdtempSync(join(parley.folder, 'other-'));
  fs.copyFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'staying-policy.so'), join(other, 'a.so'));
  fs.chmodSync(join(other, 'a.so'), 0o600);
  const { config } = parley;
  const stream = await open();
  const taken = heard('plugin taken over', id);
  await parley.change({ ...config, plugins: { ...config.plugins, folders: [folder, other] } });
  await taken;
  assert.ok((await serving(id)).file.startsWith(other));
  await ask();
  const gone = heard('plugin gone', id);
  await parley.change(config);
  await gone;
  assert.equal(await serving(id), undefined);
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'ab');
});

test('what cannot be unloaded is told with the reason, and only so much of it is borne', async (t) => {
  const limits = { quiet_ms: '20ms', cool_ms: '1ms', pinned_max: 2 };
  const { ask, status, serving, put, heard } = await scene(t, {}, limits);
  const id = 'dev.parley.test.staying-policy';
  const bytes = fs.readFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'staying-policy.so'));
  // A generation stays for a rollback, and the one before that leaves.
  for (let n = 1; n <= 4; ++n) {
    const taken = heard('plugin taken over', id);
    const pinned = n > 2 ? heard('plugin pinned', id) : undefined;
    put('staying.so', variant(bytes, n));
    assert.equal((await taken).generation, n);
    if (pinned) assert.notEqual((await pinned).why, '');
  }
  const { pinned } = await status();
  assert.equal(pinned.length, 2);
  for (const each of pinned) assert.match(each.why, /\S/);
  const { sha256 } = await serving(id);
  const refused = heard('plugin refused', id);
  put('staying.so', variant(bytes, 5));
  assert.match((await refused).why, /2 generations .* could not be unloaded \(plugins\.pinned_max\); restart parley/);
  assert.equal((await serving(id)).sha256, sha256);
  await ask();
});

test('what crashes as it is loaded takes nothing along, not at the start either', async (t) => {
  const { parley, go, ask, open, command, status, put, heard } = await scene(t);
  const file = join(process.env.PARLEY_TEST_PLUGINS, 'crashing-policy.so');
  const bytes = fs.readFileSync(file);
  const stream = await open();
  const refused = heard('plugin refused');
  put('crashing.so', bytes);
  const words = /crashing\.so: .*crashed.* in the load, init included.*, in a process of its own/;
  assert.match((await refused).why, words);
  await ask();
  const row = (await status()).files.find((file) => file.file.endsWith('/crashing.so'));
  assert.match(row.refused, words);
  await assert.rejects(command('load', file), (e) => /crashed.* in the load/.test(e.stderr));
  go.resolve();
  assert.equal(textOf(await collect(stream)), 'ab');
  const again = await Parley.start(parley.config);
  t.after(() => again.stop());
  assert.match((await again.lines.find((l) => l.message === 'plugin refused', 'so')).why, words);
});

test('commands that load plugins themselves bear one that crashes, and name it', async (t) => {
  const upstream = await Upstream.start();
  const folder = fs.mkdtempSync('/tmp/parley-e2e-plugins-');
  t.after(() => Promise.all([upstream.stop(), fs.promises.rm(folder, { recursive: true })]));
  const file = join(folder, 'parley.toml');
  const config = configuration(upstream, { plugins: { folders: [folder] } });
  fs.writeFileSync(file, toml(config), { mode: 0o600 });
  fs.copyFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'crashing-policy.so'), join(folder, 'a.so'));
  fs.chmodSync(join(folder, 'a.so'), 0o600);
  const at = ['--state', join(folder, 'state'), '--config', file];
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
  const command = (...args) =>
    run(binary, [...args, ...at], { env }).catch((error) => error);
  const check = await command('check');
  assert.match(check.stdout, /good/, check.stderr);
  assert.match(check.stderr, /a\.so: .*crashed.* in the load, init included.*, in a process of its own/);
  const why = await command('explain', '--model', 'm');
  assert.match(why.stdout, /no parley runs here/, why.stderr);
  const list = await command('plugin', 'list');
  assert.match(list.stdout, /refused: .*a\.so: .*crashed/);
  assert.equal(list.code, 1);
  if (isSanitized) return; // which have more to say of a crash, and say it
  fs.copyFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'create-crashing-policy.so'), join(folder, 'a.so'));
  const killed = await command('check');
  assert.match(killed.stderr, /parley: the plugin a\.so has crashed in create; /);
});

test('a transcript is said to what serves, with the settings in force', async (t) => {
  const { parley, command, status, put, heard } = await scene(t, {
    filter: [{ name: 'redactor', plugin: 'example-filter', pattern: 'Project Lark' }],
  });
  const library = join(bundled, 'example-filter.so');
  const file = join(parley.folder, 'filter.jsonl');
  const step = { call: 'filter', of: 'example-filter', question: 'of Project Lark', in: [] };
  fs.writeFileSync(file, `${JSON.stringify(step)}\n`);
  await command('replay', library, file, '--against', '--update');
  const [said] = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.doesNotMatch(said.out, /Project Lark/);
  assert.match(await command('replay', library, file, '--against'), /1 step, 0 differ/);
  // Another pattern is in force from here on, and another build.
  const { config } = parley;
  await parley.change({ ...config, filter: [{ ...config.filter[0], pattern: 'Project Wren' }] });
  const taken = heard('plugin taken over', await idOf(status, 'example-filter'));
  put('example-filter.so', variant(read('example-filter'), 1));
  await taken;
  await assert.rejects(command('replay', library, file, '--against'), (error) => {
    assert.match(error.stdout, /1 step, 1 differ/);
    assert.match(error.stdout, /- replace\n/);
    assert.match(error.stderr, /what serves is another build of .*example-filter/);
    return true;
  });
  const state = join(parley.folder, 'state');
  assert.deepEqual(fs.readdirSync(state).filter((name) => name.startsWith('shown-')), []);
  await assert.rejects(command('replay', join(process.env.PARLEY_TEST_PLUGINS, 'staying-policy.so'), file, '--against'), (e) => /it does not serve/.test(e.stderr));
});

test('names of files may be any bytes, and are told so that they can be read', async (t) => {
  const { ask, status, folder, heard } = await scene(t);
  const named = (bytes) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes), Buffer.from('.so')]);
  for (const name of [[0xff, 0xfe], [...Buffer.from('a "b"\n\u202ec')]]) {
    const refused = heard('plugin refused');
    fs.writeFileSync(named(name), 'no library', { mode: 0o600 });
    assert.match((await refused).why, /not an ELF file/);
  }
  const files = (await status()).files.map((file) => file.file).filter((file) => file.startsWith(folder));
  assert.deepEqual(files.map((file) => file.slice(folder.length + 1)), ['a "b"\\n\\xe2\\x80\\xaec.so', '\\xff\\xfe.so']);
  await ask();
});

test('rollback, load and disable', async (t) => {
  const { ask, command, status, serving, put, heard, folder } = await scene(t);
  const id = await idOf(status, 'openai');
  const before = await serving(id);
  await assert.rejects(command('rollback', id), (e) => /no generation before/.test(e.stderr));
  const taken = heard('plugin taken over', id);
  put('openai.so', variant(read('openai'), 1));
  const { sha256 } = await taken;
  await command('rollback', id);
  assert.equal((await serving(id)).sha256, before.sha256);
  await ask();
  await command('load', join(folder, 'openai.so'));
  assert.equal((await serving(id)).sha256, sha256);
  await ask();
  await assert.rejects(command('disable', id), (e) => /still needed.*not loaded/.test(e.stderr));
  const example = await idOf(status, 'example');
  await command('disable', example);
  assert.equal(await serving(example), undefined);
  await command('load', join(bundled, 'example.so'));
  assert.ok(await serving(example));
  await ask();
});

test('while an exchange goes on with what was replaced the status says so, and drain_ms ends it', async (t) => {
  const { parley, upstream, go, ask, open, status, command, put, heard } = await scene(t, {}, { drain_ms: '2s' });
  const id = await idOf(status, 'openai');
  const whole = upstream.script;
  upstream.script = async (request, reply) => {
    if (request.json.model === 'late') await go.promise;
    return whole(request, reply);
  };
  const streams = await Promise.all([open(), open()]);
  const texts = streams.map(async (stream) => {
    let text = '';
    try {
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
    } catch (error) {
      return { text, error };
    }
    return { text };
  });
  const raw = (path, body) =>
    fetch(`${parley.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${parley.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: user('hi'), max_tokens: 9, ...body }),
    });
  const crossed = await raw('/v1/messages', { model: 'm', stream: true });
  const late = raw('/v1/chat/completions', { model: 'late' });
  await upstream.requests.find((r) => r.json?.model === 'late', 'the late one is there');
  const taken = heard('plugin taken over', id);
  const ended = heard('exchanges with a plugin that was replaced are ended (plugins.drain_ms)', id);
  put('openai.so', variant(read('openai'), 1));
  const { sha256 } = await taken;
  const row = (await status()).draining.find((each) => each.plugin === id);
  assert.equal(row.exchanges, 4);
  assert.notEqual(row.sha256, sha256);
  assert.ok(row.left_ms > 0 && row.left_ms <= 2000, JSON.stringify(row));
  assert.match(await command('status'), /draining: .*  waits for 4 exchanges since \d+.*, ends them in \d/);
  await ask();
  assert.equal((await ended).exchanges, 4);
  const why = /was replaced, and plugins\.drain_ms are over; ask again/;
  for (const { text, error } of await Promise.all(texts)) {
    assert.equal(text, 'a');
    assert.match(error.message, why);
  }
  const told = await crossed.text();
  assert.match(told, /event: error\ndata: .*was replaced, and plugins\.drain_ms are over/);
  assert.equal((await late).status, 503);
  assert.match(await (await late).text(), why);
  assert.deepEqual((await status()).draining, []);
  go.resolve();
  await ask();
});

/** What the process has of libraries that were loaded: one mapped file each. */
function copiesIn({ pid }) {
  const maps = fs.readFileSync(`/proc/${pid}/maps`, 'utf8');
  return new Set(maps.match(/\d+ +\/memfd:parley:.*\.so/g)).size;
}

/** Memory that is its own, in MiB, and how many files and threads it has. */
function sizeOf({ pid }) {
  const rollup = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = [...rollup.matchAll(/^Private_\w+: +(\d+)/gm)].reduce((sum, m) => sum + Number(m[1]), 0);
  const count = (what) => fs.readdirSync(`/proc/${pid}/${what}`).length;
  return { mib: kib / 1024, files: count('fd'), threads: count('task') };
}

test(`libraries of four kinds replaced for ${kSeconds} s, with broken ones between, and nothing stays`, async (t) => {
  const { parley, gate, folder, ask, open, status, put, heard } = await scene(t, {
    routing: { cool_down: false, policy: 'cautious' },
    filter: [{ name: 'redactor', plugin: 'example-filter', pattern: 'Project Lark' }],
  });
  const kinds = ['openai', 'example', 'example-policy', 'example-filter'];
  const crash = fs.readFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'crashing-policy.so'));
  const good = Object.fromEntries(kinds.map((name) => [name, read(name)]));
  let drops = 0;
  let served = 0;

  /** A good one and a broken one in turn, each kind once in eight drops. */
  const drop = (n) => {
    const name = kinds[(n >> 1) % kinds.length];
    const bytes = variant(good[name], n);
    if (n % 2 === 0) {
      const isOver = n % 16 >= 8; // over the one that is loaded
      return isOver ? fs.writeFileSync(join(folder, `${name}.so`), bytes) : put(`${name}.so`, bytes);
    }
    const other = kinds[((n >> 1) + 2) % kinds.length];
    const ways = [
      () => put(`${other}.so`, good[other].subarray(0, good[other].length >> 1)),
      () => put(`${other}.so`, Buffer.from('not a library')),
      () => put('wrong.so', versioned(good[other], '0.0')),
      () => put('crash.so', variant(crash, n)),
      () => put(`${other}.so`, good[other].subarray(0, 4000)),
    ];
    return ways[(n >> 1) % ways.length]();
  };

  /** Under load and with streams open; what is left once all is over. */
  const mix = async (seconds) => {
    gate.go = defer();
    const streams = await Promise.all(Array.from({ length: kStreams }, open));
    let over = false;
    const clients = Array.from({ length: 8 }, async () => {
      for (; !over; ++served) await ask();
    });
    const kEveryMs = isSanitized ? 200 : 100;
    const end = drops + (seconds * 1000) / kEveryMs;
    for await (const _ of setInterval(kEveryMs)) {
      if (drops >= end) break;
      drop(drops++);
    }
    over = true;
    await Promise.all(clients);
    gate.go.resolve();
    for (const stream of streams) assert.equal(textOf(await collect(stream)), 'ab');
    for (const name of kinds) {
      const taken = heard('plugin taken over', await idOf(status, name));
      put(`${name}.so`, variant(good[name], drops++));
      await taken;
    }
    await until('', 'all have left', async () => {
      const { leaving, draining } = await status();
      return [...leaving, ...draining].map((row) => JSON.stringify(row)).join();
    });
    return { copies: copiesIn(parley), ...sizeOf(parley) };
  };

  await mix(Math.max(2, kSeconds / 4));
  const warm = await mix(Math.max(2, kSeconds / 4));
  const after = await mix(kSeconds);
  await ask();
  const lines = parley.lines.all;
  for (const line of lines.filter((l) => l.message === 'exchange')) assert.equal(line.status, 200);
  const count = (message) => lines.filter((l) => l.message === message).length;
  const { pinned } = await status();
  tell(
    `plugins: ${drops} drops, ${count('plugin taken over')} taken over, ` +
      `${count('plugin refused')} refused, ${count('plugin unloaded')} unloaded, ` +
      `${pinned.length} pinned, ${served} requests served; ${after.copies} libraries, ` +
      `${warm.mib.toFixed(1)} and then ${after.mib.toFixed(1)} MiB of its own`,
  );
  for (const name of kinds) {
    const id = (await status()).files.find((f) => f.serves && f.file.endsWith(`/${name}.so`)).plugin;
    const times = lines.filter((l) => l.message === 'plugin taken over' && l.plugin === id).length;
    assert.ok(times > kSeconds / (isSanitized ? 4 : 2), `${name}: ${times} times`);
  }
  assert.ok(count('plugin refused') > 1);
  assert.deepEqual(pinned, []);
  assert.equal(after.copies, warm.copies);
  assert.ok(after.threads <= warm.threads, `${after.threads} threads`);
  assert.ok(after.files <= warm.files + 4, `${warm.files}, then ${after.files} files`);
  // Under a sanitizer freed memory waits in its quarantine; what is mapped was counted above.
  if (isSanitized) return;
  assert.ok(after.mib < warm.mib + kMibMore, `${warm.mib}, then ${after.mib} MiB`);
});
