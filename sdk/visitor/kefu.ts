import { browserClaim } from './claim.ts';
import { type Client, createClient } from './client.ts';
import { createEmitter } from './emitter.ts';
import { browser } from './env.ts';
import { openKv } from './kv.ts';
import { createLauncher, type Launcher, type UiOptions } from './launcher.ts';
import type { LinkState, Reason } from './link.ts';
import type { Logged } from './log.ts';
import type { createPanel, Panel } from './panel.ts';
import type { createFallback } from './poll.ts';
import type { Body } from './wire.ts';

/** What a shop's page says to `init`. */
export interface InitOptions {
  /** `wss://your.domain/ws`. */
  endpoint: string;
  /** The brand or web site at this desk. `default` if left out. */
  site?: string;
  /** Who the visitor is: a JWT signed by the site's own server. Without it they are anonymous. */
  user?: { token: string };
  /** A language tag; `zh…` is Chinese, all others English. The page's, then the browser's, if left out. */
  lang?: string;
  /** What the chat is about, for routing. */
  tag?: string;
  title?: string;
  /** Any CSS colour. */
  color?: string;
  /** False: no widget; send and listen with the object that `init` returns. */
  ui?: UiOptions | false;
  /** Each new message of an agent or the assistant. Its bubble is drawn by itself; return false to draw it yourself. */
  onMessage?(message: Logged): unknown;
  /**
   * False: WebSocket or nothing. Else the chat long-polls where a network lets no WebSocket through, until one gets through.
   * A function is called before it does so for the first time; it may return false: no.
   */
  fallback?: boolean | ((info: Fallback) => unknown);
}

/** `closed`: refused, or cut soon after it was opened. `timeout`: no answer. `forbidden`: by the page's CSP. */
export interface Fallback {
  from: 'ws';
  to: 'longpoll';
  reason: Reason;
}

export interface KefuEvents {
  message: Logged;
  state: LinkState['at'];
  unread: number;
  open: undefined;
  close: undefined;
}

/** The chat on a page. */
export interface Kefu {
  readonly state: LinkState['at'];
  /** Messages of others that the visitor has not seen. */
  readonly unread: number;
  /** Sends a text or another body. Resolves once it is stored on this device; it is delivered when that is possible. */
  send(message: string | Body): Promise<void>;
  open(): void;
  close(): void;
  /** Returns its own off. */
  on<K extends keyof KefuEvents>(type: K, f: (value: KefuEvents[K]) => void): () => void;
  /** Takes everything off the page. What was not sent yet waits for the next one. */
  destroy(): void;
}

/** Brings what most pages do without: at once where it is bundled, from the desk where the page should not wait for it. */
export interface Load {
  panel(): Promise<{ createPanel: typeof createPanel }>;
  poll(): Promise<{ createFallback: typeof createFallback }>;
}

export function createKefu(o: InitOptions, load: Load, onDestroy: () => void): Kefu {
  if (!/^wss?:\/\//.test(o?.endpoint)) throw new TypeError('Kefu.init: endpoint must be a ws: or wss: URL');
  const { on, emit } = createEmitter<KefuEvents>();
  const lang = o.lang || document.documentElement.lang || navigator.language;
  const hidden = new Set<number>();
  const { fallback } = o;
  let may: boolean | undefined; // fall back; asked once
  let unread = 0;

  const client = createClient({
    endpoint: o.endpoint,
    site: o.site || 'default',
    user: o.user,
    about: () => ({
      // Without the part behind #, which is nobody's business.
      page: { url: location.href.split('#')[0]!, title: document.title, referrer: document.referrer },
      lang,
      tag: o.tag,
    }),
    env: browser,
    fallback: async (reason) => {
      may ??= (typeof fallback === 'function' ? fallback({ from: 'ws', to: 'longpoll', reason }) : fallback) !== false;
      return may ? load.poll() : Promise.reject();
    },
    kv: (name) => openKv(name, browser, storage()),
    claim: browserClaim(browser),
    hidden: () => document.hidden,
  });
  client.on('message', (message) => {
    if (o.onMessage?.(message) === false) hidden.add(message.seq);
    emit('message', message);
  });
  client.on('state', ({ at }) => emit('state', at));
  client.on('change', () => {
    if (client.unread === unread) return;
    unread = client.unread;
    emit('unread', unread);
  });

  const offs = followPage(client);
  const ui = o.ui === false ? undefined : createUi({ ...o, ...o.ui, lang }, client, load.panel, (seq) => hidden.has(seq), emit);
  void client.start();
  return {
    get state() {
      return client.state.at;
    },
    get unread() {
      return client.unread;
    },
    send: async (message) => {
      await client.send({ type: 'send', body: typeof message === 'string' ? { kind: 'text', text: message } : message });
    },
    open: () => void ui?.toggle(true),
    close: () => void ui?.toggle(false),
    on,
    destroy() {
      for (const off of offs) off();
      ui?.destroy();
      client.stop();
      onDestroy();
    },
  };
}

interface Ui {
  toggle(open: boolean): Promise<void>;
  destroy(): void;
}

/** Launcher and panel, each as soon as there is something to put it in and somebody who wants it. */
function createUi(
  o: InitOptions & UiOptions & { lang: string },
  client: Client,
  load: Load['panel'],
  hides: (seq: number) => boolean,
  emit: (type: 'open' | 'close', value: undefined) => void,
): Ui {
  let launcher: Launcher | undefined;
  let panel: Panel | undefined;
  let loading: ReturnType<Load['panel']> | undefined;
  let wanted = false; // it shall be open

  const fetchPanel = () => {
    loading ??= load();
    // A visitor without a network taps again later.
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  const show = () => launcher?.show(panel?.isOpen ? 0 : client.unread, !!panel?.isOpen);
  const onToggle = (open: boolean) => {
    wanted = open;
    show();
    emit(open ? 'open' : 'close', undefined);
  };

  const toggle = async (open: boolean) => {
    wanted = open;
    if (open && launcher && !panel) {
      launcher.button.setAttribute('aria-busy', 'true');
      const loaded = await fetchPanel().catch(() => undefined);
      launcher?.button.removeAttribute('aria-busy');
      // Meanwhile it may have been closed, destroyed, or loaded by another call.
      if (loaded && launcher && !panel) {
        panel = loaded.createPanel({ ...o, launcher, client, hides, onToggle });
      }
    }
    wanted ? panel?.open() : panel?.close();
  };

  const mount = () => {
    const onClick = () => void toggle(!panel?.isOpen);
    launcher = createLauncher({ ...o, onClick, onNear: () => void fetchPanel().catch(() => {}) });
    show();
    if (wanted) void toggle(true);
  };
  const offs = [client.on('change', show)];
  if (document.body) mount();
  else offs.push(listen(document, 'DOMContentLoaded', mount));
  return {
    toggle,
    destroy() {
      for (const f of offs) f();
      panel?.destroy();
      launcher?.destroy();
      launcher = undefined;
    },
  };
}

function listen(target: EventTarget, type: string, f: (e: Event) => void): () => void {
  target.addEventListener(type, f);
  return () => target.removeEventListener(type, f);
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

/** Even to look at it throws where cookies are blocked. */
function storage(): IDBFactory | undefined {
  try {
    return indexedDB;
  } catch {
    return undefined;
  }
}
