import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The real server: the binary that `make build` writes, on a free port, with a directory of its own. */
export interface Server {
  url: string;
  /** Of the account `admin`. */
  password: string;
  /** As by a power cut: no signal is handled, nothing is flushed. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** KEFU_HOST=functions: KEFU_BIN is what `go build ./functions/local` wrote, which builds the functions first. */
export const functions: boolean = process.env.KEFU_HOST === 'functions';
const READY = functions ? 180_000 : 20_000;

export async function startServer(): Promise<Server> {
  const binary = process.env.KEFU_BIN ?? join(root, 'kefu');
  if (!existsSync(binary)) throw new Error(`no server at ${binary}: run make build, or set KEFU_BIN`);
  const data = mkdtempSync(join(tmpdir(), 'kefu-e2e-'));
  const [port, opsPort] = [await freePort(), await freePort()];
  const password = 'correct horse battery staple';
  let child: ChildProcess | undefined;
  let output = '';

  const ended = (process: ChildProcess) =>
    new Promise<void>((done) =>
      process.exitCode === null && process.signalCode === null ? process.once('exit', () => done()) : done(),
    );

  const start = async () => {
    const flags = ['--listen', `127.0.0.1:${port}`, '--data', data];
    flags.push(...(functions ? ['--sweep', '1s'] : ['--ops', `127.0.0.1:${opsPort}`]));
    const ready = functions ? `http://127.0.0.1:${port}/v1/openapi.json` : `http://127.0.0.1:${opsPort}/readyz`;
    const env = { ...process.env, KEFU_ADMIN_PASSWORD: password };
    child = spawn(binary, flags, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
    const end = Date.now() + READY;
    while (!(await answers(ready))) {
      if (Date.now() > end || child.exitCode !== null) throw new Error(`the server is not ready:\n${output}`);
      await new Promise((again) => setTimeout(again, 50));
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    child?.kill(signal);
    if (child) await ended(child);
  };

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    password,
    start,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGKILL');
      rmSync(data, { recursive: true, force: true, maxRetries: 5 }); // its database ends a moment later
    },
  };
}

const answers = (url: string) =>
  fetch(url).then(
    (r) => r.ok,
    () => false,
  );

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}
