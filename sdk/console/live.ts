/**
 * The live side of the desk: one link, one outbox, and the conversations they are about (chats.ts).
 *
 * Everything that arrives goes through the reducers of desk.ts into one signal; everything that is sent and stored goes
 * through the outbox.
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Claim } from '../visitor/claim.ts';
import type { Env, Socket } from '../visitor/env.ts';
import type { Kv } from '../visitor/kv.ts';
import { createLink, type Link, type LinkState } from '../visitor/link.ts';
import { type Entry, type Outbox, openOutbox } from '../visitor/outbox.ts';
import type {
  Ack,
  Agent,
  AgentWelcome,
  Body,
  Hello,
  LogEvent,
  NumberedFrame,
  ServerFrame,
  Status,
  UploadLimits,
} from '../visitor/wire.ts';
import type { Api } from './api.ts';
import { Chats } from './chats.ts';
import * as desk from './desk.ts';
import { Looking } from './looking.ts';
import { type Chat, type Desk, type Head, isSaid, type Me } from './model.ts';

/** What an agent wants their status to be, until presence says that it is. */
export interface Wanted {
  readonly status: Status;
  readonly capacity?: number | undefined;
}

/** Why the token counts no more. */
export type Lost = 'expired' | 'revoked';

/** What a live side needs of the page: transport, storage, account, and whom to tell. */
export interface LiveOptions {
  /** `wss://host/ws`. */
  readonly url: string;
  readonly env: Env;
  readonly kv: Kv;
  readonly claim: Claim;
  readonly api: Api;
  readonly me: Me;
  token(): string;
  /** Another way to connect, where no WebSocket gets through. */
  fallback?: ((o: Way) => Promise<Socket>) | undefined;
  /** Hidden pages announce a slow heartbeat. */
  hidden?(): boolean;
  /** A conversation began to wait, or became the agent's without their doing. */
  onNews(kind: 'waiting' | 'assigned', head: Head): void;
  /** A visitor wrote in a conversation the agent holds. */
  onMessage(chat: Chat, event: LogEvent): void;
  /** The link has stopped for good. */
  onLost(why: Lost): void;
}

/** A frame that acts on a session. */
/** What another way to connect needs. */
export interface Way {
  /** How many WebSockets have come to nothing. */
  readonly misses: number;
  hello(): Hello;
  token(): string;
  origin(): string;
}

/** What the server says may be sent: kinds and sizes of files, and for how long (ms) a message may be changed. */
export interface Limits {
  readonly uploads?: UploadLimits | undefined;
  readonly edit: number;
}

export type Act =
  | { type: 'take' | 'end' | 'reopen'; session: number }
  | { type: 'transfer'; session: number; to: { agent: string } | { group: string }; note?: string }
  | { type: 'edit'; seq: number; body: Body }
  | { type: 'recall'; seq: number }
  | { type: 'tag'; add?: string[]; remove?: string[] }
  | { type: 'snooze'; session: number; until: string };

const acts = new Set<string>(['take', 'transfer', 'end', 'reopen', 'edit', 'recall', 'tag', 'snooze']);
const isAct = (frame: NumberedFrame): frame is Act => acts.has(frame.type);

/** Opens what the last page of this account left unsent. Call `start` to connect. */
export async function createLive(o: LiveOptions): Promise<Live> {
  const live = new Live(o);
  live.attach(await openOutbox({ kv: o.kv, claim: o.claim, env: o.env, name: `agent-${o.me.id}`, ...live.outboxSide }));
  return live;
}

/** The live side of one account on this page. Make it with `createLive`, `start` it, and `close` it when the page goes. */
export class Live {
  readonly desk: Signal<Desk>;
  readonly link = signal<LinkState>({ at: 'idle' });
  /** Since when (ms) the connection is broken: not from the first try on, but through all tries that fail. */
  readonly brokenAt = signal<number | undefined>(undefined);
  readonly wanted = signal<Wanted | undefined>(undefined);
  readonly limits = signal<Limits>({ edit: 0 });
  /** The sites in whose conversations a model helps. */
  readonly assist = signal<readonly string[]>([]);
  /** What the outbox needs of this side. */
  readonly outboxSide = {
    transmit: (frames: Parameters<Link['send']>) => this.wire.send(...frames),
    onSilence: () => this.wire.replace(),
    onChange: (id: string) => this.showOutbox(id),
    onRefused: (entry: Entry) => this.refused(entry),
  };

