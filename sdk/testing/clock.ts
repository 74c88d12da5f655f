import type { Env } from '../visitor/env.ts';

/** A clock that a test moves, with random numbers from a seed: the same run every time. */
export interface Clock extends Pick<Env, 'now' | 'random' | 'after'> {
  /** Lets ms pass; every timer fires at its moment, and promises settle in between. */
  run(ms: number): Promise<void>;
  /** Lets time pass until the condition holds; throws when it does not within ms. */
  until(condition: () => boolean, ms?: number): Promise<void>;
}

/** One turn of the real event loop: all promises that can settle have. */
export const settle = () => new Promise<void>((done) => setImmediate(done));

/** A small generator with a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function createClock(seed = 1): Clock {
  let now = Date.UTC(2026, 10, 23);
  let order = 0;
  const timers = new Map<number, { at: number; f: () => void }>();
  const random = seeded(seed);

  const next = () => {
    let found: number | undefined;
    for (const [id, { at }] of timers) if (found === undefined || at < timers.get(found)!.at) found = id;
    return found;
  };

  /** Fires the next timer due by `end`; false if there is none. */
  const step = async (end: number) => {
    await settle();
    const id = next();
    const timer = id === undefined ? undefined : timers.get(id)!;
    if (!timer || timer.at > end) return false;
    timers.delete(id!);
    now = Math.max(now, timer.at);
    timer.f();
    return true;
  };

  return {
    now: () => Math.floor(now), // a page sees whole milliseconds
    random,
    after(ms, f) {
      const id = order++;
      timers.set(id, { at: now + ms, f });
      return () => timers.delete(id);
    },
    async run(ms) {
      const end = now + ms;
      while (await step(end));
      now = end;
    },
    async until(condition, ms = 120_000) {
      const end = now + ms;
      for (await settle(); !condition(); await settle())
        if (!(await step(end))) throw new Error(`not within ${ms} ms: ${condition}`);
    },
  };
}
