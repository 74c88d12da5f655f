/**
 * kefu-core.mjs: the core, compiled once. A page imports it, or starts it as a worker of the name `kefu`; what runs is the
 * same. Importing it does nothing else.
 */
import { browserWorld, createCore as create, type Down, type Up, type World } from './core.ts';

let tries = 0;

/** From beside this file. Browsers remember that a module failed to load, so each further try has another name. */
const poll: World['poll'] = () =>
  tries++ ? import(new URL(`kefu-poll.mjs?${tries}`, import.meta.url).href) : import('./kefu-poll.mjs' as './poll.ts');

export const createCore = (down: (message: Down) => void): ((message: Up) => void) => create(down, browserWorld(poll));

interface Scope {
  name?: string;
  onmessage: ((e: { data: Up }) => void) | null;
  postMessage(message: Down): void;
}

const scope = globalThis as unknown as Scope;
if ('WorkerGlobalScope' in scope && scope.name === 'kefu') {
  const core = createCore((message) => scope.postMessage(message));
  scope.onmessage = ({ data }) => core(data);
  scope.postMessage({ up: true });
}
