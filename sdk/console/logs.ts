/**
 * The logs that are kept here: of what the agent holds, and of what they look at.
 *
 * The newest page comes over HTTP, where a question and its answer belong together; what is newer is pushed, and what a
 * push lost is asked for over the link (`ask`). Every change is put into the desk, so nobody else reads a log.
 */
import type { Signal } from '@preact/signals';
import { createLog, type Log } from '../visitor/log.ts';
import type { LogEvent } from '../visitor/wire.ts';
import { type Api, codeOf } from './api.ts';
import { logged, patch } from './desk.ts';
import type { Chat, Desk, History } from './model.ts';

const PAGE = 50;
const KEEP = 300; // events of a log that is held but not looked at

/** What the logs need of whoever owns the link. */
export interface LogsOptions {
  readonly desk: Signal<Desk>;
  readonly api: Pick<Api, 'events'>;
  /** Sends `{"type":"after","conversation":id,"seq":after}`, if there is a connection. */
  ask(id: string, after: number): void;
  /** Events that were not here before, in order; `late`: the log was here before them. */
  onFresh(id: string, events: readonly LogEvent[], late: boolean): void;
  /** The token counts no more. */
  onUnauthorized(): void;
}

/** The logs of this page, by conversation. */
export class Logs {
  private readonly logs = new Map<string, Log>();

  constructor(private readonly o: LogsOptions) {}

  /** Fetches the newest page, unless it is here or on the way. */
  async load(id: string): Promise<void> {
    const chat = this.chat(id);
    if (!chat || chat.history === 'loading' || chat.history === 'ready') return;
    this.mark(id, 'loading');
    try {
      const { events } = await this.o.api.events(id, undefined, PAGE);
      const log = createLog((after) => this.o.ask(id, after));
      log.reset(events);
      this.logs.set(id, log);
      this.show(id, log, events, false);
      log.reach(this.chat(id)?.head.seq ?? 0);
    } catch (e) {
      const code = codeOf(e);
      if (code === 'unauthorized') this.o.onUnauthorized();
      this.mark(id, code === 'not_found' || code === 'forbidden' ? 'missing' : 'failed');
    }
  }

  /** Fetches the page before what is here. Rejects with an ApiError. */
  async earlier(id: string): Promise<void> {
    const chat = this.chat(id);
    const first = chat?.log[0]?.seq;
    if (!first || !chat.older || chat.paging) return;
    this.patch(id, (c) => ({ ...c, paging: true }));
    try {
      const { events } = await this.o.api.events(id, first, PAGE);
      // Whoever looked away in the meantime has a shorter log, which this page may not join on to.
      const log = this.logs.get(id);
      if (log?.events[0]?.seq !== first) return;
      log.fill(events.filter((e) => e.seq < first));
      this.show(id, log, []);
    } finally {
      this.patch(id, (c) => ({ ...c, paging: false }));
    }
  }

  /** Takes one event. `late`: it is newer than something that is missing, which is asked for. `unknown`: no log here. */
  push(e: LogEvent & { key?: string }): 'taken' | 'late' | 'known' | 'unknown' {
    const log = this.logs.get(e.conversation);
    if (!log) return 'unknown';
    const taken = log.push(e);
    if (!taken) return e.seq > log.last ? 'late' : 'known';
    this.show(e.conversation, log, [taken]);
    return 'taken';
  }

  /** Takes the answer to what `ask` asked. */
  fill(id: string, events: LogEvent[]): void {
    const log = this.logs.get(id);
    if (log) this.show(id, log, log.fill(events));
  }

  /** The log is known to go up to seq. `again`: an earlier question for it may have been lost with its connection. */
  reach(id: string, seq: number, again?: boolean): void {
    this.logs.get(id)?.reach(seq, again);
  }

  /** Nobody looks at it any more, though it is held: the far past leaves memory, and comes back when it is asked for. */
  trim(id: string): void {
    const log = this.logs.get(id);
    if (!log || log.events.length <= KEEP) return;
    log.reset(log.events.slice(-KEEP));
    this.show(id, log, []);
  }

  /** Nobody follows it any more: from here on it would only grow old. */
  drop(id: string): void {
    if (this.logs.delete(id)) this.patch(id, (c) => ({ ...c, history: 'none', log: [], ahead: [], older: false }));
  }

  /** The store began anew: what is here is of another world. */
  clear(): void {
    this.logs.clear();
  }

  private show(id: string, log: Log, fresh: readonly LogEvent[], late = true) {
    this.o.desk.value = logged(this.o.desk.value, id, log.events, log.older, fresh);
    if (fresh.length) this.o.onFresh(id, fresh, late);
  }

  private chat(id: string): Chat | undefined {
    return this.o.desk.value.chats.get(id);
  }

  private patch(id: string, change: (c: Chat) => Chat) {
    this.o.desk.value = patch(this.o.desk.value, id, change);
  }

  private mark(id: string, history: History) {
    this.patch(id, (c) => ({ ...c, history }));
  }
}
