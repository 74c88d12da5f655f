import { describe, expect, it } from 'vitest';
import type { AgentWelcome, SystemBody } from '../visitor/wire.ts';
import {
  acknowledgedAhead,
  emptyDesk,
  foldEvent,
  glimpsed,
  headed,
  logged,
  outgoing,
  patch,
  present,
  readBy,
  recalled,
  TYPING,
  typed,
  welcomed,
} from './desk.ts';
import { type Chat, type Desk, type Head, isSaid, type LogEvent } from './model.ts';

const me = { id: 'lina', name: 'Li Na', role: 'agent' as const, groups: ['default'] };
const now = Date.UTC(2026, 10, 23, 12);
const time = (s: number) => new Date(now + s * 1000).toISOString();

const head = (over: Partial<Head> = {}): Head => ({
  id: 'c1',
  site: 'default',
  visitor: { id: 'v1' },
  phase: 'waiting',
  session: 1,
  group: 'default',
  seq: 2,
  ...over,
});

const event = (seq: number, body: LogEvent['body'] | string, over: Partial<LogEvent> = {}): LogEvent => ({
  conversation: 'c1',
  seq,
  prev: seq - 1,
  at: time(seq),
  session: 1,
  by: { kind: typeof body === 'string' ? 'visitor' : 'system', id: 'v1' },
  body: typeof body === 'string' ? { kind: 'text', text: body } : body,
  ...over,
});

const desk = (...heads: Head[]): Desk => heads.reduce((d, h) => headed(d, h, now), emptyDesk(me));
const chat = (d: Desk, id = 'c1') => d.chats.get(id) as Chat;

describe('heads', () => {
  it('with a smaller seq than the one held are dropped', () => {
    const d = desk(head({ seq: 5, phase: 'held' }));
    expect(headed(d, head({ seq: 4 }), now)).toBe(d);
  });

  it('with the same seq tell what is no event: who is online', () => {
    const d = headed(desk(head()), head({ visitor: { id: 'v1', online: true } }), now);
    expect(chat(d).head.visitor.online).toBe(true);
  });

  it('never take a read mark back', () => {
    const d = headed(desk(head({ read: { visitor: 2, agent: 1 } })), head({ seq: 3, read: { visitor: 1, agent: 2 } }), now);
    expect(chat(d).head.read).toEqual({ visitor: 2, agent: 2 });
  });

  it('keep what was said last when something only happened since', () => {
    const d = desk(head({ last: event(1, 'hello') }));
    expect(chat(headed(d, head({ seq: 3, last: event(3, { kind: 'queued' }) }), now)).head.last?.seq).toBe(1);
    expect(chat(headed(d, head({ seq: 3, last: event(3, 'again') }), now)).head.last?.seq).toBe(3);
    expect(chat(recalled(d, 'c1', 2, event(2, 'two'))).head.last?.seq).toBe(2);
    expect(recalled(d, 'c1', 9, event(2, 'two'))).toBe(d);
  });

  it('keep since when when the server does not say, as long as the phase does', () => {
    const first = desk(head({ since: time(1) }));
    expect(chat(headed(first, head({ seq: 3 }), now)).head.since).toBe(time(1));
    expect(chat(headed(first, head({ seq: 3, phase: 'held' }), now + 9_000)).head.since).toBe(time(9));
    expect(chat(desk(head())).head.since).toBe(time(0));
  });
});

