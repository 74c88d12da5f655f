import { beforeEach, describe, expect, it } from 'vitest';
import { createLog, isRecalled, type Log } from './log.ts';
import type { LogEvent } from './wire.ts';

let asked: number[];
let log: Log;
beforeEach(() => {
  asked = [];
  log = createLog((after) => asked.push(after));
});

const event = (seq: number, prev = seq - 1, body: LogEvent['body'] = { kind: 'text', text: `${seq}` }): LogEvent => ({
  conversation: 'c',
  seq,
  prev,
  at: '2026-11-23T16:00:00.000Z',
  session: 1,
  by: { kind: 'agent', id: 'a' },
  body,
});
const seqs = () => log.events.map((e) => e.seq);
const bodies = () => log.events.map((e) => e.body);

describe('push', () => {
  it('takes what follows, drops what is held, and waits for what is missing', () => {
    expect(log.push(event(1))?.seq).toBe(1);
    expect(log.push(event(1))).toBeUndefined();
    expect(log.push(event(3))).toBeUndefined();
    expect(seqs()).toEqual([1]);
    expect(asked).toEqual([1]);
  });

  it('follows prev, not the count: some events are not for everybody', () => {
    log.push(event(1));
    expect(log.push(event(5, 1))?.seq).toBe(5);
    expect(asked).toEqual([]);
  });

  it('asks once for each hole, however many events show it', () => {
    log.push(event(1));
    for (const seq of [4, 5, 6]) log.push(event(seq));
    expect(asked).toEqual([1]);
  });
});

describe('fill', () => {
  it('closes the hole, and asks on if the answer ended before what is known to be there', () => {
    log.push(event(1));
    log.push(event(5));
    expect(log.fill([event(2), event(3)]).map((e) => e.seq)).toEqual([2, 3]);
    expect(asked).toEqual([1, 3]);
    log.fill([event(4), event(5)]);
    expect(seqs()).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toEqual([1, 3]);
  });

  it('drops what came in twice', () => {
    log.push(event(1));
    log.push(event(2));
    expect(log.fill([event(1), event(2), event(3)]).map((e) => e.seq)).toEqual([3]);
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it('does not ask for ever when the answer is empty; a pong lets it ask again', () => {
    log.push(event(1));
    log.reach(9);
    log.fill([]);
    log.fill([]);
    expect(asked).toEqual([1]);
    log.reach(9, true);
    expect(asked).toEqual([1, 1]);
  });

  it('puts history before what is held, until the first event of all', () => {
    log.reset([event(7), event(8)]);
    expect(log.older).toBe(true);
    expect(log.fill([event(5), event(6)])).toEqual([]);
    expect(seqs()).toEqual([5, 6, 7, 8]);
    log.fill([event(2, 0), event(4, 2)]);
    expect(log.older).toBe(false);
    expect(log.last).toBe(8);
  });
});

describe('reset', () => {
  it('starts over, with nothing to ask for', () => {
    log.push(event(1));
    log.push(event(9));
    log.reset([event(40, 39), event(41)]);
    expect(seqs()).toEqual([40, 41]);
    expect(asked).toEqual([1]);
    log.reset([]);
    expect([log.last, log.older, log.events.length]).toEqual([0, false, 0]);
  });
});

describe('edits and recalls', () => {
  it('change how an earlier event reads', () => {
    log.push(event(1));
    log.push(event(2));
    log.push(event(3, 2, { kind: 'edited', seq: 1, body: { kind: 'text', text: 'new' } }));
    log.push(event(4, 3, { kind: 'recalled', seq: 2 }));
    expect(log.events[0]).toMatchObject({ body: { text: 'new' }, edited: true });
    expect(log.events[1]).toMatchObject({ body: { kind: 'tombstone' }, edited: false });
  });

  it('a recall takes away what was edited before it; what is left of the edit is no message', () => {
    const edit = (body: LogEvent['body']) => [event(1), event(2, 1, body), event(3, 2, { kind: 'recalled', seq: 1 })];
    for (const e of edit({ kind: 'edited', seq: 1, body: { kind: 'text', text: 'new' } })) log.push(e);
    expect(log.events[0]).toMatchObject({ body: { kind: 'tombstone' }, edited: false });
    expect(log.events.map(isRecalled)).toEqual([true, false, false]);
    // A page that comes later finds two tombstones.
    log.reset([event(1, 0, { kind: 'tombstone' }), ...edit({ kind: 'tombstone', seq: 1 }).slice(1)]);
    expect(log.events.map(isRecalled)).toEqual([true, false, false]);
  });

  it('history that comes in backwards does not bring an old edit back', () => {
    log.reset([event(9, 8, { kind: 'edited', seq: 2, body: { kind: 'text', text: 'newest' } })]);
    log.fill([event(2, 0), event(8, 2, { kind: 'edited', seq: 2, body: { kind: 'text', text: 'older' } })]);
    expect(bodies()[0]).toEqual({ kind: 'text', text: 'newest' });
  });

  it('also one that arrives later, with the history', () => {
    log.reset([event(5, 4, { kind: 'edited', seq: 2, body: { kind: 'text', text: 'new' } })]);
    log.fill([event(2, 0), event(4, 2)]);
    expect(bodies()[0]).toEqual({ kind: 'text', text: 'new' });
  });

  it('the last edit counts, and those within the history count too', () => {
    log.reset([event(6), event(7, 6, { kind: 'edited', seq: 6, body: { kind: 'text', text: 'once' } })]);
    log.push(event(8, 7, { kind: 'edited', seq: 6, body: { kind: 'text', text: 'twice' } }));
    log.fill([event(4, 0), event(5, 4, { kind: 'recalled', seq: 4 })]);
    expect(bodies()[0]).toEqual({ kind: 'tombstone' });
    expect(bodies()[2]).toEqual({ kind: 'text', text: 'twice' });
  });
});
