/** What the lists and the thread show of what is known: pure functions of a desk or a chat, and the time where it counts. */
import type { SystemBody } from '../visitor/wire.ts';
import { dayOf } from './format.ts';
import {
  type Action,
  type Chat,
  type Desk,
  type Entry,
  type Head,
  isSaid,
  isTombstone,
  type LogEvent,
  type Logged,
  type Me,
} from './model.ts';

/** Supervisors and administrators act in conversations of others too. */
export const leads = (me: Me): boolean => me.role !== 'agent';

/** Whether one holds the conversation. */
export const isMine = (me: Me, h: Head) => h.phase === 'held' && h.agent?.id === me.id;

/** Whether it waits in a line that one sees: of one's groups, or any for who leads. */
export const isWaiting = (me: Me, h: Head) => h.phase === 'waiting' && (leads(me) || !h.group || me.groups.includes(h.group));

function newest(log: readonly Logged[], wanted: (e: Logged) => boolean): Logged | undefined {
  for (let i = log.length - 1; i >= 0; i--) if (wanted(log[i] as Logged)) return log[i];
  return undefined;
}

/** Milliseconds since 1970 of a time on the wire; 0 for none. */
export const at = (time: string | undefined): number => (time ? Date.parse(time) || 0 : 0);

/** What was said last, own messages on the way included. */
export function lastSaid(c: Chat): LogEvent | undefined {
  return c.ahead.at(-1) ?? newest(c.log, isSaid) ?? c.head.last;
}

/** A chat never changes (another takes its place), so what was found of it once is kept as long as it is. */
function once<T>(find: (c: Chat) => T): (c: Chat) => T {
  const known = new WeakMap<Chat, { readonly found: T }>();
  return (c) => {
    const had = known.get(c) ?? { found: find(c) };
    known.set(c, had);
    return had.found;
  };
}

/** When the phase of a conversation began, ms. */
export const since = once((c) => at(c.head.since));

/** When something last happened that moves a conversation in a list, ms. */
export const lastAt = once((c) => Math.max(at(lastSaid(c)?.at), since(c)));

/** Since when the visitor waits for a word of ours, ms; nothing while it is their turn. */
export const owing = once((c): number | undefined => {
  let since: number | undefined;
  for (let i = c.log.length - 1; i >= 0; i--) {
    const e = c.log[i] as Logged;
    if (!isSaid(e) || e.internal) continue;
    if (e.by.kind !== 'visitor') break;
    since = at(e.at);
  }
  const answered = c.out.some((o) => !o.failed && o.frame.type === 'send' && !o.frame.internal);
  return answered || c.ahead.some((e) => !e.internal) ? undefined : since;
});

/** The visitor's messages that the agent has not seen. */
export const unread = once((c) => {
  const read = c.head.read?.agent ?? 0;
  return c.log.reduce((n, e) => (e.seq > read && e.by.kind === 'visitor' && isSaid(e) && !isTombstone(e) ? n + 1 : n), 0);
});

/** Something the agent should hear of though they look elsewhere. */
export function newsOf(me: Me, before: Head | undefined, after: Head): 'waiting' | 'assigned' | undefined {
  if (isMine(me, after) && !(before && isMine(me, before))) return 'assigned';
  if (isWaiting(me, after) && !(before && isWaiting(me, before))) return 'waiting';
  return undefined;
}

/** What the agent may do with a conversation now, as far as the console can know; the server decides. */
export interface Rights {
  /** Answer the visitor. */
  readonly reply: boolean;
  readonly note: boolean;
  readonly take: boolean;
  readonly transfer: boolean;
  readonly end: boolean;
  readonly reopen: boolean;
  readonly snooze: boolean;
  readonly tag: boolean;
}

/** Rights by who holds the conversation and what role one has. */
export function rightsOf(me: Me, h: Head): Rights {
  const holder = isMine(me, h);
  const lead = leads(me);
  const ours = lead || holder || !h.group || me.groups.includes(h.group);
  const open = h.phase === 'bot' || h.phase === 'waiting' || h.phase === 'held' || h.phase === 'snoozed';
  const free = open && h.phase !== 'held';
  return {
    reply: open && (holder || lead),
    note: open && ours, // of a closed session neither: it is reopened first
    take: ours && (free || (h.phase === 'held' && lead && !holder)),
    transfer: open && (holder || lead),
    snooze: (h.phase === 'held' && (holder || lead)) || (h.phase === 'snoozed' && ours),
    tag: ours && h.phase !== 'none',
    end: open && ours && (h.phase !== 'held' || holder || lead),
    reopen: ours && h.phase === 'closed',
  };
}

/** Whether one's own message can still be changed: `edit` is for how long, ms. Only texts can be edited. */
export function changeable(e: Logged, me: Me, now: number, edit: number): boolean {
  return e.by.kind === 'agent' && e.by.id === me.id && isSaid(e) && !isTombstone(e) && now - at(e.at) < edit;
}

/** The colleagues who look at a conversation or write in it now. */
export function othersIn(c: Chat, now: number): { id: string; name: string; doing: 'writes' | 'notes' | 'views' }[] {
  return Object.entries(c.others).flatMap(([id, o]) => {
    const doing = o.writes > now ? 'writes' : o.notes > now ? 'notes' : o.views > now ? 'views' : undefined;
    return doing ? [{ id, name: o.name, doing } as const] : [];
  });
}

