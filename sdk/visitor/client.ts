import { accountOf, subject } from './account.ts';
import type { Client, ClientError, ClientEvents, ClientOptions, Held } from './contract.ts';
import { createEmitter } from './emitter.ts';
import type { Kv } from './kv.ts';
import { createLink, type LinkState } from './link.ts';
import { createLog, isSaid, type Logged } from './log.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import type { Cursor } from './poll.ts';
import type { Ack, Conversation, Hello, LogEvent, Party, ServerFrame, VisitorWelcome } from './wire.ts';

export type * from './contract.ts';

const EXPIRED = 4004;
const UNAUTHORIZED = 4500;
const FORBIDDEN = 4501;
const REPLACED = 4503;

/** The real one: link, outbox and log put together. */
export function createClient(o: ClientOptions): Client & { readonly held: Held } {
  const { env } = o;
  let { user } = o;
  const { on, emit } = createEmitter<ClientEvents>();
  const account = accountOf(o.site, user);
  let kv: Kv | undefined;
  let outbox: Outbox | undefined;
  let ready = Promise.resolve<Outbox>(undefined!);
  let runs = 0;
  let head: Conversation | undefined;
  let site: Client['site'] = {};
  let moves = false; // the desk wants to hear of other pages
  let token: string | undefined;
  let epoch = o.from?.epoch ?? '';
  let greeted = ''; // the origin of the last hello
  let refreshed = false; // the site's own token, since the last welcome
  const said: ((box: Outbox) => Promise<void>)[] = []; // before there was an outbox
  let line: Promise<unknown> | undefined; // of what is looked up before it is said again
  let introduced = () => {}; // lets other pages say hello without a token
  let seen = o.from?.seen ?? 0;
  let slowed = false;

  const unread = () => log.events.filter((e) => e.seq > seen && isTheirs(e)).length;
  const changed = () => emit('change', undefined);
  const log = createLog((after) => link.send({ type: 'after', seq: after }));
  log.reset(o.from?.events ?? []);

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
    return { type: 'hello', v: 1, user, ...cursor(), ...(await o.about()) };
  };

  // ---- frames ---------------------------------------------------------------------------------------------------------

  /** An event of one's own ends its entry, and keeps its place on the page by the entry's key. */
  const own = (event: LogEvent): LogEvent & { key?: string } => {
    const entry = end(event);
    return entry ? { ...event, key: entry.key } : event;
  };

  const end = (ack: Partial<Ack>) => {
    const entry = outbox?.acknowledge(ack);
    if (entry) emit('sent', { id: entry.id, seq: ack.seq! });
    return entry;
  };

  const announce = (events: Logged[]) => {
    for (const event of events) if (isTheirs(event)) emit('message', event);
  };

  const welcome = (frame: VisitorWelcome) => {
    outbox!.down(); // it may come in place of a connection that is still there
    outbox!.doubt(greeted, frame.n);
    const events = frame.events.map(own);
    const resumed = epoch && !frame.reset;
    const held = new Set(log.events.map(nameOf));
    const wasHere = !!epoch;
    refreshed = false;
    token = frame.token;
    void kv?.write([['me/token', token]]).then(introduced);
    epoch = frame.epoch;
    head = frame.conversation;
    const { invited } = site;
    site = {
      ...frame.site,
      ...(frame.limits?.uploads && { uploads: frame.limits.uploads }),
      ...(resumed && invited && { invited }),
    };
    moves = !!frame.features?.includes('page');
    if (resumed) announce(log.fill(events));
    else {
      log.reset(events);
      // Another store, or an older state of it: what this page has not shown yet is news all the same.
      if (wasHere) announce(log.events.filter((e) => !held.has(nameOf(e))));
    }
    outbox!.accepted(greeted, frame.n);
    outbox!.up(epoch);
    log.reach(head.seq, true);
    seen = Math.max(resumed ? seen : 0, head.read?.visitor ?? 0);
    void outbox!.adopt();
  };

  const acknowledge = (ack: Ack) => {
    slowed = false;
    const entry = end(ack);
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
      case 'delta':
        emit('delta', frame);
        return;
      case 'invite':
        site = { ...site, invited: { text: frame.text, by: frame.by, at: env.now(), session: head?.session ?? 0 } };
        break;
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
  const recover = (code: number, reason: string) => {
    const run = runs;
    const again = () => run === runs && link.start();
    if (code === REPLACED) {
      // Names are held by one page, so it was a late hello of our own, or of the page before a reload. A war of two pages
      // that hold one name after all would end here too: their origins differ from now on.
      outbox?.renew();
      env.after(1_000 + env.random() * 4_000, again);
    } else if (code === UNAUTHORIZED && user && o.refresh && !refreshed) {
      refreshed = true;
      o.refresh().then(
        (fresh) => {
          // What one user left on this device must not be sent by another.
          if (subject(fresh) !== subject(user!.token)) return deny('token', 'another user');
          user = { token: fresh };
          again();
        },
        () => deny('token', ''),
      );
    } else if (code === UNAUTHORIZED && token) {
      // A token that is not theirs (any more): be a new visitor rather than shut out for ever.
      void forget()?.then(again);
    } else deny(code === UNAUTHORIZED ? 'unauthorized' : code === FORBIDDEN ? 'forbidden' : 'stopped', reason);
  };

  const deny = (code: ClientError['code'], message: string) => emit('error', { code, message });

  const onState = (state: LinkState) => {
    if (state.at !== 'open') outbox?.down();
    if (state.at === 'waiting' && state.code === EXPIRED) forget();
    if (isDown(state)) introduced();
    if (state.at === 'stopped') recover(state.code, state.reason);
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
    const given = await o.kv(account);
    let warned = false;
    const warn = () => {
      if (warned || given.lasts) return;
      warned = true;
      deny('storage', '');
    };
    // The disk may be full later.
    const store = { ...given, write: (changes: Parameters<Kv['write']>[0]) => given.write(changes).then(warn) };
    const box = await openOutbox({
      kv: store,
      claim: o.claim,
      env,
      name: account,
      transmit: (frames) => link.send(...frames),
      onSilence: () => link.replace(),
      onChange: changed,
      onRefused: ({ id, failed }) => emit('failed', { id, code: failed! }),
    });
    warn();
    const takes = said.splice(0).map((say) => say(box));
    // It was stopped, or started again, in the meantime; what was said is written down all the same.
    if (run !== runs) {
      await Promise.all(takes);
      box.close();
      store.close();
      return box;
    }
    kv = store;
    outbox = box;
    token ??= await readToken();
    return box;
  };

  /** Gives the outbox back: another page, or the next start of this one, goes on with it. */
  const shut = () => {
    outbox?.close();
    kv?.close();
    outbox = kv = undefined;
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
      shut();
      const run = ++runs;
      ready = open(run);
      await ready;
      if (run === runs) link.start();
      changed();
    },
    stop() {
      runs++;
      link.stop();
      shut();
    },
    wake: () => link.probe(),
    send: (frame, id, again) => {
      const take = async (box: Outbox) => (again && (await box.ids()).has(id!)) || box.send(frame, '', id);
      const give = () => (outbox ? take(outbox) : new Promise((done, fail) => said.push((box) => take(box).then(done, fail))));
      if (!again && !line) return give();
      const mine = (line ?? Promise.resolve()).then(give).finally(() => {
        if (line === mine) line = undefined;
      });
      line = mine;
      return mine;
    },
    retry: (key) => outbox?.retry(key),
    get slowed() {
      return slowed;
    },
    tell: (frame) => (moves || frame.type !== 'page') && link.send(frame),
    read() {
      if (!unread() || !link.send({ type: 'read', seq: log.last })) return;
      seen = log.last;
      changed();
    },
    store: async () => {
      await ready;
      return kv;
    },
    async bearer() {
      await ready;
      return token;
    },
    rings: true,
    async clear() {
      const kept = (await kv?.read('')) ?? [];
      const run = ++runs;
      link.stop();
      outbox?.close(); // it writes no more
      await kv?.write(kept.map(([key]) => [key, undefined]));
      token = head = undefined;
      epoch = '';
      seen = 0;
      log.reset([]);
      changed();
      if (run === runs) await this.start();
    },
    get held() {
      return { epoch, events: log.events, seen };
    },
  };
}

const isDown = ({ at }: LinkState) => at !== 'connecting' && at !== 'open';
const nameOf = ({ seq, at, by }: LogEvent) => `${seq} ${at} ${by.kind}`;
const isTheirs = (event: LogEvent) => isSaid(event) && event.by.kind !== 'visitor';
