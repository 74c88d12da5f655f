/**
 * Which conversations are known here, and that each is kept whole.
 *
 * What is held or looked at has its log, and follows it; of all others there is only the head. Push is a hint: whatever a
 * head or a pong says exists and is not here is asked for, and what is here and should not be is asked about.
 */
import { type Signal, signal } from '@preact/signals';
import type { Env } from '../visitor/env.ts';
import type { AgentWelcome, EventFrame, LogEvent } from '../visitor/wire.ts';
import { type Api, codeOf } from './api.ts';
import * as desk from './desk.ts';
import { Logs } from './logs.ts';
import { type Chat, type Desk, type Head, isSaid } from './model.ts';
import { isMine, newsOf } from './select.ts';
import { merged } from './shelf.ts';

/** What the conversations need of whoever owns the link. */
export interface ChatsOptions {
  readonly desk: Signal<Desk>;
  readonly env: Pick<Env, 'now' | 'after'>;
  readonly api: Pick<Api, 'conversation' | 'conversations' | 'events'>;
  /** Sends `after`, if there is a connection. */
  ask(id: string, after: number): void;
  /** Sends `watch` with these. False: there is no connection. */
  watch(ids: string[]): boolean;
  /** A conversation is known that was not: what the outbox has for it can be shown. */
  onMet(id: string): void;
  /** Events that joined a log. `late`: after its first page. */
  onFresh(chat: Chat, events: readonly LogEvent[], late: boolean): void;
  onNews(kind: 'waiting' | 'assigned', head: Head): void;
  onUnauthorized(): void;
}

const WAITING = 50; // as many as a welcome and a page of the list hold
const HEAD_GRACE = 200; // ms a head may come before its event, without anything being lost
const PEEK = 8; // events: more than ever happens to a session between two messages, while nobody answers
const REFRESH = 10; // heads asked for one by one after a pong

/** The conversations of one account on this page. Nothing it does fails: what can not be had now is asked for again. */
export class Chats {
  /** The conversation that was opened and does not exist, or may not be seen. */
  readonly absent = signal<string | undefined>(undefined);
  readonly logs: Logs;

  private opened: string | undefined;
  private watched = ''; // what this connection watches
  private canWatch = false; // the server pushes what one looks at but does not hold
  private epoch = '';
  private peeking: Promise<void> = Promise.resolve(); // one at a time
  private readonly taken = new Set<string>(); // by the agent's own hand: no news when they come

  constructor(private readonly o: ChatsOptions) {
    this.logs = new Logs({
      desk: o.desk,
      api: o.api,
      ask: o.ask,
      onFresh: (id, events, late) => this.fresh(id, events, late),
      onUnauthorized: o.onUnauthorized,
    });
  }

  /** The conversation that is looked at: its log is fetched and followed, whoever holds it. */
  open(id: string | undefined): void {
    const before = this.opened;
    if (before === id) return;
    this.opened = id;
    this.absent.value = undefined;
    if (before) this.follow(before);
    this.watch();
    if (!id) return;
    this.follow(id);
    // Of what one does not hold, the head in a list may be old.
    if (!this.holds(id)) void this.refresh(id);
  }

  /** The agent asked for it; when it comes they know. */
  expect(id: string, coming: boolean): void {
    if (coming) this.taken.add(id);
    else this.taken.delete(id);
  }

  /** Takes what a new connection brings. */
  welcome(w: AgentWelcome): void {
    if (w.reset || (this.epoch && this.epoch !== w.epoch)) {
      this.logs.clear();
      this.update((d) => ({ ...d, chats: d.chats.emptied() }));
    }
    const before = this.epoch ? this.desk.chats : undefined;
    this.epoch = w.epoch;
    this.watched = '';
    this.canWatch = !!w.features?.includes('watch');
    this.update((d) => desk.welcomed(d, w, this.opened, this.o.env.now()));
    // What came while the connection was gone is news; what is there at the start of the day is not.
    if (before) for (const { id } of w.conversations) this.tell(before.get(id)?.head, id);
    for (const { id, head } of this.desk.chats.values()) {
      this.o.onMet(id);
      this.follow(id);
      this.logs.reach(id, head.seq, true);
      this.peeking = this.peeking.then(() => this.peek(id));
    }
    if (this.opened) void this.refresh(this.opened);
  }

  /** Takes the heads of a page of a list: no news, and as a rule of what is neither held nor looked at. */
  learn(heads: readonly Head[]): void {
    const fresh = heads.filter((h) => !this.chat(h.id));
    this.update((d) => desk.headedAll(d, heads, this.o.env.now()));
    for (const { id } of fresh) this.o.onMet(id);
    for (const { id, seq } of heads) {
      this.follow(id);
      this.logs.reach(id, seq);
    }
  }

