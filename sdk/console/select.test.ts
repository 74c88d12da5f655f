import { describe, expect, it } from 'vitest';
import { emptyDesk, headed, logged, outgoing, put } from './desk.ts';
import type { Chat, Desk, Entry, Head, LogEvent, Me } from './model.ts';
import { busyWith, groupsOf, lastAssigned, lastSaid, newsOf, owing, rightsOf, stuckFor, timeline, unread } from './select.ts';
import { merged } from './shelf.ts';

const mine = (d: Desk) => d.chats.mine;
const waiting = (d: Desk) => merged(d.chats.lines);

const me: Me = { id: 'lina', name: 'Li Na', role: 'agent', groups: ['default'] };
const now = new Date(2026, 10, 23, 12).getTime();
const lina = { id: 'lina', name: 'Li Na' };
const bob = { id: 'bob', name: 'Bob' };

const head = (id: string, over: Partial<Head> = {}): Head => ({
  id,
  site: 'default',
  visitor: { id: `v-${id}` },
  phase: 'held',
  agent: lina,
  session: 1,
  group: 'default',
  seq: 0,
  since: new Date(now).toISOString(),
  ...over,
});

type Line = [by: 'visitor' | 'lina' | 'bob' | 'bot' | 'system', what: string | LogEvent['body'], over?: Partial<LogEvent>];

const log = (id: string, lines: Line[], from = now): LogEvent[] =>
  lines.map(([by, what, over], i) => ({
    conversation: id,
    seq: i + 1,
    prev: i,
    at: new Date(from + i * 1000).toISOString(),
    session: 1,
    by:
      by === 'visitor' || by === 'system' || by === 'bot'
        ? { kind: by, ...(by === 'visitor' ? { id: `v-${id}` } : {}) }
        : { kind: 'agent', id: by },
    body: typeof what === 'string' ? { kind: 'text', text: what } : what,
    ...over,
  }));

function deskOf(...chats: [Head, LogEvent[]?][]): Desk {
  return chats.reduce<Desk>((d, [h, events = []]) => logged(headed(d, h, now), h.id, events, false, []), emptyDesk(me));
}
const only = (h: Head, events?: LogEvent[]) => deskOf([h, events]).chats.get(h.id) as Chat;

const entry = (over: Partial<Entry> = {}): Entry => ({
  key: 'k1',
  conversation: 'c1',
  origin: 'o',
  n: 1,
  frame: { type: 'send', body: { kind: 'text', text: 'hi' } },
  at: now + 60_000,
  epoch: '',
  ...over,
});

describe('unread', () => {
  it('counts what the visitor said since the agent read', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['lina', 'b'],
      ['visitor', 'c'],
      ['system', { kind: 'warned' }],
      ['visitor', 'd'],
    ]);
    expect(unread(only(head('c1'), events))).toBe(3);
    expect(unread(only(head('c1', { read: { visitor: 0, agent: 3 } }), events))).toBe(1);
    expect(unread(only(head('c1', { read: { visitor: 0, agent: 9 } }), events))).toBe(0);
  });
});

describe('owing', () => {
  it('is since the first of the messages nobody answered', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['lina', 'b'],
      ['visitor', 'c'],
      ['visitor', 'd'],
    ]);
    expect(owing(only(head('c1'), events))).toBe(now + 2_000);
  });

  it('is not ended by a note, nor by what happened', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['lina', 'note', { internal: true }],
      ['system', { kind: 'warned' }],
    ]);
    expect(owing(only(head('c1'), events))).toBe(now);
  });

  it('is ended by an answer, also by one on its way, but not by one that failed', () => {
    expect(
      owing(
        only(
          head('c1'),
          log('c1', [
            ['visitor', 'a'],
            ['bot', 'b'],
          ]),
        ),
      ),
    ).toBeUndefined();
    const asked = deskOf([head('c1'), log('c1', [['visitor', 'a']])]);
    expect(owing(outgoing(asked, 'c1', [entry()]).chats.get('c1') as Chat)).toBeUndefined();
    expect(owing(outgoing(asked, 'c1', [entry({ failed: 'conflict' })]).chats.get('c1') as Chat)).toBe(now);
  });
});

