// Names and connections that lead nowhere: packets that are dropped without a word, names with
// several addresses, with others after a while, or with one of IPv6 alone. In a network of its own,
// whose hosts file and filter rules are the test's.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { sdk, user } from './support/house.mjs';
import { configuration, Parley, provider } from './support/parley.mjs';
import { chunks, completion } from './support/replies.mjs';
import { newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell } from './support/wait.mjs';

const inside = process.env.PARLEY_E2E_NETWORK;

/** Why there can be no such network here, or nothing. */
function missing() {
  const probe = 'ip link set lo up && iptables -A INPUT -p tcp --dport 1 -j DROP && mount --bind /etc/hosts /etc/hosts';
  const done = spawnSync('unshare', ['-n', '-m', 'sh', '-c', probe], { encoding: 'utf8' });
  return done.status === 0 ? undefined : `no network of its own here: ${done.error ?? done.stderr}`;
}

function enterNetwork() {
  const hosts = join(newFolder(), 'hosts');
  writeFileSync(hosts, '127.0.0.1 localhost\n');
  const line = `ip link set lo up && mount --bind '${hosts}' /etc/hosts && exec "$0" "$@"`;
  const words = ['--test', '--test-timeout=120000', '--test-force-exit', fileURLToPath(import.meta.url)];
  // The runner that starts this would take what the inner one says for its own.
  const env = { ...process.env, PARLEY_E2E_NETWORK: hosts };
  delete env.NODE_TEST_CONTEXT;
  return spawnSync('unshare', ['-n', '-m', 'sh', '-c', line, process.execPath, ...words], { env, encoding: 'utf8' });
}

if (!inside) {
  test('in a network of its own', { skip: missing() }, () => {
    const { status, stdout, stderr } = enterNetwork();
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /pass 4\b/);
    tell((stdout + stderr).split('\n').filter((line) => line.startsWith('31: ')).join('\n'));
  });
}

const hosts = (...lines) => writeFileSync(inside, ['127.0.0.1 localhost', ...lines, ''].join('\n'));

/** Nothing comes or goes between the upstream and whoever is connected to it. */
function cut(port) {
  for (const side of ['--sport', '--dport']) {
    execFileSync('iptables', ['-A', 'INPUT', '-p', 'tcp', side, String(port), '-j', 'DROP']);
  }
}

/** A server at an address of this machine; the port is the same for all that are given one. */
async function serverAt(t, address, port = 0) {
  const server = http.createServer((request, reply) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const json = JSON.parse(Buffer.concat(pieces));
      reply.setHeader('content-type', 'application/json');
      reply.end(JSON.stringify(completion({ json }, { content: address })));
    });
  });
  await new Promise((up) => server.listen(port, address, up));
  t.after(() => server.closeAllConnections() ?? server.close());
  return server.address().port;
}

async function start(t, provider, limits = {}) {
  const parley = await Parley.start(configuration(undefined, { upstream: limits, provider: [provider] }));
  t.after(() => parley.stop());
  return (more = {}) => sdk(parley).chat.completions.create({ model: 'm', messages: user('hi'), ...more });
}

const place = (url) => ({ name: 'up', plugin: 'openai', base_url: url, models: ['m'], account: [{ api_key: 'sk-x' }] });
const contentOf = (got) => got.choices[0].message.content;

if (inside) {
  for (const [when, begin] of [
    ['before its head', () => {}],
    ['amid its content', (reply) => reply.events() ?? reply.say(chunks('m', ['some'], null).join(''))],
  ]) {
    test(`31: an upstream that is cut off without a word ${when} is given up`, async (t) => {
      const upstream = await Upstream.start();
      t.after(() => upstream.stop());
      const isCut = Promise.withResolvers();
      upstream.script = async (request, reply) => {
        await begin(reply);
        cut(new URL(upstream.url).port);
        isCut.resolve(performance.now());
      };
      const ask = await start(t, provider(upstream), { connect_ms: '3s' });
      const asked = (async () => {
        for await (const chunk of await ask({ stream: true })) assert.ok(chunk);
      })();
      asked.catch(() => {});
      const since = await isCut.promise;
      await assert.rejects(asked);
      const took = performance.now() - since;
      assert.ok(took < 8_000, `${took} ms`);
      tell(`31: cut off ${when}: given up after ${took.toFixed()} ms of connect_ms 3000`);
    });
  }

  test('30: of several addresses the one that answers, also when they become others', async (t) => {
    const port = await serverAt(t, '127.0.0.3');
    hosts('127.0.0.2 several.test', '127.0.0.3 several.test');
    execFileSync('iptables', ['-A', 'INPUT', '-d', '127.0.0.2', '-j', 'DROP']); // it does not even refuse
    const limits = { name_ttl_ms: '1ms', idle_connection_ms: '1ms', connect_ms: '2s' };
    const ask = await start(t, place(`http://several.test:${port}/v1`), limits);
    assert.equal(contentOf(await ask()), '127.0.0.3');
    await serverAt(t, '127.0.0.4', port);
    hosts('127.0.0.4 several.test');
    let got;
    do got = contentOf(await ask());
    while (got === '127.0.0.3');
    assert.equal(got, '127.0.0.4');
  });

  test('30: a name that has an address of IPv6 alone', async (t) => {
    const port = await serverAt(t, '::1');
    hosts('::1 six.test');
    const ask = await start(t, place(`http://six.test:${port}/v1`));
    assert.equal(contentOf(await ask()), '::1');
    const direct = await start(t, place(`http://[::1]:${port}/v1`));
    assert.equal(contentOf(await direct()), '::1');
  });
}