  /** Takes a head. `news`: it was pushed, and the agent may not have seen it coming. */
  head(head: Head, news: boolean): void {
    const before = this.chat(head.id);
    this.update((d) => desk.headed(d, head, this.o.env.now()));
    if (!before) this.o.onMet(head.id);
    if (news) this.tell(before?.head, head.id);
    this.follow(head.id);
    this.peeking = this.peeking.then(() => this.peek(head.id));
    this.o.env.after(HEAD_GRACE, () => this.logs.reach(head.id, head.seq));
  }

  /** Takes an event that was pushed. */
  event({ type: _, ...e }: EventFrame): void {
    const id = e.conversation;
    const before = this.chat(id);
    if (!before) {
      // Its head comes behind it, as a rule.
      this.o.env.after(HEAD_GRACE, () => {
        if (!this.chat(id)) void this.refresh(id);
      });
      return;
    }
    if (this.logs.push(e) !== 'taken') this.update((d) => desk.glimpsed(d, e));
    this.tell(before.head, id);
    this.follow(id);
  }

  /** Takes what the server says exists: heads by conversation, and how many wait. */
  pong(heads: Readonly<Record<string, number>>, count: number | undefined): void {
    const held = this.desk.chats.mine;
    for (const c of held.filter((c) => !(c.id in heads)).slice(0, REFRESH)) void this.refresh(c.id);
    for (const [id, seq] of Object.entries(heads)) {
      if ((this.chat(id)?.head.seq ?? -1) < seq) void this.refresh(id);
      // The answer to an earlier question may be lost too: by now it would be here.
      else this.logs.reach(id, seq, true);
    }
    if (this.opened && !this.canWatch && !this.holds(this.opened)) void this.refresh(this.opened);
    if (count === undefined) return;
    this.update((d) => (d.waiting === count ? d : { ...d, waiting: count }));
    const here = this.desk.chats.inLine;
    if (here !== count && (here < WAITING || count < WAITING)) void this.refreshWaiting();
  }

  /** Asks how a conversation stands now. */
  async refresh(id: string): Promise<void> {
    try {
      this.head(await this.o.api.conversation(id), true);
      if (this.absent.value === id) this.absent.value = undefined;
    } catch (e) {
      const code = codeOf(e);
      if (code === 'unauthorized') this.o.onUnauthorized();
      if (code !== 'not_found' && code !== 'forbidden') return;
      if (id === this.opened) this.absent.value = id;
      this.logs.drop(id);
      this.update((d) => desk.dropped(d, id));
    }
  }

  /** Whether the agent holds a conversation. */
  holds(id: string): boolean {
    const chat = this.chat(id);
    return !!chat && isMine(this.desk.me, chat.head);
  }

  /** A queue is read for what the visitors ask. Where a head's last event only happened, the log knows what was said. */
  private async peek(id: string): Promise<void> {
    const chat = this.chat(id);
    const { last, phase, seq } = chat?.head ?? {};
    if (phase !== 'waiting' || !seq || chat?.history !== 'none' || (last && isSaid(last))) return;
    const page = await this.o.api.events(id, undefined, PEEK).catch(() => undefined);
    const said = page?.events.filter((e) => isSaid(e) && !e.internal).at(-1);
    if (said) this.update((d) => desk.recalled(d, id, seq, said));
  }

  private async refreshWaiting(): Promise<void> {
    const page = await this.o.api.conversations({ phase: 'waiting', limit: WAITING }).catch(() => undefined);
    if (!page) return;
    for (const head of page.conversations) this.head(head, true);
    const named = new Set(page.conversations.map((h) => h.id));
    const gone = merged(this.desk.chats.lines).filter((c) => !named.has(c.id));
    if (!page.next) for (const c of gone.slice(0, REFRESH)) void this.refresh(c.id);
  }

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
    if (this.canWatch && want !== this.watched && this.o.watch(want ? [want] : [])) this.watched = want;
  }

  private fresh(id: string, events: readonly LogEvent[], late: boolean): void {
    const chat = this.chat(id);
    if (chat) this.o.onFresh(chat, events, late);
    // The agent may have looked away while its first page was on the way.
    if (!late) this.follow(id);
  }

  private tell(before: Head | undefined, id: string): void {
    const after = this.chat(id)?.head;
    const kind = after && newsOf(this.desk.me, before, after);
    if (kind === 'assigned' && this.taken.delete(id)) return;
    if (kind) this.o.onNews(kind, after);
  }

  private get desk(): Desk {
    return this.o.desk.value;
  }

  private chat(id: string): Chat | undefined {
    return this.desk.chats.get(id);
  }

  private update(change: (d: Desk) => Desk): void {
    this.o.desk.value = change(this.o.desk.value);
  }
}
