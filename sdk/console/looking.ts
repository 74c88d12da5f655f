/**
 * Who looks at a conversation and who writes in it, among agents: what this page tells the others, and what it hears. So two of
 * them do not answer the same visitor without knowing of each other.
 */
import type { Env } from '../visitor/env.ts';
import type { ClientFrame, ServerFrame } from '../visitor/wire.ts';
import * as desk from './desk.ts';
import type { Desk } from './model.ts';

const TYPING_EVERY = 3_000; // ms
const VIEWS_EVERY = 25_000;

/** What it needs of the live side. `send` is false where nothing could be sent. */
export interface LookingOptions {
  readonly env: Pick<Env, 'now' | 'after'>;
  desk(): Desk;
  update(change: (d: Desk) => Desk): void;
  send(frame: ClientFrame): boolean;
}

/** Of one page. */
export class Looking {
  private at: string | undefined;
  private told = { id: '', doing: '', at: 0 };
  private stop = () => {};

  constructor(private readonly o: LookingOptions) {}

  /** What is on the screen of a page that is looked at. */
  look(id: string | undefined): void {
    if (id === this.at) return;
    const before = this.at;
    this.at = id;
    if (before) this.o.send({ type: 'typing', conversation: before, doing: 'left' });
    this.tell();
  }

  /** Says it again, now (a new connection) and from time to time. */
  tell(): void {
    this.stop();
    if (!this.at) return;
    this.o.send({ type: 'typing', conversation: this.at, doing: 'views' });
    this.stop = this.o.env.after(VIEWS_EVERY, () => this.tell());
  }

  /** The agent writes: a reply, of which the visitor is told too, or a note. Told at most every 3 s. */
  typing(id: string, doing: 'writes' | 'notes'): void {
    const now = this.o.env.now();
    if (this.told.id === id && this.told.doing === doing && now - this.told.at < TYPING_EVERY) return;
    const sent = this.o.send({ type: 'typing', conversation: id, ...(doing === 'notes' ? { doing } : {}) });
    if (sent) this.told = { id, doing, at: now };
  }

  /** What was written is sent: the next one is told at once. */
  said(): void {
    this.told = { id: '', doing: '', at: 0 };
  }

  heard(f: Extract<ServerFrame, { type: 'typing' }>): void {
    const now = this.o.env.now();
    const { conversation: id, by, text, doing } = f;
    if (!doing) {
      this.o.update((d) => desk.typed(d, id, by, text, now));
      return;
    }
    const met = by.id !== undefined && by.id !== this.o.desk().me.id && !this.o.desk().chats.get(id)?.others[by.id];
    this.o.update((d) => desk.colleague(d, id, by, doing, now));
    // Who comes does not know who is here already.
    if (met && doing === 'views' && id === this.at) this.o.send({ type: 'typing', conversation: id, doing: 'views' });
  }

  close(): void {
    this.stop();
  }
}
