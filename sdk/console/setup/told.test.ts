import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { durationsIn } from './duration.ts';
import { told } from './told.ts';

const core = new URL('../../../core/', import.meta.url);
const read = (folder: string, wanted: RegExp) =>
  readdirSync(new URL(folder, core))
    .filter((f) => wanted.test(f) && !f.endsWith('_test.go'))
    .map((f) => readFileSync(new URL(`${folder}${f}`, core), 'utf8'));

/** What the server may say of what is typed into Set up: the formats in its sources, each with something filled in. */
function sayings(): string[] {
  const settings = read('', /^(settings|site|hours|receptionist)\.go$/).flatMap((source) => [
    ...source.matchAll(/v\.add\((?:[^"\n]|"[^"]*")*?, "([^"]+)"/g),
    ...source.matchAll(/return "([^"]* (?:is expected|network|model)[^"]*)"/g),
  ]);
  const desk = read('desk/', /^(accounts|blocks|channels|groups|replies|webhooks|totp)\.go$/).flatMap((source) => [
    ...source.matchAll(/core\.Errorf\(core\.(?:Invalid|Conflict|Full|Forbidden), "([^"]+)"/g),
  ]);
  const files = read('assist/', /^article\.go$/).flatMap((source) => [
    ...source.matchAll(/(?:bad\(|Errorf\((?:core\.Invalid, )?)"((?!%s[:,]|%v"|line )[^"]+)"/g),
  ]);
  const fill = (format: string) => format.replace(/%\.?\d*[a-z]/g, (verb) => (verb.endsWith('d') ? '7' : '"x"'));
  return [...new Set([...settings, ...desk, ...files].map((m) => fill(m[1] ?? '')))].filter(
    (s) => s !== '"x"' && !/^\w+: "x"$/.test(s),
  );
}

describe('what the server says', () => {
  const all = sayings();

  it('is found in its sources', () => {
    expect(all.length).toBeGreaterThan(70);
    expect(all).toContain('at most 7 are expected, not 7');
    expect(all).toContain('name: 1 to 64 characters without spaces are expected');
  });

  it.each(all)('has Chinese words: %s', (said) => {
    expect(told('zh-CN', said)).toMatch(/[\u4e00-\u9fff]/);
    expect(told('zh-CN', said)).not.toMatch(/\{\d*\}|undefined/);
    expect(told('en', said)).toBe(durationsIn('en', said));
  });

  it.each([
    ['at most 7 are expected, not 9', '最多 7 项，现有 9 项'],
    ['sites[0].edit: 0 (off) to 24h0m0s is expected, not 99h0m0s', '应为 0 至 1天，而不是 99小时'],
    ['group "vip" works for site "shop": take it off there first', '客服组 "vip" 正在服务站点 "shop"，请先在站点中移除'],
    ['常见问题.csv: is not in UTF-8 (GBK, perhaps); save it as UTF-8', '不是 UTF-8 编码（可能是 GBK），请另存为 UTF-8'],
    ['faq.csv: line 3: title: an article has one, a pair has a question', '第 3 行：文章需要标题，问答需要问题'],
    ['faq v2.csv: record on line 2: wrong number of fields', '第 2 行的列数不对'],
    ['what nobody has heard of', 'what nobody has heard of'],
  ])('keeps the figures: %s', (said, expected) => {
    expect(told('zh-CN', said)).toBe(expected);
  });

  it('is for people also where it is for programs', () => {
    expect(told('en', 'expected length >= 1')).toBe('Something is needed here.');
    expect(told('zh-CN', 'expected length >= 1')).toBe('请填写。');
    expect(told('en', 'expected number <= 100')).toBe('100 or less is expected.');
    expect(told('en', 'edit: 0 (off) to 24h0m0s is expected, not 99h0m0s')).toBe(
      'edit: 0 (off) to 1 day is expected, not 99 hours',
    );
    expect(told('en', 'timeouts.agent: a duration such as "3m" or "720h" is expected')).toBe('A number is needed here.');
  });
});
