// Two Parleys on one store, fifty accounts whose tokens end all the time, and kill -9 amid refreshes:
// no family of tokens is revoked, no account is lost. PARLEY_E2E_STORM_SECONDS makes it longer,
// PARLEY_STORM_SEED another one.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { user } from './support/house.mjs';
import { OAuthServer } from './support/oauth.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { missingPostgres, Postgres } from './support/postgres.mjs';
import { once } from './support/raw.mjs';
import { completion } from './support/replies.mjs';
import { dice } from './support/dice.mjs';
import { command, newFolder } from './support/shelf.mjs';
import { toml } from './support/toml.mjs';
import { Upstream } from './support/upstream.mjs';
import { tell, within } from './support/wait.mjs';

const kAccounts = 50;
const kSeconds = Number(process.env.PARLEY_E2E_STORM_SECONDS ?? 10);
const kSeed = Number(process.env.PARLEY_STORM_SEED ?? 1);
// A token that was used is good again as long as its answer may have been lost: servers that rotate
// give between some seconds and a minute. Older than this at a kill, it was not lost by that.
const kGraceMs = 60_000;
const kLossMs = 10_000;

const tokenOf = (headers) => headers.authorization?.match(/^Bearer (at-\w+)$/)?.[1];
const turn = () => new Promise((next) => setImmediate(next));

async function startServers(t) {
  const login = await OAuthServer.start({
    clientId: 'client-1',
    reuse: { error: 'invalid_request', error_description: 'Invalid refresh token' },
    more: () => ({ resource_url: login.resource }),
    graceMs: kGraceMs,
  });
  login.lifeS = 6;
  const api = await Upstream.start({
    credential: (headers) => (login.wasGiven(tokenOf(headers)) ? api.key : 'none'),
  });
  login.resource = api.url;
  api.script = (request, reply) => {
    const token = tokenOf(request.headers);
    if (login.isGood(token)) {
      const content = login.accountOf(token).name;
      return reply.json(200, completion(request, { content }));
    }
    const error = { message: 'invalid access token', type: 'invalid_request_error' };
    return reply.json(401, { error: { ...error, code: 'invalid_api_key' } });
  };
  t.after(async () => {
    await api.stop();
    await login.stop();
  });
  return { login, api };
}

const configFor = (login, store) =>
  configuration(undefined, {
    server: { threads: 2 },
    log: { level: 'info' },
    accounts: {
      refresh_again_ms: 50,
      refresh_retry_min_ms: 50,
      refresh_retry_max_ms: 200,
      refresh_wait_ms: 8_000,
    },
    // Longer than a busy machine may stand still: who does not renew in time has lost it.
    store: { lease_ms: 5_000, ...store },
    provider: [
      {
        name: 'qwen',
        models: ['m-q'],
        client_id: 'client-1',
        device_url: `${login.url}/device`,
        token_url: `${login.url}/token`,
      },
    ],
  });

/** Puts the accounts into the store as `parley store import` does. */
async function fill({ login, api, config }) {
  const folder = newFolder();
  const lines = [];
  for (let i = 0; i < kAccounts; ++i) {
    const name = `a${i}`;
    const tokens = login.family({ name });
    const secret = { ...tokens, expires_at_ms: Date.now(), resource_url: api.url };
    const value = { secret: JSON.stringify(secret), prefix: name, prefix_required: true };
    lines.push(
      JSON.stringify({
        key: `account/qwen/${name}`,
        value: Buffer.from(JSON.stringify(value)).toString('base64url'),
      }),
    );
  }
  const saved = join(folder, 'accounts.jsonl');
  const file = join(folder, 'parley.toml');
  writeFileSync(saved, lines.join('\n') + '\n', { mode: 0o600 });
  writeFileSync(file, toml(config), { mode: 0o600 });
  const got = await command('--state', folder, '--config', file, 'store', 'import', saved);
  assert.match(got.stdout, new RegExp(`^${kAccounts} written`), got.stderr);
}

/** What is known when a storm fails: all that was said, and what became of each token. */
function keepWords(error, { login, both, said, kills }) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-storm-failed-'));
  const all = [...said, ...both.map((parley) => parley.stderr)];
  writeFileSync(join(folder, 'log'), all.join('\n---- the next one\n'));
  writeFileSync(join(folder, 'tokens'), login.trace.join('\n'));
  writeFileSync(join(folder, 'kills'), JSON.stringify({ kills, forgiven: login.forgiven }));
  error.message += `\nall that was said: ${folder}`;
}

