/**
 * The live side of the desk: one link, one outbox, and the logs of what is held or looked at.
 *
 * Everything that arrives goes through the reducers of desk.ts into one signal; everything that is sent and stored goes
 * through the outbox. Push is a hint: whatever a head, an ack or a pong says exists and is not here is asked for.
 */
import { type Signal, signal } from '@preact/signals';
import type { Claim } from '../visitor/claim.ts';
import type { Env } from '../visitor/env.ts';
import type { Kv } from '../visitor/kv.ts';
import { createLink, type Link, type LinkState } from '../visitor/link.ts';
import { type Entry, type Outbox, openOutbox } from '../visitor/outbox.ts';
import type { Ack, Agent, AgentWelcome, EventFrame, LogEvent, NumberedFrame, ServerFrame, Status } from '../visitor/wire.ts';
import { type Api, codeOf } from './api.ts';
import * as desk from './desk.ts';
import { Logs } from './logs.ts';
import type { Chat, Desk, Head, Me } from './model.ts';
import { isMine, newsOf, waiting } from './select.ts';

/** What an agent wants their status to be, until presence says that it is. */
export interface Wanted {
  readonly status: Status;
  readonly capacity?: number | undefined;
}

/** Why the token counts no more. */
export type Lost = 'expired' | 'revoked';

export interface LiveOptions {
  /** `wss://host/ws`. */
  readonly url: string;
  readonly env: Env;
  readonly kv: Kv;
  readonly claim: Claim;
  readonly api: Api;
  readonly me: Me;
  token(): string;
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
export type Act =
  | { type: 'take' | 'end' | 'reopen'; session: number }
  | { type: 'transfer'; session: number; to: { agent: string } | { group: string }; note?: string };

const WAITING = 50; // as many as a welcome and a page of the list hold
const TYPING_EVERY = 3_000;
const HEAD_GRACE = 200; // ms a head may come before its event, without anything being lost
const REFRESH = 10; // heads asked for one by one after a pong

const isAct = (frame: NumberedFrame): frame is Act =>
  frame.type === 'take' || frame.type === 'transfer' || frame.type === 'end' || frame.type === 'reopen';

/** Opens what the last page of this account left unsent. Call `start` to connect. */
export async function createLive(o: LiveOptions): Promise<Live> {
  const live = new Live(o);
  live.attach(await openOutbox({ kv: o.kv, claim: o.claim, env: o.env, name: `agent-${o.me.id}`, ...live.outboxSide }));
  return live;
}

export class Live {
  readonly desk: Signal<Desk>;
  readonly link = signal<LinkState>({ at: 'idle' });
  /** Since when (ms) the connection is broken: not from the first try on, but through all tries that fail. */
  readonly brokenAt = signal<number | undefined>(undefined);
  readonly wanted = signal<Wanted | undefined>(undefined);
  /** The conversation that was opened and does not exist, or may not be seen. */
  readonly absent = signal<string | undefined>(undefined);

  /** What the outbox needs of this side. */
  readonly outboxSide = {
    transmit: (frames: Parameters<Link['send']>) => this.wire.send(...frames),
    onSilence: () => this.wire.replace(),
    onChange: (id: string) => this.showOutbox(id),
    onRefused: (entry: Entry) => this.refused(entry),
  };

  private readonly wire: Link;
  private readonly logs: Logs;
  private box: Outbox | undefined;
  private opened: string | undefined;
  private watched = ''; // what this connection watches
  private epoch = '';
  private canWatch = false; // the server pushes what one looks at but does not hold
  private typingSent = { id: '', at: 0 };
  private readonly asked = new Set<string>(); // conversations the agent took: no news when they come

  constructor(private readonly o: LiveOptions) {
    this.desk = signal(desk.emptyDesk(o.me));
    this.wire = createLink({
      url: o.url,
      env: o.env,
      hello: () => ({ type: 'hello', v: 1, origin: this.outgoing.origin(), token: o.token() }),
      onFrame: (f) => this.receive(f),
      onState: (s) => this.linked(s),
      ...(o.hidden ? { hidden: o.hidden } : {}),
    });
    this.logs = new Logs({
      desk: this.desk,
      api: o.api,
      ask: (conversation, seq) => this.wire.send({ type: 'after', conversation, seq, limit: 200 }),
      onFresh: (id, events, late) => this.fresh(id, events, late),
      onUnauthorized: () => this.lost('expired'),
    });
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
    this.wire.stop();
    this.box?.close();
  }

  // ---- what the agent does --------------------------------------------------------------------------------------------

  /** The conversation that is looked at: its log is fetched and followed, whoever holds it. */
  open(id: string | undefined): void {
    const before = this.opened;
    if (before === id) return;
    this.opened = id;
    this.absent.value = undefined;
    if (before) this.follow(before);
    if (id && !this.chat(id)) void this.refresh(id);
    else if (id) this.follow(id);
    this.watch();
  }

