/**
 * The reducers: what a frame does to what the console knows. Pure; nothing here asks, sends or looks at a clock.
 *
 * The log is the truth and the head is its fold: a head with a smaller seq is dropped, and an event that is newer than
 * the head is folded into it, so that no list waits for a `conversation` frame that got lost.
 */
import type { AgentWelcome, Doing, Party, ServerFrame, SystemBody } from '../visitor/wire.ts';
import {
  type Answer,
  type Chat,
  type Colleague,
  type Colleagues,
  type Desk,
  type Entry,
  type Head,
  isSaid,
  type LogEvent,
  type Logged,
  type Me,
  type Typing,
} from './model.ts';
import { Shelf } from './shelf.ts';

/** How long a `typing` frame counts, ms. Clients repeat it every 3 s. */
export const TYPING = 6_000;

/** A desk nobody has told anything yet. */
export function emptyDesk(me: Me): Desk {
  return { me, agents: {}, chats: Shelf.of(me), waiting: 0 };
}

/** Puts a changed chat in. The same one gives the same desk. */
export function put(desk: Desk, chat: Chat): Desk {
  const chats = desk.chats.with(chat);
  return chats === desk.chats ? desk : { ...desk, chats };
}

/** Changes one chat, if it is known. */
export function patch(desk: Desk, id: string, change: (c: Chat) => Chat): Desk {
  const chat = desk.chats.get(id);
  return chat ? put(desk, change(chat)) : desk;
}

/** Takes what a new connection brings. What was mine or waiting and is not in it any more is forgotten, but for `keep`. */
export function welcomed(desk: Desk, w: AgentWelcome, keep: string | undefined, now: number): Desk {
  const me: Me = { ...desk.me, id: w.agent.id, name: w.agent.name, role: w.role, groups: w.agent.groups ?? desk.me.groups };
  const named = new Set(w.conversations.map((h) => h.id));
  const chats = desk.chats.seenBy(me, (c) => named.has(c.id) || c.id === keep);
  const next = { ...desk, me, chats, agents: byId(w.agents) };
  const waiting = w.conversations.filter((h) => h.phase === 'waiting').length;
  return w.conversations.reduce((d, h) => headed(d, h, now), { ...next, waiting: Math.max(waiting, w.more ? desk.waiting : 0) });
}

const byId = (agents: readonly Colleague[]) => Object.fromEntries(agents.map((a) => [a.id, a]));

/** Takes a head. */
export function headed(desk: Desk, head: Head, now: number): Desk {
  const chat = desk.chats.get(head.id);
  if (!chat) return put(desk, newChat(head, now));
  const merged = mergeHead(chat.head, head, now);
  return merged === chat.head ? desk : put(desk, settled({ ...chat, head: merged }));
}

/** Takes many heads at once, as a page of a list brings them. */
export function headedAll(desk: Desk, heads: readonly Head[], now: number): Desk {
  return heads.reduce((d, head) => headed(d, head, now), desk);
}

/** Forgets a chat that is gone, or that one may not see any more. */
export function dropped(desk: Desk, id: string): Desk {
  return { ...desk, chats: desk.chats.without(id) };
}

function newChat(head: Head, now: number): Chat {
  const since = head.since ?? head.last?.at ?? new Date(now).toISOString();
  return {
    id: head.id,
    head: { ...head, since },
    history: 'none',
    log: [],
    older: false,
    paging: false,
    out: [],
    ahead: [],
    others: {},
  };
}

// A head that is behind the log still tells who is online and who has read what.
function mergeHead(had: Head, got: Head, now: number): Head {
  const read = {
    visitor: Math.max(had.read?.visitor ?? 0, got.read?.visitor ?? 0),
    agent: Math.max(had.read?.agent ?? 0, got.read?.agent ?? 0),
  };
  if (got.seq < had.seq) return had;
  const same = got.phase === had.phase && got.session === had.session;
  const since = got.since ?? (same ? had.since : (got.last?.at ?? new Date(now).toISOString()));
  // What was said last says more in a list than what happened since.
  const last = had.last && isSaid(had.last) && !(got.last && isSaid(got.last)) ? had.last : got.last;
  return { ...got, read, ...(since === undefined ? {} : { since }), ...(last ? { last } : {}) };
}

/** Takes events that the log accepted; `log` and `older` are the log after them. */
export function logged(desk: Desk, id: string, log: readonly Logged[], older: boolean, fresh: readonly LogEvent[]): Desk {
  return patch(desk, id, (c) => {
    const last = log.at(-1)?.seq ?? 0;
    const spoke = fresh.some((e) => e.by.kind === 'visitor');
    // Whatever is said or decided while the assistant writes, its answer has come or is wanted no more.
    const over = fresh.some((e) => e.by.kind !== 'visitor');
    const wrote = new Set(fresh.map((e) => (e.by.kind === 'agent' ? e.by.id : undefined)));
    return settled({
      ...c,
      log,
      older,
      history: 'ready',
      head: log.reduce(foldEvent, c.head),
      ahead: c.ahead.length ? c.ahead.filter((e) => e.seq > last) : c.ahead,
      typing: spoke ? undefined : c.typing,
      answer: over ? undefined : c.answer,
      others: Object.fromEntries(
        Object.entries(c.others).map(([id, o]) => [id, wrote.has(id) ? { ...o, writes: 0, notes: 0 } : o]),
      ),
    });
  });
}

/** Notes that an event exists whose place in the log is not there yet. */
export function glimpsed(desk: Desk, e: LogEvent): Desk {
  return patch(desk, e.conversation, (c) => ({ ...c, head: foldEvent(c.head, e) }));
}