async function storm(t, store) {
  const { login, api } = await startServers(t);
  const config = configFor(login, store);
  api.mustNotSee(config.client_key[0].key);
  await fill({ login, api, config });
  const states = [newFolder(), newFolder()];
  const both = await Promise.all(states.map((state) => Parley.start(config, { state })));
  const scene = { login, config, states, both, kills: [], said: [], outcomes: {} };
  try {
    const rounds = await rage(scene);
    await serveAll(scene);
    judge(scene, store, rounds);
  } catch (error) {
    keepWords(error, scene);
    throw error;
  }
}

/** Asks once by an account; what came of it. */
async function ask({ config }, parley, name) {
  const body = JSON.stringify({ model: `${name}/m-q`, messages: user('hi') });
  const auth = { authorization: `Bearer ${config.client_key[0].key}`, connection: 'close' };
  try {
    const reply = await once(parley.port, 'POST', '/v1/chat/completions', auth, body);
    if (reply.status !== 200) return `status ${reply.status}`;
    assert.equal(JSON.parse(reply.text).choices[0].message.content, name);
    return 'served';
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return 'cut off'; // by a kill
  }
}

function askAll(scene) {
  const { both, outcomes } = scene;
  const one = async (parley, i) => {
    const what = await ask(scene, parley, `a${i}`);
    outcomes[what] = (outcomes[what] ?? 0) + 1;
  };
  const all = Array.from({ length: kAccounts }, (_, i) => i);
  return Promise.all(both.flatMap((parley) => all.map((i) => one(parley, i))));
}

async function kill({ config, states, both, kills, said }, who) {
  const from = Date.now();
  both[who].signal('SIGKILL');
  await both[who].ended();
  said.push(both[who].stderr);
  both[who] = await Parley.start(config, { state: states[who] });
  // By now the server has read what was still on its way from the one that was killed.
  kills.push({ from, to: Date.now() });
}

/** How many rounds there were. */
async function rage(scene) {
  const { login } = scene;
  const roll = dice(kSeed);
  const endsAt = performance.now() + kSeconds * 1000;
  let rounds = 0;
  for (; performance.now() < endsAt; ++rounds) {
    const seen = login.refreshes().length;
    if (roll(4) !== 0) login.forgetAccess();
    let isOver = false;
    const asked = askAll(scene).then(() => (isOver = true));
    const wanted = seen + roll(2 * kAccounts);
    while (!isOver && login.requests.all.length < wanted) await turn();
    for (let turns = roll(300); turns > 0 && !isOver; --turns) await turn();
    const whom = [[0], [1], [0, 1], []][roll(4)];
    await Promise.all(whom.map((who) => kill(scene, who)));
    await within(asked, `round ${rounds}`, 60_000);
  }
  return rounds;
}

/** Whoever is alive serves every account. */
async function serveAll(scene) {
  const { login, both, said } = scene;
  login.lifeS = 3600;
  login.forgetAccess();
  for (const parley of both) {
    for (let i = 0; i < kAccounts; ++i) {
      let last;
      const giveUpAt = performance.now() + 20_000; // deadline
      while ((last = await ask(scene, parley, `a${i}`)) !== 'served' && performance.now() < giveUpAt);
      assert.equal(last, 'served', `a${i} is lost\n${parley.stderr.slice(-3000)}`);
    }
  }
  for (const parley of both) await parley.stop();
  said.push(...both.splice(0).map((parley) => parley.stderr));
}

function judge({ login, kills, said, outcomes }, store, rounds) {
  const log = said.join('\n');
  login.mustNotStandIn(log, 'in the log');
  const isExcused = ({ usedAt }) =>
    kills.some(({ from, to }) => to >= usedAt && from - usedAt < kLossMs);
  const unexcused = login.forgiven.filter((one) => !isExcused(one));
  tell(
    `refresh storm, ${store.plugin ?? 'store-file'}: ${kSeconds} s, seed ${kSeed}, ${rounds} rounds, ` +
      `${kills.length} kills, ${login.refreshes().length} refreshes, ${login.forgiven.length} ` +
      `repeated after a kill, ${unexcused.length} without, ${login.reused} reused; ` +
      JSON.stringify(outcomes),
  );
  assert.doesNotMatch(log, /quarantined/);
  assert.ok(kills.length > 0);
  assert.deepEqual(unexcused, [], 'a token was used twice though nothing was lost');
  assert.equal(login.reused, 0);
}

const timeout = kSeconds * 1000 + 100_000;

test('a folder that both share', { timeout }, (t) => storm(t, { folder: join(newFolder(), 'store') }));

test('a PostgreSQL that both share', { timeout, skip: missingPostgres() }, async (t) => {
  const postgres = await Postgres.start(t);
  await storm(t, { plugin: 'store-postgres', url: postgres.url });
});
