// A database that is far away: what goes together is asked for once, however much it is.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { configuration, secret } from './support/parley.mjs';
import { missingPostgres, Postgres } from './support/postgres.mjs';
import { command, newFolder } from './support/shelf.mjs';
import { toml } from './support/toml.mjs';
import { tell } from './support/wait.mjs';

const kCount = 300; // accounts: more than go into one batch
const kDelayMs = 50;

/** A long way to a PostgreSQL, which counts how often a client says something that it waits for. */
class LongWay {
  asked = 0;

  static async start(t, port) {
    const way = new LongWay();
    const sockets = new Set();
    const server = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
      way.#count(near);
      near.pipe(far);
      far.on('data', (bytes) => setTimeout(() => near.write(bytes), kDelayMs)); // deadline: it is far
      far.on('close', () => near.destroy());
      near.on('close', () => far.destroy());
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    way.port = server.address().port;
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return way;
  }

  /** The first message has no type: it is of who comes. Q and S are what an answer is due to. */
  #count(near) {
    let left = Buffer.alloc(0);
    let typeBytes = 0;
    near.on('data', (bytes) => {
      left = Buffer.concat([left, bytes]);
      while (left.length >= typeBytes + 4) {
        const size = typeBytes + left.readInt32BE(typeBytes);
        if (left.length < size) return;
        if (typeBytes && 'QS'.includes(String.fromCharCode(left[0]))) this.asked += 1;
        left = left.subarray(size);
        typeBytes = 1;
      }
    });
  }
}

test('many documents are a few round trips', { skip: missingPostgres() }, async (t) => {
  const database = await Postgres.start(t);
  const way = await LongWay.start(t, database.port);
  const folder = newFolder();
  const [oldKey, newKey] = ['a', 'b'].map((digit) => digit.repeat(64));
  const url = `${database.url.replace(`:${database.port}/`, `:${way.port}/`)}?sslmode=disable&gssencmode=disable`;
  const configure = (name, keys) => {
    const file = join(folder, `${name}.toml`);
    const store = { plugin: 'store-postgres', url, ...keys };
    writeFileSync(file, toml(configuration(undefined, { store })), { mode: 0o600 });
    return file;
  };
  /** What the command says, and how often it asked. */
  const run = async (config, ...words) => {
    const before = way.asked;
    const done = await command('--state', join(folder, 's'), '--config', config, ...words);
    assert.equal(done.code, 0, done.stderr);
    tell(`distance: parley ${words.slice(0, 2).join(' ')}: ${kCount} documents, ${way.asked - before} round trips`);
    return { text: done.stdout, asked: way.asked - before };
  };

  const accounts = Array.from({ length: kCount }, (_, i) => ({
    provider: 'example',
    label: `a${i}`,
    secret: secret(`sk-${i}`),
  }));
  const from = join(folder, 'accounts.json');
  writeFileSync(from, JSON.stringify({ format: 'parley-accounts/1', accounts }), { mode: 0o600 });
  const old = configure('old', { encryption_key: oldKey });
  const both = configure('both', { encryption_key: newKey, old_encryption_key: oldKey });

  await run(old, 'store', 'status'); // makes the tables
  // Eight to open it, one for each batch, one for each page.
  const imported = await run(old, 'import', '--from', 'parley', from);
  assert.equal(imported.text.match(/: in the store/g).length, kCount);
  assert.ok(imported.asked <= 8 + 2 + 2, `${imported.asked}`);
  const rekeyed = await run(both, 'store', 'rekey');
  assert.match(rekeyed.text, new RegExp(`^${kCount} documents, ${kCount} encrypted anew`));
  assert.ok(rekeyed.asked <= 8 + 2 + 2, `${rekeyed.asked}`);
  const verified = await run(both, 'store', 'verify');
  assert.equal(verified.text, `${kCount} documents, 0 broken\n`);
});
