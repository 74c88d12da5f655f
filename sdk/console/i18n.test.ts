import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Key, known, lang, preferred, t, text, tOr } from './i18n.ts';
import { en } from './strings/en.ts';
import { zh } from './strings/zh.ts';

const keys = Object.keys(en) as Key[];
const placeholders = (s: string) => [...new Set(s.match(/\{\w+\}/g))].sort();

/** Everything that is shipped, as text. */
function source(): string {
  const root = new URL('.', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const code = files.filter((f) => /\.tsx?$/.test(f) && !/\.test\.|test[\\/]|strings[\\/]/.test(f));
  return code.map((f) => readFileSync(new URL(f, root), 'utf8')).join('\n');
}

describe('the two languages', () => {
  it('have the same keys, none of them empty', () => {
    expect(Object.keys(zh).sort()).toEqual([...keys].sort());
    for (const key of keys) for (const l of ['en', 'zh-CN'] as const) expect(text(l, key), key).not.toBe('');
  });

  it.each(keys)('%s has the same placeholders in both', (key) => {
    for (const form of en[key].split(' | ')) expect(placeholders(zh[key])).toEqual(placeholders(form));
  });

  it('are really two: no Chinese in the English, no English sentence in the Chinese', () => {
    for (const key of keys) expect(en[key], key).not.toMatch(/[\u3400-\u9fff]/);
    for (const key of keys) expect(zh[key], key).not.toMatch(/[a-z]{3,} [a-z]{2,} [a-z]{2,}/i);
  });

  it('have no key that nothing uses', () => {
    const all = source();
    // Keys put together at run time have a prefix that stands in a template: `status.${…}`.
    const prefixes = [...all.matchAll(/[`]([a-z]+(?:\.[a-zA-Z]+)*\.)\$\{/g)].map((m) => m[1] ?? '');
    const unused = keys.filter(
      (key) =>
        !all.includes(`'${key}'`) &&
        !all.includes(`"${key}"`) &&
        !prefixes.some((p) => key.startsWith(p)) &&
        !/^list\..*\.empty/.test(key),
    );
    expect(unused).toEqual([]);
  });
});

describe('t', () => {
  it('follows the language of the page', () => {
    lang.value = 'en';
    expect(t('status.online')).toBe('Online');
    lang.value = 'zh-CN';
    expect(t('status.online')).toBe('在线');
  });

  it('fills in, and leaves what it has nothing for', () => {
    expect(text('en', 'status.load', { held: 3, capacity: 5 })).toBe('3 of 5');
    expect(text('en', 'status.load', { held: 3 })).toBe('3 of {capacity}');
  });

  it('does not fill in twice: a name may look like a placeholder', () => {
    expect(text('en', 'event.transferred', { from: '{to}', to: 'Bob' })).toBe('{to} transferred it to Bob');
  });

  it('knows one from many', () => {
    expect(text('en', 'thread.newer', { n: 1 })).toBe('1 new message');
    expect(text('en', 'thread.newer', { n: 2 })).toBe('2 new messages');
    expect(text('en', 'thread.newer', { n: 0 })).toBe('0 new messages');
    expect(text('zh-CN', 'thread.newer', { n: 1 })).toBe('1 条新消息');
  });

  it('falls back for words that a newer server may use', () => {
    lang.value = 'en';
    expect(tOr('why.bar.asleep', 'why.bar.other')).toBe('not available');
    expect(known('why.bar.full')).toBe(true);
    expect(known('toString')).toBe(false);
  });
});

describe('preferred', () => {
  it.each([
    [['zh-CN', 'en'], 'zh-CN'],
    [['zh-Hant-TW'], 'zh-CN'],
    [['fr', 'zh'], 'zh-CN'],
    [['en-GB', 'zh-CN'], 'en'],
    [['fr-FR', 'de'], 'en'],
    [[], 'en'],
  ])('%j -> %s', (languages, expected) => {
    expect(preferred(languages)).toBe(expected);
  });
});
