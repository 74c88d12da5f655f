/**
 * The widget as Set up shows it: with what an admin has not saved yet, and a desk that is this page's own. Nobody is called, no
 * visitor is made, and it works for a site that does not exist yet, or that serves only pages of other addresses.
 */
import type { Socket } from '../visitor/env.ts';
import type { ClientFrame, Conversation, LogEvent, ServerFrame, Site } from '../visitor/wire.ts';

/** Where Set up leaves the site, for the pages of its own tab. */
export const DRAFT = 'kefu-preview';

/** The site, if this page is shown by Set up. */
export function draftOf(): Site | undefined {
  if (parent === window || !new URLSearchParams(location.search).has('draft')) return undefined;
  try {
    const draft: unknown = JSON.parse(sessionStorage.getItem(DRAFT) ?? '');
    return typeof draft === 'object' && draft !== null ? (draft as Site) : undefined;
  } catch {
    return undefined; // nothing was left, or this browser keeps nothing: then what is saved is shown
  }
}

const ID = 'c-preview';

/** A desk with one visitor, who is welcomed to the site, and answered with `answer`, by somebody called `agent`. */
export class Rehearsal implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #site: Site;
  readonly #answer: { readonly agent: string; readonly text: string };
  readonly #events: LogEvent[] = [];
  #closed = false;

  constructor(site: Site, answer: { agent: string; text: string }) {
    this.#site = site;
    this.#answer = answer;
    setTimeout(() => this.#closed || this.onopen?.());
  }

  send(text: string): void {
    for (const frame of [JSON.parse(text) as ClientFrame | ClientFrame[]].flat()) this.#serve(frame);
  }

  close(): void {
    this.#closed = true;
  }

  #say(frame: ServerFrame): void {
    setTimeout(() => this.#closed || this.onmessage?.({ data: JSON.stringify(frame) }));
  }

  #head(phase: Conversation['phase']): Conversation {
    const talks = this.#events.length > 0;
    return { id: ID, site: 'preview', visitor: { id: 'v-preview' }, phase, session: talks ? 1 : 0, seq: this.#events.length };
  }

  #append(by: LogEvent['by'], body: LogEvent['body']): LogEvent {
    const seq = this.#events.length + 1;
    const event = { conversation: ID, seq, prev: seq - 1, at: new Date().toISOString(), session: 1, by, body };
    this.#events.push(event);
    return event;
  }

  #serve(frame: ClientFrame): void {
    if (frame.type === 'hello') this.#welcome();
    else if (frame.type === 'ping') this.#say({ type: 'pong', at: new Date().toISOString(), heads: this.#events.length });
    else if (frame.type === 'send' && 'n' in frame) {
      const { seq, prev, at } = this.#append({ kind: 'visitor' }, frame.body);
      this.#say({ type: 'ack', origin: frame.origin, n: frame.n, conversation: ID, seq, prev, at });
      this.#reply();
    } else if ('n' in frame) {
      const { origin, n } = frame;
      this.#say({ type: 'ack', origin, n, conversation: ID, seq: this.#events.length, at: new Date().toISOString() });
      if (frame.type === 'end') this.#say({ type: 'conversation', conversation: this.#head('closed') });
    }
  }

  #welcome(): void {
    this.#say({
      type: 'welcome',
      v: 1,
      role: 'visitor',
      token: 'preview',
      epoch: Math.random().toString(36).slice(2), // what an earlier preview said is forgotten
      reset: true,
      n: 0,
      heartbeat: { every: 60, max: 60 },
      visitor: { id: 'v-preview' },
      site: this.#site,
      conversation: this.#head('none'),
      events: [],
    });
  }

  #reply(): void {
    if (this.#site.open === false) {
      this.#say({ type: 'conversation', conversation: this.#head('waiting') });
      return;
    }
    const { agent, text } = this.#answer;
    const by = { kind: 'agent', id: 'a-preview', name: agent } as const;
    this.#say({ type: 'conversation', conversation: { ...this.#head('held'), agent: { id: by.id, name: agent } } });
    setTimeout(() => this.#say({ ...this.#append(by, { kind: 'text', text }), type: 'event' }), 600);
  }
}

/** Has the widget of this page talk to such a desk, by itself: in no worker, and with no other tab. */
export function rehearse(site: Site, answer: { agent: string; text: string }): void {
  const none = { value: undefined, configurable: true };
  class Preview extends Rehearsal {
    constructor() {
      super(site, answer);
    }
  }
  Object.defineProperties(window, { WebSocket: { value: Preview, configurable: true }, Worker: none, BroadcastChannel: none });
}