/** The line of the thread: what is drawn, in order, each with a key that stays its own. */
export type Item =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | {
      readonly kind: 'said';
      readonly key: string;
      readonly event: Logged;
      readonly side: Side;
      readonly follows: boolean;
      readonly mark?: 'sent' | 'read' | undefined;
      /** The next message says the same about time and marks. */
      readonly brief: boolean;
    }
  | { readonly kind: 'happened'; readonly key: string; readonly event: Logged }
  | { readonly kind: 'out'; readonly key: string; readonly entry: Entry; readonly follows: boolean };

/** Whose words: the visitor's on the left; one's own and colleagues' (the bot's too) on the right. */
export type Side = 'theirs' | 'mine' | 'ours';

const hidden = new Set(['noted', 'edited', 'recalled', 'tombstone']); // one that was said is not meant
const together = 120_000; // messages of one author within this many ms stand together

/** Lays a chat out. Unread messages after `unreadFrom` (a seq; none for undefined) get a mark in front. */
export function timeline(c: Chat, me: Me, unreadFrom: number | undefined): Item[] {
  const items: Item[] = [];
  let day: number | undefined;
  let marked = unreadFrom === undefined;
  const divide = (time: number) => {
    if (dayOf(time) === day) return;
    day = dayOf(time);
    items.push({ kind: 'day', key: `day-${day}`, at: time });
  };
  for (const event of [...c.log, ...c.ahead] as Logged[]) {
    const said = isSaid(event);
    if (!said && hidden.has(event.body.kind)) continue;
    divide(at(event.at));
    if (!marked && event.seq > (unreadFrom ?? 0) && event.by.kind === 'visitor' && said) {
      marked = true;
      items.push({ kind: 'new', key: 'new' });
    }
    items.push(said ? saidItem(c, me, event, items.at(-1)) : { kind: 'happened', key: keyOf(event), event });
  }
  for (const entry of c.out) {
    if (entry.frame.type !== 'send') continue;
    divide(entry.at);
    items.push({ kind: 'out', key: entry.key, entry, follows: follows(items.at(-1), me.id, entry.at, !!entry.frame.internal) });
  }
  return items.map((item, i) => (item.kind === 'said' && saysSame(item, items[i + 1]) ? { ...item, brief: true } : item));
}

const minute = (e: LogEvent) => Math.floor(at(e.at) / 60_000);

function saysSame(item: Extract<Item, { kind: 'said' }>, next: Item | undefined): boolean {
  if (next?.kind !== 'said' || !next.follows || item.event.edited) return false;
  return next.mark === item.mark && minute(next.event) === minute(item.event);
}

// One's own message keeps the key it had in the outbox, so that it does not blink when its ack comes.
const keyOf = (e: Logged) => e.key ?? `e${e.seq}`;

function saidItem(c: Chat, me: Me, event: Logged, above: Item | undefined): Item {
  const own = event.by.kind === 'agent' && event.by.id === me.id;
  const side: Side = event.by.kind === 'visitor' ? 'theirs' : own ? 'mine' : 'ours';
  const read = event.seq <= (c.head.read?.visitor ?? 0);
  return {
    kind: 'said',
    key: keyOf(event),
    event,
    side,
    follows: follows(above, event.by.id ?? event.by.kind, at(event.at), !!event.internal),
    mark: side === 'theirs' || event.internal ? undefined : read ? 'read' : 'sent',
    brief: false,
  };
}

function follows(above: Item | undefined, author: string, time: number, internal: boolean): boolean {
  if (above?.kind === 'out') return !!(above.entry.frame.type === 'send' && above.entry.frame.internal) === internal;
  if (above?.kind !== 'said') return false;
  const { by, at: then, internal: note } = above.event;
  return (by.id ?? by.kind) === author && !!note === internal && time - at(then) < together;
}

/** What it is about: the tag the visitor came with, and what agents have put on it. */
export function tagsOf(h: Head): string[] {
  const more: unknown = h.tags;
  const all = [h.tag, ...(Array.isArray(more) ? more : [])];
  return [...new Set(all.filter((x): x is string => typeof x === 'string' && x !== ''))];
}

/** The action an event answers, for the agent who looks why somebody got a conversation: the newest assignment. */
export function lastAssigned(c: Chat): Logged | undefined {
  return newest(c.log, (e) => e.body.kind === 'assigned');
}

/** The groups one can transfer to: those that colleagues are in, and those that were seen in use. */
export function groupsOf(desk: Desk): string[] {
  const all = new Set<string>(desk.me.groups);
  for (const a of Object.values(desk.agents)) for (const g of a.groups ?? []) all.add(g);
  for (const c of desk.chats.values()) if (c.head.group) all.add(c.head.group);
  return [...all].sort();
}

/** Why nobody takes what waits in a group, as far as colleagues are seen: nobody is online there, or all seats are taken. */
export function stuckFor(desk: Desk, group: string | undefined): 'offline' | 'full' | undefined {
  const there = Object.values(desk.agents).filter((a) => a.status === 'online' && group && a.groups?.includes(group));
  if (there.length === 0) return 'offline';
  return there.every((a) => a.held >= a.capacity) ? 'full' : undefined;
}

/** Where an event says that a note was left with a transfer. */
export function noteOf(e: LogEvent): string | undefined {
  const body = e.body as SystemBody;
  return body.kind === 'transferred' && body.note ? body.note : undefined;
}

const actions = new Set<string>(['take', 'transfer', 'end', 'reopen', 'edit', 'recall']);

/** The action that is under way; its outcome is not known yet. */
export function busyWith(c: Chat): Action | undefined {
  return c.out.find((e) => !e.failed && actions.has(e.frame.type))?.frame.type as Action | undefined;
}
