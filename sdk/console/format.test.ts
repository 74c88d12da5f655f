import { describe, expect, it } from 'vitest';
import {
  characters,
  clock,
  dayName,
  dayOf,
  duration,
  fileAddress,
  fileSize,
  initials,
  linkify,
  shortTime,
  tone,
  webAddress,
} from './format.ts';

const noon = new Date(2026, 10, 23, 12, 0).getTime(); // local, a Monday
const hours = (n: number) => noon + n * 3_600_000;

describe('times', () => {
  it('are short in lists: clock today, then yesterday, weekday, date', () => {
    expect(shortTime('en', hours(-1), noon)).toBe('11:00');
    expect(shortTime('en', hours(-13), noon)).toBe('Yesterday');
    expect(shortTime('en', hours(-72), noon)).toBe('Fri');
    expect(shortTime('en', hours(-24 * 9), noon)).toBe('11/14');
    expect(shortTime('zh-CN', hours(-72), noon)).toBe('周五');
  });

  it('are the clock also when the other clock runs ahead', () => {
    expect(shortTime('en', hours(1), noon)).toBe('13:00');
    expect(clock('zh-CN', noon)).toBe('12:00');
  });

  it('name days for dividers, the year only when it is another', () => {
    expect(dayName('en', noon, noon)).toBe('Today');
    expect(dayName('zh-CN', hours(-24), noon)).toBe('昨天');
    expect(dayName('en', hours(-48), noon)).toBe('Saturday, November 21');
    expect(dayName('en', new Date(2025, 0, 5).getTime(), noon)).toContain('2025');
  });

  it('count days by the calendar, not by 24 hours', () => {
    expect(dayOf(new Date(2026, 10, 23, 0, 1).getTime()) - dayOf(new Date(2026, 10, 22, 23, 59).getTime())).toBe(1);
    expect(dayOf(hours(11)) - dayOf(noon)).toBe(0);
  });
});

describe('duration', () => {
  it.each([
    [-5_000, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_000, '59 min'],
    [3_660_000, '1 h 1 min'],
    [47 * 3_600_000, '47 h 0 min'],
    [48 * 3_600_000, '2 days'],
  ])('%d ms is %s', (ms, expected) => {
    expect(duration('en', ms)).toBe(expected);
  });
});

describe('addresses', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', ' vbscript:x', 'file:///etc/passwd', 'nonsense', ''])('%s is none', (raw) => {
    expect(webAddress(raw)).toBeUndefined();
    expect(fileAddress(raw)).toBeUndefined();
  });

  it('of files may be paths of ours, but not of another host', () => {
    expect(fileAddress('/uploads/a.png')).toBe('/uploads/a.png');
    expect(fileAddress('//evil.example/a.png')).toBeUndefined();
    expect(fileAddress('https://cdn.example/a.png')).toBe('https://cdn.example/a.png');
  });
});

describe('linkify', () => {
  const links = (s: string) => linkify(s).flatMap((p) => (p.href ? [p.text] : []));

  it.each([
    ['see https://a.example/x.', ['https://a.example/x']],
    ['(https://a.example/x)', ['https://a.example/x']],
    ['https://a.example/x_(y)', ['https://a.example/x_(y)']],
    ['(https://a.example/x_(y)).', ['https://a.example/x_(y)']],
    ['https://a.example/"x', ['https://a.example/']],
    ['看https://a.example/x。谢谢', ['https://a.example/x']],
    ['http://a.example?q=1&r=2, and https://b.example', ['http://a.example?q=1&r=2', 'https://b.example']],
    ['<https://a.example/x>', ['https://a.example/x']],
    ['javascript:alert(1) ftp://a.example', []],
    ['https://', []],
    ['', []],
  ])('%s', (s, expected) => {
    expect(links(s)).toEqual(expected);
  });

  it('loses no character', () => {
    for (const s of ['a https://a.example/x. b', 'https://', '  https://a.example  ', '看https://a.example/x。https://b.example!'])
      expect(
        linkify(s)
          .map((p) => p.text)
          .join(''),
      ).toBe(s);
  });

  it('takes a long run of punctuation in its stride: twice as long is not four times the work', () => {
    // Anything worse than one pass would be at this for minutes, and the test's time is seconds.
    expect(links(`https://a.example/${'.)'.repeat(400_000)}`)).toEqual(['https://a.example/']);
  });
});

describe('small things', () => {
  it('initials', () => {
    expect(initials('Alice Johnson')).toBe('AJ');
    expect(initials('欧阳娜娜')).toBe('娜娜');
    expect(initials('bob')).toBe('B');
    expect(initials('😀 x')).toBe('😀X');
    expect(initials(' ')).toBe('');
  });

  it('tone is the same for the same id, and one of eight', () => {
    for (const id of ['v_1', 'v_2', '', '访客']) {
      expect(tone(id)).toBe(tone(id));
      expect(tone(id)).toBeGreaterThanOrEqual(0);
      expect(tone(id)).toBeLessThan(8);
    }
  });

  it('characters are code points', () => {
    expect(characters('a😀中')).toBe(3);
  });

  it('sizes have units', () => {
    expect(fileSize('en', 999)).toBe('999 byte');
    expect(fileSize('en', 1_540_000)).toBe('1.5 MB');
  });
});
