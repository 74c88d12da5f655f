import type { Client } from './client.ts';

/** Tells the agent that something is being written. */
export interface Typing {
  /** The text is another one. */
  changed(): void;
  /** It was sent: there is nothing left to tell. */
  sent(): void;
}

const TYPING = 3_000;
const PREVIEW = 1_000;

/**
 * Agents are told that, at most every 3 s; where the site shows them what is being written, that too: at most every second,
 * and the last word of a burst is not left out. `text` is what there is now.
 */
export function createTyping(client: Pick<Client, 'tell' | 'site'>, text: () => string): Typing {
  let told = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = () => {
    timer = undefined;
    if (client.tell({ type: 'typing', ...(client.site.preview && { text: text() }) })) told = Date.now();
  };
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    changed() {
      const wait = told + (client.site.preview ? PREVIEW : TYPING) - Date.now();
      if (client.site.preview) timer ??= setTimeout(tell, Math.max(0, wait));
      else if (wait <= 0 && text()) tell();
    },
    sent() {
      stop();
      told = 0;
    },
  };
}
