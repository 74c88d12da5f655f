import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTyping, type Typing } from './typing.ts';

let text: string;
let told: object[];
let site: { preview?: boolean };
let connected: boolean;
let typing: Typing;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23) });
  text = '';
  told = [];
  site = {};
  connected = true;
  const tell = (frame: object) => connected && told.push(frame) > 0;
  typing = createTyping({ tell, site }, () => text);
});
afterEach(() => vi.useRealTimers());

/** One letter every 100 ms. */
const type = (words: string) => {
  for (const letter of words) {
    text += letter;
    typing.changed();
    vi.advanceTimersByTime(100);
  }
};

describe('typing', () => {
  it('is told at most every 3 s, and never what', () => {
    type('a'.repeat(59));
    expect(told).toEqual([{ type: 'typing' }, { type: 'typing' }]);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
  });

  it('is not told of an empty box', () => {
    typing.changed();
    expect(told).toEqual([]);
  });

  it('that could not be told is told at the next letter', () => {
    connected = false;
    type('a');
    connected = true;
    type('b');
    expect(told).toEqual([{ type: 'typing' }]);
  });
});

describe('where the site shows its agents what is being typed', () => {
  beforeEach(() => {
    site.preview = true;
  });

  it('they see it at most every second, down to the last letter', () => {
    type('hello, is it');
    vi.advanceTimersByTime(5_000);
    expect(told.length).toBeLessThanOrEqual(3);
    expect(told.at(-1)).toEqual({ type: 'typing', text: 'hello, is it' });
  });

  it('and that it was deleted', () => {
    type('no');
    vi.advanceTimersByTime(1_000);
    text = '';
    typing.changed();
    vi.advanceTimersByTime(1_000);
    expect(told.at(-1)).toEqual({ type: 'typing', text: '' });
  });

  it('but not again after it was sent', () => {
    type('hi');
    typing.sent();
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([{ type: 'typing', text: 'h' }]);
  });
});
