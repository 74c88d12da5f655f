import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { createClock } from '../testing/clock.ts';
import { browser } from './env.ts';
import { type Kv, openKv } from './kv.ts';

const keys = async (kv: Kv, prefix = '') => (await kv.read(prefix)).map(([key]) => key);

/** The same promises, wherever the pairs are. */
const rooms: [string, () => Promise<Kv>][] = [
  ['IndexedDB', () => openKv('kefu', browser, new IDBFactory())],
  ['memory', () => openKv('kefu', browser, undefined)],
];
describe.each(rooms)('%s', (_, open) => {
  it('reads by prefix, in the order of keys', async () => {
    const kv = await open();
    await kv.write([
      ['out/b', 2],
      ['out/a', { n: 1 }],
      ['outer', 3],
      ['tab/a', 4],
    ]);
    expect(await kv.read('out/')).toEqual([
      ['out/a', { n: 1 }],
      ['out/b', 2],
    ]);
    expect(await keys(kv, 'nothing')).toEqual([]);
  });

  it('overwrites and deletes', async () => {
    const kv = await open();
    await kv.write([
      ['a', 1],
      ['b', 1],
    ]);
    await kv.write([
      ['a', 2],
      ['b', undefined],
      ['absent', undefined],
    ]);
    expect(await kv.read('')).toEqual([['a', 2]]);
  });

  it('stores what a value is now, not what becomes of it', async () => {
    const kv = await open();
    const value = { n: 1 };
    await kv.write([['a', value]]);
    value.n = 2;
    expect(await kv.read('a')).toEqual([['a', { n: 1 }]]);
  });
});

describe('what survives', () => {
  it('the page, in the same database', async () => {
    const idb = new IDBFactory();
    const one = await openKv('kefu', browser, idb);
    await one.write([['a', 1]]);
    one.close();
    expect(await (await openKv('kefu', browser, idb)).read('')).toEqual([['a', 1]]);
    expect(await (await openKv('other', browser, idb)).read('')).toEqual([]);
  });

  it('all of a write or nothing', async () => {
    const kv = await openKv('kefu', browser, new IDBFactory());
    await kv.write([['a', 1]]);
    // A function can not be cloned, so the transaction fails after its first put.
    await kv
      .write([
        ['a', 2],
        ['b', () => {}],
      ])
      .catch(() => {});
    expect(await kv.read('b')).toEqual([]);
  });
});

describe('storage that does not work', () => {
  const broken = (open: (request: Partial<IDBOpenDBRequest>) => void): IDBFactory =>
    ({
      open() {
        const request = {};
        queueMicrotask(() => open(request));
        return request;
      },
    }) as unknown as IDBFactory;

  it('denied: memory', async () => {
    const denied = broken((request) => (request as IDBOpenDBRequest).onerror?.({} as never));
    const kv = await openKv('kefu', browser, denied);
    await kv.write([['a', 1]]);
    expect(await kv.read('')).toEqual([['a', 1]]);
  });

  it('throws when touched: memory', async () => {
    const angry = {
      open() {
        throw new Error('SecurityError');
      },
    } as unknown as IDBFactory;
    const kv = await openKv('kefu', browser, angry);
    await kv.write([['a', 1]]);
    expect(await keys(kv)).toEqual(['a']);
  });

  it('hangs for ever: memory, after 1.5 s', async () => {
    const clock = createClock();
    const from = clock.now();
    let kv: Kv | undefined;
    void openKv(
      'kefu',
      clock,
      broken(() => {}),
    ).then((opened) => {
      kv = opened;
    });
    await clock.until(() => !!kv, 2_000);
    expect(clock.now() - from).toBe(1_500);
    await kv!.write([['a', 1]]);
    expect(await kv!.read('')).toEqual([['a', 1]]);
  });

  it('breaks down later: what is written from then on lives in memory, over what is stored', async () => {
    const idb = new IDBFactory();
    const kv = await openKv('kefu', browser, idb);
    await kv.write([
      ['a', 1],
      ['b', 1],
    ]);
    kv.close(); // every transaction throws from now on
    await kv.write([
      ['a', 2],
      ['b', undefined],
    ]);
    expect(await kv.read('')).toEqual([['a', 2]]);
  });
});
