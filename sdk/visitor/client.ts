import type { Claim } from './claim.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import type { Env } from './env.ts';
import type { Kv } from './kv.ts';
import { createLink, type LinkState, type Reason } from './link.ts';
import { createLog, isSaid, type Log, type Logged } from './log.ts';
import { type Entry, type Outbox, openOutbox } from './outbox.ts';
import type { Cursor, createFallback } from './poll.ts';
import type {
  Ack,
  ClientFrame,
  Conversation,
  Hello,
  LogEvent,
  NumberedFrame,
  Party,
  Sent,
  ServerFrame,
  VisitorWelcome,
} from './wire.ts';

/**
 * A visitor's side of the desk, without a page: link, outbox and log put together.
 *
 * What is kept on the device, by site and user: the visitor's token, the draft, and the outbox. The log is asked for anew
 * by each page. `start` and `stop` may alternate: a page that goes into the browser's back/forward cache stops, so that
 * another page may send what it left, and starts afresh when it comes back.
 */
export interface Client extends Pick<Emitter<ClientEvents>, 'on'> {
  readonly state: LinkState;
  /** The conversation as the server last told. */
  readonly head: Conversation | undefined;
  readonly site: VisitorWelcome['site'];
  readonly log: Log;
  /** What waits, and what was refused. */
  readonly entries: readonly Entry[];
  /** Messages of others that the visitor has not seen. */
  readonly unread: number;
  start(): Promise<void>;
  stop(): void;
  /** The page shows or is online again. */
  wake(): void;
  /** Resolves once it is stored on this device; it leaves when it can. */
  send(frame: NumberedFrame): Promise<Entry>;
  retry(key: string): void;
  /** The server has had too much at once: what waits is sent a little later. */
  readonly slowed: boolean;
  /** Sends what is not numbered, now or never. False: not sent. */
  tell(frame: Exclude<ClientFrame, Hello | Sent>): boolean;
  /** Everything up to the end has been seen. Tells so if there was something new of others. */
  read(): void;
  /** What the device keeps for this visitor. */
  store(): Promise<Kv | undefined>;
}

export interface ClientEvents {
  /** Something of the above changed. */
  change: undefined;
  /** A message of somebody else that is new, or that was missed while away. */
  message: Logged;
  /** An agent or bot types. */
  typing: Party;
  state: LinkState;
}

export interface ClientOptions {
  endpoint: string;
  site: string;
  /** A token signed by the site's own server. */
  user?: { token: string } | undefined;
  /** For what goes into `hello` besides. */
  about(): Pick<Hello, 'page' | 'lang' | 'tag'>;
  env: Env;
  /** Brings long-polling when WebSocket does not work. Where it rejects there is only WebSocket. */
  fallback(reason: Reason): Promise<{ createFallback: typeof createFallback }>;
  /** Opens what the device keeps under a name. */
  kv(name: string): Promise<Kv>;
  claim: Claim;
  hidden?(): boolean;
}

const EXPIRED = 4004;
const UNAUTHORIZED = 4500;
const REPLACED = 4503;

