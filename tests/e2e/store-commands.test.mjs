// What is done with stores by hand is the same with each of them: copied, encrypted, given another
// key, verified, exported and imported, with the key from wherever it may come.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configuration, secret } from './support/parley.mjs';
import { servers } from './support/servers.mjs';
import { command, newFolder } from './support/shelf.mjs';
import { toml } from './support/toml.mjs';

const kCount = 12;

class FileServer {
  folder = newFolder();

  static async start() {
    return new FileServer();
  }

  section() {
    return { plugin: 'store-file', folder: join(this.folder, 'store') };
  }
}

const documentsOf = (text) => text.trim().split('\n').map(JSON.parse);

for (const [kind, server] of Object.entries({ file: FileServer, ...servers })) {
  test(`${kind}: by hand`, { skip: server.missing }, async (t) => {
    const home = await server.start(t);
    const place = home.section();
    const state = newFolder();
    const [oldKey, newKey] = ['a', 'b'].map((digit) => digit.repeat(64));
    const configure = (name, store) => {
      const file = join(state, `${name}.toml`);
      writeFileSync(file, toml(configuration(undefined, { store })), { mode: 0o600 });
      return file;
    };
    const run = async (config, code, ...args) => {
      const done = await command('--state', join(state, 's'), '--config', config, 'store', ...args);
      assert.equal(done.code, code, `${args}: ${done.stderr}${done.stdout}`);
      return code === 0 ? done.stdout : done.stdout + done.stderr;
    };
    const commits = () => Number(home.git(home.remote, 'rev-list', '--count', 'main'));

    const secrets = Array.from({ length: kCount }, (_, i) => secret(`sk-${kind}-${i}`));
    const from = join(state, 'from');
    mkdirSync(join(from, 'account/up'), { recursive: true, mode: 0o700 });
    secrets.forEach((value, i) => {
      writeFileSync(join(from, `account/up/a${i}.json`), JSON.stringify({ secret: value }), { mode: 0o600 });
    });
    const origin = configure('origin', { plugin: 'store-file', folder: from });

    // The key by a variable, a file and a program.
    process.env.STORE_KEY_OF_TEST = oldKey;
    const keyFile = join(state, 'key');
    writeFileSync(keyFile, `${newKey}\n`, { mode: 0o600 });
    const old = configure('old', { ...place, encryption_key: '$STORE_KEY_OF_TEST' });
    const both = configure('both', { ...place, encryption_key_file: keyFile, old_encryption_key: oldKey });
    const fresh = configure('fresh', { ...place, encryption_key_command: ['cat', keyFile] });

    assert.match(await run(origin, 0, 'copy', '--from', origin, '--to', old), new RegExp(`^${kCount} written`));
    if (kind === 'git') assert.equal(commits(), 1, 'together');
    const before = await run(old, 0, 'status');
    assert.match(before, new RegExp(`account  ${kCount}\n  encrypted with \\S+  ${kCount}\n`));
    const sealed = join(state, 'sealed.jsonl');
    await run(old, 0, 'export', sealed);
    for (const value of secrets) assert.ok(!readFileSync(sealed, 'utf8').includes(value));
    assert.match(await run(fresh, 1, 'verify'), new RegExp(`${kCount} documents, ${kCount} broken\n$`));

    assert.equal((await run(both, 0, 'rekey')).split(',')[1].trim().split(' ')[0], String(kCount));
    assert.equal(await run(fresh, 0, 'verify'), `${kCount} documents, 0 broken\n`);
    if (kind === 'git') assert.equal(commits(), 2, 'together');
    const key = /encrypted with (\S+)/;
    assert.notEqual((await run(fresh, 0, 'status')).match(key)[1], before.match(key)[1]);

    const open = join(state, 'open.jsonl');
    await run(fresh, 0, 'export', '--decrypt', open);
    const values = documentsOf(readFileSync(open, 'utf8')).map(({ value }) =>
      JSON.parse(Buffer.from(value, 'base64url').toString()),
    );
    assert.deepEqual(new Set(values.map((value) => value.secret)), new Set(secrets));
    assert.match(await run(fresh, 0, 'import', open), new RegExp(`^0 written, ${kCount} were there already`));
    // What was exported with the key of before is read with it, and written with the present one.
    assert.match(await run(both, 0, 'import', sealed), new RegExp(`^0 written, ${kCount} were there already`));
    const cut = join(state, 'cut.jsonl');
    writeFileSync(cut, readFileSync(open, 'utf8').slice(0, -20), { mode: 0o600 });
    const nowhere = configure('nowhere', { plugin: 'store-file', folder: join(state, 'nowhere') });
    assert.match(await run(nowhere, 1, 'import', cut), new RegExp(`line ${kCount}: expected a document`));
    assert.match(await run(nowhere, 1, 'import', state), /line 1: cannot be read/);
    assert.equal(await run(nowhere, 0, 'verify'), '0 documents, 0 broken\n');
    const back = configure('back', { plugin: 'store-file', folder: join(state, 'back') });
    assert.match(await run(fresh, 0, 'copy', '--to', back), new RegExp(`^${kCount} written`));
    assert.match(await run(back, 0, 'copy', '--from', origin, '--to', back), /^0 written/);
  });
}
