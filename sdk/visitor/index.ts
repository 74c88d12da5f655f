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
 * kefu.js is the launcher, the connection and the outbox. The panel comes with kefu.mjs, which kefu.js loads from beside
 * itself when a visitor reaches for the launcher.
 */
import { createKefu, type InitOptions, type Kefu } from './kefu.ts';
import { createPanel } from './panel.ts';

export type { InitOptions, Kefu, KefuEvents } from './kefu.ts';
export type { UiOptions } from './launcher.ts';
export type { Logged } from './log.ts';
export type { Body } from './wire.ts';
export { createPanel };

let instance: Kefu | undefined;

/** Puts the chat on the page. Throws a TypeError if `endpoint` is no ws: or wss: URL. */
export function init(o: InitOptions): Kefu {
  instance ??= createKefu(
    o,
    async () => ({ createPanel }),
    () => {
      instance = undefined;
    },
  );
  return instance;
}