  /** Fetches the newest page of a log once more, after it failed. */
  reload(id: string): Promise<void> {
    return this.logs.load(id);
  }

  /** Fetches the page of a log before what is here. Rejects with an ApiError. */
  earlier(id: string): Promise<void> {
    return this.logs.earlier(id);
  }

  /** Takes heads that came over HTTP. */
  learn(heads: readonly Head[]): void {
    for (const head of heads) this.head(head, false);
  }

  async say(id: string, text: string, internal: boolean): Promise<void> {
    this.typingSent = { id: '', at: 0 };
    await this.outgoing.send({ type: 'send', body: { kind: 'text', text }, ...(internal ? { internal } : {}) }, id);
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
    if (frame.type === 'take' || frame.type === 'reopen') this.asked.add(id);
    await this.outgoing.send(frame, id);
  }

  /** The trouble was read. */
  dismiss(id: string): void {
    this.patch(id, (c) => (c.trouble ? { ...c, trouble: undefined } : c));
  }

  /** The agent is writing a reply; told at most every 3 s. */
  typing(id: string): void {
    const now = this.o.env.now();
    if (this.typingSent.id === id && now - this.typingSent.at < TYPING_EVERY) return;
    if (this.wire.send({ type: 'typing', conversation: id })) this.typingSent = { id, at: now };
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
        this.head(f.conversation, true);
        this.o.env.after(HEAD_GRACE, () => this.logs.reach(f.conversation.id, f.conversation.seq));
        break;
      case 'event':
        this.event(f);
        break;
      case 'events':
        this.logs.fill(f.conversation, f.events);
        break;
      case 'ack':
        this.acked(f);
        break;
      case 'error':
        if (f.n !== undefined) this.outgoing.refuse(f);
        break;
      case 'typing':
        this.update((d) => desk.typed(d, f.conversation, f.by, f.text, this.o.env.now()));
        break;
      case 'read':
        this.update((d) => desk.readBy(d, f.conversation, f.by.kind, f.seq));
        break;
      case 'presence':
        this.presence(f.agents);
        break;
      case 'pong':
        if (typeof f.heads === 'object') this.pong(f.heads, f.waiting);
    }
  }

  private welcome(w: AgentWelcome): void {
    if (w.reset || (this.epoch && this.epoch !== w.epoch)) {
      this.logs.clear();
      this.update((d) => ({ ...d, chats: {} }));
    }
    const before = this.epoch ? this.desk.value.chats : undefined;
    this.epoch = w.epoch;
    this.watched = '';
    this.canWatch = !!w.features?.includes('watch');
    this.update((d) => desk.welcomed(d, w, this.opened, this.o.env.now()));
    // What came while the connection was gone is news; what is there at the start of the day is not.
    if (before) for (const { id } of w.conversations) this.tell(before[id]?.head, id);
    this.outgoing.up(w.epoch);
    for (const { id, head } of Object.values(this.desk.value.chats)) {
      this.showOutbox(id);
      this.follow(id);
      this.logs.reach(id, head.seq, true);
    }
    if (this.opened) void this.refresh(this.opened);
    this.watch();
    if (this.wanted.value) this.wire.send({ type: 'status', ...this.wanted.value });
    this.presence(w.agents);
  }

  private head(head: Head, news: boolean): void {
    const before = this.chat(head.id);
    this.update((d) => desk.headed(d, head, this.o.env.now()));
    if (!before) this.showOutbox(head.id);
    if (news) this.tell(before?.head, head.id);
    this.follow(head.id);
  }

  private event({ type: _, ...e }: EventFrame): void {
    const before = this.chat(e.conversation);
    if (!before) {
      this.meet(e.conversation);
      return;
    }
    if (this.logs.push(e) !== 'taken') this.update((d) => desk.glimpsed(d, e));
    this.tell(before.head, e.conversation);
    this.follow(e.conversation);
  }

  /** Events that joined a log: with its first page, or `late`, pushed or asked for. */
  private fresh(id: string, events: readonly LogEvent[], late: boolean): void {
    const chat = this.chat(id);
    for (const e of events) {
      if (e.origin && e.n) this.outgoing.acknowledge({ origin: e.origin, n: e.n }, id);
      if (late && chat && this.holds(id) && e.by.kind === 'visitor' && desk.isSaid(e)) this.o.onMessage(chat, e);
    }
  }