export function createClient(o: ClientOptions): Client {
  const { env } = o;
  const { on, emit } = createEmitter<ClientEvents>();
  const account = `kefu/${o.site}/${subject(o.user?.token)}`;
  let kv: Kv | undefined;
  let outbox: Outbox | undefined;
  let ready = Promise.resolve<Outbox>(undefined!);
  let runs = 0;
  let head: Conversation | undefined;
  let site: VisitorWelcome['site'] = {};
  let token: string | undefined;
  let epoch = '';
  let greeted = ''; // the origin of the last hello
  let introduced = () => {}; // lets other pages say hello without a token
  let seen = 0;
  let slowed = false;

  const unread = () => log.events.filter((e) => e.seq > seen && isTheirs(e)).length;
  const changed = () => emit('change', undefined);
  const log = createLog((after) => link.send({ type: 'after', seq: after }));

  // ---- hello ----------------------------------------------------------------------------------------------------------

  const readToken = async () => (await kv?.read<string>('me/token'))?.[0]?.[1];

  /** Two pages that open at once must not become two visitors: without a token, one says hello and the others wait. */
  const introduce = async () => {
    if (token) return;
    const release = await o.claim(`${account}/first`);
    // Another page says hello; or the connection this was for has ended meanwhile, and with it the call of `introduced`:
    // kept, the name would shut out every other page, and the next `init` of this one.
    if (!release || isDown(link.state)) {
      release?.();
      throw new Error();
    }
    introduced = release;
    token = await readToken();
  };

  /** Who this page is, and where in the log, if it has any. */
  const cursor = (): Cursor => ({ site: o.site, origin: greeted, token, ...(epoch && { epoch, after: log.last }) });

  const hello = async (): Promise<Hello> => {
    const box = await ready;
    await introduce();
    greeted = box.origin();
    return { type: 'hello', v: 1, user: o.user, ...cursor(), ...o.about() };
  };

  // ---- frames ---------------------------------------------------------------------------------------------------------

  /** An event of one's own ends its entry, and keeps its place on the page by the entry's key. */
  const own = (event: LogEvent): LogEvent & { key?: string } => {
    const entry = outbox?.acknowledge(event);
    return entry ? { ...event, key: entry.key } : event;
  };

  const announce = (events: Logged[]) => {
    for (const event of events) if (isTheirs(event)) emit('message', event);
  };

  const welcome = (frame: VisitorWelcome) => {
    outbox!.down(); // it may come in place of a connection that is still there
    outbox!.doubt(greeted, frame.n);
    const events = frame.events.map(own);
    const resumed = epoch && !frame.reset;
    token = frame.token;
    void kv?.write([['me/token', token]]).then(introduced);
    epoch = frame.epoch;
    head = frame.conversation;
    site = frame.site;
    resumed ? announce(log.fill(events)) : log.reset(events);
    outbox!.accepted(greeted, frame.n);
    outbox!.up(epoch);
    log.reach(head.seq, true);
    seen = Math.max(resumed ? seen : 0, head.read?.visitor ?? 0);
    void outbox!.adopt();
  };

  const acknowledge = (ack: Ack) => {
    slowed = false;
    const entry = outbox?.acknowledge(ack);
    const { seq, prev, at, origin, n } = ack;
    if (entry?.frame.type !== 'send' || prev === undefined) return log.reach(seq);
    const { conversation } = ack;
    const session = head?.session ?? 0;
    // The connection that sent it gets no event: the ack and the entry make one.
    log.push({ conversation, seq, prev, at, session, by: { kind: 'visitor' }, body: entry.frame.body, origin, n, key: entry.key });
  };

  const push = (event: LogEvent) => {
    const logged = log.push(own(event));
    if (logged) announce([logged]);
  };

  const onFrame = (frame: ServerFrame) => {
    switch (frame.type) {
      case 'welcome':
        if (frame.role === 'visitor') welcome(frame);
        break;
      case 'ack':
        acknowledge(frame);
        break;
      case 'error':
        slowed = frame.code === 'rate_limited';
        outbox?.refuse(frame);
        break;
      case 'event':
        push(frame);
        break;
      case 'events':
        announce(log.fill(frame.events.map(own)));
        break;
      case 'conversation':
        if (frame.conversation.seq < (head?.seq ?? 0)) return;
        head = frame.conversation;
        log.reach(head.seq);
        break;
      case 'typing':
        if (frame.by.kind !== 'visitor') emit('typing', frame.by);
        return;
      case 'read':
        hearRead(frame.by, frame.seq);
        break;
      case 'pong':
      case 'next':
        if ('heads' in frame && typeof frame.heads === 'number') log.reach(frame.heads, true);
        void outbox?.adopt(); // a page may have been closed since
        return;
    }
    changed();
  };

  const hearRead = ({ kind }: Party, seq: number) => {
    if (kind === 'visitor') seen = Math.max(seen, seq);
    else if (head) head = { ...head, read: { ...head.read, agent: Math.max(head.read?.agent ?? 0, seq) } };
  };

  /** The token is of no use any more: the next hello is that of a new visitor. */
  const forget = () => {
    token = undefined;
    epoch = '';
    return kv?.write([['me/token', undefined]]);
  };

  /** Two final answers are not final for a visitor. */
  const recover = (code: number) => {
    const run = runs;
    const again = () => run === runs && link.start();
    if (code === REPLACED) {
      // Names are held by one page, so it was a late hello of our own, or of the page before a reload. A war of two pages
      // that hold one name after all would end here too: their origins differ from now on.
      outbox?.renew();
      env.after(1_000 + env.random() * 4_000, again);
    } else if (code === UNAUTHORIZED && token) {
      // A token that is not theirs (any more): be a new visitor rather than shut out for ever.
      void forget()?.then(again);
    }
  };

  const onState = (state: LinkState) => {
    if (state.at !== 'open') outbox?.down();
    if (state.at === 'waiting' && state.code === EXPIRED) forget();
    if (isDown(state)) introduced();
    if (state.at === 'stopped') recover(state.code);
    emit('state', state);
    changed();
  };

  const link = createLink({
    url: o.endpoint,
    env,
    fallback: async (reason, misses) => (await o.fallback(reason)).createFallback({ url: o.endpoint, env, cursor, hello, misses }),
    hello,
    onFrame,
    onState,
    hidden: o.hidden,
  });

  // ---- life -----------------------------------------------------------------------------------------------------------

  const open = async (run: number): Promise<Outbox> => {
    const store = await o.kv(account);
    const box = await openOutbox({
      kv: store,
      claim: o.claim,
      env,
      name: account,
      transmit: (frames) => link.send(...frames),
      onSilence: () => link.replace(),
      onChange: changed,
      onRefused: changed,
    });
    // It was stopped, or started again, in the meantime.
    if (run !== runs) {
      box.close();
      store.close();
      return box;
    }
    kv = store;
    outbox = box;
    token ??= await readToken();
    return box;
  };

  return {
    on,
    log,
    get state() {
      return link.state;
    },
    get head() {
      return head;
    },
    get site() {
      return site;
    },
    get entries() {
      return outbox?.entries() ?? [];
    },
    get unread() {
      return unread();
    },
    async start() {
      const run = ++runs;
      ready = open(run);
      await ready;
      if (run === runs) link.start();
      changed();
    },
    stop() {
      runs++;
      link.stop();
      outbox?.close();
      kv?.close();
      outbox = kv = undefined;
    },
    wake: () => link.probe(),
    send: async (frame) => (await ready).send(frame),
    retry: (key) => outbox?.retry(key),
    get slowed() {
      return slowed;
    },
    tell: (frame) => link.send(frame),
    read() {
      if (!unread() || !link.send({ type: 'read', seq: log.last })) return;
      seen = log.last;
      changed();
    },
    store: async () => {
      await ready;
      return kv;
    },
  };
}

const isDown = ({ at }: LinkState) => at !== 'connecting' && at !== 'open';
const isTheirs = (event: LogEvent) => isSaid(event) && event.by.kind !== 'visitor';

/** Whose token it is, for the name of the store: what one user left must not be sent by the next one of the same phone. */
export function subject(jwt: string | undefined): string {
  try {
    const claims = jwt!.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    return `${JSON.parse(atob(claims)).sub}`;
  } catch {
    return jwt?.slice(-12) ?? '';
  }
}
