import type { Client } from './client.ts';
import type { Hello } from './wire.ts';

type Page = NonNullable<Hello['page']>;

/** Without the part behind #, which is nobody's business; unless a router of the page has its address there. */
export const addressOf = (href: string) => href.replace(/#(?!!?\/).*/, '');

/**
 * Tells where the visitor is. Many pages change their address without being loaded again; their own `history` is left
 * alone, so somebody has to look from time to time.
 */
export interface Whereabouts {
  /** For hello. */
  say(): Page;
  /** Tells it if it is another one than was told last. */
  look(client: Pick<Client, 'tell'>): void;
}

export function createWhereabouts(here: () => Page): Whereabouts {
  let told = '';
  return {
    say() {
      const page = here();
      told = page.url;
      return page;
    },
    look({ tell }) {
      const page = here();
      if (page.url !== told && tell({ type: 'page', page })) told = page.url;
    },
  };
}