  /** One's own frame is stored. A message becomes an event here; what else it did comes with the log. */
  private acked(a: Ack): void {
    const id = a.conversation;
    const entry = this.outgoing.acknowledge(a, id);
    const head = this.chat(id)?.head;
    if (entry?.frame.type !== 'send' || !head || a.prev === undefined) {
      this.logs.reach(id, a.seq);
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
    if (this.logs.push(e) === 'late') this.update((d) => desk.acknowledgedAhead(d, e));
  }

  private refused({ conversation, frame, failed: code = 'internal' }: Entry): void {
    this.asked.delete(conversation);
    if (isAct(frame)) {
      const to = frame.type === 'transfer' && 'agent' in frame.to ? frame.to.agent : undefined;
      this.patch(conversation, (c) => ({ ...c, trouble: { action: frame.type, code, to } }));
    }
    // What was refused was decided on a picture that is out of date.
    void this.refresh(conversation);
  }

  private presence(agents: readonly Agent[]): void {
    this.update((d) => desk.present(d, agents));
    const { agents: all, me } = this.desk.value;
    const is = all[me.id];
    const w = this.wanted.value;
    if (w && is?.status === w.status && (w.capacity === undefined || is.capacity === w.capacity)) this.wanted.value = undefined;
  }

  /** What the server says exists: whatever is not here, or is here and should not be, is asked for. */
  private pong(heads: Readonly<Record<string, number>>, count: number | undefined): void {
    const held = Object.values(this.desk.value.chats).filter((c) => this.holds(c.id));
    for (const c of held.filter((c) => !(c.id in heads)).slice(0, REFRESH)) void this.refresh(c.id);
    for (const [id, seq] of Object.entries(heads)) {
      if ((this.chat(id)?.head.seq ?? -1) < seq) void this.refresh(id);
      else this.logs.reach(id, seq);
    }
    if (this.opened && !this.canWatch && !this.holds(this.opened)) void this.refresh(this.opened);
    if (count === undefined) return;
    this.update((d) => (d.waiting === count ? d : { ...d, waiting: count }));
    const here = waiting(this.desk.value).length;
    if (here !== count && (here < WAITING || count < WAITING)) void this.refreshWaiting();
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
    this.wire.stop();
    this.o.onLost(why);
  }

  // ---- keeping it whole -----------------------------------------------------------------------------------------------

  /** What is held or looked at is kept complete; what is neither is let go. */
  private follow(id: string): void {
    if (id === this.opened || this.holds(id)) void this.logs.load(id);
    else this.logs.drop(id);
    if (id !== this.opened) this.logs.trim(id);
    this.watch();
  }

  /** Events of what one does not hold come only when they are asked for; where they can not be, each pong asks. */
  private watch(): void {
    const want = this.opened && this.chat(this.opened) && !this.holds(this.opened) ? this.opened : '';
    if (this.canWatch && want !== this.watched && this.wire.send({ type: 'watch', conversations: want ? [want] : [] }))
      this.watched = want;
  }

  /** An event of a conversation that is not known: its head comes behind it, as a rule. */
  private meet(id: string): void {
    this.o.env.after(HEAD_GRACE, () => {
      if (!this.chat(id)) void this.refresh(id);
    });
  }

  private async refresh(id: string): Promise<void> {
    try {
      this.head(await this.o.api.conversation(id), true);
      if (this.absent.value === id) this.absent.value = undefined;
      this.logs.reach(id, this.chat(id)?.head.seq ?? 0);
    } catch (e) {
      const code = codeOf(e);
      if (code === 'unauthorized') this.lost('expired');
      if (code !== 'not_found' && code !== 'forbidden') return;
      if (id === this.opened) this.absent.value = id;
      this.logs.drop(id);
      this.update((d) => desk.dropped(d, id));
    }
  }

  private async refreshWaiting(): Promise<void> {
    const page = await this.o.api.conversations({ phase: 'waiting', limit: WAITING }).catch(() => undefined);
    if (!page) return;
    for (const head of page.conversations) this.head(head, true);
    const named = new Set(page.conversations.map((h) => h.id));
    const gone = waiting(this.desk.value).filter((c) => !named.has(c.id));
    if (!page.next) for (const c of gone.slice(0, REFRESH)) void this.refresh(c.id);
  }

  private tell(before: Head | undefined, id: string): void {
    const after = this.chat(id)?.head;
    const kind = after && newsOf(this.desk.value.me, before, after);
    if (kind === 'assigned' && this.asked.delete(id)) return;
    if (kind) this.o.onNews(kind, after);
  }

  private showOutbox(id: string): void {
    this.update((d) => desk.outgoing(d, id, this.box?.entries(id) ?? []));
  }

  private get outgoing(): Outbox {
    if (!this.box) throw new Error('no outbox yet');
    return this.box;
  }

  private chat(id: string): Chat | undefined {
    return this.desk.value.chats[id];
  }

  private holds(id: string): boolean {
    const chat = this.chat(id);
    return !!chat && isMine(this.desk.value.me, chat.head);
  }

  private update(change: (d: Desk) => Desk): void {
    this.desk.value = change(this.desk.value);
  }

  private patch(id: string, change: (c: Chat) => Chat): void {
    this.update((d) => desk.patch(d, id, change));
  }
}
