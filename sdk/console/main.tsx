/**
 * The agents' console. This file wires: the page's clock, address, keys and storage to the store, and the store to the
 * components. `../visitor` brings the transport, the numbering and the log; see store.ts for how the rest hangs together.
 */
import { effect, untracked } from '@preact/signals';
import { options, render } from 'preact';
import { browserClaim } from '../visitor/claim.ts';
import { browser } from '../visitor/env.ts';
import { openKv } from '../visitor/kv.ts';
import { createApi } from './api.ts';
import { act } from './commands.ts';
import { App } from './components/App.tsx';
import { StoreContext } from './context.ts';
import { openDrafts } from './drafts.ts';
import { lang, preferred, t } from './i18n.ts';
import { commandOf } from './keys.ts';
import { createLive } from './live.ts';
import { hashOf, placeOf } from './route.ts';
import { browserStorages } from './storage.ts';
import { Store } from './store.ts';
import './styles/index.css';

const LATE = 100; // ms a drawing may wait for a frame
const REFRESH = 15_000; // ms

const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;

function createStore(): Store {
  const api = createApi('', () => store.token());
  const store: Store = new Store({
    api,
    storages: browserStorages,
    now: browser.now,
    narrow: () => matchMedia('(width < 1200px)').matches,
    async open(me, hooks) {
      const kv = await openKv(`kefu-console-${me.id}`, browser, globalThis.indexedDB);
      const claim = browserClaim(browser);
      const drafts = await openDrafts(kv);
      const live = await createLive({ url: socketUrl, env: browser, kv, claim, api, me, hidden: () => document.hidden, ...hooks });
      return { live, drafts };
    },
  });
  return store;
}

/** The address names the page and the open conversation, so that a reload and the back button do what one expects. */
function followAddress(store: Store): void {
  store.go(placeOf(location.hash));
  effect(() => {
    const hash = hashOf(store.place.value);
    if (hashOf(placeOf(location.hash)) !== hash) history.pushState(null, '', hash);
  });
  addEventListener('popstate', () => store.go(placeOf(location.hash)));
}

function followPage(store: Store): void {
  const look = () => {
    store.looking.value = document.visibilityState === 'visible' && document.hasFocus();
    store.now.value = browser.now();
  };
  const wake = () => {
    look();
    if (document.visibilityState === 'visible') store.live.value?.probe();
  };
  for (const name of ['focus', 'blur']) addEventListener(name, look);
  addEventListener('online', wake);
  document.addEventListener('visibilitychange', wake);
  addEventListener('pagehide', () => store.pause());
  addEventListener('pageshow', (e) => e.persisted && void store.resume());
  setInterval(() => {
    if (!document.hidden) store.now.value = browser.now();
  }, 1000);
  look();
}

function followKeys(store: Store): void {
  document.addEventListener('keydown', (e) => {
    const at = e.target instanceof Element ? e.target : document.body;
    const command = commandOf(e, at.matches('input, textarea, select, [contenteditable]'));
    if (!command || !store.session.value || document.querySelector('dialog[open]')) return;
    if (act(store, command)) e.preventDefault();
  });
}

/**
 * One drawing a frame, however many pushes come between two. A page that nobody sees has no frames, and one that is covered may
 * have few: then a timer draws.
 */
function drawByFrame(): void {
  options.debounceRendering = (draw) => {
    let drawn = false;
    const once = () => {
      if (!drawn) draw();
      drawn = true;
    };
    if (!document.hidden) requestAnimationFrame(once);
    setTimeout(once, document.hidden ? 0 : LATE);
  };
}

/** Lists that the server makes are asked for anew: by the clock while one is looked at, and after each break. */
function followLists(store: Store): void {
  const refresh = () => {
    if (store.connected.value && !store.place.value.page) void store.lists.refresh();
  };
  setInterval(() => !document.hidden && refresh(), REFRESH);
  effect(() => {
    if (store.connected.value) untracked(refresh);
  });
}

/** The title counts what waits for the agent: unread messages, and visitors in the queue. */
function followTitle(store: Store): void {
  effect(() => {
    const n = store.unread.value + store.waitingCount.value;
    document.title = store.session.value && n > 0 ? `(${n}) ${t('app.title')}` : t('app.title');
  });
  effect(() => {
    document.documentElement.lang = lang.value;
  });
  effect(() => {
    const theme = store.prefs.value.theme ?? 'auto';
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
}

drawByFrame();
lang.value = preferred(navigator.languages);
const store = createStore();
followAddress(store);
followPage(store);
followKeys(store);
followTitle(store);
followLists(store);
const root = document.getElementById('app');
if (root)
  render(
    <StoreContext.Provider value={store}>
      <App />
    </StoreContext.Provider>,
    root,
  );
void store.resume();
