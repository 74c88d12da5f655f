import type { Client } from './client.ts';
import { createComposer } from './composer.ts';
import { dress, h, icon } from './dom.ts';
import { translator } from './i18n.ts';
import { itemsOf } from './items.ts';
import type { Launcher } from './launcher.ts';
import type { LinkState } from './link.ts';
import css from './panel.css';
import sheet from './thread.css';
import { createThread } from './thread.ts';
import type { Party } from './wire.ts';
import { type Word, words } from './words.ts';

/**
 * The chat itself. It is loaded when it is first opened, for most visitors never do, and joins the launcher's shadow root.
 *
 * kefu.js and the file this comes in may be of different releases, for as long as somebody's cache holds an old kefu.js:
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
  theme?: 'auto' | 'light' | 'dark' | undefined;
  title?: string | undefined;
  /** Messages that the page draws itself. */
  hides(seq: number): boolean;
  onToggle(open: boolean): void;
}

const CROSS = 'M6 6l12 12M18 6L6 18';
const NEAR = 80; // px from an end of the thread that count as being there
const TYPING = 6_000; // a typing mark that is not repeated fades
const PAGE = 50; // events of history
const statusWords: { [at: string]: Word } = { connecting: 'connecting', waiting: 'offline', stopped: 'stopped' };

