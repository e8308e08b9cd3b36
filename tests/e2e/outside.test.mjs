// What is installed is enough: plugins are built outside the tree, from the prefix alone, by plain
// make and by CMake, and serve.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { collect, sdk, textOf, user } from './support/house.mjs';
import { Outside, run } from './support/outside.mjs';
import { binary, configuration, Parley, root } from './support/parley.mjs';

const kTemplates = join(root, 'packaging/new-plugin');

/** A provider of another name, from the templates. */
function write(outside, name, lang, build) {
  const folder = join(outside.folder, name);
  fs.mkdirSync(folder);
  for (const file of [join(kTemplates, lang, build), join(kTemplates, 'provider', `acme.${lang}`)]) {
    const text = fs.readFileSync(file, 'utf8').replaceAll('acme-kind', 'provider');
    const own = file.split('/').at(-1).replace('acme', name);
    fs.writeFileSync(join(folder, own), text.replaceAll('acme', name));
  }
}

test('plugins are built from what is installed, and serve', async (t) => {
  const outside = new Outside();
  t.after(() => outside.remove());
  await outside.install();
  // A prefix can be moved, as packages are.
  fs.renameSync(outside.prefix, `${outside.prefix}.moved`);
  outside.env.PKG_CONFIG_LIBDIR = `${outside.prefix}.moved/share/pkgconfig`;
  outside.env.CMAKE_PREFIX_PATH = `${outside.prefix}.moved`;

  write(outside, 'plain', 'c', 'Makefile');
  write(outside, 'packaged', 'cpp', 'CMakeLists.txt');
  await Promise.all([outside.build('plain', 'plain'), outside.build('packaged', 'packaged')]);

  const config = configuration(undefined, {
    plugins: { folders: [outside.plugins] },
    provider: [{ name: 'plain' }, { name: 'packaged', greeting: 'Good "day"' }],
  });
  const parley = await Parley.start(config);
  t.after(() => parley.stop());
  const list = await run(binary, ['plugin', 'list', '--config', parley.file], { env: outside.env });
  for (const name of ['plain', 'packaged']) {
    assert.match(list, new RegExp(`${name}\\.so  com\\.example\\.${name} 0\\.1\\.0`));
    assert.match(list, new RegExp(`parley\\.provider/1  ${name}  answers by itself`));
  }
  const said = { plain: 'Hello from plain!', packaged: 'Good "day"' };
  for (const [model, text] of Object.entries(said)) {
    const ask = { model, messages: user('hello') };
    const client = sdk(parley);
    const whole = await client.chat.completions.create(ask);
    assert.equal(whole.choices[0].message.content, text);
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    assert.equal(textOf(await collect(stream)), text);
  }
});

test('what is installed says its versions', async (t) => {
  const outside = new Outside();
  t.after(() => outside.remove());
  await outside.install();
  const pkg = async (...args) => (await outside.run('.', 'pkg-config', ...args, 'parley')).trim();
  const version = (await run(binary, ['--version'], { env: outside.env })).trim();
  assert.equal(await pkg('--modversion'), version);
  const header = fs.readFileSync(join(outside.prefix, 'include/parley/abi.h'), 'utf8');
  const number = (name) => header.match(new RegExp(`#define PARLEY_ABI_${name} (\\d+)`))[1];
  const abi = `${number('MAJOR')}.${number('MINOR')}`;
  assert.equal(await pkg('--variable=abi'), abi);
  const table = fs.readFileSync(join(root, 'docs/plugin-versions.md'), 'utf8');
  const newest = [...table.matchAll(/^\| (\d+\.\d+) \| (\d+\.\d+\.\d+) \|/gm)].at(-1);
  assert.deepEqual(newest?.slice(1), [abi, version], 'the last row of docs/plugin-versions.md');

  fs.writeFileSync(
    join(outside.folder, 'CMakeLists.txt'),
    'cmake_minimum_required(VERSION 3.25)\nproject(ask LANGUAGES C)\nfind_package(Parley REQUIRED)\n' +
      'message(STATUS "parley ${Parley_VERSION} abi ${Parley_ABI_VERSION}")\n',
  );
  const said = await outside.run('.', 'cmake', '-B', 'build');
  assert.match(said, new RegExp(`parley ${version} abi ${abi}`));
  const newer = await outside
    .run('.', 'cmake', '-B', 'newer', '--fresh', `-DCMAKE_PROJECT_INCLUDE=${wish(outside, '7.0')}`)
    .then(() => 'taken', (error) => error.message);
  assert.match(newer, /requested version "7\.0"/);
});

/** A file that asks for the package in another version. */
function wish(outside, version) {
  const file = join(outside.folder, 'wish.cmake');
  fs.writeFileSync(file, `find_package(Parley ${version} REQUIRED)\n`);
  return file;
}
