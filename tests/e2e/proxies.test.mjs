// Two Parleys on one PostgreSQL behind nginx and behind HAProxy, each with the file in packaging/:
// programs are exchanged and replicas are stopped and started under load, and no request fails.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Balancer, missing } from './support/balancer.mjs';
import { freePort } from './support/command.mjs';
import { sdk, user } from './support/house.mjs';
import { Load } from './support/load.mjs';
import { binary, configuration, isSanitized, Parley, root, secret } from './support/parley.mjs';
import { missingPostgres, Postgres } from './support/postgres.mjs';
import { once } from './support/raw.mjs';
import { completion, kDone, stream } from './support/replies.mjs';
import { newFolder } from './support/shelf.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell } from './support/wait.mjs';

const kClientKey = secret('sk-client');
const kRate = Number(process.env.PARLEY_E2E_PROXIES_RATE ?? (isSanitized ? 50 : 200));
const kWords = Array.from({ length: 8 }, (_, i) => `word${i} `);

async function startUpstream(t) {
  const upstream = await Upstream.start();
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return reply.json(200, completion(request, { content: 'whole' }));
    reply.events();
    for (const event of stream('m', kWords, 'stop')) await reply.say(event);
    reply.end();
  };
  upstream.mustNotSee(kClientKey);
  t.after(() => upstream.stop());
  return upstream;
}

/** A replica that can be stopped and started again at its address. */
class Replica {
  static async start(t, name, database, upstream) {
    const replica = new Replica();
    replica.port = await freePort();
    replica.state = newFolder();
    replica.config = configuration(upstream, {
      server: { listen: [`127.0.0.1:${replica.port}`] },
      client_key: [{ name: 'tester', key: kClientKey }],
      log: { level: 'info', exchanges: false },
      store: { plugin: 'store-postgres', url: database.url, replica: name },
    });
    t.after(() => replica.parley.stop());
    await replica.run();
    return replica;
  }

  async run() {
    this.parley = await Parley.start(this.config, { state: this.state, supervised: true });
  }

  /** Another program takes over what this one serves. */
  async upgrade() {
    const serves = this.parley.next((l) => l.message === 'upgrade: the new worker serves', 'it serves');
    const stopped = this.parley.next((l) => l.message === 'stopped', 'the old worker ends');
    this.parley.signal('SIGUSR2');
    await serves;
    await stopped;
  }

  async restart() {
    await this.parley.stop();
    await this.run();
  }
}

const loadOf = (balancer) =>
  new Load({
    targets: () => [balancer.url],
    rate: kRate,
    key: kClientKey,
    body: { model: 'm', messages: user('go'), stream: true },
    isGood: (text) => text.endsWith(kDone) && kWords.every((word) => text.includes(word)),
  });

/** Takes a replica out of HAProxy, lets its streams end, and back when HAProxy has seen it. */
async function restartDrained(balancer, name, replica) {
  await balancer.say(`set server parley/${name} state drain`);
  // Columns of its statistics: how many streams it has now, and how it is.
  const read = async () => {
    const [head, ...rows] = (await balancer.say('show stat')).trim().split('\n');
    const names = head.replace('# ', '').split(',');
    const row = rows.map((r) => r.split(',')).find((r) => r[0] === 'parley' && r[1] === name);
    return { streams: row[names.indexOf('scur')], status: row[names.indexOf('status')] };
  };
  while ((await read()).streams !== '0');
  await replica.restart();
  await balancer.say(`set server parley/${name} state ready`);
  while (!(await read()).status.startsWith('UP'));
}

