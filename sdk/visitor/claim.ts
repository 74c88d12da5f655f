import type { Env } from './env.ts';

/**
 * Which outboxes have lost their page? Each page holds the name of its outbox for as long as it lives; one that can be
 * claimed belongs to nobody any more.
 *
 * Resolves to a function that gives the name back, or to null while a living page holds it.
 */
export type Claim = (name: string) => Promise<(() => void) | null>;

/** The best this browser has: Web Locks; on plain http, where there are none, a question to the other pages. */
export function browserClaim(env: Pick<Env, 'after'>): Claim {
  if (globalThis.navigator?.locks) return lockClaim(navigator.locks);
  if (globalThis.BroadcastChannel) return channelClaim(env);
  // Neither: iOS before 15.4. Whatever is found is taken: to send the same frame twice under the same n is harmless.
  return async () => () => {};
}

export function lockClaim(locks: LockManager): Claim {
  return (name) =>
    new Promise((done) => {
      const request = locks.request(name, { ifAvailable: true }, (lock) =>
        lock ? new Promise<void>((release) => done(release)) : done(null),
      );
      request.catch(() => done(null));
    });
}

/** How long the holder of a name may take to say so, ms. A frozen page says nothing and loses it. */
const SILENCE = 300;

export function channelClaim(env: Pick<Env, 'after'>): Claim {
  return (name) =>
    new Promise((done) => {
      const channel = new BroadcastChannel(name);
      const cancel = env.after(SILENCE, () => done(() => channel.close()));
      channel.onmessage = ({ data }) => {
        // Two that ask at once deny each other, and both come back later.
        if (data === 'whose') channel.postMessage('mine');
        else {
          cancel();
          done(null);
          channel.onmessage = null;
          channel.close();
        }
      };
      channel.postMessage('whose');
    });
}
