import type { Translate } from './i18n.ts';
import { isRecalled, isSaid, type Logged } from './log.ts';
import type { Entry } from './outbox.ts';
import type { Body, Conversation, LogEvent, Party, SystemBody } from './wire.ts';
import type { Word } from './words.ts';

/**
 * What the thread shows, from state alone: log, outbox and head in, a list out. `id` stays the same while a message goes
 * from pending to read, so its element does too.
 */
export type Item = Bubble | Line | Rating;

export interface Bubble {
  id: string;
  is: 'bubble';
  mine: boolean;
  by: Party;
  body: Body;
  at: number;
  edited?: boolean;
  /** Of the visitor's own: how far it got. */
  state?: 'pending' | 'failed' | 'stored' | 'read';
  /** The first of several in a row shows who speaks. */
  first: boolean;
  /** Quick replies can be tapped. */
  fresh?: boolean;
}

export interface Line {
  id: string;
  is: 'line';
  text: string;
}

export interface Rating {
  id: string;
  is: 'rating';
  session: number;
}

export interface ItemsOptions {
  events: readonly Logged[];
  entries: readonly Entry[];
  head: Conversation | undefined;
  /** Shown at the very beginning, as said by `host`. */
  greeting: string;
  host: string;
  t: Translate<Word>;
  lang: string;
}

export function itemsOf({ events, entries, head, greeting, host, t, lang }: ItemsOptions): Item[] {
  const items: Item[] = [];
  let day = '';
  const add = (bubble: Omit<Bubble, 'first' | 'is'>) => {
    const date = new Date(bubble.at).toLocaleDateString(lang, { month: 'short', day: 'numeric', weekday: 'short' });
    if (bubble.at && date !== day) items.push({ id: `day ${date}`, is: 'line', text: date });
    day = bubble.at ? date : day;
    const last = items.at(-1);
    items.push({
      ...bubble,
      is: 'bubble',
      first: last?.is !== 'bubble' || last.by.kind !== bubble.by.kind || last.by.id !== bubble.by.id,
    });
  };

  if (greeting && !events[0]?.prev)
    add({ id: 'greeting', mine: false, by: { kind: 'bot', name: host }, body: { kind: 'text', text: greeting }, at: 0 });
  for (const event of events) {
    const id = event.key ?? `#${event.seq}`;
    const text = isRecalled(event) ? t('recalled') : lineOf(event, t);
    if (text) items.push({ id, is: 'line', text });
    if (!isSaid(event)) continue;
    const mine = event.by.kind === 'visitor';
    add({
      id,
      mine,
      by: mine ? { kind: 'visitor' } : event.by,
      body: event.body as Body,
      at: Date.parse(event.at),
      ...(event.edited && { edited: true }),
      ...(mine && { state: event.seq <= (head?.read?.agent ?? 0) ? 'read' : 'stored' }),
    });
  }
  const rating = ratingOf(events, entries, head);
  if (rating) items.push(rating);
  for (const { key, frame, at, failed } of entries) {
    if (frame.type !== 'send') continue;
    add({ id: key, mine: true, by: { kind: 'visitor' }, body: frame.body, at, state: failed ? 'failed' : 'pending' });
  }
  const last = items.at(-1);
  if (last?.is === 'bubble') last.fresh = true;
  if (head?.phase === 'waiting') items.push({ id: 'waiting', is: 'line', text: waiting(head, t) });
  return items;
}

function waiting({ queue }: Conversation, t: Translate<Word>): string {
  if (!queue) return t('waiting');
  const minutes = Math.max(1, Math.round((queue.eta ?? 0) / 60));
  return t('queue', { n: queue.position }) + (queue.eta ? ` · ${t('eta', { n: minutes })}` : '');
}

/** What a system event says to a visitor; most say nothing. */
function lineOf({ body }: LogEvent, t: Translate<Word>): string {
  const event = body as SystemBody;
  switch (event.kind) {
    case 'assigned':
      return t('joined', { name: event.agent?.name || t('agent') });
    case 'rated':
      return t('rated', { n: event.score });
    case 'released':
    case 'transferred':
    case 'handoff':
    case 'warned':
    case 'closed':
    case 'reopened':
      return t(event.kind);
    default:
      return '';
  }
}

/** A session that a person held may be rated once it is closed, until it is. */
function ratingOf(events: readonly Logged[], entries: readonly Entry[], head: Conversation | undefined): Rating | undefined {
  if (head?.phase !== 'closed') return undefined;
  const { session } = head;
  const kinds = events.filter((e) => e.session === session).map((e) => e.body.kind as string);
  const rated = events.some(({ body }) => body.kind === 'rated' && body.session === session);
  const rating = entries.some(({ frame }) => frame.type === 'rate');
  return kinds.includes('assigned') && !rated && !rating ? { id: `rate ${session}`, is: 'rating', session } : undefined;
}
