import { describe, expect, it } from 'vitest';
import { words as extraWords } from './extras/words.ts';
import { translator } from './i18n.ts';
import { type Item, type ItemsOptions, itemsOf } from './items.ts';
import type { Logged } from './log.ts';
import { words as menuWords } from './menu/words.ts';
import type { Entry } from './outbox.ts';
import type { Conversation, LogEvent, Party } from './wire.ts';
import { words } from './words.ts';

const AT = '2026-11-23T08:00:00.000Z';
const visitor: Party = { kind: 'visitor', id: 'v' };
const agent: Party = { kind: 'agent', id: 'a', name: 'Li Na' };
let seq = 0;
const event = (by: Party, body: LogEvent['body'], more: Partial<Logged> = {}): Logged => ({
  conversation: 'c',
  seq: ++seq,
  prev: seq - 1,
  at: AT,
  session: 1,
  by,
  body,
  ...more,
});
const text = (words: string) => ({ kind: 'text' as const, text: words });
const system = (body: LogEvent['body'], more?: Partial<Logged>) => event({ kind: 'system' }, body, more);
const entry = (key: string, words: string, more: Partial<Entry> = {}): Entry => ({
  key,
  conversation: '',
  origin: 'o',
  n: 1,
  frame: { type: 'send', body: text(words) },
  at: Date.parse(AT),
  epoch: '',
  ...more,
});
const head = (more: Partial<Conversation> = {}): Conversation => ({
  id: 'c',
  site: 'default',
  visitor: { id: 'v' },
  phase: 'held',
  session: 1,
  seq,
  ...more,
});
const items = (o: Partial<ItemsOptions> = {}): Item[] => {
  seq = 0;
  return itemsOf({
    events: [],
    entries: [],
    head: undefined,
    greeting: '',
    host: 'Shop',
    t: translator('en', words),
    lang: 'en',
    ...o,
  });
};
const lines = (all: Item[]) => all.flatMap((i) => (i.is === 'line' && !i.id.startsWith('day') ? [i.text] : []));
const bubbles = (all: Item[]) => all.flatMap((i) => (i.is === 'bubble' ? [i] : []));

describe('bubbles', () => {
  it('the greeting stands at the very beginning, and only there', () => {
    expect(bubbles(items({ greeting: 'Hello' }))).toMatchObject([{ id: 'greeting', mine: false, by: { name: 'Shop' } }]);
    expect(bubbles(items({ greeting: 'Hello', events: [event(agent, text('x'), { seq: 9, prev: 8 })] }))).toHaveLength(1);
  });

  it('those of one person in a row are a group', () => {
    const all = items({
      events: [
        event(agent, text('1')),
        event(agent, text('2')),
        event({ ...agent, id: 'b' }, text('3')),
        event(visitor, text('4')),
      ],
    });
    expect(bubbles(all).map((b) => b.first)).toEqual([true, false, true, true]);
  });

  it('keep their id from pending to stored, so that their element stays', () => {
    const [pending] = bubbles(items({ entries: [entry('k1', 'hi')] }));
    const [stored] = bubbles(items({ events: [event(visitor, text('hi'), { key: 'k1' })] }));
    expect([pending!.id, pending!.state]).toEqual(['k1', 'pending']);
    expect([stored!.id, stored!.state]).toEqual(['k1', 'stored']);
  });

  it('tell what was read and what was refused', () => {
    const events = [event(visitor, text('1'), { seq: 1 }), event(visitor, text('2'), { seq: 2 })];
    const all = items({ events, head: head({ read: { agent: 1 } }), entries: [entry('k', '3', { failed: 'too_large' })] });
    expect(bubbles(all).map((b) => b.state)).toEqual(['read', 'stored', 'failed']);
  });

  it('quick replies can be tapped only while nothing came after them', () => {
    const options = event(agent, { kind: 'options', text: '?', options: ['a'] });
    expect(bubbles(items({ events: [options] })).at(-1)!.fresh).toBe(true);
    expect(bubbles(items({ events: [options], entries: [entry('k', 'a')] }))[0]!.fresh).toBeUndefined();
  });

  it('the site’s quick replies are offered under the greeting, until something is said', () => {
    const o = { greeting: 'Hello', quick: ['Delivery'] };
    expect(bubbles(items(o))).toMatchObject([{ body: { options: ['Delivery'] }, fresh: true }]);
    expect(bubbles(items({ ...o, entries: [entry('k', 'hi')] }))[0]!.fresh).toBeUndefined();
  });

  it('what the assistant is writing stands at the end, above the queue', () => {
    const all = items({ events: [event(visitor, text('1'))], live: 'Our gar', head: head({ phase: 'waiting' }) });
    expect(all.slice(-2)).toMatchObject([{ id: 'live', state: 'live', body: { text: 'Our gar' } }, { id: 'waiting' }]);
  });

  it('a day begins with its date', () => {
    const next = { at: '2026-11-25T08:00:00.000Z' };
    const all = items({ events: [event(agent, text('1')), event(agent, text('2')), event(agent, text('3'), next)] });
    expect(all.map((i) => (i.is === 'line' ? i.text : i.is))).toEqual(['Mon, Nov 23', 'bubble', 'bubble', 'Wed, Nov 25', 'bubble']);
  });
});

