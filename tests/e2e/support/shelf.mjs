// Stores that tests look into: a folder of files, and one that gets into trouble when it is told.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { binary } from './parley.mjs';

const hex = (text) => Buffer.from(text).toString('hex') || '-';
const fromHex = (text) => (text === '-' ? '' : Buffer.from(text, 'hex').toString());

export const plugins =
  process.env.PARLEY_TEST_PLUGINS ?? resolve(dirname(binary), '../tests/e2e/plugins');

/** A folder that goes with the process: until then somebody may still write in it. */
export function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-store-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The store of tests/e2e/plugins/troubled_store.cpp. */
export class TroubledStore {
  folder = newFolder();

  constructor() {
    this.mood = 'well';
  }

  set mood(mood) {
    this.#write('mood', `${mood}\n`);
  }

  /** What a configuration says of it. */
  get section() {
    return {
      plugins: { folders: [plugins] },
      store: { plugin: 'troubled-store', folder: this.folder, list_ms: 50, state_ms: '1h' },
    };
  }

  get documents() {
    const file = join(this.folder, 'documents');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    return new Map(
      lines.map((line) => {
        const [key, revision, value] = line.split(' ');
        return [fromHex(key), { revision: Number(revision), value: fromHex(value) }];
      }),
    );
  }

  set(key, value) {
    const all = this.documents;
    const revision = (all.get(key)?.revision ?? 0) + 1;
    all.set(key, { revision, value: JSON.stringify(value) });
    this.#put(all);
  }

  remove(key) {
    const all = this.documents;
    all.delete(key);
    this.#put(all);
  }

  json(key) {
    return JSON.parse(this.documents.get(key).value);
  }

  #put(all) {
    const lines = [...all].map(([key, { revision, value }]) => [hex(key), revision, hex(value)]);
    this.#write('documents', lines.map((line) => `${line.join(' ')}\n`).join(''));
  }

  // Whole or not at all, whoever reads meanwhile.
  #write(name, text) {
    const fresh = join(this.folder, `${name}.${randomBytes(4).toString('hex')}`);
    writeFileSync(fresh, text, { mode: 0o600 });
    renameSync(fresh, join(this.folder, name));
  }
}

/** A command of the program, to its end. */
export async function command(...args) {
  const clean = Object.entries(process.env).filter(([k]) => !k.startsWith('PARLEY_'));
  const options = { env: Object.fromEntries(clean), maxBuffer: 1 << 26 };
  try {
    const { stdout, stderr } = await promisify(execFile)(binary, args, options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}
