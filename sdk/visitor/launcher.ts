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

export interface UiOptions {
  /** The corner it stands in: `end` (right, in left-to-right pages) or `start`. */
  side?: 'start' | 'end';
  theme?: 'auto' | 'light' | 'dark';
  zIndex?: number;
}

export interface LauncherOptions extends UiOptions {
  lang: string;
  /** Any CSS colour; text on it is black or white, whichever reads better, if it is #rrggbb. */
  color?: string | undefined;
  onClick(): void;
  /** Somebody is about to click. */
  onNear(): void;
}

const BUBBLE = 'M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM8 11h.01M12 11h.01M16 11h.01';

export function createLauncher({ lang, color, side, zIndex, onClick, onNear }: LauncherOptions): Launcher {
  const [name, more] = /^zh/i.test(lang) ? ['打开客服', '条未读消息'] : ['Open chat', 'unread messages'];
  const host = h('div', { lang });
  const root = host.attachShadow({ mode: 'open' });
  dress(root, css);
  if (side === 'start') host.setAttribute('start', '');
  if (zIndex) host.style.zIndex = `${zIndex}`;
  if (color) paint(host, color);

  const badge = h('span', { className: 'n', hidden: true, 'aria-hidden': 'true' });
  const button = h(
    'button',
    { className: 'launch', type: 'button', onclick: onClick, onpointerenter: onNear },
    icon(BUBBLE),
    badge,
  );
  root.append(button);
  document.body.append(host);

  return {
    host,
    root,
    button,
    show(unread, open) {
      badge.hidden = !unread;
      badge.textContent = unread > 99 ? '99+' : `${unread}`;
      button.setAttribute('aria-label', name + (unread ? `, ${unread} ${more}` : ''));
      button.setAttribute('aria-expanded', `${open}`);
      host.toggleAttribute('open', open);
    },
    destroy() {
      host.remove();
    },
  };
}

/** Sets the shop's colour, and the colour of text on it. */
function paint(host: HTMLElement, color: string) {
  host.style.setProperty('--k', color);
  const [, r, g, b] = /^#(..)(..)(..)$/.exec(color)?.map((part) => Number.parseInt(part, 16) / 255) ?? [];
  // Relative luminance, with gamma taken as 2.2: above 0.18 black has the better contrast (WCAG 2.2, "contrast ratio").
  if (0.2126 * r! ** 2.2 + 0.7152 * g! ** 2.2 + 0.0722 * b! ** 2.2 > 0.18) host.style.setProperty('--ink', '#111');
}
