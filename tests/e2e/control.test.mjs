// What an operator asks of a Parley that runs: how it goes, and what to do.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { sdk, user } from './support/house.mjs';
import { binary, configuration, Parley, provider, secret } from './support/parley.mjs';
import { completion } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { until } from './support/wait.mjs';

const run = promisify(execFile);

async function scene(t, { policy = 'fill-first', folders = [] } = {}) {
  const upstream = await Upstream.start();
  const account = { label: 'main', api_key: upstream.key };
  const other = { label: 'other', api_key: secret('sk-other') };
  upstream.credential = () => upstream.key;
  const config = configuration(upstream, {
    routing: { cool_down: true, policy, affinity_bytes_max: 0 },
    reload: { watch: false },
    plugins: { folders },
    provider: [provider(upstream, { account: [account, other] })],
  });
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  t.after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  const client = sdk(parley);
  const ask = (model = 'm') => client.chat.completions.create({ model, messages: user('hi') });
  const tell = async (...args) => {
    const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
    const { stdout } = await run(binary, [...args, ...at], {
      env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
    });
    return stdout;
  };
  return { parley, upstream, config, ask, tell };
}

test('status says where it listens and what is in force', async (t) => {
  const { parley, tell } = await scene(t);
  const status = JSON.parse(await tell('status', '--json'));
  assert.ok(status.pid > 0);
  assert.deepEqual(status.addresses, [`127.0.0.1:${parley.port}`]);
  assert.equal(status.configuration.in_force, true);
  assert.match(await tell('status'), /^parley .*process \d+.*\nlistening +127/);
});

test('the socket is for its owner alone, and goes with the process', async (t) => {
  const { parley } = await scene(t);
  const socket = join(parley.folder, 'state', 'control.sock');
  assert.equal(fs.statSync(socket).mode & 0o777, 0o600);
});

test('what a reload leaves for a restart is named until it is taken back', async (t) => {
  const { parley, config, tell } = await scene(t);
  const waits = 'after a restart: store.folder: set';
  parley.write({ ...config, store: { folder: join(parley.folder, 'elsewhere') } });
  assert.equal(await tell('reload'), `${waits}\n`);
  assert.ok((await tell('status')).includes(`\n${waits}\n`));
  assert.equal(await tell('reload'), `${waits}\n`, 'and again');
  assert.equal(fs.existsSync(join(parley.folder, 'elsewhere')), false);
  parley.write(config);
  assert.equal(await tell('reload'), 'nothing differs\n');
  assert.ok(!(await tell('status')).includes('after a restart'));
});

test('reload takes over what is in the file, or says what is wrong with it', async (t) => {
  const { parley, config, tell } = await scene(t);
  parley.write({ ...config, limits: { head_ms: '9s' } });
  assert.equal(await tell('reload'), 'limits.head_ms: "15s" -> "9s"\n');
  assert.equal(await tell('reload'), 'nothing differs\n');
  parley.write('limits = [\n');
  await assert.rejects(tell('reload'), (error) => /parley\.toml:\d+:\d+: /.test(error.stderr));
  await assert.rejects(tell('status'), (error) => /not in force:\n.*parley\.toml/.test(error.stdout));
});

