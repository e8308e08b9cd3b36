// Under a service manager: its own tools open the addresses, judge the units, and are told.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { user } from './support/house.mjs';
import { binary, configuration, Parley, root } from './support/parley.mjs';
import { once } from './support/raw.mjs';
import { Happenings } from './support/wait.mjs';

const has = (tool) => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const without = (tool) => (has(tool) ? false : `${tool} is not installed`);

const env = { ASAN_OPTIONS: 'handle_segv=0:detect_leaks=0' };

async function freePort() {
  const server = net.createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const ask = (parley) =>
  once(
    parley.port,
    'POST',
    '/v1/chat/completions',
    { authorization: `Bearer ${parley.key}` },
    JSON.stringify({ model: 'example', messages: user('hi') }),
  );

const activate = 'systemd-socket-activate';
test('an address that was opened for it', { skip: without(activate) }, async () => {
  const port = await freePort();
  const listen = [`127.0.0.1:${port}`];
  const through = [activate, '-l', listen[0]];
  for (const name of ['HOME', 'ASAN_OPTIONS']) through.push('-E', name);
  const config = configuration(undefined, { server: { listen } });
  const parley = await Parley.start(config, { through, port, supervised: true, env });
  assert.equal(parley.port, port);
  assert.equal((await ask(parley)).status, 200);
  // The address outlives the worker, as it would have outlived the service.
  const [worker] = parley.children();
  process.kill(worker, 'SIGKILL');
  assert.equal((await ask(parley)).status, 200);
  await parley.stop();
});

/** A service manager's ear: what a service says of its state. */
async function manager(t) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-notify-'));
  const path = join(folder, 'notify');
  const program =
    'import socket,sys\n' +
    's=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n' +
    's.bind(sys.argv[1])\n' +
    'print("bound",flush=True)\n' +
    'while True: print(s.recv(4096).decode(),flush=True)\n';
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = new Happenings();
  createInterface({ input: child.stdout }).on('line', (line) => said.add(line));
  t.after(() => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await said.find((line) => line === 'bound', 'it listens');
  return { said, path };
}

test('it says when it serves and when it stops', { skip: without('python3') }, async (t) => {
  const { said, path } = await manager(t);
  const told = { ...env, NOTIFY_SOCKET: path };
  const parley = await Parley.start(configuration(), { supervised: true, env: told });
  await said.find((line) => line === 'READY=1', 'it is ready');
  assert.ok(!said.all.includes('STOPPING=1'));
  await parley.stop();
  await said.find((line) => line === 'STOPPING=1', 'it stops');
  assert.deepEqual(said.all, ['bound', 'READY=1', 'STOPPING=1']);
});

test('its units are what systemd takes', { skip: without('systemd-analyze') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-units-'));
  const units = ['parley.service', 'parley.socket'];
  for (const unit of units) {
    const text = readFileSync(join(root, 'packaging/systemd', unit), 'utf8');
    writeFileSync(join(folder, unit), text.replaceAll('/usr/bin/parley', binary));
  }
  // It says what it does not like, and that there are manual pages it cannot find, on this output.
  const paths = units.map((unit) => join(folder, unit));
  const told = execFileSync('systemd-analyze', ['verify', '--man=no', ...paths], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.equal(told, '');
  rmSync(folder, { recursive: true });
});
