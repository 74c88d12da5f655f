/** What is said in words: events, refusals, previews, reasons. In both languages, and never a code or `undefined`. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SystemBody } from '../visitor/wire.ts';
import { emptyDesk, headed, present } from './desk.ts';
import { happenedText } from './happened.ts';
import { lang } from './i18n.ts';
import type { Action, Chat, Desk, Head, LogEvent } from './model.ts';
import { agentName, groupName, groupNames, partyName, visitorName } from './names.ts';
import { preview } from './preview.ts';
import { codeText, sendTrouble, troubleText } from './trouble.ts';
import { readWhy } from './why.ts';

const lina = { id: 'lina', name: 'Li Na' };
const bob = { id: 'bob', name: 'Bob' };
const head: Head = { id: 'c1', site: 'default', visitor: { id: 'v_8f3a2c' }, phase: 'held', agent: bob, session: 1, seq: 1 };
const desk: Desk = present(headed(emptyDesk({ id: 'lina', name: 'Li Na', role: 'agent', groups: [] }), head, 0), [
  { ...bob, status: 'online', held: 0, capacity: 1 },
]);
const event = (body: SystemBody | LogEvent['body'], over: Partial<LogEvent> = {}): LogEvent => ({
  conversation: 'c1',
  seq: 1,
  prev: 0,
  at: '2026-11-23T08:00:00.000Z',
  session: 1,
  by: { kind: 'system' },
  body,
  ...over,
});
const line = (body: SystemBody) => happenedText(event(body), head, desk);

beforeEach(() => {
  lang.value = 'en';
  groupNames.value = { default: 'default', sales: 'Sales team' };
});

describe('what happened', () => {
  it.each<[string, SystemBody]>([
    ['Conversation opened · refund', { kind: 'opened', tag: 'refund' } as SystemBody],
    ['Conversation opened', { kind: 'opened' }],
    ['Waiting in Sales team', { kind: 'queued', group: 'sales' } as SystemBody],
    ['Waiting for an agent', { kind: 'queued' }],
    ['Assigned to you', { kind: 'assigned', agent: lina }],
    ['Assigned to Bob, before with Li Na', { kind: 'assigned', agent: bob, from: lina }],
    ['Bob let it go: no answer in time', { kind: 'released', agent: bob, reason: 'silent' }],
    ['Bob let it go', { kind: 'released', agent: bob, reason: 'a word of tomorrow' }],
    ['Li Na transferred it to Bob', { kind: 'transferred', from: lina, to: { agent: bob } }],
    ['Transferred to group Sales team', { kind: 'transferred', to: { group: 'sales' } }],
    ['The assistant handed over to a person: the visitor asked for a person', { kind: 'handoff', reason: 'request' }],
    ['Closed by the visitor', { kind: 'closed', reason: 'request', by: { kind: 'visitor' } }],
    ['Closed by you', { kind: 'closed', reason: 'request', by: { kind: 'agent', id: 'lina' } }],
    ['Closed by Bob', { kind: 'closed', reason: 'request', by: { kind: 'agent', ...bob } }],
    ['Closed: the visitor was silent for too long', { kind: 'closed', reason: 'silent', by: { kind: 'system' } }],
    ['Rated 4 of 5: “good”', { kind: 'rated', session: 1, score: 4, comment: 'good' }],
    ['Tags changed: +vip -new', { kind: 'tagged', add: ['vip'], remove: ['new'] }],
    ['Something happened (levitated)', { kind: 'levitated' } as unknown as SystemBody],
  ])('%s', (expected, body) => {
    expect(line(body)).toBe(expected);
    lang.value = 'zh-CN';
    expect(line(body)).toMatch(/[\u4e00-\u9fff]/);
    expect(line(body)).not.toMatch(/undefined|\{/);
  });

  it('that has lost its names is still a sentence', () => {
    expect(line({ kind: 'assigned', agent: { id: 'gone', name: '' } })).toBe('Assigned to an agent');
    expect(line({ kind: 'closed', reason: 'abandoned' } as SystemBody)).toBe('Closed: the visitor did not come back');
  });
});

describe('refusals', () => {
  const chat = desk.chats.get('c1') as Chat;
  const said = (action: Action, code: string, to?: string) => troubleText({ action, code, to }, chat, desk);

  it('name whom they are about', () => {
    expect(said('take', 'conflict')).toBe('Bob was faster and holds it now.');
    expect(said('transfer', 'full', 'bob')).toBe('Bob has no free seat any more. Nothing was changed.');
  });

  it('name nobody when nobody is known', () => {
    const free = { ...chat, head: { ...head, phase: 'waiting' as const, agent: undefined } };
    expect(troubleText({ action: 'take', code: 'conflict' }, free, desk)).toBe('A colleague was faster and holds it now.');
  });

  it('fall back to the code’s meaning, and to a fault for a code of tomorrow', () => {
    expect(said('end', 'too_large')).toBe('It is too long.');
    expect(said('end', 'levitating')).toBe(codeText('internal'));
    expect(sendTrouble('conflict')).toMatch(/^Not sent:/);
    expect(sendTrouble('too_large')).toBe('Not sent: It is too long.');
  });
});

describe('previews', () => {
  const said = (by: LogEvent['by'], text: string, over: Partial<LogEvent> = {}) =>
    preview(event({ kind: 'text', text }, { by, ...over }), head, desk);

  it('name the speaker, but for the visitor, on one line', () => {
    expect(said({ kind: 'visitor' }, 'a\n  b')).toBe('a b');
    expect(said({ kind: 'agent', id: 'lina' }, 'hi')).toBe('You: hi');
    expect(said({ kind: 'agent', ...bob }, 'hi')).toBe('Bob: hi');
    expect(said({ kind: 'agent', ...bob }, 'hi', { internal: true })).toBe('Bob: Note for colleagues: hi');
  });

  it('of other things say what they are', () => {
    const by = { kind: 'visitor' as const };
    expect(preview(event({ kind: 'image', url: '/a', name: 'a.png', size: 1, mime: 'image/png' }, { by }), head, desk)).toBe(
      'Image a.png',
    );
    expect(preview(event({ kind: 'tombstone' }, { by }), head, desk)).toBe('This message was recalled');
    expect(preview(event({ kind: 'queued' }), head, desk)).toBe('Waiting for an agent');
  });
});

describe('names', () => {
  it('of visitors without one are told apart by their ids', () => {
    expect(visitorName(head)).toBe('Visitor 3A2C');
    expect(visitorName({ visitor: { id: 'v', name: 'Ann' } })).toBe('Ann');
  });

  it('come from the event, then from who is here', () => {
    expect(agentName(desk, 'bob')).toBe('Bob');
    expect(agentName(desk, { id: 'bob', name: 'Bobby' })).toBe('Bobby');
    expect(agentName(desk, undefined)).toBe('an agent');
    expect(partyName({ kind: 'bot' }, head)).toBe('Assistant');
  });

  it('of groups are the server’s, but for the one that every desk has', () => {
    expect(groupName('sales')).toBe('Sales team');
    expect(groupName('unheard')).toBe('unheard');
    expect(groupName('default')).toBe('Service');
    groupNames.value = { default: 'First line' };
    expect(groupName('default')).toBe('First line');
  });
});

describe('the record of why', () => {
  it('is read with care', () => {
    const candidate = { agent: lina, shard: true, load: 0.4, last: '2026-11-23T08:00:00.000Z' };
    const why = readWhy({
      tier: 'shard',
      key: 'refund',
      members: 3,
      shard: 2,
      able: 1,
      candidates: [candidate, null, { load: 1 }],
      removed: 'x',
    });
    expect(why).toEqual({
      tier: 'shard',
      key: 'refund',
      members: 3,
      shard: 2,
      able: 1,
      candidates: [{ agent: lina, shard: true, load: 0.4 }],
      removed: [],
    });
  });

  it.each([undefined, null, 'x', 3, {}, { tier: 3 }])('%j is none', (raw) => {
    expect(readWhy(raw)).toBeUndefined();
  });
});
