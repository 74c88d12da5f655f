import { browserClaim } from './claim.ts';
import { type About, type ClientEvents, type ClientOptions, createClient, type Held } from './client.ts';
import { browser } from './env.ts';
import { openKv } from './kv.ts';
import type { Reason } from './link.ts';
import type { Logged } from './log.ts';
import type { View } from './remote.ts';
import type { NumberedFrame } from './wire.ts';

/**
 * The client where it runs: on the page, or in a worker, for the page (remote.ts) and all its other tabs. They talk in
 * messages that survive a structured clone, so it is the same on either side.
 *
 * The page and this file may be of different releases, for as long as somebody's cache holds an old kefu.js: what they say
 * to each other only ever grows, by optional fields.
 */
export type Up =
  | { start: Start }
  /** Is answered by a `result`, if it has an id. `again`: it may have been heard before. */
  | { [M in keyof Calls]: { call: M; args: Parameters<Calls[M]>; id?: string; again?: boolean } }[keyof Calls]
  | { answer: number; value?: unknown; failed?: boolean }
  | { stop: true };

export type Down =
  /** A worker runs, and may be spoken to. */
  | { up: true }
  | { patch: Patch }
  | { [E in Told]: { event: E; value: ClientEvents[E] } }[Told]
  | { result: string; value: unknown }
  | { [A in keyof Asks]: { ask: A; n: number; arg: Parameters<Asks[A]>[0] } }[keyof Asks];

export interface Start {
  endpoint: string;
  site: string;
  user?: { token: string } | undefined;
  /** The page can bring a fresh user token. */
  refreshes: boolean;
  from: Held;
}

/** What changed. Of the log: the first `same` events are as they were, and these follow. `full`: it is all there is. */
export interface Patch extends Partial<View> {
  same: number;
  events: readonly Logged[];
  full?: boolean;
}

/** What pages want of it. */
export interface Calls {
  send(frame: NumberedFrame): unknown;
  tell(frame: Parameters<ReturnType<typeof createClient>['tell']>[0]): unknown;
  retry(key: string): void;
  read(): void;
  wake(): void;
  start(): void;
  bearer(): Promise<string | undefined>;
  clear(): Promise<void>;
  /** What is stored under a prefix. */
  load(prefix: string): Promise<[string, unknown][] | undefined>;
  keep(changes: [string, unknown][]): Promise<void> | undefined;
}

/** What it wants of the page it belongs to. */
export interface Asks {
  about(): About;
  /** May it long-poll? */
  fallback(reason: Reason): boolean;
  refresh(): Promise<string>;
}

export const told = ['message', 'typing', 'delta', 'sent', 'failed', 'error'] as const;
type Told = (typeof told)[number];

const HEARD = 500; // longer than any page's list of calls without an answer

/** Where it runs. `poll` brings long-polling. */
export interface World extends Pick<ClientOptions, 'env' | 'kv' | 'claim' | 'hidden'> {
  poll(): ReturnType<ClientOptions['fallback']>;
}

/** A browser's page or worker. */
export const browserWorld = (poll: World['poll']): World => ({
  poll,
  env: browser,
  kv: (name) => openKv(name, browser, storage()),
  claim: browserClaim(browser),
  hidden: () => !!globalThis.document?.hidden, // a worker's timers are not slowed down
});

/** Makes a core that tells the page by `down`, and returns how to tell it. */
export function createCore(down: (message: Down) => void, { poll, ...world }: World): (message: Up) => void {
  const asked = new Map<number, { done(value: unknown): void; fail(): void }>();
  const heard = new Map<string, Promise<unknown>>(); // calls, by id
  let client: ReturnType<typeof createClient> | undefined;
  let shown: View | undefined;
  let log: readonly Logged[] = [];
  let n = 0;

  const ask = <A extends keyof Asks>(name: A, arg?: Parameters<Asks[A]>[0]) =>
    new Promise<Awaited<ReturnType<Asks[A]>>>((done, fail) => {
      asked.set(++n, { done: done as (value: unknown) => void, fail });
      down({ ask: name, n, arg } as Down);
    });

  const tellChanges = () => {
    const { state, head, site, unread, slowed, entries, held } = client!;
    const { events, older } = client!.log;
    const view: View = { state, head, site, unread, slowed, entries, older, epoch: held.epoch, seen: held.seen };
    const patch: Patch = { same: 0, events };
    // What has not changed keeps its identity on the page too.
    for (const k in view)
      if (view[k as keyof View] !== shown?.[k as keyof View]) Object.assign(patch, { [k]: view[k as keyof View] });
    while (patch.same < log.length && log[patch.same] === events[patch.same]) patch.same++;
    patch.events = events.slice(patch.same);
    shown = view;
    log = events;
    down({ patch });
  };

  const start = ({ endpoint, site, user, refreshes, from }: Start) => {
    client = createClient({
      ...world,
      endpoint,
      site,
      user,
      from,
      about: () => ask('about'),
      refresh: refreshes ? () => ask('refresh') : undefined,
      fallback: async (reason) => ((await ask('fallback', reason)) ? poll() : Promise.reject()),
    });
    log = client.log.events;
    client.on('change', tellChanges);
    for (const event of told)
      client.on(event, (value) => {
        tellChanges();
        down({ event, value } as Down);
      });
    void client.start();
  };

  const call = (message: Extract<Up, { call: unknown }>) => {
    const { id, again } = message;
    switch (message.call) {
      case 'send':
        return client!.send(message.args[0], id, again).then(() => id);
      case 'load':
        return client!.store().then((kv) => kv?.read(message.args[0]));
      case 'keep':
        return client!.store().then((kv) => kv?.write(message.args[0]));
      default:
        return (client![message.call] as (...args: unknown[]) => unknown)(...message.args);
    }
  };

  return (message) => {
    if ('start' in message) start(message.start);
    else if ('stop' in message) client?.stop();
    else if ('answer' in message) {
      const { done, fail } = asked.get(message.answer)!;
      asked.delete(message.answer);
      message.failed ? fail() : done(message.value);
    } else {
      const { id } = message;
      if (!id) return void call(message);
      const value = heard.get(id) ?? Promise.resolve(call(message));
      heard.set(id, value);
      if (heard.size > HEARD) heard.delete([...heard.keys()][0]!);
      void value.then((value) => down({ result: id, value }));
    }
  };
}

/** Even to look at it throws where cookies are blocked. */
function storage(): IDBFactory | undefined {
  try {
    return indexedDB;
  } catch {
    return undefined;
  }
}
