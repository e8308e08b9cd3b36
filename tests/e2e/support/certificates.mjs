// Certificates made with openssl for this one run, good ones and bad ones.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const kHere = 'DNS:localhost,IP:127.0.0.1';

export class Certificates {
  folder = mkdtempSync(join(tmpdir(), 'parley-e2e-tls-'));

  constructor() {
    this.authority = this.selfSigned('ca', [
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign',
    ]);
  }

  path(name) {
    return join(this.folder, name);
  }

  #openssl(...args) {
    execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  #read(name) {
    const certificate = this.path(`${name}.pem`);
    const key = this.path(`${name}.key`);
    return { certificate, key, tls: { cert: readFileSync(certificate), key: readFileSync(key) } };
  }

  /** Signed by itself. */
  selfSigned(name, more = ['-addext', `subjectAltName=${kHere}`]) {
    this.#openssl(
      'req',
      '-x509',
      ...kKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=parley test ${name}`,
      ...more,
    );
    return this.#read(name);
  }

  /** Signed by our authority, for these names and so many days. */
  signed(name, { names = kHere, days = 2 } = {}) {
    writeFileSync(this.path(`${name}.ext`), `subjectAltName=${names}\n`);
    this.#openssl(
      'req',
      ...kKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=parley test ${name}`,
    );
    this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-days',
      String(days),
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return this.#read(name);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
