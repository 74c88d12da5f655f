/** What `<script src="kefu.js">` does: it puts `init` where the page expects it, and makes the calls that came too early. */
import { createKefu, type InitOptions, type Kefu, type Load } from './kefu.ts';

declare global {
  interface Window {
    Kefu?: { init(o: InitOptions): Kefu; q?: InitOptions[] };
  }
}

const { src } = document.currentScript as HTMLScriptElement;
let tries = 0;
let instance: Kefu | undefined;

/** From beside this file. Browsers remember that a module failed to load, so each new try has another name. */
const bring = async (name: string) => {
  const url = new URL(`kefu-${name}.mjs`, src);
  if (tries++) url.search = `${tries}`;
  return import(url.href);
};
const load: Load = { panel: () => bring('panel'), poll: () => bring('poll') };

const init = (o: InitOptions): Kefu => {
  instance ??= createKefu(o, load, () => {
    instance = undefined;
  });
  return instance;
};

const early = window.Kefu?.q ?? [];
window.Kefu = { init };
for (const options of early) init(options);
