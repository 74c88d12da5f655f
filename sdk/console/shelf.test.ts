import { expect, it } from 'vitest';
import type { Chat, Head, Me } from './model.ts';
import { isMine, isWaiting, lastAt, owing } from './select.ts';
import { merged, Shelf } from './shelf.ts';

const me: Me = { id: 'lina', name: 'Li Na', role: 'agent', groups: ['default', 'sales'] };
const start = Date.UTC(2026, 10, 23, 12);
const time = (s: number) => new Date(start + s * 1000).toISOString();

function chatOf(id: string, head: Partial<Head>, said: number[] = []): Chat {
  const log = said.map((s, i) => ({
    conversation: id,
    seq: i + 1,
    prev: i,
    at: time(s),
    session: 1,
    by: { kind: 'visitor' as const },
    body: { kind: 'text' as const, text: 'hi' },
  }));
  const full: Head = { id, site: 'shop', visitor: { id: `v_${id}` }, phase: 'closed', session: 1, seq: log.length, ...head };
  return Object.freeze({ id, head: full, history: 'ready', log, older: false, paging: false, out: [], ahead: [], others: {} });
}

/** Always the same numbers, below n. */
function dice(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (x >>> 8) % n;
  };
}

function anyHead(roll: (n: number) => number): Partial<Head> {
  const since = time(roll(50));
  const group = ['default', 'sales', 'other', ''][roll(4)] ?? '';
  const queue = roll(2) ? { queue: { position: roll(6) + 1, eta: 0 } } : {};
  const held: Partial<Head> = { phase: 'held', agent: { id: roll(2) ? 'lina' : 'bob', name: '' }, since };
  return [held, held, { phase: 'waiting' as const, group, since, ...queue }, { phase: 'closed' as const, since }][roll(4)] ?? held;
}

const order = <T>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);
const need = (c: Chat) => owing(c) ?? Number.POSITIVE_INFINITY;
const place = (c: Chat) => c.head.queue?.position ?? Number.POSITIVE_INFINITY;
const since = (c: Chat) => Date.parse(c.head.since ?? '');

it('keeps the lists as sorting all of them would, whatever comes, changes and goes', () => {
  const roll = dice(1);
  const all = new Map<string, Chat>();
  let shelf = Shelf.of(me);
  for (let i = 0; i < 3_000; i++) {
    const id = `c${roll(60)}`;
    if (roll(5)) {
      const chat = chatOf(
        id,
        anyHead(roll),
        Array.from({ length: roll(3) }, () => roll(50)),
      );
      all.set(id, chat);
      shelf = shelf.with(chat);
    } else {
      all.delete(id);
      shelf = shelf.without(id);
    }
    const known = [...all.values()];
    const mine = known
      .filter((c) => isMine(me, c.head))
      .sort((a, b) => order(need(a), need(b)) || order(lastAt(b), lastAt(a)) || order(a.id, b.id));
    expect(shelf.mine.map((c) => c.id)).toEqual(mine.map((c) => c.id));
    for (const [group, line] of shelf.lines) {
      const dumb = known
        .filter((c) => isWaiting(me, c.head) && (c.head.group ?? '') === group)
        .sort((a, b) => order(place(a), place(b)) || order(since(a), since(b)) || order(a.id, b.id));
      expect(line.map((c) => c.id)).toEqual(dumb.map((c) => c.id));
    }
    expect(shelf.inLine).toBe(known.filter((c) => isWaiting(me, c.head)).length);
    expect(merged(shelf.lines)).toHaveLength(shelf.inLine);
    expect(shelf.get(id)).toBe(all.get(id));
  }
  expect(new Set(shelf.values())).toEqual(new Set(all.values()));
});

it('a message in one leaves alone what it does not move, and what was there before stays as it was', () => {
  const chats = [
    chatOf('mine', { phase: 'held', agent: { id: 'lina', name: '' } }, [1]),
    chatOf('waits', { phase: 'waiting', group: 'default' }),
    chatOf('other', {}),
  ];
  const before = chats.reduce((s, c) => s.with(c), Shelf.of(me));
  const after = before.with(chatOf('other', {}, [5]));
  expect(after).not.toBe(before);
  expect(after.mine).toBe(before.mine);
  expect(after.lines).toBe(before.lines);
  expect(after.shape).toBe(before.shape);
  expect(before.get('other')).toBe(chats[2]);
  expect(after.with(after.get('other') as Chat)).toBe(after);
  expect(after.with(chatOf('other', { phase: 'held', agent: { id: 'bob', name: '' } })).shape).not.toBe(after.shape);
  expect(after.without('other').get('other')).toBeUndefined();
});

/** How often a change reads a conversation, of n that are known, a third held and a third waiting. */
function reads(n: number): number {
  let count = 0;
  const watched = (c: Chat): Chat => ({
    ...c,
    get head() {
      count++;
      return c.head;
    },
  });
  const phases: Partial<Head>[] = [
    { phase: 'held', agent: { id: 'lina', name: '' } },
    { phase: 'waiting', group: 'default' },
    { phase: 'closed' },
  ];
  let shelf = Shelf.of(me);
  for (let i = 0; i < n; i++) shelf = shelf.with(watched(chatOf(`c${i}`, { ...phases[i % 3], since: time(i) }, [i])));
  count = 0;
  for (let i = 0; i < 300; i++) shelf = shelf.with(watched(chatOf(`c${(i * 7) % n}`, { ...phases[(i * 7) % 3] }, [n + i])));
  return count / 300;
}

it('looks at no more conversations for a message because there are more of them', () => {
  const few = reads(500);
  expect(reads(20_000)).toBeLessThan(few * 2);
  expect(few).toBeLessThan(60);
});
