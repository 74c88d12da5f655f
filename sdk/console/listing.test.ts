import { effect, type Signal, signal } from '@preact/signals';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, type ListQuery, type SaidList } from './api.ts';
import { emptyDesk, headed, put } from './desk.ts';
import { Listing } from './listing.ts';
import type { Chat, Desk, Head } from './model.ts';

const head = (id: string) => ({ id, site: 'shop', visitor: { id: `v_${id}`, online: false }, phase: 'closed' }) as unknown as Head;
const hit = (id: string) =>
  ({ conversation: head(id), event: { conversation: id, seq: 2 } }) as unknown as SaidList['found'][number];

let asked: ListQuery[];
let answers: (SaidList | Error)[];
let learnt: string[];
let out: number;
let heads: Head[];
let desk: Signal<Desk>;
let lists: Listing;

beforeEach(() => {
  [asked, answers, learnt, heads, out] = [[], [], [], [], 0];
  desk = signal(emptyDesk({ id: 'lina', name: '', role: 'agent', groups: [] }));
  const answer = async (q: ListQuery) => {
    asked.push(q);
    const next = answers.shift() ?? { found: [], looked: 0 };
    if (next instanceof Error) throw next;
    return next;
  };
  lists = new Listing({
    api: { search: answer, conversations: (q) => answer(q).then(() => ({ conversations: heads })) },
    desk,
    learn: (heads) => learnt.push(...heads.map((h) => h.id)),
    onUnauthorized: () => out++,
  });
});

describe('what was said', () => {
  it('is looked for where the list is narrowed down to, and further back', async () => {
    lists.show('all');
    await lists.find({ text: ' parcel ', agent: 'a_1', site: 'shop' });
    expect(asked.at(-1)).toMatchObject({ q: 'parcel', agent: 'a_1', site: 'shop' });
    answers.push({ found: [hit('c1')], looked: 100, since: 't1', next: 'n1' }, { found: [hit('c2')], looked: 30 });
    await lists.listen();
    expect(asked.at(-1)).toMatchObject({ q: 'parcel', agent: 'a_1', site: 'shop', before: undefined });
    expect(lists.heard.value).toMatchObject({ state: 'ready', looked: 100, since: 't1' });
    await lists.listen();
    expect(asked.at(-1)).toMatchObject({ before: 'n1' });
    expect(lists.heard.value).toMatchObject({ state: 'ready', looked: 130, since: undefined, next: undefined });
    expect(lists.heard.value.found.map((f) => f.conversation.id)).toEqual(['c1', 'c2']);
    expect(learnt).toEqual(['c1', 'c2']);
  });

  it('is forgotten with the search, and an answer that comes late too', async () => {
    answers.push({ found: [hit('c1')], looked: 1 });
    await lists.find({ text: 'one' });
    const late = lists.listen();
    await lists.find({ text: 'two' });
    await late;
    expect(lists.heard.value).toMatchObject({ state: 'none', found: [] });
  });

  it('that can not be looked for keeps what was found, and says so', async () => {
    answers.push(
      { found: [hit('c1')], looked: 100, next: 'n1' },
      new ApiError('unavailable', ''),
      new ApiError('unauthorized', ''),
    );
    await lists.find({ text: 'parcel' });
    await lists.listen();
    await lists.listen();
    expect(lists.heard.value).toMatchObject({ state: 'failed', looked: 100, next: 'n1' });
    await lists.listen();
    expect(out).toBe(1);
  });
});

it('only the list of all knows agents and sites', async () => {
  await lists.find({ agent: 'a_1', site: 'shop' });
  lists.show('bot');
  expect(asked.at(-1)).not.toHaveProperty('agent');
  lists.show('all');
  expect(asked.at(-1)).toMatchObject({ agent: 'a_1', site: 'shop' });
});

const phases = { all: 'closed', waiting: 'waiting' } as const;
it.each(['all', 'waiting'] as const)(
  'a message in one of many makes the list of %s not anew, and looks at none of the others',
  async (tab) => {
    let reads = 0;
    const watched = (c: Chat): Chat => ({
      ...c,
      get head() {
        reads++;
        return c.head;
      },
    });
    const time = new Date(1e12).toISOString();
    const one = (i: number, seq: number): Head =>
      ({ ...head(`c${i}`), seq, session: 1, phase: phases[tab], group: `g${i % 5}`, since: time, queue: { position: i } }) as Head;
    desk.value = emptyDesk({ id: 'lina', name: '', role: 'admin', groups: [] });
    heads = Array.from({ length: 1_000 }, (_, i) => one(i, 1));
    for (const h of heads) desk.value = headed(desk.value, h, 0);
    for (const c of desk.value.chats.values()) desk.value = put(desk.value, watched(c));
    lists.show(tab);
    await expect.poll(() => lists.rows.value.length).toBe(1_000);
    let drawn = 0;
    const stop = effect(() => {
      drawn++;
      expect([lists.rows.value.length, lists.shape.value]).toBeDefined();
    });
    [drawn, reads] = [0, 0];
    for (let i = 0; i < 100; i++) desk.value = headed(desk.value, one(i * 7, 2), 0);
    expect([drawn, lists.rows.value.length]).toEqual([0, 1_000]);
    expect(reads).toBeLessThan(100 * 60);
    desk.value = headed(desk.value, { ...one(5, 3), phase: 'held' }, 0);
    expect(drawn).toBe(1);
    if (tab === 'all') await lists.choose('closed');
    expect(lists.rows.value).toHaveLength(999);
    expect(lists.rows.value).not.toContain('c5');
    stop();
  },
);
