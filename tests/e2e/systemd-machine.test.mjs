// Under a systemd of its own, with the units as they are shipped: the first who asks starts the
// service, and a restart under load refuses nobody.
//   PARLEY_E2E_SYSTEMD_RATE=100   streams a second
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { freePort } from './support/command.mjs';
import { user } from './support/house.mjs';
import { Load } from './support/load.mjs';
import { binary, configuration, isSanitized, root } from './support/parley.mjs';
import { kDone } from './support/replies.mjs';
import { newFolder } from './support/shelf.mjs';
import { toml } from './support/toml.mjs';
import { tell, until } from './support/wait.mjs';

const kRate = Number(process.env.PARLEY_E2E_SYSTEMD_RATE ?? (isSanitized ? 30 : 100));
const kTargets = ['sysinit', 'basic', 'sockets', 'shutdown', 'network-online', 'multi-user'];

function missing() {
  if (process.getuid() !== 0) return 'only root may start a systemd of its own';
  if (!existsSync('/lib/systemd/systemd')) return 'no systemd; apt-get install systemd';
  try {
    execFileSync('unshare', ['-m', '-p', '-f', '-C', '-u', '-i', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'this machine allows no namespaces';
  }
}

/** The machine: systemd as the first process, and what is asked of it. */
class Machine {
  static async start(t, config, port) {
    const machine = new Machine();
    const folder = newFolder();
    for (const each of ['units', 'etc']) mkdirSync(join(folder, each));
    writeFileSync(join(folder, 'etc/parley.toml'), toml(config));
    for (const each of kTargets) {
      writeFileSync(join(folder, 'units', `${each}.target`), '[Unit]\nDefaultDependencies=no\n');
    }
    const shipped = (name) => readFileSync(join(root, 'packaging/systemd', name), 'utf8');
    const service = shipped('parley.service').replace('/usr/bin/parley', '/opt/parley/bin/parley');
    // Leaks are looked for by a debugger, which the service may not be.
    const quiet = service.replace('[Service]', '[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0');
    writeFileSync(join(folder, 'units/parley.service'), quiet);
    writeFileSync(join(folder, 'units/parley.socket'), shipped('parley.socket').replace('8317', port));
    writeFileSync(join(folder, 'parley.conf'), shipped('parley.conf'));
    const script = join(root, 'tests/e2e/support/systemd.sh');
    const words = ['-m', '-p', '-f', '-C', '-u', '-i', '--kill-child', 'bash', script, folder];
    machine.child = spawn('unshare', [...words, dirname(dirname(binary))]);
    machine.said = '';
    machine.child.stdout.on('data', (bytes) => (machine.said += bytes));
    machine.child.on('close', () => (machine.isOver = true));
    t.after(() => machine.child.kill('SIGKILL'));
    const state = () => (machine.isOver ? 'over' : machine.systemctl('is-system-running'));
    await until(true, 'it runs', async () => /^(running|degraded|over)$/.test(await state()));
    return machine;
  }

  async systemctl(...words) {
    const { pid } = this.child;
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const inside = ['-t', first, '-m', '-p', '-C', '-u', '-i', '-r', '-w', 'systemctl', ...words];
    const done = await promisify(execFile)('nsenter', inside).catch((error) => error);
    return done.stdout.trim() || done.stderr.trim();
  }
}

test('the units as they are shipped, restarted under load', { skip: missing() }, async (t) => {
  const port = await freePort();
  const config = configuration(undefined, { server: { listen: [`127.0.0.1:${port}`] } });
  const machine = await Machine.start(t, config, port);
  if (machine.isOver) {
    t.skip(machine.said.trim());
    return;
  }
  const tellIt = async (...words) => {
    // Whose socket is there may be started again by anybody who asks.
    const said = await machine.systemctl(...words);
    assert.match(said, /^(|Warning: Stopping .* can still be activated by:\s+parley\.socket)$/, words.join(' '));
  };
  await tellIt('start', 'parley.socket');
  assert.equal(await machine.systemctl('is-active', 'parley.service'), 'inactive');
  const load = new Load({
    targets: () => [`http://127.0.0.1:${port}`],
    rate: kRate,
    key: config.client_key[0].key,
    body: { model: 'example', messages: user('go'), stream: true },
    isGood: (text) => text.endsWith(kDone),
    keepAlive: false,
  });
  load.start();
  await load.last('activated', 1);
  assert.equal(await machine.systemctl('is-active', 'parley.service'), 'active');
  const first = await machine.systemctl('show', '-P', 'MainPID', 'parley.service');
  for (const words of [['restart'], ['reload'], ['restart'], ['stop'], ['restart']]) {
    [load.phase] = words;
    await tellIt(...words, 'parley.service');
    await load.last(words[0], 1);
  }
  await load.stop();
  assert.notEqual(await machine.systemctl('show', '-P', 'MainPID', 'parley.service'), first);
  assert.equal(await machine.systemctl('show', '-P', 'User', 'parley.service'), 'parley');
  assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} failed`);
  const { count, p99 } = load.times('restart');
  tell(`systemd: ${load.samples.length} streams, 0 failed; in restarts ${count}, p99 ${p99.toFixed()} ms`);
});
