// Several workers side by side: each a process with connections of its own, all of one mind.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { ask, auth, calm, env, path, question, supervised, withHazard } from './support/hazard.mjs';
import { binary } from './support/parley.mjs';
import { compose, Connection, once } from './support/raw.mjs';
import { chunks, kDone } from './support/replies.mjs';
import { Upstream } from './support/upstream.mjs';
import { defer } from './support/wait.mjs';

const run = promisify(execFile);

const upstream = await Upstream.start();
after(() => upstream.stop());

const config = (processes, more = {}) =>
  withHazard(upstream, {
    supervisor: { processes, crashes_max: 0 },
    limits: { relief_ms: 1 },
    ...more,
  });

async function tell(parley, ...args) {
  const at = ['--state', join(parley.folder, 'state'), '--config', parley.file];
  const { stdout } = await run(binary, [...args, ...at], { env: { ...process.env, ...env } });
  return stdout;
}

const serve = (parley, count) =>
  parley.lines.find((l, i, all) => {
    const heard = all.slice(0, i + 1).filter((x) => x.message === 'listening').length;
    return heard >= count;
  }, `${count} workers listen`);

/** A Parley whose workers all serve, and what each says of itself. */
async function scene(t, processes, { hasCrashed = false } = {}) {
  upstream.script = calm;
  const parley = await supervised(config(processes));
  t.after(() => parley.stop({ hasCrashed }));
  await serve(parley, processes);
  return parley;
}

/** What every worker says of itself. */
async function statuses(parley, count) {
  const answer = JSON.parse(await tell(parley, 'status', '--json'));
  const all = answer.workers ?? [answer];
  assert.equal(all.length, count);
  return all;
}

/** The process that holds this end's peer. */
function serverOf(connection, pids) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, '0');
  const { localPort, remotePort } = connection.socket;
  const ends = new RegExp(`:${hex(remotePort)} [0-9A-F]+:${hex(localPort)} 01 .*`);
  const line = readFileSync('/proc/net/tcp', 'utf8').match(ends)[0];
  const inode = line.split(/\s+/)[8];
  return pids.find((pid) =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
      } catch {
        return false; // closed meanwhile
      }
    }),
  );
}

test('a crash ends the streams of one worker', async (t) => {
  const parley = await scene(t, 3, { hasCrashed: true });
  const pids = (await statuses(parley, 3)).map((s) => s.pid);
  assert.equal(new Set(pids).size, 3);
  const go = defer();
  upstream.script = async (request, reply) => {
    if (!request.json.stream) return calm(request, reply);
    const [first, word, last] = chunks('calm', ['on']);
    reply.events();
    await reply.say(first);
    await go.promise;
    await reply.say(word);
    await reply.say(last + kDone);
    reply.end();
  };
  // Streams until two workers have some.
  const streams = [];
  const owners = () => new Set(streams.map((s) => s.pid));
  while (owners().size < 2) {
    const connection = await Connection.open(parley.port);
    await connection.write(compose('POST', path, auth(parley), question('calm', { stream: true })));
    await connection.source.until('assistant');
    streams.push({ connection, pid: serverOf(connection, pids) });
    assert.ok(pids.includes(streams.at(-1).pid));
  }
  const named = parley.next((l) => /^worker crashed/.test(l.message ?? ''), 'the crash is told');
  const back = parley.next((l) => l.message === 'listening', 'another one serves');
  const victim = await Connection.open(parley.port);
  assert.equal((await victim.ask('GET', '/healthz')).status, 200);
  const gone = serverOf(victim, pids);
  await victim.write(compose('POST', path, auth(parley), question('hazard-null')));
  await named;
  go.resolve();
  const others = streams.filter((s) => s.pid !== gone);
  assert.ok(others.length > 0);
  for (const { connection } of others) await connection.source.until('[DONE]');
  await back;
  const now = (await statuses(parley, 3)).map((s) => s.pid);
  assert.ok(!now.includes(gone));
  assert.equal(now.filter((pid) => pids.includes(pid)).length, 2);
});

test('all take over what one configuration says', async (t) => {
  const parley = await scene(t, 2);
  const before = (await statuses(parley, 2)).map((s) => s.pid);
  const both = parley.lines.all.length;
  const other = config(2, { server: { listen: ['127.0.0.1:0', 'localhost:0'] } });
  parley.write({ ...other, client_key: parley.config.client_key });
  await parley.lines.find(
    (l, i, all) => all.slice(both, i + 1).filter((x) => x.message === 'listening').length === 2,
    'both open the other door',
  );
  const now = await statuses(parley, 2);
  assert.deepEqual(
    now.map((s) => s.pid),
    before,
  );
  assert.deepEqual(now[0].addresses, now[1].addresses);
  assert.equal(now[0].addresses.length, 2);
  for (const address of now[0].addresses) {
    const reply = await once(Number(address.split(':').at(-1)), 'GET', '/healthz');
    assert.equal(reply.status, 200);
  }
});

test('their number follows the configuration, and no stream is cut for that', async (t) => {
  const parley = await scene(t, 1);
  parley.write({ ...config(3), client_key: parley.config.client_key });
  await serve(parley, 3);
  const pids = (await statuses(parley, 3)).map((s) => s.pid);
  const stopped = parley.lines.find(
    (l, i, all) => all.slice(0, i + 1).filter((x) => x.message === 'stopped').length === 2,
    'two workers end in order',
  );
  parley.write({ ...config(1), client_key: parley.config.client_key });
  await stopped;
  const [left] = await statuses(parley, 1);
  assert.equal(left.pid, pids[0]);
  assert.equal((await ask(parley, 'calm')).status, 200);
});

test('an upgrade relieves one after the other, and refuses nobody', async (t) => {
  const parley = await scene(t, 2);
  const before = (await statuses(parley, 2)).map((s) => s.pid);
  const both = parley.lines.find(
    (l) => l.message === 'upgrade: the new worker serves' && l.seat === 2,
    'both are relieved',
  );
  let isOver = false;
  both.then(() => (isOver = true));
  parley.signal('SIGUSR2');
  while (!isOver) assert.equal((await ask(parley, 'calm')).status, 200);
  for (const { pid } of await statuses(parley, 2)) assert.ok(!before.includes(pid));
});

test('what is asked of a plugin, all of them do', async (t) => {
  const parley = await scene(t, 2);
  const { workers } = JSON.parse(await tell(parley, 'plugin', 'status', '--json'));
  const [file] = workers[0].files.filter((f) => f.serves && /policy/.test(f.plugin));
  const serves = async () => {
    const now = JSON.parse(await tell(parley, 'plugin', 'status', '--json'));
    return now.workers.map(({ files }) => files.find((f) => f.plugin === file.plugin).serves);
  };
  assert.deepEqual(await serves(), [true, true]);
  await tell(parley, 'plugin', 'disable', file.plugin);
  assert.deepEqual(await serves(), [false, false]);
  const refused = tell(parley, 'plugin', 'disable', 'dev.parley.test.nobody');
  await assert.rejects(refused, (error) => /worker 2: .*nobody/.test(error.stderr));
});
