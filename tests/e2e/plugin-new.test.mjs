// What `parley plugin new` writes is a plugin: each kind in each language is built untouched, from
// what is installed, and does its work in a Parley that serves.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { kLanguages, Outside, run } from './support/outside.mjs';
import { binary, configuration, Parley } from './support/parley.mjs';

const outside = new Outside();
before(() => outside.install());
after(() => outside.remove());

/** A project as it is written, built; its library lies where Parley looks. */
async function made(kind, lang) {
  const name = `my-${kind}-${lang}`;
  await outside.run('.', binary, 'plugin', 'new', kind, name, '--lang', lang);
  await outside.build(name, name);
  return name;
}

/** A Parley with these plugins. */
async function serve(t, more) {
  const parley = await Parley.start(
    configuration(undefined, { plugins: { folders: [outside.plugins] }, ...more }),
  );
  t.after(() => parley.stop());
  return parley;
}

const command = (parley, ...args) => {
  const at = ['--config', parley.file, '--state', join(parley.folder, 'state')];
  return run(binary, [...args, ...at], { env: outside.env });
};

const ask = async (parley, model, more = {}) => {
  const client = sdk(parley);
  const whole = await client.chat.completions.create({ model, messages: user('hello'), ...more });
  return whole.choices[0].message.content;
};

/** How it shows that a plugin of this kind does its work. */
const kUses = {
  async provider(t, name) {
    const parley = await serve(t, { provider: [{ name }] });
    assert.equal(await ask(parley, name), `Hello from ${name}!`);
    const events = { model: name, messages: user('hello'), stream: true };
    const stream = await sdk(parley).chat.completions.create(events);
    assert.equal(textOf(await collect(stream)), `Hello from ${name}!`);
  },

  async dialect(t, name) {
    const parley = await serve(t, {});
    const post = async (body, model = 'example-echo') => {
      const headers = { authorization: `Bearer ${parley.key}` };
      const url = `${parley.url}/${name}/${model}`;
      const reply = await fetch(url, { method: 'POST', headers, body });
      return { status: reply.status, ...(await reply.json()) };
    };
    assert.deepEqual(await post('Say "a\nb"'), { status: 200, answer: 'Say "a\nb"' });
    const refused = await post('x', 'nobody');
    assert.equal(refused.status, 404);
    assert.match(refused.error, /nobody/);
    assert.deepEqual(await post(''), { status: 400, error: 'body: a question was expected' });
  },

  async login(t, name) {
    const parley = await serve(t, {});
    await command(parley, 'login', 'example');
    const [account] = JSON.parse(await command(parley, 'account', 'list', '--json'));
    assert.match(JSON.stringify(account), /"label":"[0-9a-f]{4}"/, name);
  },

  async store(t, name) {
    const parley = await serve(t, { store: { plugin: name } });
    assert.match(await command(parley, 'store', 'status'), new RegExp(name));
    assert.match(await ask(parley, 'example'), /hello/);
  },

  async filter(t, name) {
    const parley = await serve(t, { filter: [{ name, everywhere: true }] });
    const loud = await ask(parley, 'example-echo', { messages: user('hello, wörld') });
    assert.equal(loud, 'HELLO, WöRLD');
  },

  async policy(t, name) {
    const account = ['a', 'b', 'c'].map((label) => ({ label, api_key: `key-of-${label}-0123` }));
    const provider = [{ name: 'example', account }];
    const parley = await serve(t, { provider, routing: { policy: name, cool_down: false } });
    const served = [];
    for (let i = 0; i < 6; ++i) {
      const ended = parley.next((line) => line.message === 'exchange', 'an exchange ends');
      await ask(parley, 'example', { messages: user(`question ${i}`) });
      served.push((await ended).account);
    }
    assert.equal(new Set(served.slice(0, 3)).size, 3, `who rested longest goes first: ${served}`);
    assert.deepEqual(served.slice(3), served.slice(0, 3));
  },
};