describe('mine', () => {
  it('has who waits for an answer on top, the longest first; then the latest', () => {
    const d = deskOf(
      [
        head('calm'),
        log(
          'calm',
          [
            ['visitor', 'a'],
            ['lina', 'b'],
          ],
          now,
        ),
      ],
      [
        head('recent'),
        log(
          'recent',
          [
            ['visitor', 'a'],
            ['lina', 'b'],
          ],
          now + 50_000,
        ),
      ],
      [head('new'), log('new', [['visitor', 'a']], now + 40_000)],
      [head('old'), log('old', [['visitor', 'a']], now - 90_000)],
      [head('bobs', { agent: bob }), log('bobs', [['visitor', 'a']])],
      [head('done', { phase: 'closed' })],
    );
    expect(mine(d).map((c) => c.id)).toEqual(['old', 'new', 'recent', 'calm']);
  });
});

describe('waiting', () => {
  const wait = (id: string, group: string, position: number | undefined, s: number): [Head] => [
    head(id, {
      phase: 'waiting',
      group,
      since: new Date(now + s * 1000).toISOString(),
      ...(position ? { queue: { position } } : {}),
    }),
  ];
  const ids = (d: Desk) => waiting(d).map((c) => c.id);
  const lead: Me = { ...me, role: 'supervisor' };
  const everywhere = (d: Desk): Desk => ({ ...d, me: lead, chats: d.chats.seenBy(lead, () => true) });

  it('is of one’s groups; of all for who leads', () => {
    const d = deskOf(wait('a', 'default', 1, 0), wait('b', 'sales', 1, 1), [head('c')]);
    expect(ids(d)).toEqual(['a']);
    expect(ids(everywhere(d))).toEqual(['a', 'b']);
  });

  it('keeps the order of each line, though one in it began to wait again later', () => {
    const d = everywhere(deskOf(wait('again', 'default', 1, 50), wait('next', 'default', 2, 10), wait('other', 'sales', 1, 30)));
    expect(ids(d)).toEqual(['other', 'again', 'next']);
  });

  it('without positions is by time', () => {
    expect(ids(deskOf(wait('b', 'default', undefined, 5), wait('a', 'default', undefined, 1)))).toEqual(['a', 'b']);
  });
});

describe('news', () => {
  const waits = head('c1', { phase: 'waiting' });
  it('is what begins to wait, or becomes mine', () => {
    expect(newsOf(me, undefined, waits)).toBe('waiting');
    expect(newsOf(me, waits, head('c1'))).toBe('assigned');
    expect(newsOf(me, head('c1', { agent: bob }), head('c1'))).toBe('assigned');
  });

  it('is not what was so already, nor what is others’', () => {
    expect(newsOf(me, waits, waits)).toBeUndefined();
    expect(newsOf(me, head('c1'), head('c1'))).toBeUndefined();
    expect(newsOf(me, waits, head('c1', { agent: bob }))).toBeUndefined();
    expect(newsOf(me, undefined, head('c1', { phase: 'waiting', group: 'sales' }))).toBeUndefined();
  });
});

describe('rights', () => {
  const supervisor: Me = { ...me, id: 'sue', role: 'supervisor', groups: [] };
  const stranger: Me = { ...me, id: 'stan', groups: ['sales'] };
  const colleague: Me = { ...me, id: 'bob' };
  const heldByLina = head('c1');
  const waits = head('c1', { phase: 'waiting', agent: undefined });
  const closed = head('c1', { phase: 'closed', agent: undefined });

  it.each<[string, Me, Head, string]>([
    ['holder', me, heldByLina, 'reply note transfer snooze tag end'],
    ['colleague', colleague, heldByLina, 'note tag'],
    ['supervisor', supervisor, heldByLina, 'reply note take transfer snooze tag end'],
    ['stranger', stranger, heldByLina, ''],
    ['colleague, waiting', colleague, waits, 'note take tag end'],
    ['supervisor, waiting', supervisor, waits, 'reply note take transfer tag end'],
    ['stranger, waiting', stranger, waits, ''],
    ['former holder, closed', me, closed, 'tag reopen'],
    ['stranger, closed', stranger, closed, ''],
    ['bot', colleague, head('c1', { phase: 'bot', agent: undefined }), 'note take tag end'],
    ['snoozed', colleague, head('c1', { phase: 'snoozed', agent: undefined }), 'note take snooze tag end'],
    ['never opened', colleague, head('c1', { phase: 'none', agent: undefined }), ''],
  ])('of %s', (_, who, h, expected) => {
    const rights = Object.entries(rightsOf(who, h)).flatMap(([right, has]) => (has ? [right] : []));
    expect(rights.join(' ')).toBe(expected);
  });
});

