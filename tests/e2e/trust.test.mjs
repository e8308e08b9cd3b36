// Which libraries are loaded: those that are vouched for, by a hash or by a key.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { configuration, Parley } from './support/parley.mjs';
import { command, newFolder, plugins } from './support/shelf.mjs';

const kFile = 'troubled-filter.so';
const library = fs.readFileSync(join(plugins, kFile));
const hash = createHash('sha256').update(library).digest('hex');

/** A folder with the library in it, and what a configuration with these words makes of it. */
function shelf() {
  const folder = newFolder();
  const file = join(folder, kFile);
  fs.writeFileSync(file, library, { mode: 0o600 });
  const config = join(folder, 'parley.toml');
  const list = async (words) => {
    const text = `state_folder = "${folder}/state"\n[plugins]\nfolders = ["${folder}"]\n${words}\n`;
    fs.writeFileSync(config, text, { mode: 0o600 });
    return command('plugin', 'list', '--config', config);
  };
  const sign = (key = 'key.pem') =>
    command('plugin', 'sign', file, '--key', join(folder, key));
  return { folder, file, list, sign };
}

const keyIn = (text) => /"(ed25519:[\w-]{43})"/.exec(text)[1];
const loaded = /troubled-filter {2}as a test wants it/;

test('without a list whatever nobody else can write is loaded', async () => {
  const { file, folder, list } = shelf();
  assert.match((await list('')).stdout, loaded);
  fs.chmodSync(file, 0o666);
  assert.match((await list('')).stdout, /refused: .*the file can be written by its group/);
  fs.chmodSync(file, 0o600);
  fs.chmodSync(folder, 0o777);
  assert.match((await list('')).stdout, /refused: .*its folder can be written by its group/);
});

test('a hash vouches for its library, and for no other', async () => {
  const { file, list } = shelf();
  const words = `trusted_hashes = ["${hash}"]`;
  const got = await list(words);
  assert.equal(got.code, 0, got.stdout);
  assert.match(got.stdout, loaded);
  assert.match(got.stdout, /example-filter/, 'bundled ones need nobody');
  fs.appendFileSync(file, 'x');
  const other = await list(words);
  assert.match(
    other.stdout,
    /SHA-256 [0-9a-f]{64} is not among plugins.trusted_hashes, and there is no signature in troubled-filter.so.sig; run parley plugin trust/,
  );
});

test('a signature vouches for its library, by a key that is trusted', async () => {
  const { file, folder, list, sign } = shelf();
  const signed = await sign();
  assert.equal(signed.code, 0, signed.stderr);
  assert.match(signed.stderr, /a new key is in/);
  assert.equal(fs.statSync(join(folder, 'key.pem')).mode & 0o777, 0o600);
  const key = keyIn(signed.stdout);
  const words = `trusted_keys = ["${key}"]`;
  assert.match((await list(words)).stdout, loaded);
  assert.equal(keyIn((await sign()).stdout), key, 'the same key signs again');

  await sign('other.pem');
  const stranger = await list(words);
  assert.match(stranger.stdout, /who signed it, ed25519:[\w-]{43}, is not among plugins.trusted_keys/);

  await sign();
  fs.appendFileSync(file, 'x');
  const changed = await list(words);
  assert.match(changed.stdout, /troubled-filter.so.sig is of other contents; sign the file again/);

  fs.writeFileSync(`${file}.sig`, 'ed25519:short nonsense\n');
  assert.match((await list(words)).stdout, /there is no signature in troubled-filter.so.sig/);
});

test('parley plugin trust says what a configuration needs', async () => {
  const { file, list, sign } = shelf();
  const plain = await command('plugin', 'trust', file);
  assert.match(plain.stdout, /# troubled-filter.so, dev.parley.test.troubled-filter 0.1.0/);
  assert.match(plain.stdout, new RegExp(`trusted_hashes = \\["${hash}"\\]`));
  assert.ok(!plain.stdout.includes('trusted_keys'));
  await sign();
  const both = await command('plugin', 'trust', file);
  assert.match((await list(`trusted_keys = ["${keyIn(both.stdout)}"]`)).stdout, loaded);
});

test('what is no key, and what is no hash, is told', async () => {
  const { folder, list, sign } = shelf();
  fs.writeFileSync(join(folder, 'bad.pem'), 'nonsense');
  const signed = await sign('bad.pem');
  assert.equal(signed.code, 1);
  assert.match(signed.stderr, /bad.pem: not a private key of Ed25519 in PEM/);
  const got = await list('trusted_hashes = ["ABC"]\ntrusted_keys = ["rsa:x"]');
  assert.equal(got.code, 1);
  assert.match(got.stderr, /plugins.trusted_hashes: expected a SHA-256 of 64 small hexadecimal/);
  assert.match(got.stderr, /plugins.trusted_keys: expected ed25519: and 43 characters/);
});

test('what is trusted under way serves at once', async () => {
  const { folder } = shelf();
  const base = configuration(undefined);
  const with_ = (more) => ({ ...base, plugins: { folders: [folder], quiet_ms: '20ms', ...more } });
  const parley = await Parley.start(with_({ trusted_hashes: ['0'.repeat(64)] }));
  const status = async () => {
    const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
    return (await command('plugin', 'status', '--json', ...at)).stdout;
  };
  const of = (text) => JSON.parse(text).files.find((f) => f.path?.endsWith(kFile) || f.file?.endsWith(kFile));
  assert.ok(!of(await status()).serves);
  const loads = parley.next((l) => l.message === 'plugin taken over', 'it loads');
  await parley.change(with_({ trusted_hashes: [hash] }));
  await loads;
  await parley.stop();
});
