// Small real proxies: HTTP CONNECT, plain or in TLS, and SOCKS 5, each strict about who asks. They
// note whom they were asked for, and resolve names themselves.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

/** Names that no resolver knows lead to 127.0.0.1. */
const resolved = (host) => (host.endsWith('.test') ? '127.0.0.1' : host);

class Proxy {
  asked = []; // "host:port"
  sockets = new Set();

  async listen(server, scheme) {
    this.server = server;
    const event = scheme === 'https' ? 'secureConnection' : 'connection';
    server.on(event, (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    this.port = server.address().port;
    return this;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  /** Joins the client to whom it asked for; `answer(true)` once that stands. */
  join(client, host, port, answer) {
    this.asked.push(`${host}:${port}`);
    const far = net.connect({ host: resolved(host), port });
    let stands = false;
    far.on('connect', () => {
      stands = true;
      answer(true);
      far.pipe(client).pipe(far);
    });
    const end = () => {
      if (!stands) answer(false);
      far.destroy();
      client.destroy();
    };
    far.on('error', end);
    client.on('error', end).on('close', () => far.destroy());
  }
}

/** `user` and `password`: who may ask. `status` refuses everybody; `tls`: key and certificate. */
export class HttpProxy extends Proxy {
  static async start({ user, password, status, tls } = {}) {
    const proxy = new HttpProxy();
    const server = tls ? https.createServer(tls) : http.createServer();
    server.on('request', (request, reply) => reply.writeHead(400).end('CONNECT was expected'));
    server.on('connect', (request, socket) => {
      const [host, port] = request.url.split(':');
      const proof = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      const refuse = (code, why) => socket.end(`HTTP/1.1 ${code} ${why}\r\nconnection: close\r\n\r\n`);
      if (request.headers.host !== request.url) return refuse(400, 'Wrong Host');
      if (user && request.headers['proxy-authorization'] !== proof) return refuse(407, 'Who Are You');
      if (status) return refuse(status, 'No');
      return proxy.join(socket, host, port, (stands) =>
        socket.write(`HTTP/1.1 ${stands ? '200 Connection established' : '502 Bad Gateway'}\r\n\r\n`),
      );
    });
    return proxy.listen(server, tls ? 'https' : 'http');
  }
}

/** Bytes of a socket in the amounts that are asked for. */
class Reader {
  bytes = Buffer.alloc(0);
  wanted;

  constructor(socket) {
    this.socket = socket;
    this.take = (more) => {
      this.bytes = Buffer.concat([this.bytes, more]);
      this.#serve();
    };
    socket.on('data', this.take);
  }

  read(size) {
    return new Promise((done) => {
      this.wanted = { size, done };
      this.#serve();
    });
  }

  #serve() {
    if (!this.wanted || this.bytes.length < this.wanted.size) return;
    const { size, done } = this.wanted;
    this.wanted = undefined;
    const got = this.bytes.subarray(0, size);
    this.bytes = this.bytes.subarray(size);
    done(got);
  }

  /** What comes now is for another. */
  leave() {
    this.socket.off('data', this.take);
    if (this.bytes.length) this.socket.unshift(this.bytes);
  }
}

/** `reply`: the code that it answers every request with; 0: it connects. */
export class SocksProxy extends Proxy {
  kinds = []; // of the addresses asked for: 1, 3 (a name) or 4

  static async start({ user, password, reply = 0 } = {}) {
    const proxy = new SocksProxy();
    const server = net.createServer((socket) => {
      proxy.#serve(socket, user, password, reply).catch(() => socket.destroy());
    });
    return proxy.listen(server, 'socks5');
  }

  async #serve(socket, user, password, code) {
    const reader = new Reader(socket);
    const [version, count] = await reader.read(2);
    const methods = [...(await reader.read(count))];
    const method = user ? 2 : 0;
    if (version !== 5 || !methods.includes(method)) return socket.end(Buffer.from([5, 255]));
    socket.write(Buffer.from([5, method]));
    if (user) {
      const [, size] = await reader.read(2);
      const name = (await reader.read(size)).toString();
      const word = (await reader.read((await reader.read(1))[0])).toString();
      const fits = name === user && word === password;
      socket.write(Buffer.from([1, fits ? 0 : 1]));
      if (!fits) return socket.end();
    }
    const [, command, , kind] = await reader.read(4);
    const size = kind === 3 ? (await reader.read(1))[0] : kind === 1 ? 4 : 16;
    const raw = await reader.read(size);
    const port = (await reader.read(2)).readUInt16BE();
    const host = kind === 3 ? raw.toString() : kind === 1 ? [...raw].join('.') : raw.toString('hex');
    this.kinds.push(kind);
    const answer = (reply) => socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
    if (command !== 1 || code !== 0) return socket.end(Buffer.from([5, code || 7, 0, 1, 0, 0, 0, 0, 0, 0]));
    reader.leave();
    return this.join(socket, host, port, (stands) => answer(stands ? 0 : 5));
  }
}
