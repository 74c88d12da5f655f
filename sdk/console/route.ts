/**
 * The address of the page, and the pages there are.
 *
 * `#/` and `#/c/ID` are the inbox, which is here from the start; `#/NAME/…` is a page of the table below, which is fetched
 * when it is first opened. An id is no secret; a token is never here.
 *
 * To add a page: a module in pages/ whose default export is its component, a line in `pages`, the word `nav.NAME` in strings/ if
 * it has a place of its own in the navigation. Its own words are a table beside it (`words` of i18n.ts), its style sheet
 * pages/NAME.css, so that whoever only answers visitors loads neither.
 */
import type { ComponentType } from 'preact';
import type { IconName } from './components/Icon.tsx';
import type { Me } from './model.ts';

/** What a page is given: the rest of the address, without its name: `agents/a_1` of `#/setup/agents/a_1`. */
export interface PageProps {
  readonly path: string;
}

/** A part of the console that is loaded when it is opened. */
export interface Page {
  /** What the address begins with. A longer name comes before a shorter one: `setup/receptionist` is not part of `setup`. */
  readonly name: string;
  /** Its place in the navigation; a page without one is reached from another. */
  readonly icon?: IconName;
  /** Who has it. The server decides what they may do there. */
  readonly roles: readonly Me['role'][];
  /** Whether it has a style sheet, pages/NAME.css (a slash is a hyphen). */
  readonly styled?: boolean;
  load(): Promise<{ readonly default: ComponentType<PageProps> }>;
}

/** All of them, in the order of the navigation. */
export const pages: readonly Page[] = [
  { name: 'floor', icon: 'team', roles: ['supervisor', 'admin'], styled: true, load: () => import('./pages/floor.tsx') },
  {
    name: 'visitors',
    icon: 'eye',
    roles: ['agent', 'supervisor', 'admin'],
    styled: true,
    load: () => import('./pages/visitors.tsx'),
  },
  { name: 'setup', icon: 'gear', roles: ['agent', 'supervisor', 'admin'], styled: true, load: () => import('./pages/setup.tsx') },
];

/** Where the page is: the inbox, with a conversation or none; or a page, with the rest of its address. */
export type Place = { readonly page: ''; readonly id?: string | undefined } | { readonly page: string; readonly path: string };

/** The place a location hash names. What can not be read is the inbox. */
export function placeOf(hash: string, all: readonly Page[] = pages): Place {
  const path = /^#\/([^?#]*)/.exec(hash)?.[1] ?? '';
  const within = ({ name }: Page) => path === name || path.startsWith(`${name}/`);
  const [found] = all.filter(within).sort((a, b) => b.name.length - a.name.length);
  return found ? { page: found.name, path: path.slice(found.name.length + 1) } : { page: '', id: idOf(hash) };
}

/** The hash of a place. */
export function hashOf(place: Place): string {
  if ('path' in place) return `#/${place.page}${place.path ? `/${place.path}` : ''}`;
  return pathOf(place.id);
}

/** The pages that a role has. */
export function pagesOf(role: Me['role'], all: readonly Page[] = pages): readonly Page[] {
  return all.filter((p) => p.roles.includes(role));
}

/** The conversation that a location hash names. */
export function idOf(hash: string): string | undefined {
  const found = /^#\/c\/([^/?#]{1,128})$/.exec(hash)?.[1];
  if (!found) return undefined;
  try {
    return decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

/** The hash for a conversation, or for none. */
export function pathOf(id: string | undefined): string {
  return id ? `#/c/${encodeURIComponent(id)}` : '#/';
}