for (const name of ['nginx', 'haproxy']) {
  const skip = missingPostgres() ?? missing(name);
  test(`${name}: a rolling restart under load drops nothing`, { skip }, async (t) => {
    const database = await Postgres.start(t);
    const upstream = await startUpstream(t);
    const two = [
      await Replica.start(t, 'one', database, upstream),
      await Replica.start(t, 'two', database, upstream),
    ];
    const balancer = await Balancer.start(t, name, two.map((replica) => replica.port));
    const front = { url: balancer.url, key: kClientKey };
    const got = await sdk(front).chat.completions.create({ model: 'm', messages: user('hi') });
    assert.equal(got.choices[0].message.content, 'whole');

    const load = loadOf(balancer);
    load.start();
    await load.last('calm', 1);
    load.phase = 'upgrades';
    for (const replica of two) await replica.upgrade();
    await load.last('calm', 1);
    load.phase = 'restarts';
    if (name === 'haproxy') {
      await restartDrained(balancer, 'one', two[0]);
      await restartDrained(balancer, 'two', two[1]);
    } else {
      // nginx leaves one that failed alone for fail_timeout, which has to be over before the next.
      await two[0].restart();
      await load.last('restarts', 2);
      await two[1].restart();
    }
    await load.last('restarts', 2);
    // Without a word to the proxy before.
    load.phase = 'stops';
    await two[1].restart();
    await load.last('calm', 1);
    await load.stop();
    assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} failed; ${balancer.text}`);
    const counts = ['upgrades', 'restarts', 'stops'].map((p) => `${load.times(p).count} in ${p}`);
    tell(`proxies: ${name}, ${kRate} streams/s: ${counts.join(', ')}, 0 failed`);
    for (const replica of two) {
      const ready = JSON.parse((await once(replica.port, 'GET', '/readyz', {}, '')).body);
      assert.equal(ready.status, 'ready');
    }
  });
}

/** Why there is no docker-compose, or nothing. */
const noCompose = () =>
  spawnSync('docker-compose', ['version']).error && 'no docker-compose; apt-get install docker-compose';

test('what compose starts is configured as Parley and YAML want it', { skip: missingPostgres() }, async (t) => {
  const database = await Postgres.start(t);
  const folder = join(root, 'packaging/compose');
  const env = {
    ...process.env,
    PARLEY_CLIENT: kClientKey,
    PARLEY_SEAL: secret('seal'),
    PARLEY_ENCRYPTION: 'ab'.repeat(32),
    PARLEY_DATABASE: database.url,
    PARLEY_STORE__REPLICA: 'one',
  };
  const words = ['--config', join(folder, 'parley.toml'), '--state', newFolder()];
  for (const what of [['check'], ['store', 'status']]) {
    const done = spawnSync(binary, [...words, ...what], { env, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr + done.stdout);
  }
  const code = 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)';
  const read = spawnSync('python3', ['-c', code, join(folder, 'compose.yaml')], { encoding: 'utf8' });
  if (/No module named .yaml/.test(read.stderr)) return t.skip('no PyYAML to read compose.yaml with');
  assert.equal(read.status, 0, read.stderr);
  const { services } = JSON.parse(read.stdout);
  // What its variables are called is what parley.toml asks for.
  for (const name of ['parley-one', 'parley-two']) {
    for (const variable of Object.keys(services[name].environment)) assert.ok(variable in env, variable);
  }
  assert.notEqual(
    services['parley-one'].environment.PARLEY_STORE__REPLICA,
    services['parley-two'].environment.PARLEY_STORE__REPLICA,
  );
});

test('what compose.yaml says is what docker-compose takes', { skip: noCompose() }, () => {
  const file = join(root, 'packaging/compose/compose.yaml');
  const secrets = ['PARLEY_CLIENT', 'PARLEY_SEAL', 'PARLEY_ENCRYPTION', 'POSTGRES_PASSWORD'];
  const config = (names) => {
    const env = { PATH: process.env.PATH, ...Object.fromEntries(names.map((name) => [name, 'x'])) };
    return spawnSync('docker-compose', ['-f', file, 'config'], { env, encoding: 'utf8' });
  };
  const whole = config(secrets);
  assert.equal(whole.status, 0, whole.stderr);
  for (const name of ['database', 'nginx', 'parley-one', 'parley-two']) {
    assert.match(whole.stdout, new RegExp(`^  ${name}:$`, 'm'));
  }
  for (const left of secrets) {
    const without = config(secrets.filter((name) => name !== left));
    assert.notEqual(without.status, 0);
    assert.match(without.stderr, new RegExp(left), 'it says which secret it wants');
  }
});

const kProgramsOfEvery = new Set(['libc6', 'libgcc-s1', 'libstdc++6', 'libasan8', 'libubsan1', 'libtsan2']);
const noTools = ['readelf', 'dpkg'].find((name) => spawnSync(name, ['--version']).error);
test('the image has the libraries that program and plugins need', { skip: noTools && `no ${noTools}` }, () => {
  const text = readFileSync(join(root, 'packaging/compose/Dockerfile'), 'utf8');
  const [list] = text.split('FROM debian:12-slim')[1].match(/ca-certificates[^&]*/);
  const installed = new Set(list.split(/[\s\\]+/).filter(Boolean));
  const folder = join(binary, '../../lib/parley/plugins');
  const plugins = readdirSync(folder).filter((name) => name.endsWith('.so'));
  const files = [binary, ...plugins.map((name) => join(folder, name))];
  const needed = new Set();
  for (const file of files) {
    const { stdout } = spawnSync('readelf', ['-d', file], { encoding: 'utf8' });
    for (const [, name] of stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)) needed.add(name);
  }
  for (const name of needed) {
    const { stdout } = spawnSync('dpkg', ['-S', `*/${name}`], { encoding: 'utf8' });
    const packages = stdout.split('\n').filter(Boolean).map((line) => line.split(':')[0]);
    assert.ok(packages.length > 0, `no package has ${name}`);
    const isThere = packages.some((one) => installed.has(one) || kProgramsOfEvery.has(one));
    assert.ok(isThere, `${name} of ${packages} is not in the image`);
  }
});
