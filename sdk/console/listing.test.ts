import { signal } from '@preact/signals';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, type ListQuery, type SaidList } from './api.ts';
import { Listing } from './listing.ts';
import type { Desk, Head } from './model.ts';

const head = (id: string) => ({ id, site: 'shop', visitor: { id: `v_${id}`, online: false }, phase: 'closed' }) as unknown as Head;
const hit = (id: string) =>
  ({ conversation: head(id), event: { conversation: id, seq: 2 } }) as unknown as SaidList['found'][number];

let asked: ListQuery[];
let answers: (SaidList | Error)[];
let learnt: string[];
let out: number;
let lists: Listing;

beforeEach(() => {
  [asked, answers, learnt, out] = [[], [], [], 0];
  const answer = async (q: ListQuery) => {
    asked.push(q);
    const next = answers.shift() ?? { found: [], looked: 0 };
    if (next instanceof Error) throw next;
    return next;
  };
  lists = new Listing({
    api: { search: answer, conversations: (q) => answer(q).then(() => ({ conversations: [] })) },
    desk: signal({ chats: {} } as unknown as Desk),
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
