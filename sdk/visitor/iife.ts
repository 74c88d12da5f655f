/** What `<script src="kefu.js">` does: it puts `init` where the page expects it, and makes the calls that came too early. */
import type { InitOptions, Kefu, KefuGlobal } from './api.ts';
import { createKefu, type Load } from './kefu.ts';
import { createUi } from './ui.ts';

declare global {
  interface Window {
    Kefu?: KefuGlobal;
  }
  /** Of package.json, put in by the build. */
  const VERSION: string;
}

const { src } = document.currentScript as HTMLScriptElement;
const beside = (name: string) => new URL(`kefu-${name}.mjs`, src).href;
let failed = 0;
let instance: Kefu | undefined;

/** From beside this file. Browsers remember that a module failed to load, so after that each try has another name. */
const bring = (name: string) =>
  import(beside(name) + (failed ? `?${failed}` : '')).catch((error) => {
    failed++;
    throw error;
  });
const load: Load = {
  core: () => bring('core'),
  url: beside('core'),
  ui: (show) => show({ createUi }),
  panel: () => bring('panel'),
  extras: () => bring('extras'),
  menu: () => bring('menu'),
  notice: () => bring('notice'),
};

const init = (o: InitOptions): Kefu => {
  instance ??= createKefu(o, load, () => {
    instance = undefined;
  });
  return instance;
};

const early = window.Kefu?.q ?? [];
window.Kefu = { init, version: VERSION };
for (const options of early) init(options);
