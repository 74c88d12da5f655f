import { createServer, type Server as HttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';

/**
 * Stands between browsers and a host, and does what networks and the boxes in them do. It works on connections and on whole
 * answers, so a worker's traffic is as much within its reach as a page's.
 */
export interface Faults {
  url: string;
  /** What becomes of the next WebSocket: passed, 403, never answered, cut soon after it was opened. */
  sockets: 'ok' | 'refuse' | 'hang' | 'flap';
  /** What becomes of the next poll: passed, 503, never answered, served with the answer lost. */
  polls: 'ok' | 'busy' | 'hang' | 'lose';
  /** Nobody gets as far as here. */
  down: boolean;
  /** Open WebSockets seem alive, and carry nothing. */
  mute: boolean;
  /** WebSockets that are open now, and that ever were. */
  readonly open: number;
  readonly opened: number;
  /** Polls that came. */
  readonly polled: number;
  /** Those that are open carry nothing any more, and nobody is told. */
  silence(): void;
  /** Cuts all that is open. */
  cut(): void;
  stop(): Promise<void>;
}

const FLAP = 200; // ms

interface Pair {
  near: Socket;
  far: Socket;
  silent?: boolean;
}

export async function startFaults(target: string): Promise<Faults> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<Pair>();
  const all = new Set<Socket>();
  let opened = 0;
  let polled = 0;

  const pass = (req: IncomingMessage, res: ServerResponse, lose: boolean) => {
    const on = request({ hostname, port, path: req.url, method: req.method, headers: req.headers }, (got) => {
      if (lose) return void got.resume().on('end', () => res.destroy());
      res.writeHead(got.statusCode!, got.headers);
      got.pipe(res);
      got.on('error', () => res.destroy());
    });
    on.on('error', () => res.destroy());
    req.pipe(on);
    res.on('close', () => on.destroy());
  };

  const server: HttpServer = createServer((req, res) => {
    const poll = req.url === '/v1/poll';
    if (poll) polled++;
    if (poll && faults.polls === 'busy') {
      res.writeHead(503, { 'content-type': 'application/problem+json', 'access-control-allow-origin': '*' });
      res.end('{"code":"unavailable","detail":"too much at once"}');
    } else if (!poll || faults.polls !== 'hang') pass(req, res, poll && faults.polls === 'lose');
  });

  server.on('upgrade', (req, near: Socket, head) => {
    near.on('error', () => {});
    if (faults.sockets === 'refuse') return void near.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    if (faults.sockets === 'hang') return;
    opened++;
    const far = connect(Number(port), hostname);
    const pair: Pair = { near, far };
    pairs.add(pair);
    far.on('error', () => near.destroy());
    far.write(`${req.method} ${req.url} HTTP/1.1\r\n`);
    for (let i = 0; i < req.rawHeaders.length; i += 2) far.write(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}\r\n`);
    far.write('\r\n');
    far.write(head);
    near.on('data', (data) => faults.mute || pair.silent || far.write(data));
    far.on('data', (data) => faults.mute || pair.silent || near.write(data));
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('close', end);
    far.on('close', end);
    if (faults.sockets === 'flap') setTimeout(end, FLAP);
  });
  server.on('connection', (socket) => {
    if (faults.down) return void socket.destroy();
    all.add(socket);
    socket.on('close', () => all.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

  const faults: Faults = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets: 'ok',
    polls: 'ok',
    down: false,
    mute: false,
    get open() {
      return pairs.size;
    },
    get opened() {
      return opened;
    },
    get polled() {
      return polled;
    },
    silence() {
      for (const pair of pairs) pair.silent = true;
    },
    cut() {
      for (const { near, far } of [...pairs]) {
        near.destroy();
        far.destroy();
      }
    },
    async stop() {
      for (const socket of all) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  return faults;
}
