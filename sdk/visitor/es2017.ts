/**
 * kefu.es2017.js: all of the chat in one script, for webviews that know no modules. It takes the place of kefu.js, has no
 * worker, and brings what it uses of younger standard libraries.
 */
import './old.ts';
import type { Kefu } from './api.ts';
import { browserWorld, createCore } from './core.ts';
import { createExtras } from './extras/extras.ts';
import { createKefu, type Load } from './kefu.ts';
import { fillMenu } from './menu/menu.ts';
import { createNotice } from './notice/notice.ts';
import { createPanel } from './panel.ts';
import { createFallback } from './poll.ts';
import { createUi } from './ui.ts';

let instance: Kefu | undefined;

const load: Load = {
  core: async () => ({
    createCore: (down) =>
      createCore(
        down,
        browserWorld(async () => ({ createFallback })),
      ),
  }),
  ui: (show) => show({ createUi }),
  panel: async () => ({ createPanel }),
  extras: async () => ({ createExtras }),
  menu: async () => ({ fillMenu }),
  notice: async () => ({ createNotice }),
};

const init = (o: Parameters<typeof createKefu>[0]): Kefu => {
  instance ??= createKefu(o, load, () => {
    instance = undefined;
  });
  return instance;
};

const early = window.Kefu?.q ?? [];
window.Kefu = { init, version: VERSION };
for (const options of early) init(options);
