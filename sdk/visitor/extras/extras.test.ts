import { describe, expect, it } from 'vitest';
import type { Logged } from '../log.ts';
import type { Conversation, LogEvent, Site } from '../wire.ts';
import { refusal } from './attachments.ts';
import { toRate } from './rating.ts';

describe('a file is not even tried', () => {
  const limits = { size: 1_000, types: ['image/*', 'application/pdf'] };
  it.each([
    [{ size: 1_000, type: 'image/png' }, undefined],
    [{ size: 1_001, type: 'image/png' }, 'tooBig'],
    [{ size: 1, type: 'application/pdf' }, undefined],
    [{ size: 1, type: 'application/pdfx' }, 'badType'],
    [{ size: 1, type: 'imagexml/png' }, 'badType'],
    [{ size: 1, type: '' }, undefined], // the desk looks into it
  ])('%j: %s', (file, word) => {
    expect(refusal(limits, file)?.word).toBe(word);
  });

  it('but where the desk names no types, by size alone', () => {
    expect(refusal({ size: 1, types: [] }, { size: 1, type: 'x/y' })).toBeUndefined();
  });
});

describe('a score', () => {
  const by = { kind: 'system' as const };
  const event = (seq: number, session: number, body: LogEvent['body']): Logged => {
    return { conversation: 'c', seq, prev: seq - 1, at: '2026-11-23T08:00:00.000Z', session, by, body };
  };
  const assigned = event(1, 1, { kind: 'assigned', agent: { id: 'a', name: 'Li Na' } });
  const closed = event(2, 1, { kind: 'closed', reason: 'x', by });
  const asked = (events: Logged[], head: Partial<Conversation> = {}, more: { site?: Site; entries?: unknown[] } = {}) => {
    const all = { id: 'c', site: 's', visitor: { id: 'v' }, phase: 'closed', session: 1, seq: 2, ...head } as Conversation;
    return toRate({ head: all, site: { rating: true }, log: { events, last: 2, older: false }, entries: [], ...more } as Parameters<
      typeof toRate
    >[0]);
  };

  it('is asked for once a person’s session is closed, until it is given', () => {
    expect(asked([assigned, closed])).toBe(1);
    expect(asked([assigned], { phase: 'held' })).toBeUndefined();
    expect(asked([assigned, closed, event(3, 1, { kind: 'rated', session: 1, score: 5 })])).toBeUndefined();
    expect(asked([assigned, closed], {}, { entries: [{ frame: { type: 'rate', session: 1, score: 5 } }] })).toBeUndefined();
  });

  it('is not asked for where nobody served, nor for the session before, nor where the site wants none', () => {
    expect(asked([closed])).toBeUndefined();
    expect(asked([assigned, closed], { session: 2 })).toBeUndefined();
    expect(asked([assigned, closed], {}, { site: { rating: false } })).toBeUndefined();
  });
});
