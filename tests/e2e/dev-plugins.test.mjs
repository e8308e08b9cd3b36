// An author's loop: save, build, ask; what was built is live at once, and faults are named.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';

import { sdk, user } from './support/house.mjs';
import { Outside } from './support/outside.mjs';
import { binary, configuration, isSanitized, Parley } from './support/parley.mjs';
import { tell } from './support/wait.mjs';

test('a build is live at once, a broken one is named and changes nothing', async (t) => {
  const outside = new Outside();
  t.after(() => outside.remove());
  await outside.install();
  await outside.run('.', binary, 'plugin', 'new', 'provider', 'draft', '--lang', 'c');
  const folder = join(outside.folder, 'draft');
  const source = join(folder, 'draft.c');
  const first = fs.readFileSync(source, 'utf8');
  const make = async (text) => {
    fs.writeFileSync(source, text);
    // Two saves may come within one tick of the file system's clock, hence -B.
    await outside.run('draft', 'make', '-B');
  };
  await make(first);
  const config = configuration(undefined, { provider: [{ name: 'draft' }] });
  const parley = await Parley.start(config, { args: ['serve', '--dev-plugins', folder] });
  t.after(() => parley.stop());
  const ask = async () => {
    const got = await sdk(parley).chat.completions.create({ model: 'draft', messages: user('hi') });
    return got.choices[0].message.content;
  };
  assert.equal(await ask(), 'Hello from draft!');

  const taken = parley.next((l) => l.message === 'plugin taken over', 'it is taken over');
  await make(first.replaceAll('Hello from', 'Good morning from'));
  const built = performance.now();
  await taken;
  assert.equal(await ask(), 'Good morning from draft!');
  tell(`dev-plugins: live ${Math.round(performance.now() - built)} ms after the build`);

  // From the save to the first answer; a busy machine may spoil some, but not all.
  const all = [];
  for (let i = 0; i < 5; ++i) {
    const saved = performance.now();
    const live = parley.next((l) => l.message === 'plugin taken over', 'it is taken over');
    await make(first.replaceAll('Hello from', `${i} times hello from`));
    await live;
    assert.equal(await ask(), `${i} times hello from draft!`);
    all.push(Math.round(performance.now() - saved));
  }
  tell(`dev-plugins: save, build and live in ${all} ms`);
  if (!isSanitized) assert.ok(Math.min(...all) < 1000, `${all} ms`);

  const refused = parley.next((l) => l.message === 'plugin refused', 'it is refused');
  await make(first.replace('.plan = plan,', ''));
  assert.match((await refused).why, /draft\.so: .*plan is missing; parley\.provider\/1 requires it/);
  assert.equal(await ask(), '4 times hello from draft!');

  const mended = parley.next((l) => l.message === 'plugin taken over', 'it is taken over again');
  await make(first.replaceAll('Hello from', 'Good night from'));
  await mended;
  assert.equal(await ask(), 'Good night from draft!');
});

test('its plugins win, and the usual folders count as well', async (t) => {
  const outside = new Outside();
  t.after(() => outside.remove());
  await outside.install();
  const made = async (name, out) => {
    const words = [name, '--lang', 'c', '--out', out];
    await outside.run('.', binary, 'plugin', 'new', 'provider', ...words);
    await outside.run(out, 'make');
  };
  await Promise.all([made('draft', 'draft'), made('other', 'other')]);
  const state = join(outside.folder, 'state');
  fs.mkdirSync(join(state, 'plugins'), { recursive: true, mode: 0o700 });
  fs.copyFileSync(join(outside.folder, 'other/other.so'), join(state, 'plugins/other.so'));
  fs.copyFileSync(join(outside.folder, 'draft/draft.so'), join(state, 'plugins/draft.so'));
  const config = configuration(undefined, { provider: [{ name: 'draft' }, { name: 'other' }] });
  const args = ['serve', '--dev-plugins', join(outside.folder, 'draft')];
  const parley = await Parley.start(config, { state, args });
  t.after(() => parley.stop());
  const at = ['--config', parley.file, '--state', state];
  const status = await outside.run('.', binary, 'plugin', 'status', ...at);
  assert.match(status, /\/draft\/draft\.so .* serves/);
  assert.match(status, /state\/plugins\/other\.so .* serves/);
});
