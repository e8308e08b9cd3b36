// With PARLEY_E2E_TLS=1 a file of tests runs once more with TLS everywhere: from clients to Parley
// and from Parley to its upstreams.
import tls from 'node:tls';

import { Certificates } from './certificates.mjs';

function make() {
  const made = new Certificates();
  process.on('exit', () => made.remove());
  const server = made.signed('everywhere');
  const ca = [made.authority.tls.cert.toString()];
  tls.setDefaultCACertificates(ca);
  return {
    upstream: server.tls, // options of an upstream's server
    client: { ca, servername: 'localhost' }, // options of a client
    server: { tls_certificate: server.certificate, tls_key: server.key },
    ca_file: made.authority.certificate,
  };
}

export const encrypted = process.env.PARLEY_E2E_TLS === '1' ? make() : undefined;
