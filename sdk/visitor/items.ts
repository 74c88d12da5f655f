import type { Translate } from './i18n.ts';
import { isRecalled, isSaid, type Logged } from './log.ts';
import type { Entry } from './outbox.ts';
import type { Body, Conversation, LogEvent, Party, SystemBody } from './wire.ts';
import type { Word } from './words.ts';

/**
 * What the thread shows, from state alone: log, outbox and head in, a list out. `id` stays the same while a message goes
 * from pending to read, so its element does too.
 */
export type Item = Bubble | Line;

export interface Bubble {
  id: string;
  is: 'bubble';
  mine: boolean;
  by: Party;
  body: Body;
  at: number;
  edited?: boolean;
  /** Of the visitor's own: how far it got. `live`: it is still being written, by the assistant. */
  state?: 'pending' | 'failed' | 'stored' | 'read' | 'live';
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

export interface ItemsOptions {
  events: readonly Logged[];
  entries: readonly Entry[];
  head: Conversation | undefined;
  /** Shown at the very beginning, as said by `host`, with the site's quick replies. */
  greeting: string;
  quick?: string[] | undefined;
  host: string;
  /** The first event that had not been seen when the panel was opened. */
  unread?: number | undefined;
  /** What there is of the assistant's answer. */
  live?: string | undefined;
  t: Translate<Word>;
  lang: string;
}

export function itemsOf({ events, entries, head, greeting, quick = [], host, unread, live, t, lang }: ItemsOptions): Item[] {
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
    add({
      id: 'greeting',
      mine: false,
      by: { kind: 'bot', name: host },
      body: { kind: 'options', text: greeting, options: quick },
      at: 0,
    });
  for (const event of events) {
    const id = event.key ?? `#${event.seq}`;
    if (event.seq === unread) items.push({ id: 'unread', is: 'line', text: t('fresh') });
    const text = isRecalled(event) ? t('recalled') : isOutdone(event, events) ? '' : lineOf(event, t);
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
  for (const { key, frame, at, failed } of entries) {
    if (frame.type !== 'send') continue;
    add({ id: key, mine: true, by: { kind: 'visitor' }, body: frame.body, at, state: failed ? 'failed' : 'pending' });
  }
  const last = items.at(-1);
  if (last?.is === 'bubble') last.fresh = true;
  if (live) add({ id: 'live', mine: false, by: { kind: 'bot' }, body: { kind: 'text', text: live }, at: 0, state: 'live' });
  if (head?.phase === 'waiting') items.push({ id: 'waiting', is: 'line', text: waiting(head, t) });
  return items;
}

/** Of several scores of one session the last one counts. */
const isOutdone = ({ seq, body }: Logged, events: readonly Logged[]) =>
  body.kind === 'rated' && events.some((e) => e.seq > seq && e.body.kind === 'rated' && e.body.session === body.session);

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
