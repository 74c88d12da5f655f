import { describe, expect, it } from 'vitest';
import { durationsIn, inWords, secondsOf, typedOf, wireOf } from './duration.ts';

describe('a duration', () => {
  it.each([
    ['90s', '90', 's'],
    ['3m', '3', 'm'],
    ['1m30s', '90', 's'],
    ['720h', '30', 'd'],
    ['36h', '36', 'h'],
    ['24h0m0s', '1', 'd'],
    ['1.5h', '90', 'm'],
    ['500ms', '0.5', 's'],
    ['0s', '0', 's'],
  ] as const)('%s is shown as %s %s, and what is shown is the same', (wire, n, unit) => {
    const shown = typedOf(secondsOf(wire));
    expect(shown).toEqual({ n, unit });
    expect(secondsOf(wireOf(shown))).toBe(secondsOf(wire));
  });

  it.each([
    [{ n: '30', unit: 'd' }, '720h'],
    [{ n: '1.5', unit: 'h' }, '1.5h'],
    [{ n: '0', unit: 'm' }, '0s'],
    [{ n: '-5', unit: 's' }, '-5s'], // the server says what is wrong with it
    [{ n: '', unit: 's' }, ''],
    [{ n: '1e', unit: 's' }, '1e'],
  ] as const)('%j is %s to the API', (typed, wire) => {
    expect(wireOf(typed)).toBe(wire);
  });

  it.each(['', 'soon', '3', 'm', '3 m', '3m!'])('%j is none', (wire) => {
    expect(secondsOf(wire)).toBeUndefined();
  });

  it('has words in both languages, in sentences too', () => {
    expect([inWords('en', 60), inWords('en', 180), inWords('zh-CN', 86_400 * 30)]).toEqual(['1 minute', '3 minutes', '30天']);
    expect(durationsIn('en', 'at least 1s is expected, not 1m30s')).toBe('at least 1 second is expected, not 90 seconds');
    expect(durationsIn('en', 'such as "3m" or a file 4s.md, v2m')).toBe('such as "3m" or a file 4s.md, v2m');
  });
});
