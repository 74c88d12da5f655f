/**
 * What the console keeps in the browser's own storage: the token, the language, the looks.
 *
 * Storage may be denied or full; then things last as long as the page. The token is in sessionStorage, or in
 * localStorage for who wants to stay signed in, and never in an address.
 */
import type { Agent } from './api.ts';

/** Somebody who is signed in. */
export interface Session {
  readonly token: string;
  readonly agent: Agent;
}

/** `light` and `dark` are choices of the agent's; without one the system's is followed. */
export type Theme = 'auto' | 'light' | 'dark';

/** What an agent chose on this device. What is absent was not chosen. */
export interface Prefs {
  readonly lang?: 'zh-CN' | 'en';
  readonly theme?: Theme;
  /** Whether the pane of details is open where there is room for it. */
  readonly details?: boolean;
  /** False: the list is put away while a conversation is open, where there is room for both. */
  readonly list?: boolean;
  /** What sends: Enter, or Ctrl or Cmd with it. */
  readonly send?: 'enter' | 'mod';
  readonly sound?: 'off' | 'once' | 'until';
  /** Desktop notifications, where the browser allows them too. */
  readonly notify?: boolean;
}

/** The two storages of a page, or doubles of them. */
export interface Storages {
  readonly session: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly local: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

const SESSION = 'kefu.session';
const PREFS = 'kefu.prefs';

type Area = Storages['local'];

function get(area: () => Area, key: string): unknown {
  try {
    return JSON.parse(area().getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

function set(area: () => Area, key: string, value: unknown): void {
  try {
    if (value === undefined) area().removeItem(key);
    else area().setItem(key, JSON.stringify(value));
  } catch {
    // Denied or full: it lasts as long as the page.
  }
}

/** The session of this tab, or the one that was to last. */
export function loadSession(s: Storages): Session | undefined {
  const found = (get(() => s.session, SESSION) ?? get(() => s.local, SESSION)) as Partial<Session> | null;
  return typeof found?.token === 'string' && typeof found.agent?.id === 'string' ? (found as Session) : undefined;
}

/** Keeps a session, in one place only. */
export function saveSession(s: Storages, session: Session, stay: boolean): void {
  clearSession(s);
  set(() => (stay ? s.local : s.session), SESSION, session);
}

/** Whether the session that is kept outlives the tab. */
export function stays(s: Storages): boolean {
  return get(() => s.local, SESSION) !== null;
}

/** Forgets the token, wherever it was kept. */
export function clearSession(s: Storages): void {
  set(() => s.session, SESSION, undefined);
  set(() => s.local, SESSION, undefined);
}

/** The choices kept on this device; none where there are none or storage is denied. */
export function loadPrefs(s: Storages): Prefs {
  const found = get(() => s.local, PREFS);
  return found && typeof found === 'object' ? found : {};
}

/** Keeps the choices, if storage allows. */
export function savePrefs(s: Storages, prefs: Prefs): void {
  set(() => s.local, PREFS, prefs);
}

/** The page's storages. Looking at one may throw where cookies are blocked, so nobody looks before they must. */
export const browserStorages: Storages = {
  get session() {
    return sessionStorage;
  },
  get local() {
    return localStorage;
  },
};