/** One's own message, acknowledged before what stands in front of it has arrived. */
export function acknowledgedAhead(desk: Desk, e: LogEvent): Desk {
  return patch(desk, e.conversation, (c) => ({ ...c, ahead: [...c.ahead.filter((a) => a.seq !== e.seq), e] }));
}

/** The outbox of a conversation changed. */
export function outgoing(desk: Desk, id: string, out: readonly Entry[]): Desk {
  // The outbox changes its entries in place; a copy is what makes a change visible.
  return patch(desk, id, (c) => (out.length || c.out.length ? { ...c, out: out.map((e) => ({ ...e })) } : c));
}

// What happened settles what was being done: a `take` that somebody else won is over when the log says so.
function settled(c: Chat): Chat {
  if (!c.trouble) return c;
  const { action } = c.trouble;
  const over =
    action === 'take' ? c.head.phase === 'closed' : action === 'reopen' ? c.head.phase !== 'closed' : c.head.phase === 'closed';
  return over ? { ...c, trouble: undefined } : c;
}

/** Takes what was said last in a conversation whose log is not here, as its log up to the head's seq has it. */
export function recalled(desk: Desk, id: string, seq: number, last: LogEvent): Desk {
  return patch(desk, id, (c) => (c.head.seq === seq ? { ...c, head: { ...c.head, last } } : c));
}

/** The head after an event; the same head if it knows that event already. */
export function foldEvent(head: Head, e: LogEvent): Head {
  if (e.seq <= head.seq) return head;
  const next: Head = { ...head, seq: e.seq, session: Math.max(head.session, e.session) };
  return isSaid(e) ? { ...next, last: e } : foldSystem(next, e, e.body as SystemBody);
}

function foldSystem(head: Head, e: LogEvent, body: SystemBody): Head {
  const { agent: _agent, queue: _queue, ...rest } = head;
  const since = e.at;
  switch (body.kind) {
    case 'opened':
      return { ...rest, ...textOf(body, 'tag'), phase: 'bot', since };
    case 'queued':
      return { ...rest, ...textOf(body, 'group'), phase: 'waiting', since };
    case 'assigned':
      return { ...rest, agent: body.agent, phase: 'held', since };
    case 'closed':
      return { ...rest, phase: 'closed', since };
    case 'snoozed':
      return { ...rest, phase: 'snoozed', since, until: body.until };
    case 'tagged':
      return { ...head, tags: [...new Set([...(head.tags ?? []), ...(body.add ?? [])])].filter((x) => !body.remove?.includes(x)) };
    case 'edited':
      return reworded(head, body.seq, body.body);
    case 'recalled':
      return reworded(head, body.seq, { kind: 'tombstone' });
    default:
      return head;
  }
}

function reworded(head: Head, seq: number, body: LogEvent['body']): Head {
  return head.last?.seq === seq ? { ...head, last: { ...head.last, body } } : head;
}

function textOf(body: object, key: 'tag' | 'group'): { tag?: string; group?: string } {
  const value = (body as Record<string, unknown>)[key];
  return typeof value === 'string' ? { [key]: value } : {};
}

/** Takes who has read how far. Marks never go back. */
export function readBy(desk: Desk, id: string, by: Party['kind'], seq: number): Desk {
  if (by !== 'visitor' && by !== 'agent') return desk;
  return patch(desk, id, (c) => {
    const had = c.head.read?.[by] ?? 0;
    return seq <= had ? c : { ...c, head: { ...c.head, read: { ...c.head.read, [by]: seq } } };
  });
}

/** How long what a colleague says they look at counts, ms. They repeat it every 25 s. */
export const VIEWING = 35_000;

/** Takes what a colleague does with a conversation; `writes` is a reply that is being typed. */
export function colleague(desk: Desk, id: string, by: Party, doing: Doing | 'writes', now: number): Desk {
  const who = by.id;
  if (!who || who === desk.me.id) return desk;
  return patch(desk, id, (c) => {
    const { [who]: was, ...rest } = c.others;
    if (doing === 'left') return was ? { ...c, others: rest } : c;
    const had: Colleagues = was ?? { name: '', views: 0, notes: 0, writes: 0 };
    const until = now + (doing === 'views' ? VIEWING : TYPING);
    return { ...c, others: { ...rest, [who]: { ...had, name: by.name ?? had.name, [doing]: until } } };
  });
}

/** Takes a piece of the assistant's answer. Pieces come at offsets counted in characters; one that is lost leaves a hole. */
export function answering(desk: Desk, d: Extract<ServerFrame, { type: 'delta' }>): Desk {
  return patch(desk, d.conversation, (c) => {
    if (c.answer && d.run < c.answer.run) return c;
    const had = c.answer?.run === d.run ? [...c.answer.text] : [];
    const text = d.at <= had.length ? [...had.slice(0, d.at), ...d.text].join('') : had.join('');
    return { ...c, answer: { run: d.run, text } satisfies Answer };
  });
}

/** Takes that somebody is typing; an empty text with `text` given means that they stopped. */
export function typed(desk: Desk, id: string, by: Party, text: string | undefined, now: number): Desk {
  if (by.kind === 'agent') return colleague(desk, id, by, 'writes', now);
  const typing: Typing | undefined =
    text === '' ? undefined : { name: by.kind === 'visitor' ? undefined : by.name, text, until: now + TYPING };
  return patch(desk, id, (c) => ({ ...c, typing }));
}

/** Takes who is here. Agents not named stay as they were. */
export function present(desk: Desk, agents: readonly Colleague[]): Desk {
  return { ...desk, agents: { ...desk.agents, ...byId(agents) } };
}