describe('welcome', () => {
  const welcome = (over: Partial<AgentWelcome>): AgentWelcome => ({
    type: 'welcome',
    v: 1,
    role: 'agent',
    epoch: 'e',
    heartbeat: { every: 10, max: 10 },
    agent: { id: 'lina', name: 'Li Na', status: 'online', held: 0, capacity: 5 },
    conversations: [],
    agents: [{ id: 'lina', name: 'Li Na', status: 'online', held: 0, capacity: 5 }],
    ...over,
  });

  it('brings heads, and forgets those it does not bring, but for the one that is looked at', () => {
    const d = welcomed(
      desk(head(), head({ id: 'c2' }), head({ id: 'c3' })),
      welcome({ conversations: [head({ id: 'c2', seq: 9 })] }),
      'c3',
      now,
    );
    expect([...d.chats.values()].map((c) => c.id).sort()).toEqual(['c2', 'c3']);
    expect(chat(d, 'c2').head.seq).toBe(9);
  });

  it('replaces who is here, and takes name, role and groups of oneself', () => {
    const before = present(desk(), [{ id: 'gone', name: 'Gone', status: 'online', held: 0, capacity: 1 }]);
    const agent = { id: 'lina', name: 'Nana', status: 'away' as const, held: 0, capacity: 5, groups: ['sales'] };
    const d = welcomed(before, welcome({ role: 'supervisor', agent }), undefined, now);
    expect(Object.keys(d.agents)).toEqual(['lina']);
    expect(d.me).toEqual({ id: 'lina', name: 'Nana', role: 'supervisor', groups: ['sales'] });
  });

  it('keeps the log of what goes on', () => {
    const e = event(3, 'hi');
    const d = welcomed(logged(desk(head()), 'c1', [e], false, [e]), welcome({ conversations: [head({ seq: 3 })] }), undefined, now);
    expect(chat(d).log).toEqual([e]);
  });
});

describe('folding', () => {
  const bob = { id: 'bob', name: 'Bob' };
  it.each<[string, SystemBody, Partial<Head>]>([
    ['opened', { kind: 'opened', tag: 'refund' } as SystemBody, { phase: 'bot', tag: 'refund' }],
    ['queued', { kind: 'queued', group: 'sales' } as SystemBody, { phase: 'waiting', group: 'sales' }],
    ['assigned', { kind: 'assigned', agent: bob }, { phase: 'held', agent: bob }],
    ['closed', { kind: 'closed', reason: 'request', by: { kind: 'visitor' } }, { phase: 'closed' }],
  ])('%s moves the phase and its time', (_, body, expected) => {
    const was = head({ queue: { position: 1 } });
    const next = foldEvent(was, event(3, body));
    expect(next).toMatchObject({ ...expected, seq: 3, since: time(3) });
    expect(next.queue).toBeUndefined();
  });

  it('forgets the agent when the session is nobody’s', () => {
    const was = head({ phase: 'held', agent: bob });
    expect(foldEvent(was, event(3, { kind: 'queued' })).agent).toBeUndefined();
    expect(foldEvent(was, event(3, { kind: 'closed', reason: '', by: { kind: 'system' } })).agent).toBeUndefined();
  });

  it('of other events moves the seq only', () => {
    const was = head({ phase: 'held', agent: bob, since: time(1) });
    expect(foldEvent(was, event(3, { kind: 'warned' }))).toEqual({ ...was, seq: 3 });
  });

  it('of what was said keeps it as the last', () => {
    const e = event(3, 'hi');
    expect(foldEvent(head(), e).last).toBe(e);
  });

  it('of an event that the head knows changes nothing', () => {
    const was = head({ seq: 3 });
    expect(foldEvent(was, event(3, { kind: 'closed', reason: '', by: { kind: 'system' } }))).toBe(was);
  });

  it('a glimpse moves the head and not the log', () => {
    const d = glimpsed(desk(head()), event(4, 'hi'));
    expect(chat(d)).toMatchObject({ head: { seq: 4 }, log: [] });
  });
});

describe('what was said last', () => {
  it('reads as it was edited, and is gone when it was recalled', () => {
    const was = head({ seq: 3, last: event(3, 'typo') });
    const edited = foldEvent(was, event(4, { kind: 'edited', seq: 3, body: { kind: 'text', text: 'right' } }));
    expect(edited).toMatchObject({ seq: 4, last: { seq: 3, body: { text: 'right' } } });
    expect(foldEvent(edited, event(5, { kind: 'recalled', seq: 3 })).last?.body).toEqual({ kind: 'tombstone' });
    expect(foldEvent(edited, event(5, { kind: 'recalled', seq: 2 })).last).toBe(edited.last);
  });
});

describe('what was said', () => {
  it('is told from what happened, a recalled message included', () => {
    expect(isSaid(event(1, 'x'))).toBe(true);
    expect(isSaid(event(1, { kind: 'tombstone' }))).toBe(true);
    expect(isSaid(event(1, { kind: 'tombstone', seq: 3 }))).toBe(false);
    expect(isSaid(event(1, { kind: 'recalled', seq: 3 }))).toBe(false);
    expect(isSaid(event(1, { kind: 'opened' }))).toBe(false);
  });
});