describe('timeline', () => {
  it('shows what was recalled where it was, and nothing of the edits it had', () => {
    const gone: Line[] = [
      ['visitor', { kind: 'tombstone' }],
      ['visitor', { kind: 'tombstone', seq: 1 }],
      ['visitor', { kind: 'recalled', seq: 1 }],
      ['visitor', 'still here'],
    ];
    const chat = only(head('c1'), log('c1', gone));
    const said = timeline(chat, me, undefined).flatMap((i) => (i.kind === 'said' ? [i.event.seq] : []));
    expect(said).toEqual([1, 4]);
    expect(unread(chat)).toBe(1);
  });

  const kinds = (c: Chat, from?: number) => timeline(c, me, from).map((i) => i.kind);

  it('has a divider for each day, and one where the unread begins', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['lina', 'b'],
      ['visitor', 'c'],
    ]);
    const yesterday = events.map((e, i) => (i === 0 ? { ...e, at: new Date(now - 86_400_000).toISOString() } : e));
    expect(kinds(only(head('c1'), yesterday), 2)).toEqual(['day', 'said', 'day', 'said', 'new', 'said']);
    expect(kinds(only(head('c1'), yesterday), undefined)).not.toContain('new');
    expect(kinds(only(head('c1'), yesterday), 3)).not.toContain('new');
  });

  it('hides what is no news to anybody', () => {
    const events = log('c1', [
      ['system', { kind: 'opened' }],
      ['system', { kind: 'noted', of: 'end' }, { internal: true }],
      ['system', { kind: 'edited', seq: 1, body: { kind: 'text', text: '' } }],
    ]);
    expect(kinds(only(head('c1'), events))).toEqual(['day', 'happened']);
  });

  it('puts messages of one author together, notes apart', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['visitor', 'b'],
      ['lina', 'c'],
      ['lina', 'd', { internal: true }],
      ['lina', 'e', { internal: true }],
    ]);
    const late = events.map((e, i) => (i === 4 ? { ...e, at: new Date(now + 600_000).toISOString() } : e));
    const said = timeline(only(head('c1'), late), me, undefined).flatMap((i) => (i.kind === 'said' ? [i.follows] : []));
    expect(said).toEqual([false, true, false, false, false]);
  });

  it('has the visitor on one side, oneself and colleagues on the other', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['lina', 'b'],
      ['bob', 'c'],
      ['bot', 'd'],
    ]);
    const sides = timeline(only(head('c1'), events), me, undefined).flatMap((i) => (i.kind === 'said' ? [i.side] : []));
    expect(sides).toEqual(['theirs', 'mine', 'ours', 'ours']);
  });

  it('marks one’s own as sent or read, and not notes', () => {
    const events = log('c1', [
      ['lina', 'a'],
      ['lina', 'b'],
      ['lina', 'c', { internal: true }],
      ['visitor', 'd'],
    ]);
    const c = only(head('c1', { read: { visitor: 1, agent: 0 } }), events);
    const marks = timeline(c, me, undefined).flatMap((i) => (i.kind === 'said' ? [i.mark] : []));
    expect(marks).toEqual(['read', 'sent', undefined, undefined]);
  });

  it('has what is on its way at the end, and of that only messages', () => {
    const c = outgoing(deskOf([head('c1'), log('c1', [['visitor', 'a']])]), 'c1', [
      entry(),
      entry({ key: 'k2', frame: { type: 'end', session: 1 } }),
    ]).chats.get('c1') as Chat;
    expect(kinds(c)).toEqual(['day', 'said', 'out']);
  });

  it('keeps the key of a message from the outbox to the log', () => {
    const events = log('c1', [['lina', 'a']]).map((e) => ({ ...e, key: 'k1' }));
    expect(timeline(only(head('c1'), events), me, undefined).map((i) => i.key)).toContain('k1');
  });

  it('says time and marks once for messages that stand together', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['visitor', 'b'],
      ['lina', 'c'],
      ['lina', 'd'],
      ['lina', 'e'],
    ]);
    const brief = (visitor: number) =>
      timeline(only(head('c1', { read: { visitor, agent: 0 } }), events), me, undefined).flatMap((i) =>
        i.kind === 'said' ? [i.brief] : [],
      );
    expect(brief(0)).toEqual([true, false, true, true, false]);
    expect(brief(4)).toEqual([true, false, true, false, false]);
  });

  it('has no key twice', () => {
    const d = deskOf([
      head('c1'),
      log('c1', [
        ['visitor', 'a'],
        ['lina', 'b'],
        ['system', { kind: 'warned' }],
        ['visitor', 'c'],
      ]),
    ]);
    const keys = timeline(outgoing(d, 'c1', [entry(), entry({ key: 'k2' })]).chats.get('c1') as Chat, me, 1).map((i) => i.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the rest', () => {
  it('the last said is one’s own on the way, then the log’s, then the head’s', () => {
    const events = log('c1', [
      ['visitor', 'a'],
      ['system', { kind: 'warned' }],
    ]);
    const c = only(head('c1'), events);
    const [ahead] = log('c1', [['lina', 'mine']]);
    expect(lastSaid(c)).toBe(c.log[0]);
    expect(lastSaid({ ...c, ahead: ahead ? [ahead] : [] })).toBe(ahead);
    expect(lastSaid({ ...c, log: [], head: { ...c.head, last: events[0] } })).toBe(events[0]);
  });

  it('an action is under way until the outbox has let it go', () => {
    const d = deskOf([head('c1')]);
    expect(busyWith(d.chats.get('c1') as Chat)).toBeUndefined();
    expect(busyWith(outgoing(d, 'c1', [entry(), entry({ frame: { type: 'end', session: 1 } })]).chats.get('c1') as Chat)).toBe(
      'end',
    );
  });

  it('why is asked of the newest assignment', () => {
    const events = log('c1', [
      ['system', { kind: 'assigned', agent: bob }],
      ['system', { kind: 'assigned', agent: lina }],
      ['visitor', 'a'],
    ]);
    expect(lastAssigned(only(head('c1'), events))?.seq).toBe(2);
  });

  it('groups are those known from anywhere', () => {
    const d = {
      ...deskOf([head('c1', { group: 'vip' })]),
      agents: { bob: { ...bob, status: 'online' as const, held: 0, capacity: 1, groups: ['sales'] } },
    };
    expect(groupsOf(d)).toEqual(['default', 'sales', 'vip']);
  });

  it('selecting changes nothing', () => {
    const d = deskOf([head('c1'), log('c1', [['visitor', 'a']])]);
    const frozen = put(d, Object.freeze({ ...(d.chats.get('c1') as Chat) }));
    expect(() => [mine(frozen), waiting(frozen), timeline(frozen.chats.get('c1') as Chat, me, 0)]).not.toThrow();
  });
});

describe('why nobody takes who waits', () => {
  const at = (status: 'online' | 'away', held: number, groups: string[]) => ({
    id: 'x',
    name: 'x',
    status,
    held,
    capacity: 2,
    groups,
  });
  const desk = (...agents: ReturnType<typeof at>[]) => ({ agents: Object.fromEntries(agents.map((a, i) => [`a${i}`, a])) }) as Desk;
  it.each([
    ['nobody is there', desk(), 'offline'],
    ['those who are there are of another group', desk(at('online', 0, ['billing'])), 'offline'],
    ['they are away', desk(at('away', 0, ['sales'])), 'offline'],
    ['every seat is taken', desk(at('online', 2, ['sales']), at('online', 3, ['sales'])), 'full'],
    ['there is a seat: it comes in a moment', desk(at('online', 2, ['sales']), at('online', 1, ['sales'])), undefined],
  ])('%s', (_, d, why) => expect(stuckFor(d, 'sales')).toBe(why));
});
