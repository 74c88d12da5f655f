/** The words of the pages, each beside its page: the same in both languages, and none that nothing says. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { words } from './i18n.ts';

type Own = ReturnType<typeof words<string>>;

const root = new URL('.', import.meta.url);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((f) => f.replaceAll('\\', '/'));
const tables = files.filter((f) => /(\.|\/)words\.ts$/.test(f));
const code = files
  .filter((f) => /\.tsx?$/.test(f) && !/\.test\.|^test\/|words\.ts$/.test(f))
  .map((f) => readFileSync(new URL(f, root), 'utf8'))
  .join('\n');
// Those put together at run time: `kind.${k}`, and those whose beginning is a step or a part of a page.
const prefixes = [...code.matchAll(/`([\w.]*\.)\$\{/g), ...code.matchAll(/of\('(\w+)'/g)].map((m) => m[1] ?? '');
const suffixes = [...code.matchAll(/\}(\.\w+)`/g)].map((m) => m[1] ?? '');

const placeholders = (s: string) => [...new Set(s.match(/\{\w+\}/g))].sort();

describe.each(tables)('%s', async (file) => {
  const module = (await import(new URL(file, root).href)) as Record<string, unknown>;
  const own = Object.values(module).find((x): x is Own => typeof x === 'function' && 'tables' in x);
  const { en, 'zh-CN': zh } = own?.tables ?? { en: {}, 'zh-CN': {} };

  it('has words, and no more lines than one reads', () => {
    expect(Object.keys(en).length).toBeGreaterThan(0);
    expect(readFileSync(new URL(file, root), 'utf8').split('\n').length).toBeLessThan(400);
  });

  it('says the same in both languages', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    for (const [key, said] of Object.entries(en)) {
      for (const form of said.split(' | ')) expect(placeholders(zh[key] ?? ''), key).toEqual(placeholders(form));
      expect(said, key).not.toMatch(/[\u3400-\u9fff]/);
      expect(zh[key], key).not.toMatch(/[a-z]{3,} [a-z]{2,} [a-z]{2,}/i);
    }
  });

  it('has no word that nothing says', () => {
    const said = (key: string) =>
      code.includes(`'${key}'`) || prefixes.some((p) => key.startsWith(p)) || suffixes.some((s) => key.endsWith(s));
    expect(Object.keys(en).filter((key) => !said(key))).toEqual([]);
  });
});
