import type { Client } from '../client.ts';
import { dress } from '../dom.ts';
import type { Launcher } from '../launcher.ts';
import { createAlerts } from './alerts.ts';
import { createInvites } from './invites.ts';
import css from './notice.css';

/**
 * What reaches a visitor who has not opened the chat on this page: the site's invitations, and sound and title for what
 * comes in. It is a file of its own, kefu-notice.mjs, for a page that only invites must not load the chat; it is brought
 * when the site has invitations, when something comes in, or when the panel is opened.
 */
export interface Notice {
  /** Something changed: of the client, or the panel was opened or closed. */
  draw(): void;
  destroy(): void;
}

export interface NoticeOptions {
  launcher: Pick<Launcher, 'root' | 'button'>;
  client: Client;
  lang: string;
  strings?: { [word: string]: string } | undefined;
  /** False: it never rings. */
  sound?: boolean | undefined;
  nonce?: string | undefined;
  isOpen(): boolean;
  open(): void;
}

/** `dismiss`, `news`: the words it has. */
export type NoticeWords = { dismiss: string; news: string };

export function createNotice(o: NoticeOptions): Notice {
  dress(o.launcher.root, css, o.nonce);
  const [dismiss, news] = /^zh/i.test(o.lang) ? ['关闭', '新消息'] : ['Dismiss', 'New message'];
  const words: NoticeWords = { dismiss, news, ...o.strings };
  const parts = [createInvites(o, words), createAlerts(o, words)];
  return {
    draw() {
      for (const part of parts) part.draw();
    },
    destroy() {
      for (const part of parts) part.destroy();
    },
  };
}
