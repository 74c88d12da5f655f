import type { InitOptions, UiOptions } from './api.ts';
import { dress, h, icon } from './dom.ts';
import css from './launcher.css';

/**
 * The round button in the corner of a shop's page, and the shadow root that the panel joins when it is first opened.
 *
 * A shadow root, so that neither page nor widget styles the other. It needs nothing of the page's CSP but `script-src` for
 * itself and `connect-src` for the desk: style sheets are constructed, sizes are set through the CSSOM.
 */
export interface Launcher {
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
  readonly button: HTMLButtonElement;
  /** Shows how many messages wait, and whether the panel is open. */
  show(unread: number, open: boolean): void;
  destroy(): void;
}

export interface LauncherOptions
  extends Pick<InitOptions & UiOptions, 'side' | 'theme' | 'zIndex' | 'color' | 'strings' | 'nonce'> {
  lang: string;
  onClick(): void;
  /** Somebody is about to click. */
  onNear(): void;
}

const BUBBLE = 'M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM8 11h.01M12 11h.01M16 11h.01';

export function createLauncher({ lang, color, side, theme, zIndex, strings, nonce, onClick, onNear }: LauncherOptions): Launcher {
  const [open, unread] = /^zh/i.test(lang) ? ['打开客服', '条未读消息'] : ['Open chat', 'unread messages'];
  const words = { open, unread, ...strings };
  const host = h('div', { lang });
  const root = host.attachShadow({ mode: 'open' });
  dress(root, css, nonce);
  if (side === 'start') host.setAttribute('start', '');
  if (zIndex) host.style.setProperty('--z', `${zIndex}`);
  if (color) paint(host, color);
  const system = matchMedia('(prefers-color-scheme:dark)');
  const tint = () => host.toggleAttribute('dark', theme === 'dark' || (theme !== 'light' && system.matches));
  system.addEventListener?.('change', tint); // not before Safari 14
  tint();

  const badge = h('span', { className: 'n', hidden: true, 'aria-hidden': 'true' });
  const button = h(
    'button',
    { className: 'launch', type: 'button', onclick: onClick, onpointerenter: onNear },
    icon(BUBBLE),
    badge,
  );
  root.append(button);
  // Not in the body: a transform or a filter there would take hold of what is fixed.
  document.documentElement.append(host);

  return {
    host,
    root,
    button,
    show(n, isOpen) {
      badge.hidden = !n;
      badge.textContent = n > 99 ? '99+' : `${n}`;
      button.setAttribute('aria-label', words.open + (n ? `, ${n} ${words.unread}` : ''));
      button.setAttribute('aria-expanded', `${isOpen}`);
      host.toggleAttribute('open', isOpen);
    },
    destroy() {
      system.removeEventListener?.('change', tint);
      host.remove();
    },
  };
}

/** Sets the shop's colour, and the colour of text on it: black or white, whichever reads better, if it is #rrggbb. */
function paint(host: HTMLElement, color: string) {
  host.style.setProperty('--k', color);
  const [, r, g, b] = /^#(..)(..)(..)$/.exec(color)?.map((part) => Number.parseInt(part, 16) / 255) ?? [];
  // Relative luminance, with gamma taken as 2.2: above 0.18 black has the better contrast (WCAG 2.2, "contrast ratio").
  if (0.2126 * r! ** 2.2 + 0.7152 * g! ** 2.2 + 0.0722 * b! ** 2.2 > 0.18) host.style.setProperty('--ink', '#111');
}
