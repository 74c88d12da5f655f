import { describe, expect, it, vi } from 'vitest';
import type { Client } from '../client.ts';
import { createEmitter } from '../emitter.ts';
import type { Logged } from '../log.ts';
import type { LogEvent, Party } from '../wire.ts';
import { foreignZone, openings } from './hours.ts';
import { fetchAll, transcript } from './transcript.ts';

describe('opening hours', () => {
  const day = (day: number, from = '09:00', until = '18:00') => ({ day, from, until });

  it('days in a row with the same times are one line; the week begins on Monday', () => {
    const hours = [day(0, '10:00', '12:00'), day(1), day(2), day(3), day(5), day(6)];
    expect(openings(hours, 'en')).toEqual([
      { days: 'Mon–Wed', times: '09:00–18:00' },
      { days: 'Fri–Sat', times: '09:00–18:00' },
      { days: 'Sun', times: '10:00–12:00' },
    ]);
    expect(openings([day(1)], 'zh-CN')).toEqual([{ days: '周一', times: '09:00–18:00' }]);
  });

  it('a day may have a break', () => {
    const hours = [day(1, '14:00', '18:00'), day(1, '09:00', '12:00')];
    expect(openings(hours, 'en')).toEqual([{ days: 'Mon', times: '09:00–12:00, 14:00–18:00' }]);
    expect(openings([], 'en')).toEqual([]);
  });

  it('the zone is named to who lives in another', () => {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    expect([foreignZone(timeZone), foreignZone('Mars/Olympus'), foreignZone()]).toEqual(['', 'Mars/Olympus', '']);
  });
});

const event = (seq: number, by: Party, body: LogEvent['body'], at = '2026-11-23T08:00:00.000Z'): Logged => {
  return { conversation: 'c', seq, prev: seq - 1, at, session: 1, by, body };
};
const text = (text: string) => ({ kind: 'text' as const, text });

describe('a transcript', () => {
  it('has a heading for each day and a line for each message, and nothing of what was recalled', () => {
    const [you, li]: Party[] = [{ kind: 'visitor' }, { kind: 'agent', name: 'Li Na' }];
    const file = { kind: 'file' as const, url: '/v1/files/k/a.pdf', name: 'a.pdf', size: 1, mime: 'application/pdf' };
    const events = [
      event(1, you!, { kind: 'form', fields: [{ id: 'n', label: 'Name', value: 'Ada' }] }),
      event(2, { kind: 'system' }, { kind: 'opened' }),
      event(3, you!, { kind: 'tombstone' }),
      event(4, li!, text('Hello'), '2026-11-25T08:00:00.000Z'),
      event(5, li!, file, '2026-11-25T08:00:00.000Z'),
    ];
    const lines = transcript(events, (by) => by.name ?? 'You', 'https://desk.example/ws', 'en').split('\n');
    expect(lines.map((line) => line.replace(/^\d+:\d+\s[AP]M /, ''))).toEqual([
      'Monday, November 23, 2026',
      '',
      'You: Name: Ada',
      '',
      'Wednesday, November 25, 2026',
      '',
      'Li Na: Hello',
      'Li Na: a.pdf https://desk.example/v1/files/k/a.pdf',
      '',
    ]);
  });

  /** A log of ten events of which the last one is here; `answers` says whether the desk brings more. */
  const desk = (answers: boolean) => {
    const { on, emit } = createEmitter<{ change: undefined }>();
    let events = [event(10, { kind: 'visitor' }, text('10'))];
    const asked: number[] = [];
    const client = {
      on,
      log: {
        get events() {
          return events;
        },
        get older() {
          return events[0]!.seq > 1;
        },
      },
      tell({ seq }: { seq: number }) {
        asked.push(seq);
        events = answers ? [event(seq - 3, { kind: 'visitor' }, text('older')), ...events] : events;
        queueMicrotask(() => emit('change', undefined));
        return true;
      },
    };
    return { client: client as unknown as Client, asked };
  };

  it('is whole: what is not here yet is fetched first', async () => {
    const { client, asked } = desk(true);
    await fetchAll(client);
    expect(asked).toEqual([10, 7, 4]);
  });

  it('is what there is, when no more comes', async () => {
    vi.useFakeTimers();
    const { client, asked } = desk(false);
    const done = fetchAll(client);
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    vi.useRealTimers();
    expect(asked).toEqual([10]);
  });
});
