// What is known of models is a file that changes while Parley serves: requests are written by what
// it says now, and a fault in it is named with its place and changes nothing.
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { clients } from './support/clients.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { wires } from './support/wires.mjs';

const wire = wires.chat;
const usage = { input: 7, output: 3 };
const entry = (traits) => `[[model]]\nnames = ["m"]\n${traits}\n`;

test('traits change under way, and a wrong one is refused with its line and column', async (t) => {
  const upstream = await Upstream.start();
  upstream.script = (request, reply) => {
    const asked = wire.read({ json: request.json, path: request.url });
    return reply.json(200, wire.whole(asked, { text: 'so', finish: 'stop', usage }));
  };
  const folder = newFolder();
  const file = join(folder, 'models.toml');
  const write = (text) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  write(entry('sampling_ok = false'));
  const parley = await Parley.start({ models_file: file, ...configuration(upstream) });
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  const temperature = async () => {
    await clients.anthropic(parley).ask('m', { user: 'hi', temperature: 0.5 });
    return upstream.last.json.temperature;
  };
  const change = async (text) => {
    const heard = parley.reads();
    write(text);
    return heard;
  };
  assert.equal(await temperature(), undefined);

  assert.equal((await change(entry('sampling_ok = true'))).message, 'configuration changed');
  assert.equal(await temperature(), 0.5);

  const faults = {
    [entry('sampling_ok = "no"')]: /models\.toml:3:15: model\[0\]\.sampling_ok: expected true or false/,
    [entry('sampling_ok = false\nmax_output = "much"')]: /models\.toml:4:14: model\[0\]\.max_output: /,
    '[[model]]\nnames = ["m"\n': /models\.toml:\d+:\d+: /,
  };
  for (const [text, why] of Object.entries(faults)) {
    const heard = await change(text);
    assert.equal(heard.message, 'configuration refused');
    assert.match(heard.why, why);
    assert.equal(await temperature(), 0.5, 'what was read before is in force');
  }

  assert.equal((await change(entry('sampling_ok = false'))).message, 'configuration changed');
  assert.equal(await temperature(), undefined);
});
