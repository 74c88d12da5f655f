import type { Down, Start, Up } from './core.ts';
import type { Env } from './env.ts';

/** How the core of this page runs, now that the page leads: in a worker, or on the page. */
export interface Host {
  post(message: Up): void;
  /** At once: what a page leaves behind keeps it out of the back/forward cache. */
  end(): void;
}

export interface HostOptions {
  /** Starts the worker, or throws: there is none, or the page's CSP allows none. */
  spawn(): Worker;
  /** Brings the core to the page. */
  load(): Promise<{ createCore(down: (message: Down) => void): (message: Up) => void }>;
  env: Pick<Env, 'after' | 'random'>;
}

const WORKER = 4_000; // a worker that is not there by then will not come
const AGAIN = 3_000; // without a network there is nothing to load

export function createHost({ spawn, load, env }: HostOptions, start: Start, down: (message: Down) => void): Host {
  let queue: Up[] | undefined = [{ start }];
  let core: ((message: Up) => void) | undefined;
  let worker: Worker | undefined;
  let stop = () => {};
  let ended = false;

  const run = (to: (message: Up) => void) => {
    stop();
    core = to;
    const waiting = queue;
    queue = undefined;
    for (const message of waiting!) to(message);
  };

  const onPage = (): void => {
    stop();
    worker?.terminate();
    worker = undefined;
    load().then(
      ({ createCore }) => ended || run(createCore((message) => ended || down(message))),
      () => {
        if (!ended) stop = env.after(AGAIN * (0.5 + env.random()), onPage);
      },
    );
  };

  try {
    const mine = spawn();
    worker = mine;
    stop = env.after(WORKER, onPage);
    mine.onmessage = ({ data }: { data: Down }) => {
      if (worker !== mine) return;
      if ('up' in data) run((message) => mine.postMessage(message));
      else down(data);
    };
    // An error of a worker that runs is its own; one that does not even start is refused by the CSP, say.
    mine.onerror = () => worker === mine && queue && onPage();
  } catch {
    onPage();
  }

  return {
    post: (message) => (queue ? queue.push(message) : core!(message)),
    end() {
      stop();
      if (worker) worker.terminate();
      else core?.({ stop: true });
      worker = undefined;
      ended = true;
    },
  };
}

/**
 * A worker from the file at `url`. One of another origin is not allowed, but a blob of our own that imports it is, where the
 * page's CSP has `worker-src blob:`; an import that is not dynamic would need the file's origin there too. Pages that demand Trusted Types let this be by `trusted-types kefu`.
 */
export function spawnWorker(url: string): Worker {
  const own = new URL(url, location.href).origin === location.origin;
  // A rejection is no error that the page hears of; one that is thrown is.
  const code = `import(${JSON.stringify(url)}).catch((e) => setTimeout(() => { throw e }))`;
  const source = own ? url : URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  return new Worker(trusted(source), { type: 'module', name: 'kefu' });
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** The one policy there is, and it has one use. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('kefu', { createScriptURL: (url) => url });
  return policy?.createScriptURL(url) ?? url;
}
