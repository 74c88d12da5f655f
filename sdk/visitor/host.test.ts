import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, createClock, settle } from '../testing/clock.ts';
import type { Down, Start, Up } from './core.ts';
import { createHost, type HostOptions } from './host.ts';

/** Where the core runs: in the worker if that comes up, else on the page; and nothing that was said to it is lost on the way. */
class FakeWorker {
  onmessage: ((e: { data: Down }) => void) | null = null;
  onerror: (() => void) | null = null;
  got: Up[] = [];
  terminated = false;
  postMessage(message: Up) {
    this.got.push(message);
  }
  terminate() {
    this.terminated = true;
  }
}

const start = { endpoint: 'ws://desk/ws', site: 'default' } as Start;
const wake: Up = { call: 'wake', args: [] };

let clock: Clock;
let worker: FakeWorker;
let page: Up[]; // what a core on the page was told
let told: Down[];
let tell: (message: Down) => void; // by that core
const run = (o: Partial<HostOptions> = {}) =>
  createHost(
    {
      spawn: () => worker as unknown as Worker,
      load: async () => ({
        createCore: (down) => {
          tell = down;
          return (message) => page.push(message);
        },
      }),
      env: clock,
      ...o,
    },
    start,
    (message) => told.push(message),
  );

beforeEach(() => {
  clock = createClock(5);
  worker = new FakeWorker();
  page = [];
  told = [];
});

describe('a worker', () => {
  it('is told everything in order, once it is up', () => {
    const host = run();
    host.post(wake);
    expect(worker.got).toEqual([]);
    worker.onmessage!({ data: { up: true } });
    host.post({ stop: true });
    expect(worker.got).toEqual([{ start }, wake, { stop: true }]);
    worker.onmessage!({ data: { result: 'x', value: 1 } });
    expect(told).toEqual([{ result: 'x', value: 1 }]);
  });

  it.each<[string, (o: { worker: FakeWorker }) => void | Promise<void>]>([
    ['is refused by the CSP', ({ worker }) => worker.onerror!()],
    ['does not come up', () => clock.run(4_001)],
  ])('that %s: the page takes its place, and what it says later counts no more', async (_, fail) => {
    const host = run();
    host.post(wake);
    const late = worker.onmessage!;
    await fail({ worker });
    await settle();
    expect(worker.terminated).toBe(true);
    expect(page).toEqual([{ start }, wake]);
    late({ data: { up: true } });
    host.post({ stop: true });
    expect(page).toHaveLength(3);
    expect(worker.got).toEqual([]);
  });

  it('that runs may have errors of its own', async () => {
    run();
    worker.onmessage!({ data: { up: true } });
    worker.onerror!();
    await settle();
    expect(worker.terminated).toBe(false);
    expect(page).toEqual([]);
  });

  it('ends at once, and says no more', () => {
    const host = run();
    worker.onmessage!({ data: { up: true } });
    host.end();
    expect(worker.terminated).toBe(true);
    worker.onmessage!({ data: { result: 'x', value: 1 } });
    expect(told).toEqual([]);
  });
});

describe('on the page', () => {
  const spawn = () => {
    throw new Error('no workers here');
  };

  it('the core is loaded again until it comes', async () => {
    const load = vi
      .fn<HostOptions['load']>()
      .mockRejectedValueOnce(new Error('offline'))
      .mockImplementation(async () => ({
        createCore: () => (message) => page.push(message),
      }));
    run({ spawn, load });
    await settle();
    expect(page).toEqual([]);
    await clock.run(5_000);
    expect(load).toHaveBeenCalledTimes(2);
    expect(page).toEqual([{ start }]);
  });

  it('it is stopped, and what it says then is not heard', async () => {
    const host = run({ spawn });
    await settle();
    host.end();
    expect(page).toEqual([{ start }, { stop: true }]);
    tell({ result: 'x', value: 1 });
    expect(told).toEqual([]);
  });

  it('one that comes after the end does not start', async () => {
    const host = run({ spawn });
    host.end();
    await settle();
    expect(page).toEqual([]);
  });
});
