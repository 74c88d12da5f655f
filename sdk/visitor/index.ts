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
 * kefu.js and kefu.mjs are what a page needs to show the launcher. They load the rest from beside themselves: the
 * connection with its outbox, kefu-core.mjs, when the page is idle, into a worker if there may be one; the panel,
 * kefu-panel.mjs, when a visitor reaches for the launcher; long-polling, kefu-poll.mjs, where no WebSocket gets through.
 * kefu.es2017.js is all of it in one, for webviews that know no modules.
 */
import type { CreateClient, Init, Kefu } from './api.ts';
import { createChat, createKefu, type Load } from './kefu.ts';

export type * from './api.ts';

let failed = 0;
let instance: Kefu | undefined;

/**
 * A file from beside this one: `first` is how bundlers see it. Browsers remember that a module failed to load, so after that
 * each try has another name.
 */
const bring = <M>(name: string, first: () => Promise<M>): Promise<M> =>
  (failed ? import(new URL(`kefu-${name}.mjs?${failed}`, import.meta.url).href) : first()).catch((error) => {
    failed++;
    throw error;
  });

const showUi = () => bring('ui', () => import('./kefu-ui.mjs' as './ui.ts'));
const load: Load = {
  core: () => bring('core', () => import('./kefu-core.mjs' as './worker.ts')),
  ui: (show) =>
    void showUi()
      .catch(showUi)
      .then(show, () => {}),
  panel: () => bring('panel', () => import('./kefu-panel.mjs' as './panel.ts')),
  extras: () => bring('extras', () => import('./kefu-extras.mjs' as './extras/extras.ts')),
  menu: () => bring('menu', () => import('./kefu-menu.mjs' as './menu/menu.ts')),
  notice: () => bring('notice', () => import('./kefu-notice.mjs' as './notice/notice.ts')),
  get url() {
    return new URL('./kefu-core.mjs', import.meta.url).href;
  },
};

export const init: Init = (o) => {
  instance ??= createKefu(o, load, () => {
    instance = undefined;
  });
  return instance;
};

export const createClient: CreateClient = (o) => createChat(o, load).api;