describe('lines', () => {
  it('say what happened in words of the visitor', () => {
    const events = [
      system({ kind: 'opened' }),
      system({ kind: 'queued' }),
      system({ kind: 'assigned', agent: { id: 'a', name: 'Li Na' } }),
      system({ kind: 'transferred', to: { group: 'g' } }),
      system({ kind: 'closed', reason: 'request', by: agent }),
      system({ kind: 'rated', session: 1, score: 4 }),
      system({ kind: 'noted', of: 'rate' }),
    ];
    expect(lines(items({ events }))).toEqual([
      'Li Na joined the chat',
      'You are being transferred',
      'This chat is closed. Write again whenever you like.',
      'You rated this chat 4 of 5',
    ]);
  });

  it('of two scores of a session the last one is told', () => {
    const rated = (session: number, score: number) => system({ kind: 'rated', session, score });
    expect(lines(items({ events: [rated(1, 2), rated(2, 5), rated(1, 4)] }))).toEqual([
      'You rated this chat 5 of 5',
      'You rated this chat 4 of 5',
    ]);
  });

  it('a line says where the new ones begin', () => {
    const events = [event(agent, text('old'), { seq: 1 }), event(agent, text('new'), { seq: 2 })];
    expect(items({ events, unread: 2 }).map((i) => i.id)).toEqual([expect.stringContaining('day'), '#1', 'unread', '#2']);
  });

  it('a recalled message leaves a line in its place, once', () => {
    const events = [
      event(agent, { kind: 'tombstone' }),
      event(agent, { kind: 'tombstone', seq: 1 }),
      system({ kind: 'recalled', seq: 1 }),
    ];
    expect(lines(items({ events }))).toEqual(['A message was recalled']);
  });

  it('what a later server adds is passed over', () => {
    expect(items({ events: [system({ kind: 'levitated' } as never)] })).toEqual([]);
  });

  it.each([
    [{ position: 3, eta: 130 }, 'You are number 3 in the queue · about 2 min'],
    [{ position: 1, eta: 10 }, 'You are number 1 in the queue · about 1 min'],
    [{ position: 2 }, 'You are number 2 in the queue'],
    [undefined, 'Waiting for an agent…'],
  ])('in the queue: %j', (queue, words) => {
    expect(lines(items({ head: head({ phase: 'waiting', queue }) }))).toEqual([words]);
  });
});

it.each([words, extraWords, menuWords])('every word is there in both languages, with the same blanks', ({ en, zh }) => {
  const blanks = (all: object) => Object.entries(all).map(([key, text]) => [key, `${text}`.match(/\{\w+\}/g)?.sort() ?? []]);
  expect(blanks(zh)).toEqual(blanks(en));
});

it('a language tag chooses, and a page has the last word', () => {
  expect(translator('zh-Hant-HK', words)('queue', { n: 3 })).toBe('您当前排在第 3 位');
  expect(translator('de', words)('queue', { n: 3 })).toBe('You are number 3 in the queue');
  expect(translator('de', words, { queue: 'Noch {n} vor Ihnen' })('queue', { n: 3 })).toBe('Noch 3 vor Ihnen');
});
