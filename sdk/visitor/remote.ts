import { accountOf } from './account.ts';
import type { Client, ClientEvents, Held } from './client.ts';
import type { Asks, Calls, Down, Patch, Start, Up } from './core.ts';
import { createEmitter } from './emitter.ts';
import { type Env, newId } from './env.ts';
import type { Host } from './host.ts';
import type { Logged } from './log.ts';
import type { Entry } from './outbox.ts';

/**
 * A client as a page sees it. The real one runs in one page of the browser, the leader's (host.ts); all pages see the same
 * through it: one connection, one outbox, one count of what is unread.
 *
 * Who holds the Web Lock leads, until its page goes. The others hear on a BroadcastChannel what the leader's core tells,
 * and send their calls there. A leader that is silent is frozen, or blocked for seconds: a page that is looked at takes
 * the lock away from it, and goes on from where its own view is. Calls that had no answer are made again under their ids,
 * so that nothing is sent twice; and since a leader does not act on a call that is older than `FRESH`, one that wakes up
 * late does not either. What a frozen page has stored and not sent is sent when it thaws, or is gone: later than what was
 * said since, but once. Without locks or channels each page leads itself.
 */
export interface RemoteOptions extends Pick<Start, 'endpoint' | 'site' | 'refreshes'> {
  /** Brings the visitor's token of the site's own, if there is one. Pages of the same site and user share a connection. */
  user(): Promise<Start['user']>;
  env: Pick<Env, 'now' | 'random' | 'after'>;
  locks: LockManager | undefined;
  channel: ((name: string) => BroadcastChannel) | undefined;
  host(start: Start, down: (message: Down) => void): Host;
  asks: Asks;
  hidden(): boolean;
}

/** What of a client is no log. */
export interface View extends Pick<Held, 'epoch' | 'seen'> {
  state: Client['state'];
  head: Client['head'];
  site: Client['site'];
  entries: readonly Entry[];
  unread: number;
  slowed: boolean;
  older: boolean;
}

type Call = Extract<Up, { call: unknown }>;
type Said = { who: true } | { up: Up; at: number; to: string } | { leader: string; term: number; down: Down };

const PATIENCE = 3_000; // a leader that says nothing for so long is gone
const FRESH = 2_000; // less than that, or a call could be made by two leaders

export interface Remote extends Client {
  /** Another user is here: nothing of the last one is left to see. */
  forget(): void;
}

const nothing: View = {
  state: { at: 'idle' },
  head: undefined,
  site: {},
  entries: [],
  unread: 0,
  slowed: false,
  older: false,
  epoch: '',
  seen: 0,
};

