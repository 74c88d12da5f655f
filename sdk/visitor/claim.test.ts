import { expect, it } from 'vitest';
import { createClock, settle } from '../testing/clock.ts';
import { browserClaim, type Claim, channelClaim, lockClaim } from './claim.ts';

/** Just enough of Web Locks: exclusive, ifAvailable. */
function fakeLocks(): LockManager {
  const held = new Set<string>();
  return {
    async request(name: string, _: LockOptions, f: (lock: Lock | null) => unknown) {
      if (held.has(name)) return f(null);
      held.add(name);
      await f({ name, mode: 'exclusive' });
      held.delete(name);
    },
  } as unknown as LockManager;
}

it('Web Locks: one holder at a time, free again when given back', async () => {
  const claim = lockClaim(fakeLocks());
  const release = await claim('a');
  expect(release).toBeTypeOf('function');
  expect(await claim('a')).toBeNull();
  expect(await claim('b')).toBeTypeOf('function');
  release!();
  await settle();
  expect(await claim('a')).toBeTypeOf('function');
});

it('Web Locks that are denied: nothing can be claimed, nothing breaks', async () => {
  const locks = { request: () => Promise.reject(new Error('SecurityError')) } as unknown as LockManager;
  expect(await lockClaim(locks)('a')).toBeNull();
});

it('without locks the holder is asked, and silence means that there is none', async () => {
  const clock = createClock();
  const ask = async (claim: Claim, name: string) => {
    let answer: Awaited<ReturnType<Claim>> | undefined;
    void claim(name).then((a) => {
      answer = a;
    });
    await clock.run(100);
    // Channels deliver in real time; the silence is counted in the clock's.
    for (let i = 0; i < 20 && answer === undefined; i++) await settle();
    await clock.run(300);
    return answer;
  };
  const release = await ask(channelClaim(clock), 'a');
  expect(release).toBeTypeOf('function');
  expect(await ask(channelClaim(clock), 'a')).toBeNull();
  const other = await ask(channelClaim(clock), 'b');
  expect(other).toBeTypeOf('function');
  release!();
  const again = await ask(channelClaim(clock), 'a');
  expect(again).toBeTypeOf('function');
  again!();
  other!();
});

it('a browser with neither claims whatever it finds', async () => {
  const { BroadcastChannel } = globalThis;
  Reflect.deleteProperty(globalThis, 'BroadcastChannel');
  try {
    const claim = browserClaim(createClock());
    expect(await claim('a')).toBeTypeOf('function');
    expect(await claim('a')).toBeTypeOf('function');
  } finally {
    globalThis.BroadcastChannel = BroadcastChannel;
  }
});
