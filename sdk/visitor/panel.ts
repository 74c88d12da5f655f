import type { Client, Delta } from './client.ts';
import { type Composer, createComposer } from './composer.ts';
import { dress, h, icon, plain } from './dom.ts';
import type { createExtras, Extras } from './extras/extras.ts';
import type { Strings } from './extras/words.ts';
import { type Translate, translator } from './i18n.ts';
import { type Item, itemsOf } from './items.ts';
import type { Launcher } from './launcher.ts';
import { createLive } from './live.ts';
import { isSaid } from './log.ts';
import type { fillMenu } from './menu/menu.ts';
import css from './panel.css';
import sheet from './thread.css';
import { createThread } from './thread.ts';
import type { Party } from './wire.ts';
import { type Word, words } from './words.ts';

/**
 * The chat itself. It is loaded when it is first opened, for most visitors never do, and joins the launcher's shadow root.
 * As soon as it is open it brings what a chat can begin without: extras/extras.ts.
 *
 * kefu.js and the files these come in may be of different releases, for as long as somebody's cache holds an old kefu.js:
 * `PanelOptions` only ever grows, by optional fields.
 */
export interface Panel {
  readonly isOpen: boolean;
  open(): void;
  close(): void;
  destroy(): void;
}

export interface PanelOptions {
  launcher: Pick<Launcher, 'host' | 'root' | 'button'>;
  client: Client;
  endpoint: string;
  lang: string;
  title?: string | undefined;
  strings?: Strings | undefined;
  nonce?: string | undefined;
  /** Brings the extras. Where it rejects there is a chat without them. */
  extras?(): Promise<{ createExtras: typeof createExtras }>;
  /** Brings what is in their menu. */
  menu?(): Promise<{ fillMenu: typeof fillMenu }>;
  /** Messages that the page draws itself. */
  hides(seq: number): boolean;
  onToggle(open: boolean): void;
}

/** What the panel lends to its extras. */
export interface Stage extends Pick<PanelOptions, 'launcher' | 'client' | 'lang' | 'strings' | 'nonce' | 'menu'> {
  /** What relative URLs belong to. */
  base: string;
  t: Translate<Word>;
  panel: HTMLElement;
  /** Ends with the button that closes. */
  header: HTMLElement;
  list: HTMLElement;
  /** Under the messages, and scrolls with them. */
  tail: HTMLElement;
  /** Between the messages and the composer. */
  tray: HTMLElement;
  composer: Composer;
  readonly isOpen: boolean;
  /** A phone: the panel covers the page. */
  narrow: MediaQueryList;
  /** The room for the thread is another. */
  settle(): void;
  isAtEnd(): boolean;
  /** Shows the newest message. */
  toEnd(): void;
  siteName(): string;
  /** The site's questions come before the first word of this session. */
  asks(): boolean;
  /** The element of a message, by its id. */
  of(id: string): HTMLElement | undefined;
  open(): void;
  draw(): void;
}

const CROSS = 'M6 6l12 12M18 6L6 18';
const NEAR = 80; // px from the end of the thread that count as being there
const TYPING = 6_000; // a typing mark that is not repeated fades
const SETTLE = 150; // ms
const statusWords: { [at: string]: Word } = { connecting: 'connecting', waiting: 'offline', stopped: 'stopped' };