export function createRemote(o: RemoteOptions): Remote {
  const { env, endpoint, site, refreshes } = o;
  const { on, emit } = createEmitter<ClientEvents>();
  const waiting = new Map<string, { call: Call; done(value: never): void }>();
  const view = { ...nothing };
  let events: readonly Logged[] = [];
  let host: Host | undefined; // this page leads
  let channel: BroadcastChannel | undefined;
  let leader = ''; // whose view this is, and who hears calls
  let term = 0; // of the latest leader: who leads under an older one leads no more
  let user: Start['user'];
  let turn = 0; // of joining or waiting for the lock
  let holds = false; // the lock
  let release = () => {};
  let stopWatch: (() => void) | undefined;

  // ---- what the leader's core tells -----------------------------------------------------------------------------------

  const apply = ({ same, events: more, full: _, ...changes }: Patch) => {
    const { state } = view;
    Object.assign(view, changes);
    if (more.length || same < events.length) events = [...events.slice(0, same), ...more];
    if (view.state !== state) emit('state', view.state);
    emit('change', undefined);
  };

  const hear = (message: Down) => {
    if ('patch' in message) apply(message.patch);
    else if ('event' in message) emit(message.event, message.value as never);
    else if ('result' in message) {
      waiting.get(message.result)?.done(message.value as never);
      waiting.delete(message.result);
    }
  };

  const full = (): Down => ({ patch: { ...view, full: true, same: 0, events } });
  const say = (message: Said) => channel?.postMessage(message);
  const tell = (down: Down) => say({ leader, term, down });

  /** From now on calls are made to this page, under this name; all that had no answer are made again, in order. */
  const claim = () => {
    leader = newId(env);
    tell(full());
  };

  const answer = async ({ ask, n, arg }: Extract<Down, { ask: unknown }>) => {
    try {
      host?.post({ answer: n, value: await o.asks[ask](arg as never) });
    } catch {
      host?.post({ answer: n, failed: true });
    }
  };

  const onChannel = ({ data }: { data: Said }) => {
    if ('who' in data) {
      if (host) tell(full());
    } else if ('up' in data) {
      if (!host || data.to !== leader) return;
      if (env.now() - data.at < FRESH) host.post(data.up);
      else claim(); // what was called after this must not come before it
    } else if (holds || host) {
      // The word of who took the lock away is here before that of the lock.
      if (data.term > term) resign();
    } else if (data.term >= term) {
      calm();
      const { leader: who, down } = data;
      term = data.term;
      if ('patch' in down && down.patch.full) {
        const other = who !== leader;
        leader = who;
        hear(down);
        if (other) repeat();
      } else if (who === leader) hear(down);
      else ask();
    }
  };

  // ---- what this page wants -------------------------------------------------------------------------------------------

  const post = (message: Up) => {
    if (host) return host.post(message);
    if (!leader) return; // what wants an answer is repeated when there is somebody
    say({ up: message, at: env.now(), to: leader });
    watch();
  };

  /** Makes the calls that had no answer to whoever leads now. */
  const repeat = () => {
    for (const { call } of waiting.values()) post({ ...call, again: true });
  };

  const call = <M extends keyof Calls>(name: M, ...args: Parameters<Calls[M]>) =>
    new Promise<Awaited<ReturnType<Calls[M]>>>((done) => {
      const id = newId(env);
      const call = { call: name, args, id } as Call;
      waiting.set(id, { call, done });
      post(call);
    });

  const ask = () => {
    say({ who: true });
    watch();
  };

  const calm = () => {
    stopWatch?.();
    stopWatch = undefined;
  };

  /** Somebody has to say something now. */
  const watch = () => {
    stopWatch ??= env.after(PATIENCE, () => {
      stopWatch = undefined;
      if (!host && channel && !o.hidden()) queue(true);
    });
  };

  // ---- who leads ------------------------------------------------------------------------------------------------------

  const lead = () => {
    calm();
    const { epoch, seen } = view;
    claim();
    host = o.host({ endpoint, site, user, refreshes, from: { epoch, events, seen } }, (down) => {
      if ('ask' in down) return void answer(down);
      hear(down);
      tell(down);
    });
    repeat();
  };

  const resign = () => {
    host?.end();
    host = undefined;
    leader = '';
  };

  /** Waits for the lock, or takes it away from whoever has it. */
  const queue = (steal?: boolean) => {
    const mine = ++turn;
    const quit = new AbortController();
    release();
    release = () => quit.abort();
    if (steal) leader = '';
    const hold = () =>
      new Promise<void>((done) => {
        if (mine !== turn) return done();
        holds = true;
        release = done;
        term = Math.max(term + 1, env.now());
        if (!steal) return lead();
        // From now on nobody calls the old leader; what it may still act on is stored by the time that this one begins.
        claim();
        stopWatch = env.after(FRESH, lead);
      });
    o.locks!.request(account(), steal ? { steal } : { signal: quit.signal }, hold).catch(() => {
      // It was taken away; or this page gave up waiting for it; or there are no locks for it after all.
      if (mine !== turn) return;
      if (!holds) return lead();
      holds = false;
      resign();
      calm();
      ask();
      queue();
    });
  };

  const account = () => accountOf(site, user);

  const join = async () => {
    const mine = ++turn;
    apply({ same: events.length, events: [], state: { at: 'connecting' } });
    try {
      user = await o.user();
    } catch {
      if (mine === turn) refused();
      return;
    }
    if (mine !== turn) return;
    if (!o.locks || !o.channel) return lead();
    channel = o.channel(account());
    channel.onmessage = onChannel;
    ask();
    queue();
  };

  const refused = () => {
    apply({ same: events.length, events: [], state: { at: 'stopped', code: 4500, reason: '' } });
    emit('error', { code: 'token', message: '' });
  };

  const part = () => {
    turn++;
    holds = false;
    calm();
    resign();
    release();
    release = () => {};
    channel?.close();
    channel = undefined;
  };

  return {
    on,
    log: {
      get events() {
        return events;
      },
      get last() {
        return events.at(-1)?.seq ?? 0;
      },
      get older() {
        return view.older;
      },
    },
    get state() {
      return view.state;
    },
    get head() {
      return view.head;
    },
    get site() {
      return view.site;
    },
    get entries() {
      return view.entries;
    },
    get unread() {
      return view.unread;
    },
    get slowed() {
      return view.slowed;
    },
    get rings() {
      return !!host;
    },
    async start() {
      if (host || channel) post({ call: 'start', args: [] });
      else await join();
    },
    forget() {
      part();
      waiting.clear();
      apply({ ...nothing, same: 0, events: [] });
    },
    stop() {
      part();
      apply({ same: events.length, events: [], state: { at: 'idle' } });
    },
    wake: () => post({ call: 'wake', args: [] }),
    send: (frame) => call('send', frame),
    retry: (key) => post({ call: 'retry', args: [key] }),
    tell(frame) {
      if (view.state.at !== 'open') return false;
      post({ call: 'tell', args: [frame] });
      return true;
    },
    read() {
      if (view.unread && view.state.at === 'open') post({ call: 'read', args: [] });
    },
    store: async () => ({
      read: async <T>(prefix: string) => ((await call('load', prefix)) ?? []) as [string, T][],
      write: async (changes) => void (await call('keep', changes)),
    }),
    bearer: () => call('bearer'),
    clear: () => call('clear'),
  };
}
