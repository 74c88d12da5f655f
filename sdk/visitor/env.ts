/**
 * What the headless pieces (link, outbox, log, kv) need from the world. Nothing else in them touches a clock, a random
 * number or a socket, so a test drives them with a clock of its own and a model desk; the console may give its own too
 * (timers of a Worker, say, which are not slowed down in a hidden tab).
 */
export interface Env {
  /** Milliseconds since 1970. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Calls f once after ms, unless the function it returns is called before. */
  after(ms: number, f: () => void): () => void;
  socket(url: string): Socket;
}

/** The part of WebSocket in use, and what a fallback for it can do besides. */
export interface Socket {
  /** What carries it now; a WebSocket does not say. */
  via?: 'ws' | 'longpoll';
  onopen: (() => void) | null;
  onmessage: ((e: { data: string }) => void) | null;
  /** `retry`: seconds to stay away, where the other side could tell. */
  onclose: ((e: { code: number; reason: string; retry?: number | undefined }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(code?: number): void;
  /** The page is visible or online again: is there a better way by now? */
  wake?(): void;
}

/** The page's own. */
export const browser: Env = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms, f) {
    const timer = setTimeout(f, ms);
    return () => clearTimeout(timer);
  },
  // A subprotocol is optional on the wire, and browsers give up when one is asked for and a proxy drops it: none is asked for.
  socket: (url) => new WebSocket(url) as Socket,
};

/** A new id of 20 letters and digits: unique, not secret. */
export function newId(env: Pick<Env, 'random'>): string {
  let id = '';
  while (id.length < 20) id += env.random().toString(36).slice(2, 12);
  return id.slice(0, 20);
}