test('who cools down, why, and its end', async (t) => {
  const { upstream, ask, tell } = await scene(t);
  upstream.script = (request, reply) => {
    const isFirst = request.headers.authorization === `Bearer ${upstream.key}`;
    if (!isFirst) return reply.json(200, completion(request, { content: 'other' }));
    const error = { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' };
    return reply.json(429, { error }, { 'retry-after': '600' });
  };
  await ask();
  const states = async () => JSON.parse(await tell('account', 'state', '--json')).accounts;
  const stateOf = (account) => [account, ...Object.values(account.models ?? {})];
  const [first, second] = await states();
  const cooling = stateOf(first).find((s) => s.state === 'cooling down');
  assert.equal(cooling.why, 'rate_limited');
  assert.ok(cooling.left_ms > 590_000 && cooling.left_ms <= 600_000, `${cooling.left_ms}`);
  assert.ok(stateOf(second).every((s) => s.state === 'ready'));
  assert.match(await tell('account', 'state'), /up\/main.*\n?.*cooling down: rate_limited, for /);
  await tell('account', 'clear', 'up/main');
  assert.ok(stateOf((await states())[0]).every((s) => s.state === 'ready'));
  await assert.rejects(tell('account', 'clear', 'up/nobody'), (error) => /not known/.test(error.stderr));
});

/** What `explain` says of a candidate, as JSON. */
const lineOf = (why, label) => why.steps[0].find((line) => line.account === label);

test('list, show and explain have it from the Parley that runs, and afterwards from the store', async (t) => {
  const { parley, upstream, ask, tell } = await scene(t);
  const kError = { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' };
  const kWindows = {
    'x-ratelimit-limit-requests': '100',
    'x-ratelimit-remaining-requests': '7',
    'x-ratelimit-reset-requests': '59s',
  };
  upstream.script = (request, reply) => {
    const isFirst = request.headers.authorization === `Bearer ${upstream.key}`;
    if (!isFirst) return reply.json(200, completion(request, { content: 'other' }), kWindows);
    return reply.json(429, { error: kError }, { 'retry-after': '600' });
  };
  const next = async () => {
    const why = JSON.parse(await tell('explain', '--model', 'm', '--json'));
    return why.steps[0].find((line) => line.next)?.account;
  };
  assert.equal(await next(), 'main');
  await ask();
  for (let i = 0; i < 3; ++i) assert.equal(await next(), 'other');

  const listed = JSON.parse(await tell('account', 'list', '--json'));
  const [main, other] = ['up/main', 'up/other'].map((name) => listed.find((a) => a.account === name));
  const models = Object.values(main.health.models);
  const cooling = [main.health, ...models].find((s) => s.state === 'cooling down');
  assert.equal(main.seen, 'running');
  assert.equal(cooling.why, 'rate_limited');
  assert.ok(cooling.left_ms > 590_000 && cooling.left_ms <= 600_000, `${cooling.left_ms}`);
  assert.equal(cooling.last_error.text, 'slow down');
  const windows = [other.health, ...Object.values(other.health.models ?? {})].flatMap((s) => s.windows ?? []);
  assert.deepEqual(windows.map(({ name, limit, remaining }) => [name, limit, remaining]), [['requests', 100, 7]]);
  assert.equal(other.health.attempts, 1, 'an explanation is no attempt');
  const kCools = /cooling down: rate_limited, for (9m\d*s?|10m): slow down/;
  assert.match(await tell('account', 'list'), kCools);
  const shown = await tell('account', 'show', 'up/main');
  assert.match(shown, kCools);
  assert.match(shown, /last error {2}rate_limited, \S+ ago: slow down\n/);
  assert.match(await tell('account', 'show', 'up/other'), /window {6}requests 7 of 100, full again in \d+s\n/);

  const why = await tell('explain', '--model', 'm', '--key', 'tester');
  assert.match(why, /^no route, policy fill-first\nstep 1\n/);
  assert.match(why, / {4}up\/main {2}m .*cooling down for (9m\d*s?|10m) \(rate_limited, of the (model|account)\): slow down/);
  assert.match(why, / {2}> up\/other {2}m /);
  assert.match(why, /so says the parley that runs\n$/);
  const wrong = tell('explain', '--model', 'm', '--key', 'testr');
  await assert.rejects(wrong, (error) => /no client key in force has the name "testr"; did you mean "tester"/.test(error.stderr));

  // What is kept at its end is what commands know then.
  parley.signal('SIGTERM');
  await parley.ended();
  parley.stop = async () => {};
  const kept = JSON.parse(await tell('explain', '--model', 'm', '--json'));
  assert.equal(lineOf(kept, 'main').state, 'cooling down');
  assert.equal(lineOf(kept, 'main').last_error, 'slow down');
  assert.ok(lineOf(kept, 'main').left_ms > 500_000);
  assert.equal(lineOf(kept, 'other').next, true);
  assert.match(await tell('explain', '--model', 'm'), /no parley runs here: so say the configuration and the store\n$/);
  const [mainKept, otherKept] = JSON.parse(await tell('account', 'list', '--json'));
  assert.equal(mainKept.seen, 'kept');
  assert.equal(mainKept.health.attempts, undefined, 'nobody knows');
  assert.equal(otherKept.health, undefined);
  assert.match(await tell('account', 'list'), kCools);
  assert.match(await tell('account', 'show', 'up/main'), kCools);
});

const skip = !process.env.PARLEY_TEST_PLUGINS && 'PARLEY_TEST_PLUGINS is not set; ctest sets it';

test('a policy of a plugin hears of the exchange on a loop, may want nobody, and is explained', { skip }, async (t) => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'parley-policies-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.copyFileSync(join(process.env.PARLEY_TEST_PLUGINS, 'reading-policy.so'), join(folder, 'a.so'));
  const { parley, upstream, ask, tell } = await scene(t, { policy: 'reading-policy', folders: [folder] });
  upstream.script = (request, reply) => {
    const isFirst = request.headers.authorization === `Bearer ${upstream.key}`;
    reply.json(200, completion(request, { content: isFirst ? 'main' : 'other' }));
  };
  assert.equal((await ask()).choices[0].message.content, 'other');
  await assert.rejects(ask('m-unwanted'), { status: 403, message: /wanted by nobody today/ });
  assert.equal(upstream.requests.all.length, 1, 'nobody was asked');
  const explains = async () => {
    const why = JSON.parse(await tell('explain', '--model', 'm', '--json'));
    assert.equal(why.rejected, undefined);
    assert.equal(lineOf(why, 'other').next, true);
    assert.match(await tell('explain', '--model', 'm-unwanted'), /the policy wants none of them: wanted by nobody today\n/);
  };
  await explains();
  parley.signal('SIGTERM');
  await parley.ended();
  parley.stop = async () => {};
  await explains();
});

test('an account of the store is in an explanation, whether a Parley runs or not', async (t) => {
  const { parley, tell } = await scene(t);
  const folder = join(parley.folder, 'state/store/account/up');
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(folder, 'spare.json'), JSON.stringify({ secret: 'sk-spare' }), { mode: 0o600 });
  const spare = async () => {
    const why = JSON.parse(await tell('explain', '--model', 'm', '--json'));
    return lineOf(why, 'spare')?.state;
  };
  await until('usable', 'it is followed', spare);
  parley.signal('SIGTERM');
  await parley.ended();
  parley.stop = async () => {};
  assert.equal(await spare(), 'usable');
});

test('without a Parley that runs, commands say so', async () => {
  const asked = run(binary, ['status', '--state', '/nonexistent'], { env: { HOME: '/nonexistent' } });
  await assert.rejects(asked, (error) => /no parley answers at/.test(error.stderr));
});
