/** What README says is shown by a test: that there is such a test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const here = new URL('.', import.meta.url);
const root = new URL('../../', here);
const read = (url: URL) => readFileSync(url, 'utf8');
/** The rows of section 2 of the research on other systems' issues that agents, supervisors or admins meet. */
const AGENTS = [1, 2, 4, 5, 9, 10, 11, 12, 13, 15, 17, 18, 19, 20, 21, 22, 25, 26, 27, 28, 29, 31, 32, 33, 34, 35, 38, 39];
const rows = read(new URL('README.md', here))
  .split('\n')
  .filter((l) => /^\| \d/.test(l))
  .map((l) => l.split('|').map((c) => c.trim()))
  .map(([, numbers = '', , , tests = '']) => ({ numbers, tests }));

/** Every `file` (or package) of a row, with the titles in quotes and the functions that are said to be in it. */
function claims(tests: string): { file: string; inIt: string[] }[] {
  const found: { file: string; inIt: string[] }[] = [];
  for (const [, file, title] of tests.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
    if (file && /^Test|^tell/.test(file)) found.at(-1)?.inIt.push(file);
    else if (file) found.push({ file, inIt: [] });
    else found.at(-1)?.inIt.push(title ?? '');
  }
  return found;
}

/** The text of a file of tests, or of a package's. */
function textOf(file: string): string {
  if (/\.ts$/.test(file)) return read(new URL(file, here));
  const folder = new URL(`${file}/`, root);
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .filter((f) => f.endsWith('_test.go') || file === 'core/hosttest')
    .map((f) => read(new URL(f, folder)))
    .join('\n');
}

describe('the table of complaints', () => {
  it('has every row of the research that touches agents', () => {
    const numbers = rows.flatMap((r) => r.numbers.split(', ').map(Number)).sort((a, b) => a - b);
    expect(numbers).toEqual(AGENTS);
  });

  it.each(rows)('$numbers is shown by tests that there are', ({ tests }) => {
    expect(claims(tests).length).toBeGreaterThan(0);
    for (const { file, inIt } of claims(tests)) {
      const text = textOf(file);
      expect(text, file).not.toBe('');
      for (const name of inIt) expect(text.includes(name), `${file}: ${name}`).toBe(true);
    }
  });
});