describe('one’s own', () => {
  it('is ahead until the log has caught up', () => {
    const mine = event(4, 'mine', { by: { kind: 'agent', id: 'lina' } });
    let d = acknowledgedAhead(acknowledgedAhead(desk(head()), mine), mine);
    expect(chat(d).ahead).toEqual([mine]);
    d = logged(d, 'c1', [event(3, 'x')], false, []);
    expect(chat(d).ahead).toEqual([mine]);
    d = logged(d, 'c1', [event(3, 'x'), mine], false, []);
    expect(chat(d).ahead).toEqual([]);
  });

  it('in the outbox is copied, for the outbox changes its entries in place', () => {
    const entry = {
      key: 'k',
      conversation: 'c1',
      origin: 'o',
      n: 1,
      frame: { type: 'end' as const, session: 1 },
      at: now,
      epoch: '',
    };
    const d = outgoing(desk(head()), 'c1', [entry]);
    entry.n = 2;
    expect(chat(d).out[0]?.n).toBe(1);
  });
});

describe('trouble', () => {
  const troubled = (action: 'take' | 'end' | 'reopen', h: Partial<Head>) =>
    patch(desk(head(h)), 'c1', (c) => ({ ...c, trouble: { action, code: 'conflict' } }));
  const over = (d: Desk, h: Partial<Head>) => chat(headed(d, head({ seq: 3, ...h }), now)).trouble === undefined;

  it('ends when the session has moved past what was wanted', () => {
    expect(over(troubled('end', { phase: 'held' }), { phase: 'closed' })).toBe(true);
    expect(over(troubled('reopen', { phase: 'closed' }), { phase: 'held' })).toBe(true);
    expect(over(troubled('take', {}), { phase: 'closed' })).toBe(true);
  });

  it('stays while it is still worth reading: a colleague was faster', () => {
    expect(over(troubled('take', {}), { phase: 'held', agent: { id: 'bob', name: 'Bob' } })).toBe(false);
  });
});

describe('what is not in the log', () => {
  it('read marks only grow, and only of people', () => {
    const d = readBy(desk(head()), 'c1', 'visitor', 2);
    expect(chat(d).head.read?.visitor).toBe(2);
    expect(readBy(d, 'c1', 'visitor', 1)).toBe(d);
    expect(readBy(d, 'c1', 'bot', 9)).toBe(d);
  });

  it('typing counts for a while, and not one’s own in another tab', () => {
    const d = typed(desk(head()), 'c1', { kind: 'visitor' }, 'he', now);
    expect(chat(d).typing).toEqual({ name: undefined, text: 'he', until: now + TYPING });
    expect(chat(typed(d, 'c1', { kind: 'visitor' }, '', now)).typing).toBeUndefined();
    const none = desk(head());
    expect(typed(none, 'c1', { kind: 'agent', id: 'lina' }, undefined, now)).toBe(none);
  });

  it('presence changes those it names', () => {
    const a = (id: string, held: number) => ({ id, name: id, status: 'online' as const, held, capacity: 5 });
    const d = present(present(desk(), [a('x', 0), a('y', 0)]), [a('y', 3)]);
    expect(Object.values(d.agents).map((x) => x.held)).toEqual([0, 3]);
  });

  it('about a conversation that is not known changes nothing', () => {
    const d = desk(head());
    expect(readBy(d, 'c9', 'visitor', 1)).toBe(d);
    expect(typed(d, 'c9', { kind: 'visitor' }, 'x', now)).toBe(d);
    expect(logged(d, 'c9', [], false, [])).toBe(d);
  });
});

describe('identity', () => {
  it('of chats that did not change is kept, so that their rows are not drawn again', () => {
    const before = desk(head(), head({ id: 'c2' }));
    const after = glimpsed(before, event(3, 'hi'));
    expect(after.chats.get('c2')).toBe(before.chats.get('c2'));
    expect(after.chats.get('c1')).not.toBe(before.chats.get('c1'));
  });
});
