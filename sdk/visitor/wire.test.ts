import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const sdk = join(import.meta.dirname, '..');
const golden = join(sdk, '../core/wire/testdata');
const tsc = join(sdk, 'node_modules/.bin/tsc');

type Case = { name: string; frame: unknown };

/** The golden frames of one side, which the Go desk encodes or decodes to the letter. */
function frames(side: 'client' | 'server'): Case[] {
  const files = readdirSync(join(golden, side));
  return files.flatMap((file) => {
    const read = JSON.parse(readFileSync(join(golden, side, file), 'utf8'));
    return (Array.isArray(read) ? read : read.valid) as Case[];
  });
}

/** What the type checker says of frames of a type; nothing if they all fit. */
function complaints(type: string, cases: Case[]): string {
  const dir = mkdtempSync(join(sdk, 'visitor/golden-'));
  try {
    const lines = cases.map(({ name, frame }, i) => `/* ${name} */ export const f${i}: ${type} = ${JSON.stringify(frame)};`);
    writeFileSync(join(dir, 'frames.ts'), [`import type { ${type} } from '../wire.ts';`, ...lines].join('\n'));
    execFileSync(
      tsc,
      [
        '--noEmit',
        '--ignoreConfig',
        '--strict',
        '--allowImportingTsExtensions',
        '--module',
        'esnext',
        '--moduleResolution',
        'bundler',
        join(dir, 'frames.ts'),
      ],
      { stdio: 'pipe' },
    );
    return '';
  } catch (e) {
    return String((e as { stdout?: Buffer }).stdout ?? e);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('the golden frames of core/wire are what our types say', { timeout: 60_000 }, () => {
  it.each([
    ['server', 'ServerFrame'],
    ['client', 'ClientFrame'],
  ] as const)('%s', (side, type) => {
    const cases = frames(side);
    expect(cases.length).toBeGreaterThan(15);
    expect(complaints(type, cases)).toBe('');
  });

  it('and a frame that does not fit is found', () => {
    expect(complaints('ServerFrame', [{ name: 'no seq', frame: { type: 'ack', origin: 'o', n: 1 } }])).toContain('not assignable');
  });
});
