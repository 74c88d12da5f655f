import { accountOf } from './account.ts';
import type { ClientOptions, ConnState, InitOptions, Kefu, KefuClient, KefuEvents, Message, UiOptions } from './api.ts';
import type { Client } from './client.ts';
import type { Asks, Down, Up } from './core.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import { browser } from './env.ts';
import { createHost, spawnWorker } from './host.ts';
import type { LinkState } from './link.ts';
import { isSaid } from './log.ts';
import type { createNotice } from './notice/notice.ts';
import type { createPanel, PanelOptions } from './panel.ts';
import { createRemote, type Remote } from './remote.ts';
import type { CreateUi, Ui } from './ui.ts';
import { addressOf, createWhereabouts, type Whereabouts } from './whereabouts.ts';

/** Brings what a page can show itself without: at once where it is bundled, from the desk where the page should not wait for it. */
export interface Load {
  core(): Promise<{ createCore(down: (message: Down) => void): (message: Up) => void }>;
  /** Of the same, for a worker. */
  url?: string | undefined;
  /** The launcher: in the same breath, if it is there already. */
  ui(show: (got: { createUi: CreateUi }) => void): void;
  panel(): Promise<{ createPanel: typeof createPanel }>;
  extras: NonNullable<PanelOptions['extras']>;
  menu: NonNullable<PanelOptions['menu']>;
  notice(): Promise<{ createNotice: typeof createNotice }>;
}

/** A chat, and what is behind it. */
export interface Chat {
  /** All of KefuClient but what it is on a page with a widget. */
  api: KefuClient;
  client: Client;
  emit: Emitter<KefuEvents>['emit'];
  /** Connects, if it was not wanted yet. */
  begin(): void;
  /** Messages that the page draws itself. */
  hides(seq: number): boolean;
  lang: string;
}

const LOOK = 1_000; // ms between looks at the page's address
const IDLE = 5_000; // a page that is not loaded by then hangs on something of its own