const isLive = (kind) => kind in kUses;
for (const kind of ['provider', 'dialect', 'login', 'store', 'policy', 'filter', 'observer']) {
  for (const [lang, missing] of Object.entries(kLanguages)) {
    test(`${kind} in ${lang}`, { skip: missing ? `${lang}: ${missing}` : false }, async (t) => {
      const name = await made(kind, lang);
      t.after(() => fs.rmSync(join(outside.plugins, `${name}.so`)));
      const library = join(outside.plugins, `${name}.so`);
      const said = await outside.run('.', binary, 'plugin', 'info', library);
      assert.match(said, new RegExp(`plugin    com\\.example\\.${name} 0\\.1\\.0`));
      assert.doesNotMatch(said, /refused|warning/);
      const judged = await outside.run('.', binary, 'plugin', 'check', '--quiet', library);
      assert.match(judged, /^\S+ 0\.1\.0: \d+ passed, 0 warned, \d+ skipped, 0 failed\n$/);
      const config = join(outside.folder, 'list.toml');
      fs.writeFileSync(config, `[plugins]\nfolders = ["${outside.plugins}"]\n`);
      const listed = await outside.run('.', binary, 'plugin', 'list', '--config', config);
      assert.match(listed, new RegExp(`parley\\.${kind}/1  ${name}  `));
      if (isLive(kind)) await kUses[kind](t, name);
    });
  }
}

test('make is told where a Parley in a prefix of its own is', async () => {
  await outside.run('.', binary, 'plugin', 'new', 'policy', 'told', '--lang', 'c');
  const cwd = join(outside.folder, 'told');
  const env = { PATH: process.env.PATH, PKG_CONFIG_LIBDIR: '/nowhere' };
  const unfound = /no Parley; say where: make PKG_CONFIG_PATH=/;
  await assert.rejects(run('make', [], { cwd, env }), (error) => unfound.test(error.stderr));
  await run('make', [`PKG_CONFIG_PATH=${join(outside.prefix, 'share/pkgconfig')}`], { cwd, env });
  assert.ok(fs.existsSync(join(cwd, 'told.so')));
  await run('make', ['clean'], { cwd, env });
});

test('what cannot be begun is said in words, and nothing is touched', async () => {
  const refuses = async (pattern, ...args) => {
    const refused = await outside
      .run('.', binary, 'plugin', 'new', ...args)
      .then(() => assert.fail(`${args} was taken`), (error) => error.message);
    assert.match(refused, pattern);
  };
  const before = fs.readdirSync(outside.folder).sort();
  await refuses(/kind: "provder" is none; did you mean "provider"/, 'provder', 'a');
  await refuses(/--lang: "cobol" is none; known: c, cpp/, 'store', 'a', '--lang', 'cobol');
  for (const name of ['Weather', 'a/b', '../a', '-a', 'a_b', '1a', 'a-', 'a'.repeat(65)]) {
    await refuses(/name: ".*" cannot be one; up to 64 letters/, 'store', '--', name);
  }
  await refuses(/--id: "weather" cannot be one; a domain/, 'store', 'a', '--id', 'weather');
  fs.mkdirSync(join(outside.folder, 'taken'));
  fs.writeFileSync(join(outside.folder, 'taken/mine.txt'), 'mine');
  await refuses(/taken: the folder is there and not empty; --out names/, 'store', 'taken');
  await refuses(/mine\.txt: a file is there/, 'store', 'a', '--out', 'taken/mine.txt');
  await refuses(/mine\.txt.*: /, 'store', 'a', '--out', 'taken/mine.txt/below');
  assert.deepEqual(fs.readdirSync(join(outside.folder, 'taken')), ['mine.txt']);
  assert.deepEqual(fs.readdirSync(outside.folder).sort(), [...before, 'taken'].sort());
});

test('it says what was written and how to go on; id and folder can be chosen', async () => {
  const words = ['store', 'shelf', '--lang', 'c', '--id', 'org.acme.shelf', '--out', 'deep/down'];
  const said = await outside.run('.', binary, 'plugin', 'new', ...words);
  assert.match(said, /^wrote deep\/down: Makefile README\.md parley\.toml shelf\.c\n/);
  assert.match(said, /\n {4}cd deep\/down && make\n {4}parley plugin check shelf\.so\n/);
  const source = fs.readFileSync(join(outside.folder, 'deep/down/shelf.c'), 'utf8');
  assert.match(source, /#define ID "org\.acme\.shelf"/);
  for (const file of fs.readdirSync(join(outside.folder, 'deep/down'))) {
    const text = fs.readFileSync(join(outside.folder, 'deep/down', file), 'utf8');
    assert.doesNotMatch(text.replaceAll('org.acme.shelf', ''), /acme/, file);
  }
});