  private readonly wire: Link;
  private readonly chats: Chats;
  private readonly looking: Looking;
  private box: Outbox | undefined;
  private closed = false;
  constructor(private readonly o: LiveOptions) {
    this.desk = signal(desk.emptyDesk(o.me));
    this.wire = createLink({
      url: o.url,
      env: o.env,
      hello: this.hello,
      onFrame: (f) => this.receive(f),
      onState: (s) => this.linked(s),
      fallback: o.fallback && ((_why, misses) => o.fallback!({ misses, hello: this.hello, token: o.token, origin: this.origin })),
      ...(o.hidden ? { hidden: o.hidden } : {}),
    });
    this.looking = new Looking({
      env: o.env,
      desk: () => this.desk.value,
      update: (change) => this.update(change),
      send: (frame) => !this.polls && this.wire.send(frame),
    });
    this.chats = new Chats({
      desk: this.desk,
      env: o.env,
      api: o.api,
      ask: (conversation, seq) => this.wire.send({ type: 'after', conversation, seq, limit: 200 }),
      watch: (conversations) => this.wire.send({ type: 'watch', conversations }),
      onMet: (id) => this.showOutbox(id),
      onFresh: (chat, events, late) => this.fresh(chat, events, late),
      onNews: o.onNews,
      onUnauthorized: () => this.lost('expired'),
    });
  }

  private readonly origin = () => this.outgoing.origin();
  private readonly hello = (): Hello => ({ type: 'hello', v: 1, origin: this.origin(), token: this.o.token() });

  /** Nothing is pushed to this page: its network lets no WebSocket through. */
  get polls(): boolean {
    const { value } = this.link;
    return value.at === 'open' && value.via === 'longpoll';
  }

  /** Gives it its outbox; before that nothing can be sent. */
  attach(box: Outbox): void {
    this.box = box;
  }

  start(): void {
    this.wire.start();
  }

  /** The page is visible or online again. */
  probe(): void {
    this.wire.probe();
  }

  /** The token has changed: the connection that was made with the old one will be cut soon. */
  renew(): void {
    this.wire.replace();
  }

  close(): void {
    this.closed = true;
    this.looking.close();
    this.wire.stop();
    this.box?.close();
  }

  // ---- what the agent does --------------------------------------------------------------------------------------------

  /** The conversation that is looked at: its log is fetched and followed, whoever holds it. */
  open(id: string | undefined): void {
    this.chats.open(id);
  }

  /** The conversation that was opened and does not exist, or may not be seen. */
  get absent(): ReadonlySignal<string | undefined> {
    return this.chats.absent;
  }

  /** Fetches the newest page of a log once more, after it failed. */
  reload(id: string): Promise<void> {
    return this.chats.logs.load(id);
  }

  /** Fetches the page of a log before what is here. Rejects with an ApiError. */
  earlier(id: string): Promise<void> {
    return this.chats.logs.earlier(id);
  }

  /** Takes heads that came over HTTP. */
  learn(heads: readonly Head[]): void {
    this.chats.learn(heads);
  }

  say(id: string, text: string, internal: boolean): Promise<void> {
    return this.sendBody(id, { kind: 'text', text }, internal);
  }

  async sendBody(id: string, body: Body, internal: boolean): Promise<void> {
    this.looking.said();
    await this.outgoing.send({ type: 'send', body, ...(internal ? { internal } : {}) }, id);
  }

  /** Sends what was refused once more. */
  retry(key: string): void {
    this.outgoing.retry(key);
  }

  discard(key: string): void {
    this.outgoing.discard(key);
  }

  /** Asks for an action. Its outcome is in the chat: the log moves on, or `trouble` says why not. */
  async act(id: string, frame: Act): Promise<void> {
    this.dismiss(id);
    if (frame.type === 'take' || frame.type === 'reopen') this.chats.expect(id, true);
    await this.outgoing.send(frame, id);
  }

  /** The trouble was read. */
  dismiss(id: string): void {
    this.patch(id, (c) => (c.trouble ? { ...c, trouble: undefined } : c));
  }

  /** The agent is writing, a reply or a note. */
  typing(id: string, doing: 'writes' | 'notes'): void {
    this.looking.typing(id, doing);
  }

  /** What is on the screen, in a page that is looked at: the colleagues who have to do with it are told. */
  look(id: string | undefined): void {
    this.looking.look(id);
  }

  /** The agent has seen everything up to seq. */
  read(id: string, seq: number): void {
    if (seq <= (this.chat(id)?.head.read?.agent ?? 0)) return;
    if (this.wire.send({ type: 'read', conversation: id, seq })) this.update((d) => desk.readBy(d, id, 'agent', seq));
  }

  /** Kept until presence confirms it, over connections too. */
  status(wanted: Wanted): void {
    this.wanted.value = wanted;
    this.wire.send({ type: 'status', ...wanted });
  }

  // ---- what arrives ---------------------------------------------------------------------------------------------------