export function createChat(o: ClientOptions, load: Pick<Load, 'core' | 'url'>): Chat {
  if (!/^wss?:\/\//.test(o?.endpoint)) throw new TypeError('Kefu: endpoint must be a ws: or wss: URL');
  const { on, emit } = createEmitter<KefuEvents>();
  const lang = o.lang || document.documentElement.lang || navigator.language;
  const hidden = new Set<number>();
  const site = o.site || 'default';
  let { user } = o;
  let named = false; // who it is has been told, or asked for
  let unread = 0;
  let last: ConnState = 'idle';
  let offs: (() => void)[] = [];
  let begun = false;
  let ended = false;

  const where = createWhereabouts(() => ({
    url: addressOf(location.href),
    title: document.title,
    referrer: document.referrer,
  }));
  const client: Remote = createRemote({
    endpoint: o.endpoint,
    site,
    user: async () => {
      if (!named && !user && o.getToken) user = { token: await o.getToken() };
      named = true;
      return user;
    },
    refreshes: !!o.getToken,
    asks: askPage(o, lang, where),
    env: browser,
    locks: globalThis.navigator.locks,
    channel: globalThis.BroadcastChannel && ((name) => new BroadcastChannel(name)),
    hidden: () => document.hidden,
    host: (start, down) =>
      createHost({ spawn: () => spawnWorker(workerUrl(o.worker, load.url)), load: load.core, env: browser }, start, down),
  });

  client.on('message', (message) => {
    if (o.onMessage?.(message as Message) === false) hidden.add(message.seq);
    emit('message', message as Message);
  });
  client.on('state', (state) => {
    const now = stateOf(state);
    if (now === last) return;
    last = now;
    o.onState?.(now);
    emit('state', now);
  });
  client.on('change', () => {
    if (client.unread === unread) return;
    unread = client.unread;
    emit('unread', unread);
  });
  client.on('typing', (by) => emit('typing', by));
  client.on('sent', ({ id, seq }) => id && emit('sent', { id, seq }));
  client.on('failed', ({ id, code }) => id && emit('fail', { id, code }));
  client.on('error', (error) => {
    o.onError?.(error);
    emit('error', error);
  });

  const begin = () => {
    if (begun || ended) return;
    begun = true;
    for (const off of offs) off();
    const timer = setInterval(() => document.hidden || where.look(client), LOOK);
    offs = [...followPage(client), () => clearInterval(timer)];
    void client.start();
  };
  const soon = (may: boolean) => may && !begun && !ended && offs.push(whenIdle(begin));
  if (o.consent !== 'manual') o.lazy === 'new' ? void wasHere(site).then(soon) : soon(!o.lazy);

  const api: KefuClient = {
    get state() {
      return last;
    },
    get unread() {
      return client.unread;
    },
    get messages() {
      return client.log.events.filter(isSaid) as Message[];
    },
    async send(message) {
      if (ended) throw new Error('Kefu: destroyed');
      begin();
      return client.send({
        type: 'send',
        body: typeof message === 'string' ? { kind: 'text', text: message } : message,
      }) as Promise<string>;
    },
    read: client.read,
    on,
    consent: begin,
    identify(next) {
      user = next;
      named = true;
      client.forget();
      if (begun) void client.start();
    },
    destroy() {
      ended = true;
      for (const off of offs) off();
      client.stop();
    },
  };
  return { api, client, emit, begin, lang, hides: (seq) => hidden.has(seq) };
}

/** Whether somebody has been connected on this device. Where nobody can tell, they have. */
const wasHere = (site: string): Promise<boolean> =>
  Promise.resolve()
    .then(() => indexedDB.databases())
    .then(
      (all) => all.some(({ name }) => name?.startsWith(accountOf(site))),
      () => true,
    );

/** Which file the worker is to be made from. Throws if there is to be none. */
function workerUrl(worker: ClientOptions['worker'] = 'auto', url: string | undefined): string {
  const chosen = worker === 'auto' ? url : worker;
  if (!chosen) throw new Error();
  return chosen;
}

/** What the core wants to know of the page. */
function askPage({ fallback, getToken, tag }: ClientOptions, lang: string, { say }: Whereabouts): Asks {
  let may: boolean | undefined; // fall back; asked once
  return {
    about: () => ({ page: say(), lang, tag }),
    fallback(reason) {
      may ??= (typeof fallback === 'function' ? fallback({ from: 'ws', to: 'longpoll', reason }) : fallback) !== false;
      return may;
    },
    refresh: () => getToken!(),
  };
}

function stateOf(state: LinkState): ConnState {
  switch (state.at) {
    case 'open':
      return state.via;
    case 'waiting':
      return 'offline';
    case 'stopped':
      return 'denied';
    default:
      return state.at;
  }
}

/** A chat with something to see. */
export function createKefu(o: InitOptions, load: Load, onDestroy: () => void): Kefu {
  const chat = createChat(o, load);
  const { destroy } = chat.api;
  let ui: Ui | undefined;
  let wanted = false; // it shall be open, as soon as it is there
  let ended = false;
  const toggle = (open: boolean) => {
    wanted = open;
    void ui?.toggle(open);
  };
  const show = ({ createUi }: { createUi: CreateUi }) => {
    if (ended) return;
    ui = createUi({ ...o, ...(o.ui as UiOptions) }, chat, load);
    if (wanted) toggle(true);
  };
  if (o.ui !== false) load.ui(show);
  // Not Object.assign, which would read the getters once and for all.
  return Object.create(chat.api, {
    open: { value: () => toggle(true) },
    close: { value: () => toggle(false) },
    destroy: {
      value: () => {
        ended = true;
        destroy();
        ui?.destroy();
        onDestroy();
      },
    },
  });
}

export function listen(target: EventTarget, type: string, f: (e: Event) => void): () => void {
  target.addEventListener(type, f);
  return () => target.removeEventListener(type, f);
}

/** Once the page has what it needs itself. */
function whenIdle(f: () => void): () => void {
  let stop = () => {};
  const soon = () => {
    stop();
    const { requestIdleCallback } = window as Partial<Window>;
    if (requestIdleCallback) requestIdleCallback(f, { timeout: 1_000 });
    else f();
  };
  if (document.readyState === 'complete') soon();
  else {
    const offs = [listen(window, 'load', soon), browser.after(IDLE, soon)];
    stop = () => {
      for (const off of offs) off();
    };
  }
  return () => stop();
}

/**
 * A page that may be frozen gives its connection and its outbox back, and starts afresh when it is shown again: what a
 * frozen page holds keeps it out of the back/forward cache, and another page may have taken over.
 */
function followPage(client: Client): (() => void)[] {
  const wake = () => document.hidden || client.wake();
  return [
    listen(document, 'visibilitychange', wake),
    listen(document, 'resume', wake),
    listen(window, 'online', wake),
    listen(window, 'offline', wake),
    listen(window, 'pagehide', () => client.stop()),
    listen(window, 'pageshow', (e) => (e as PageTransitionEvent).persisted && void client.start()),
  ];
}