export function createPanel({ launcher, client, endpoint, lang, theme, title, hides, onToggle }: PanelOptions): Panel {
  const { host, root, button } = launcher;
  const t = translator(lang, words);
  const undo: (() => void)[] = [];
  const listen = (target: EventTarget | null | undefined, type: string, f: (e: never) => void) => {
    target?.addEventListener(type, f as EventListener);
    undo.push(() => target?.removeEventListener(type, f as EventListener));
  };

  // ---- elements -------------------------------------------------------------------------------------------------------

  dress(root, sheet + css);
  const system = matchMedia('(prefers-color-scheme:dark)');
  const tint = () => host.toggleAttribute('dark', theme === 'dark' || (theme !== 'light' && system.matches));
  listen(system, 'change', tint);
  tint();
  const face = h('span', { className: 'a', 'aria-hidden': 'true' });
  const heading = h('h2', { id: 'title' });
  const subtitle = h('p');
  const shut = h('button', { type: 'button', 'aria-label': t('close'), onclick: () => toggle(false) }, icon(CROSS));
  const status = h('div', { className: 's', role: 'status' });
  const list = h('div', { className: 'log', role: 'log', tabIndex: 0, 'aria-relevant': 'additions', 'aria-labelledby': 'title' });
  const dots = h('div', { className: 'd', role: 'img' }, h('i'), h('i'), h('i'));
  const say = (text: string) => {
    stick = true;
    void client.send({ type: 'send', body: { kind: 'text', text } });
  };
  const composer = createComposer({ client, t, say });
  const header = h('div', { className: 'h' }, face, h('div', {}, heading, subtitle), shut);
  const panel = h(
    'div',
    { className: 'p', role: 'dialog', 'aria-labelledby': 'title', hidden: true },
    header,
    status,
    list,
    composer.el,
  );
  root.insertBefore(panel, button);

  const thread = createThread(list, {
    t,
    lang,
    base: endpoint.replace(/^ws/, 'http'),
    say,
    retry: (key) => client.retry(key),
    rate: (session, score) => void client.send({ type: 'rate', session, score }),
  });

  // ---- what is shown --------------------------------------------------------------------------------------------------

  let stick = true; // the newest message is in view, and stays there
  let top: number | undefined; // the oldest event shown
  let typist: Party | undefined;

  let asked: { seq: number; on: LinkState } | undefined;
  /** Asks for what was before the oldest event here, once on each connection. */
  const before = () => {
    const { log, state } = client;
    const seq = log.events[0]?.seq ?? 0;
    if (!log.older || (asked?.seq === seq && asked.on === state)) return;
    if (client.tell({ type: 'before', seq, limit: PAGE })) asked = { seq, on: state };
  };

  const siteName = () => title || client.site.name || t('title');

  const drawHead = () => {
    const { head, site } = client;
    const agent = head?.phase === 'held' ? head.agent : undefined;
    const name = agent?.name || siteName();
    heading.textContent = name;
    face.textContent = [...name][0]!;
    subtitle.textContent = agent ? t('serving') : head?.phase === 'waiting' ? t('waiting') : site.open === false ? t('away') : '';
  };

  const drawStatus = () => {
    const { at } = client.state;
    const word = statusWords[at] ?? (client.slowed && client.entries.some((e) => !e.failed) ? 'slowed' : undefined);
    status.hidden = !word;
    // Connecting is only worth a word when it takes long.
    status.className = at === 'connecting' ? 's quiet' : at === 'open' ? 's calm' : 's';
    if (!word || status.firstChild?.textContent === t(word)) return;
    const again = at === 'stopped' && h('button', { type: 'button', onclick: () => void client.start() }, t('reconnect'));
    status.replaceChildren(t(word), again || '');
  };

  const drawThread = () => {
    const { head, site, entries, log } = client;
    const events = log.events.filter((e) => !hides(e.seq));
    const fromEnd = list.scrollHeight - list.scrollTop;
    thread.draw(itemsOf({ events, entries, head, greeting: site.greeting ?? '', host: siteName(), t, lang }));
    if (typist) {
      dots.setAttribute('aria-label', t('typing', { name: typist.name || t('agent') }));
      list.append(dots);
    }
    if (stick) list.scrollTop = list.scrollHeight;
    else if (log.events[0]?.seq !== top) list.scrollTop = list.scrollHeight - fromEnd; // history came in above
    top = log.events[0]?.seq;
    if (list.scrollTop < NEAR) before();
  };

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
      drawThread();
      if (stick && !document.hidden) client.read();
    });
  };

  const quiet = () => {
    stopTyping();
    typist = undefined;
    dots.remove();
  };
  let stopTyping = () => {};
  const onTyping = (by: Party) => {
    stopTyping();
    typist = by;
    const timer = setTimeout(quiet, TYPING);
    stopTyping = () => clearTimeout(timer);
    draw();
  };

  // ---- open and close -------------------------------------------------------------------------------------------------

  const view = globalThis.visualViewport;
  /** A sheet on a phone covers what the keyboard leaves free. */
  const cover = () => {
    host.style.setProperty('--high', view ? `${view.height}px` : null);
    host.style.setProperty('--top', view ? `${view.offsetTop}px` : null);
    if (stick) list.scrollTop = list.scrollHeight;
  };

  const toggle = (open: boolean) => {
    if (open !== panel.hidden) return;
    panel.hidden = !open;
    stick = true;
    onToggle(open);
    draw();
    if (open) cover();
    // On a phone the focus would bring up the keyboard, over what there is to read.
    const next = open ? (matchMedia('(pointer:fine)').matches ? composer.input : list) : button;
    next.focus({ preventScroll: true });
  };

  listen(list, 'scroll', () => {
    stick = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    if (list.scrollTop < NEAR) before();
    if (stick && client.unread) draw();
  });
  for (const type of ['resize', 'scroll']) listen(view, type, () => panel.hidden || cover());
  listen(document, 'visibilitychange', draw);
  // The shop's own shortcuts are not meant here.
  for (const type of ['keydown', 'keyup', 'keypress']) listen(root, type, (e: Event) => e.stopPropagation());
  listen(panel, 'keydown', (e: KeyboardEvent) => e.key === 'Escape' && !e.isComposing && toggle(false));
  undo.push(client.on('change', draw), client.on('message', quiet), client.on('typing', onTyping), quiet);

  return {
    get isOpen() {
      return !panel.hidden;
    },
    open: () => toggle(true),
    close: () => toggle(false),
    destroy() {
      for (const f of undo) f();
      panel.remove();
    },
  };
}