  private receive(f: ServerFrame): void {
    switch (f.type) {
      case 'welcome':
        if (f.role !== 'visitor') this.welcome(f);
        break;
      case 'conversation':
        this.chats.head(f.conversation, true);
        break;
      case 'event':
        this.chats.event(f);
        break;
      case 'events':
        this.chats.logs.fill(f.conversation, f.events);
        break;
      case 'ack':
        this.acked(f);
        break;
      case 'error':
        if (f.n !== undefined) this.outgoing.refuse(f);
        break;
      case 'typing':
        this.looking.heard(f);
        break;
      case 'delta':
        this.update((d) => desk.answering(d, f));
        break;
      case 'read':
        this.update((d) => desk.readBy(d, f.conversation, f.by.kind, f.seq));
        break;
      case 'presence':
        this.presence(f.agents);
        break;
      case 'pong':
        if (typeof f.heads === 'object') this.chats.pong(f.heads, f.waiting);
    }
  }

  private welcome(w: AgentWelcome): void {
    // Who polls is told nothing, so there is nothing to watch: each pong asks for what is looked at.
    this.chats.welcome(this.polls ? { ...w, features: (w.features ?? []).filter((f) => f !== 'watch') } : w);
    this.outgoing.up(w.epoch);
    this.limits.value = { uploads: w.limits?.uploads, edit: (w.limits?.edit ?? 0) * 1000 };
    this.assist.value = w.assist ?? [];
    this.looking.tell();
    if (this.wanted.value) this.wire.send({ type: 'status', ...this.wanted.value });
    this.presence(w.agents);
  }

  private fresh(chat: Chat, events: readonly LogEvent[], late: boolean): void {
    for (const e of events) {
      if (e.origin && e.n) this.outgoing.acknowledge({ origin: e.origin, n: e.n }, chat.id);
      if (late && this.chats.holds(chat.id) && e.by.kind === 'visitor' && isSaid(e)) this.o.onMessage(chat, e);
    }
  }

  /** One's own frame is stored. A message becomes an event here; what else it did comes with the log. */
  private acked(a: Ack): void {
    const id = a.conversation;
    const entry = this.outgoing.acknowledge(a, id);
    const head = this.chat(id)?.head;
    if (entry?.frame.type !== 'send' || !head || a.prev === undefined) {
      this.chats.logs.reach(id, a.seq);
      return;
    }
    const { id: me, name } = this.desk.value.me;
    const e = {
      conversation: id,
      seq: a.seq,
      prev: a.prev,
      at: a.at,
      session: head.session,
      by: { kind: 'agent' as const, id: me, name },
      body: entry.frame.body,
      key: entry.key,
      ...(entry.frame.internal ? { internal: true } : {}),
    };
    if (this.chats.logs.push(e) === 'late') this.update((d) => desk.acknowledgedAhead(d, e));
  }

  private refused({ conversation, frame, failed: code = 'internal' }: Entry): void {
    this.chats.expect(conversation, false);
    if (isAct(frame)) {
      const to = frame.type === 'transfer' && 'agent' in frame.to ? frame.to.agent : undefined;
      this.patch(conversation, (c) => ({ ...c, trouble: { action: frame.type, code, to } }));
    }
    // What was refused was decided on a picture that is out of date.
    void this.chats.refresh(conversation);
  }

  private presence(agents: readonly Agent[]): void {
    this.update((d) => desk.present(d, agents));
    const { agents: all, me } = this.desk.value;
    const is = all[me.id];
    const w = this.wanted.value;
    if (w && is?.status === w.status && (w.capacity === undefined || is.capacity === w.capacity)) this.wanted.value = undefined;
  }

  private linked(s: LinkState): void {
    if (s.at === 'open') this.brokenAt.value = undefined;
    else if (s.at === 'waiting') this.brokenAt.value ??= this.o.env.now();
    this.link.value = s;
    if (s.at !== 'open') this.box?.down();
    if (s.at === 'waiting' && s.code === 4004) this.lost('expired');
    if (s.at === 'stopped' && s.code === 4500) this.o.onLost('expired');
    if (s.at === 'stopped' && s.code === 4501) this.o.onLost('revoked');
  }

  private lost(why: Lost): void {
    // An answer to a question of a page that was closed says nothing about the one that is open now.
    if (this.closed) return;
    this.wire.stop();
    this.o.onLost(why);
  }

  private showOutbox(id: string): void {
    this.update((d) => desk.outgoing(d, id, this.box?.entries(id) ?? []));
  }

  private get outgoing(): Outbox {
    if (!this.box) throw new Error('no outbox yet');
    return this.box;
  }

  private chat(id: string): Chat | undefined {
    return this.desk.value.chats.get(id);
  }

  private update(change: (d: Desk) => Desk): void {
    this.desk.value = change(this.desk.value);
  }

  private patch(id: string, change: (c: Chat) => Chat): void {
    this.update((d) => desk.patch(d, id, change));
  }
}