export function createPanel(o: PanelOptions): Panel {
  const { launcher, client, lang, hides, onToggle } = o;
  const { host, root, button } = launcher;
  const t: Translate<Word> = translator(lang, words, o.strings);
  const base = o.endpoint.replace(/^ws/, 'http');
  const undo: (() => void)[] = [];
  const listen = (
    target: EventTarget | null | undefined,
    type: string,
    f: (e: never) => void,
    options?: AddEventListenerOptions,
  ) => {
    target?.addEventListener(type, f as EventListener, options);
    undo.push(() => target?.removeEventListener(type, f as EventListener, options));
  };

  // ---- elements -------------------------------------------------------------------------------------------------------

  dress(root, sheet + css, o.nonce);
  const face = h('span', { className: 'a', 'aria-hidden': 'true' });
  const heading = h('h2', { id: 'title' });
  const subtitle = h('p');
  const shut = h('button', { type: 'button', 'aria-label': t('close'), onclick: () => toggle(false) }, icon(CROSS));
  const status = h('div', { className: 's', role: 'status' });
  // What is new is told by `news`: the log itself would tell what is old as well, when it comes in above.
  const log = { className: 'log', role: 'log', tabIndex: 0, 'aria-live': 'off', 'aria-labelledby': 'title' };
  const list = h('div', log);
  const news = h('div', { className: 'w', 'aria-live': 'polite' });
  const dots = h('div', { className: 'd', role: 'img', hidden: true }, h('i'), h('i'), h('i'));
  const tail = h('div', { className: 'tail' });
  const say = (text: string) => {
    stick = true;
    void client.send({ type: 'send', body: { kind: 'text', text } });
  };
  const composer = createComposer({ client, t, say });
  const tray = h('div', { className: 'y' });
  const header = h('div', { className: 'h' }, face, h('div', {}, heading, subtitle), shut);
  const dialog = { className: 'p', role: 'dialog', 'aria-labelledby': 'title', hidden: true };
  const panel = h('div', dialog, header, status, list, news, tray, composer.el);
  root.insertBefore(panel, button);

  const retry = (key: string) => client.retry(key);
  const thread = createThread(list, { t, lang, base, tail: [tail, dots], say, retry });
  const live = createLive();

  // ---- what is shown --------------------------------------------------------------------------------------------------

  let stick = true; // the newest message is in view, and stays there
  let top: number | undefined; // the oldest event shown
  let typist: Party | undefined;
  let away = true; // nobody has looked, since it was opened or the page was hidden
  let unread: number | undefined; // the first one that had not been seen then
  let known = new Set<string>(); // items that were shown already
  let extras: Extras | undefined;
  let bringing = false;

  const siteName = () => plain(o.title || client.site.name || t('title'));
  const isIdle = () => /^(none|closed)$/.test(client.head?.phase ?? '');
  const asks = () => !!client.site.form?.fields[0] && isIdle() && !client.entries.some((e) => !e.failed);

  const drawHead = () => {
    const { head } = client;
    const held = head?.phase === 'held' && head.agent;
    const name = held ? plain(held.name) : siteName();
    heading.textContent = name;
    face.textContent = [...name][0] ?? '';
    subtitle.textContent = held ? t('serving') : head?.phase === 'waiting' ? t('waiting') : '';
  };

  /** What to know when nobody is there. */
  const absence = () => {
    const { open, offline, opens } = client.site;
    const at = opens ? new Date(opens) : undefined;
    if (open !== false || (at && +at < Date.now()) || client.head?.phase === 'held') return '';
    const time = at?.toLocaleString(lang, { weekday: 'long', hour: '2-digit', minute: '2-digit' });
    return (offline || t('away')) + (time ? ` ${t('opens', { time })}` : '');
  };

  const drawStatus = () => {
    const { at } = client.state;
    const word = statusWords[at] ?? (client.slowed && client.entries.some((e) => !e.failed) ? 'slowed' : undefined);
    const text = word ? t(word) : absence();
    status.hidden = !text;
    // Connecting is only worth a word when it takes long.
    status.className = at === 'connecting' ? 's quiet' : at === 'open' ? 's calm' : 's';
    if (status.firstChild?.textContent === text) return;
    const again = at === 'stopped' && h('button', { type: 'button', onclick: () => void client.start() }, t('reconnect'));
    status.replaceChildren(text, again || '');
  };

  /** Tells a screen reader what is new at the end, and no more. */
  const announce = (items: Item[]) => {
    const old = known;
    known = new Set(items.map((i) => i.id));
    // History comes in before the first one known; its day may be known already.
    const from = items.findIndex((i) => old.has(i.id) && !i.id.startsWith('day'));
    const silent = (i: Item) => old.has(i.id) || i.id === 'live' || (i.is === 'bubble' && i.mine);
    const fresh = from < 0 ? [] : items.slice(from).filter((i) => !silent(i));
    if (!fresh[0]) return;
    const words = (el: Element) => [...el.querySelectorAll('.w,.b')].map((part) => part.textContent).join('') || el.textContent;
    news.replaceChildren(...fresh.map((i) => h('p', {}, words(thread.of(i.id)!))));
  };

  const drawThread = () => {
    const { head, site, entries, log } = client;
    const events = log.events.filter((e) => !hides(e.seq));
    const fromEnd = list.scrollHeight - list.scrollTop;
    const place = away && client.unread;
    if (place) unread = events.filter((e) => isSaid(e) && e.by.kind !== 'visitor').at(-place)?.seq;
    const quick = asks() ? undefined : site.quick;
    const greeting = site.greeting ?? '';
    const items = itemsOf({ events, entries, head, greeting, quick, host: siteName(), unread, live: live.text, t, lang });
    thread.draw(items);
    announce(items);
    dots.hidden = !typist || !!live.text || isIdle();
    if (typist) dots.setAttribute('aria-label', t('typing', { name: plain(typist.name || t('agent')) }));
    extras?.draw();
    if (stick) toEnd();
    else if (log.events[0]?.seq !== top) list.scrollTop = list.scrollHeight - fromEnd; // history came in above
    const mark = place && thread.of('unread');
    if (mark && mark.offsetTop < list.scrollTop) list.scrollTop = mark.offsetTop;
    top = log.events[0]?.seq;
  };

  const toEnd = () => {
    list.scrollTop = list.scrollHeight;
  };
  const isAtEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;

  let drawing = false;
  /** Once for all that changes in one go. */
  const draw = () => {
    if (drawing) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      if (panel.hidden) return;
      drawHead();
      drawStatus();
      // Until the form is there; without the extras it never is.
      composer.el.hidden = asks() && !!(bringing || extras);
      drawThread();
      if (document.hidden) return;
      if (client.head) away = false;
      if (stick && isAtEnd()) client.read();
    });
  };

  const quiet = () => {
    stopTyping();
    typist = undefined;
    live.end();
    draw();
  };
  let stopTyping = () => {};
  const onTyping = (by: Party) => {
    stopTyping();
    typist = by;
    const timer = setTimeout(quiet, TYPING);
    stopTyping = () => clearTimeout(timer);
    draw();
  };
  const onDelta = (delta: Delta) => {
    live.hear(delta);
    draw();
  };

  // ---- open and close -------------------------------------------------------------------------------------------------

  const narrow = matchMedia('(max-width:480px),(max-height:480px)');
  const view = globalThis.visualViewport;
  /**
   * On a phone the panel covers what the keyboard leaves free: pinned to the visual viewport, for iOS moves the layout
   * viewport out from under fixed elements.
   */
  const cover = () => {
    if (panel.hidden) return;
    panel.setAttribute('aria-modal', `${narrow.matches}`);
    host.style.setProperty('--high', view ? `${view.height}px` : null);
    host.style.setProperty('--top', view ? `${view.offsetTop}px` : null);
    if (stick) toEnd();
  };

  const bring = () => {
    if (bringing || extras || !o.extras) return;
    bringing = true;
    const done = () => {
      bringing = false;
      draw();
    };
    o.extras()
      .then((m) => {
        if (root.contains(panel)) extras = m.createExtras(stage);
      })
      .then(done, done);
  };

  const toggle = (open: boolean) => {
    if (open !== panel.hidden) return;
    panel.hidden = !open;
    stick = away = true;
    unread = undefined;
    onToggle(open);
    if (open) bring();
    draw();
    cover();
    // On a phone the focus would bring up the keyboard, over what there is to read.
    const next = open ? (matchMedia('(pointer:fine)').matches && !asks() ? composer.input : list) : button;
    next.focus({ preventScroll: true });
  };

  const stage: Stage = {
    ...o,
    base,
    t,
    panel,
    header,
    list,
    tail,
    tray,
    composer,
    get isOpen() {
      return !panel.hidden;
    },
    narrow,
    settle: cover,
    isAtEnd,
    toEnd() {
      stick = true;
      draw();
    },
    siteName,
    asks,
    of: thread.of,
    open: () => toggle(true),
    draw,
  };

  listen(narrow, 'change', cover);
  for (const type of ['resize', 'scroll']) listen(view, type, cover);
  // Once the keyboard is gone, and WeChat has put its page back.
  listen(panel, 'focusout', () => setTimeout(cover, SETTLE));
  listen(list, 'scroll', () => {
    stick = isAtEnd();
    if (stick && client.unread) draw();
  });
  listen(list, 'load', () => stick && toEnd(), { capture: true });
  listen(document, 'visibilitychange', () => {
    if (document.hidden) away = true;
    draw();
  });
  // The shop's own shortcuts are not meant here.
  for (const type of ['keydown', 'keyup', 'keypress']) listen(root, type, (e: Event) => e.stopPropagation());
  listen(panel, 'keydown', (e: KeyboardEvent) => e.key === 'Escape' && !e.isComposing && toggle(false));
  undo.push(
    client.on('change', draw),
    client.on('message', quiet),
    client.on('typing', onTyping),
    client.on('delta', onDelta),
    () => stopTyping(),
  );

  return {
    get isOpen() {
      return !panel.hidden;
    },
    open: () => toggle(true),
    close: () => toggle(false),
    destroy() {
      for (const f of undo) f();
      extras?.destroy();
      panel.remove();
    },
  };
}
