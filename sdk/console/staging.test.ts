import { beforeEach, describe, expect, it } from 'vitest';
import type { Kv } from '../visitor/kv.ts';
import type { FileBody } from '../visitor/wire.ts';
import { ApiError } from './api.ts';
import { MAX_FILES, Staging, type Upload } from './staging.ts';

let pairs: Map<string, unknown>; // what the browser keeps, files too
let uploads: {
  name: string;
  conversation: string;
  done(): void;
  fail(code: string): void;
  progress(part: number): void;
  stopped(): boolean;
}[];
let ids = 0;

const upload: Upload = (conversation, file, onProgress, stop) =>
  new Promise<FileBody>((done, fail) => {
    uploads.push({
      name: file.name,
      conversation,
      done: () => done({ kind: 'file', url: `/f/${file.name}`, name: file.name, size: file.size, mime: file.type }),
      fail: (code) => fail(new ApiError(code, '')),
      progress: onProgress,
      stopped: () => stop.aborted,
    });
  });
const kv: Kv = {
  lasts: true,
  read: async <T>(prefix: string) => [...pairs].filter(([key]) => key.startsWith(prefix)) as [string, T][],
  async write(changes) {
    for (const [key, value] of changes) value === undefined ? pairs.delete(key) : pairs.set(key, structuredClone(value));
  },
  close() {},
};
const open = () => new Staging({ kv, upload, newId: () => `f${++ids}` }).open();
const file = (name: string) => new File(['x'.repeat(10)], name, { type: 'text/plain' });
const soon = () => new Promise((done) => setTimeout(done));

beforeEach(() => {
  pairs = new Map();
  uploads = [];
});

describe('staged files', () => {
  it('are uploaded while one writes, each to its conversation and mode, and given out in order', async () => {
    const staging = await open();
    staging.add('c1', 'reply', [file('a'), file('b')]);
    staging.add('c1', 'note', [file('secret')]);
    expect(uploads.map((u) => [u.name, u.conversation])).toEqual([
      ['a', 'c1'],
      ['b', 'c1'],
      ['secret', 'c1'],
    ]);
    uploads[0]?.progress(0.5);
    expect(staging.of('c1', 'reply').map((s) => s.part)).toEqual([0.5, 0]);
    uploads[1]?.done();
    uploads[0]?.done();
    await soon();
    expect(staging.take('c1', 'reply').map((b) => b.name)).toEqual(['a', 'b']);
    expect(staging.of('c1', 'reply')).toEqual([]);
    expect(staging.of('c1', 'note')).toHaveLength(1);
  });

  it('outlive the page: those that are stored, and those that were not through yet', async () => {
    const before = await open();
    before.add('c1', 'reply', [file('a'), file('b')]);
    uploads[0]?.done();
    await soon();
    before.close();
    expect(uploads[1]?.stopped()).toBe(true);
    const after = await open();
    expect(after.of('c1', 'reply').map((s) => [s.name, !!s.body])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(uploads).toHaveLength(3);
    uploads[2]?.done();
    await soon();
    expect(after.take('c1', 'reply').map((b) => b.name)).toEqual(['a', 'b']);
    expect((await open()).of('c1', 'reply')).toEqual([]);
  });

  it('that failed say why, and are tried again', async () => {
    const staging = await open();
    staging.add('c1', 'reply', [file('a')]);
    uploads[0]?.fail('too_large');
    await soon();
    const [failed] = staging.of('c1', 'reply');
    expect(failed).toMatchObject({ failed: 'too_large' });
    expect(staging.take('c1', 'reply')).toEqual([]);
    staging.retry('c1', 'reply', failed?.id ?? '');
    uploads[1]?.done();
    await soon();
    expect(staging.of('c1', 'reply')[0]).toMatchObject({ part: 1, failed: undefined });
  });

  it('that are removed are not sent, even if they arrive', async () => {
    const staging = await open();
    staging.add('c1', 'reply', [file('a')]);
    staging.remove('c1', 'reply', staging.of('c1', 'reply')[0]?.id ?? '');
    expect(uploads[0]?.stopped()).toBe(true);
    uploads[0]?.done();
    await soon();
    expect(staging.take('c1', 'reply')).toEqual([]);
    expect([...pairs.keys()]).toEqual([]);
  });

  it('are no more than a message may have', async () => {
    const staging = await open();
    staging.add(
      'c1',
      'reply',
      Array.from({ length: 14 }, (_, i) => file(`f${i}`)),
    );
    expect(staging.of('c1', 'reply')).toHaveLength(MAX_FILES);
  });
});
