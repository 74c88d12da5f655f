/**
 * Kefu on a shop's page.
 *
 *     <script>window.Kefu = window.Kefu || { q: [], init(o) { this.q.push(o) } }</script>
 *     <script async src="https://your.domain/kefu.js"></script>
 *     <script>Kefu.init({ endpoint: 'wss://your.domain/ws' })</script>
 *
 * or, with a bundler, `import { init } from './kefu.mjs'`; importing it does nothing by itself. There is one chat on a
 * page: a second `init` returns the first, until that is destroyed.
 *
 * kefu.js is the launcher, the connection and the outbox. It loads the rest from beside itself: the panel, kefu-panel.mjs,
 * when a visitor reaches for the launcher, and long-polling, kefu-poll.mjs, where no WebSocket gets through. kefu.mjs has
 * it all.
 */
import { createKefu, type InitOptions, type Kefu } from './kefu.ts';
import { createPanel } from './panel.ts';
import { createFallback } from './poll.ts';

export type { Fallback, InitOptions, Kefu, KefuEvents } from './kefu.ts';
export type { UiOptions } from './launcher.ts';
export type { Logged } from './log.ts';
export type { Body } from './wire.ts';

let instance: Kefu | undefined;

/** Puts the chat on the page. Throws a TypeError if `endpoint` is no ws: or wss: URL. */
export function init(o: InitOptions): Kefu {
  instance ??= createKefu(o, { panel: async () => ({ createPanel }), poll: async () => ({ createFallback }) }, () => {
    instance = undefined;
  });
  return instance;
}
