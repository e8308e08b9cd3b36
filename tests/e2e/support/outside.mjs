// A plugin author's desk: Parley's headers installed into a prefix, and folders outside the tree.
import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { binary } from './parley.mjs';

const build = resolve(dirname(binary), '..');

/** Runs a program; when it fails, the error says what it wrote. */
export async function run(program, args, options = {}) {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return stdout + stderr;
  } catch (error) {
    error.message += `\n${error.stdout}${error.stderr}`;
    throw error;
  }
}

/** The languages that a plugin can be begun in, each with what this machine lacks for it. */
export const kLanguages = { c: '', cpp: '', rust: lacking('cargo') };

function lacking(program) {
  const found = spawnSync(program, ['--version']).status === 0;
  return found ? '' : `no ${program}; apt-get install rustc cargo`;
}

export class Outside {
  constructor() {
    this.folder = fs.mkdtempSync(join(tmpdir(), 'parley-outside-'));
    fs.chmodSync(this.folder, 0o700);
    this.prefix = join(this.folder, 'prefix');
    this.plugins = join(this.folder, 'plugins');
    fs.mkdirSync(this.plugins, { mode: 0o700 });
    // Nothing of this tree, and nothing that the machine has installed, may answer for the prefix.
    const inherited = Object.entries(process.env).filter(([k]) => !/^PARLEY_|^MAKE|FLAGS$/.test(k));
    this.env = {
      ...Object.fromEntries(inherited),
      ASAN_OPTIONS: 'detect_leaks=0',
      PKG_CONFIG_LIBDIR: join(this.prefix, 'share/pkgconfig'),
      CMAKE_PREFIX_PATH: this.prefix,
    };
  }

  install() {
    return run('cmake', ['--install', build, '--prefix', this.prefix, '--component', 'plugin-api']);
  }

  /** Runs a command in a folder of this desk, with the prefix where build tools look. */
  run(at, program, ...args) {
    return run(program, args, { cwd: join(this.folder, at), env: this.env });
  }

  /** Builds with what the folder has; the library goes to where Parley looks. */
  async build(at, name) {
    if (fs.existsSync(join(this.folder, at, 'Makefile'))) {
      await this.run(at, 'make');
      return this.put(join(at, `${name}.so`));
    }
    await this.run(at, 'cmake', '-B', 'build', '-DCMAKE_BUILD_TYPE=Debug');
    await this.run(at, 'cmake', '--build', 'build');
    return this.put(join(at, 'build', `${name}.so`));
  }

  put(library) {
    const name = library.split('/').at(-1);
    fs.copyFileSync(join(this.folder, library), join(this.plugins, `.${name}`));
    fs.renameSync(join(this.plugins, `.${name}`), join(this.plugins, name));
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
