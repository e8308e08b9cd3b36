// A wire tap between a client and Parley: bytes pass as they are, and the test hears what
// Parley tells the client.
import net from 'node:net';

import { Happenings } from './wait.mjs';

export class Tap {
  /** Pieces of replies as they came, each as text. */
  replies = new Happenings();
  #sockets = new Set();

  static async start(port) {
    const tap = new Tap();
    tap.server = net.createServer((client) => tap.#join(client, net.connect(port, '127.0.0.1')));
    await new Promise((done) => tap.server.listen(0, '127.0.0.1', done));
    tap.url = `http://127.0.0.1:${tap.server.address().port}`;
    return tap;
  }

  #join(client, parley) {
    for (const [from, to] of [
      [client, parley],
      [parley, client],
    ]) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => this.#sockets.delete(from));
      from.pipe(to);
    }
    parley.on('data', (bytes) => this.replies.add(bytes.toString()));
  }

  /** Once this many pieces have come since `since` in which `pattern` is found. */
  heard(pattern, count, since) {
    const enough = () => this.replies.all.slice(since).filter((text) => pattern.test(text)).length;
    return this.replies.find(() => enough() >= count, `${count} x ${pattern}`);
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}
