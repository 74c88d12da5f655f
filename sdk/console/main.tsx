/**
 * The agents' console. This file wires: the page's clock, address, keys and storage to the store, and the store to the
 * components. `../visitor` brings the transport, the numbering and the log; see store.ts for how the rest hangs together.
 */
import { effect, untracked } from '@preact/signals';
import { options, render } from 'preact';
import { browserClaim } from '../visitor/claim.ts';
import { browser, newId } from '../visitor/env.ts';
import { openKv } from '../visitor/kv.ts';
import { Alerts, browserBell, iconOf } from './alerts.ts';
import { createApi } from './api.ts';
import { act } from './commands.ts';
import { App } from './components/App.tsx';
import { AlertsContext, StoreContext } from './context.ts';
import { openDrafts } from './drafts.ts';
import { lang, preferred, t } from './i18n.ts';
import { commandOf } from './keys.ts';
import { createLive, type Way } from './live.ts';
import { hashOf, placeOf } from './route.ts';
import { Staging, type Upload } from './staging.ts';
import { browserStorages } from './storage.ts';
import { Store } from './store.ts';
import { upload } from './upload.ts';
import './styles/index.css';

const LATE = 100; // ms a drawing may wait for a frame
const REFRESH = 15_000; // ms

/** What somebody does, after which they may do more within the same frame. */
const DONE = ['keydown', 'input', 'change', 'paste', 'drop', 'pointerdown', 'click', 'submit'];
const TELL_LATER = 'select, [type=checkbox], [type=radio], [type=file], [type=datetime-local]';

const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;

/** Polls, for networks that let no WebSocket through; fetched when one is met. */
const fallback = async ({ misses, hello, token, origin }: Way) => {
  const { createFallback } = await import('../visitor/poll.ts');
  const cursor = () => ({ origin: origin(), token: token(), site: '' });
  return createFallback({ url: socketUrl, env: browser, misses, hello: async () => hello(), cursor });
};

const looks = {
  look: (file: Blob) => URL.createObjectURL(file),
  forget: (address: string) => URL.revokeObjectURL(address),
};

function createStore(): Store {
  const api = createApi('', () => store.token());
  const store: Store = new Store({
    api,
    storages: browserStorages,
    now: browser.now,
    narrow: () => matchMedia('(width < 1200px)').matches,
    alert: (alert) => alerts.tell(alert),
    async open(me, hooks) {
      const kv = await openKv(`kefu-console-${me.id}`, browser, globalThis.indexedDB);
      const claim = browserClaim(browser);
      const drafts = await openDrafts(kv);
      const live = await createLive({
        url: socketUrl,
        env: browser,
        kv,
        claim,
        api,
        me,
        hidden: () => document.hidden,
        fallback,
        ...hooks,
      });
      const send: Upload = (conversation, file, onProgress, stop) => {
        const post = !!live.limits.value.uploads?.post;
        return upload({ token: store.token(), conversation, file, post, onProgress, stop });
      };
      const staging = new Staging({ kv, upload: send, newId: () => newId(browser), ...looks });
      return { live, drafts, staging: await staging.open() };
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
 * have few: then a timer draws. What somebody does is drawn before they can do more, so that whatever is typed or pressed next,
 * within the same frame too, meets handlers that know of it.
 */
function drawByFrame(): void {
  let waits: (() => void) | undefined;
  options.debounceRendering = (draw) => {
    const once = () => {
      if (waits !== once) return;
      waits = undefined;
      draw();
    };
    waits = once;
    if (!document.hidden) requestAnimationFrame(once);
    setTimeout(once, document.hidden ? 0 : LATE);
  };
  const now = ({ type, target }: Event) => {
    // These have changed already, and say so with `change`: drawn before it, they would be put back to what they were.
    const tells = (type === 'click' || type === 'input') && target instanceof Element && target.matches(TELL_LATER);
    if (!tells) waits?.();
  };
  for (const name of DONE) addEventListener(name, now);
  // Who handled the last key may have stopped it on its way to here; this one is stopped by nobody.
  addEventListener('keydown', now, true);
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

/** A page that is looked at rings for all; whoever could take a visitor is reminded until one is taken. */
function followAlerts(store: Store, alerts: Alerts): void {
  addEventListener('focus', () => alerts.focused());
  if (document.hasFocus()) alerts.focused();
  for (const name of ['pointerdown', 'keydown']) addEventListener(name, () => void alerts.pressed(), true);
  effect(() => {
    const { me, agents } = store.people.value;
    const is = agents[me.id];
    alerts.waiting(!!store.session.value && is?.status === 'online' && is.held < is.capacity && store.waitingCount.value > 0);
  });
}

/** Colleagues are told what is on the screen. */
function followLook(store: Store): void {
  effect(() => {
    const seen = store.looking.value && store.place.value.page === '' && store.connected.value;
    const id = seen ? store.chat.value?.id : undefined;
    untracked(() => store.live.value?.look(id));
  });
}

/** The title counts what waits for the agent: unread messages, and visitors in the queue. */
function followTitle(store: Store): void {
  let marked: number | undefined;
  effect(() => {
    const n = store.unread.value + store.waitingCount.value;
    const shown = store.session.value ? n : 0;
    document.title = shown > 0 ? `(${shown}) ${t('app.title')}` : t('app.title');
    if (shown !== marked) document.querySelector('link[rel=icon]')?.setAttribute('href', iconOf(shown));
    marked = shown;
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

const alerts: Alerts = new Alerts({
  bell: browserBell('kefu-console-bell'),
  sound: () => store.prefs.value.sound ?? 'once',
  notifies: () => !!store.prefs.value.notify,
  looking: () => store.looking.value,
});
drawByFrame();
lang.value = preferred(navigator.languages);
const store = createStore();
followAddress(store);
followPage(store);
followKeys(store);
followTitle(store);
followLists(store);
followAlerts(store, alerts);
followLook(store);
const root = document.getElementById('app');
if (root)
  render(
    <StoreContext.Provider value={store}>
      <AlertsContext.Provider value={alerts}>
        <App />
      </AlertsContext.Provider>
    </StoreContext.Provider>,
    root,
  );
void store.resume();
