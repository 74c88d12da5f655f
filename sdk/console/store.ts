/**
 * The state of the page and what can be done with it. Components read signals and call methods; nothing else does.
 *
 * Signing in opens a {@link Live} and the drafts of that account; signing out closes both. What the page looks at (tab,
 * conversation, dialog) is here; what the desk knows is in `live.desk`.
 */
import { computed, signal } from '@preact/signals';
import { type Agent, type Api, ApiError, codeOf } from './api.ts';
import { emptyDesk } from './desk.ts';
import type { Drafts } from './drafts.ts';
import { type Lang, lang, t } from './i18n.ts';
import type { Live, LiveOptions, Lost } from './live.ts';
import type { Chat, Desk, Head, LogEvent, Me } from './model.ts';
import { groupNames, visitorName } from './names.ts';
import type { Place } from './route.ts';
import { mine, unread, waiting } from './select.ts';
import * as storage from './storage.ts';

/** The lists: what one holds, who waits, everything. */
export type Tab = 'mine' | 'waiting' | 'all';
/** Which of all conversations are listed, by phase. */
export type Filter = 'any' | 'held' | 'bot' | 'closed';
/** The dialogs there are; at most one is open. */
export type DialogName = 'transfer' | 'team' | 'password' | 'help';

/** The list of all conversations, page by page. The heads themselves are in the desk, where they stay up to date. */
export interface AllList {
  readonly filter: Filter;
  readonly state: 'none' | 'loading' | 'ready' | 'failed';
  readonly ids: readonly string[];
  /** What to ask for the page after the last one; nothing: it was the last. */
  readonly next?: string | undefined;
}

/** Why a sign-in failed: a code of the protocol, `offline`, and how many seconds to wait. */
export interface Refused {
  readonly code: string;
  readonly retry?: number | undefined;
}

/** What the page gives the store: main.tsx the real things, tests their own. */
export interface StoreOptions {
  readonly api: Api;
  readonly storages: storage.Storages;
  now(): number;
  /** Whether the pane of details lies over the thread instead of beside it. */
  narrow(): boolean;
  /** Opens the live side and the drafts of an account. */
  open(me: Me, hooks: Pick<LiveOptions, 'token' | 'onNews' | 'onMessage' | 'onLost'>): Promise<{ live: Live; drafts: Drafts }>;
}

const PAGE = 50;
const nobody: Desk = emptyDesk({ id: '', name: '', role: 'agent', groups: [] });

/** The one store of the page. */
export class Store {
  readonly session = signal<storage.Session | undefined>(undefined);
  readonly notice = signal<Lost | undefined>(undefined);
  readonly live = signal<Live | undefined>(undefined);
  readonly drafts = signal<Drafts | undefined>(undefined);
  readonly prefs = signal<storage.Prefs>({});

  readonly tab = signal<Tab>('mine');
  readonly selected = signal<string | undefined>(undefined);
  /** Where the page is; the inbox keeps its conversation while another page is open. */
  readonly place = signal<Place>({ page: '' });
  readonly dialog = signal<DialogName | undefined>(undefined);
  /** Whether the pane of details is open. */
  readonly details = signal(false);
  /** Whether somebody can be looking: the page is visible and has the focus. */
  readonly looking = signal(true);
  readonly all = signal<AllList>({ filter: 'any', state: 'none', ids: [] });
  /** What is read aloud, each with a number of its own so that the same words can be said twice. */
  readonly spoken = signal({ n: 0, text: '' });
  /** Seconds matter where somebody waits; set by the page's clock. */
  readonly now = signal(0);

  readonly desk = computed(() => this.live.value?.desk.value ?? nobody);
  readonly mine = computed(() => mine(this.desk.value));
  readonly waiting = computed(() => waiting(this.desk.value));
  readonly waitingCount = computed(() => Math.max(this.waiting.value.length, this.desk.value.waiting));
  readonly unread = computed(() => this.mine.value.reduce((n, c) => n + unread(c), 0));
  readonly chat = computed<Chat | undefined>(() => this.desk.value.chats[this.selected.value ?? '']);
  readonly connected = computed(() => this.live.value?.link.value.at === 'open');
  /** The chats of the open tab, in its order. */
  readonly rows = computed<readonly Chat[]>(() => this.rowsOf(this.tab.value));

  private turn = 0; // of signing in and out: what was opened for an older turn is closed again

  constructor(private readonly o: StoreOptions) {
    this.now.value = o.now();
    this.prefs.value = storage.loadPrefs(o.storages);
    if (this.prefs.value.lang) lang.value = this.prefs.value.lang;
    this.details.value = !o.narrow() && !!this.prefs.value.details;
  }

  get api(): Api {
    return this.o.api;
  }

  // ---- signing in and out ---------------------------------------------------------------------------------------------

  /** Takes up the session that was kept, if there is one. */
  async resume(): Promise<void> {
    const kept = storage.loadSession(this.o.storages);
    if (kept) await this.enter(kept);
  }

  /** Resolves to nothing when it worked, or to why it did not. */
  async signIn(name: string, password: string, stay: boolean): Promise<Refused | undefined> {
    try {
      const session = await this.o.api.login(name, password);
      storage.saveSession(this.o.storages, session, stay);
      await this.enter(session);
      return undefined;
    } catch (e) {
      return { code: codeOf(e), retry: e instanceof ApiError ? e.retry : undefined };
    }
  }

  /** Whatever the server says, this browser forgets the token. */
  async signOut(): Promise<void> {
    const said = this.o.api.logout().catch(() => undefined);
    this.leave(undefined);
    await said;
  }

  token(): string | undefined {
    return this.session.value?.token;
  }

  /** The page goes away, perhaps to come back from the back/forward cache: what it holds must be free for others. */
  pause(): void {
    this.turn++;
    this.live.value?.close();
    this.live.value = undefined;
  }

  private async enter(session: storage.Session): Promise<void> {
    const turn = ++this.turn;
    this.session.value = session;
    this.notice.value = undefined;
    const { live, drafts } = await this.o.open(meOf(session.agent), {
      token: () => this.token() ?? session.token,
      onNews: (kind, head) => this.news(kind, head),
      onMessage: (chat, event) => this.heard(chat, event),
      onLost: (why) => turn === this.turn && this.leave(why),
    });
    if (turn !== this.turn) return live.close();
    this.drafts.value = drafts;
    this.live.value = live;
    live.open(this.selected.value);
    live.start();
    void this.nameGroups();
  }

  /** The names of groups are for people; a list without them still works. */
  private async nameGroups(): Promise<void> {
    const groups = await this.o.api.groups().catch(() => []);
    groupNames.value = Object.fromEntries(groups.map((g) => [g.id, g.name]));
  }

  /** A new password ends every session made with the old one, so this one is begun anew. Rejects with an ApiError. */
  async changePassword(current: string, password: string): Promise<void> {
    const { agent } = this.session.value ?? {};
    if (!agent) return;
    await this.o.api.changePassword(agent.id, current, password);
    const session = await this.o.api.login(agent.name, password);
    storage.saveSession(this.o.storages, session, storage.stays(this.o.storages));
    this.session.value = session;
    this.live.value?.renew();
  }

  private leave(why: Lost | undefined): void {
    this.turn++;
    storage.clearSession(this.o.storages);
    this.live.value?.close();
    this.live.value = undefined;
    this.drafts.value = undefined;
    this.session.value = undefined;
    this.dialog.value = undefined;
    this.notice.value = why;
    this.all.value = { filter: 'any', state: 'none', ids: [] };
    if (why) return;
    this.selected.value = undefined;
    this.place.value = { page: '' };
  }

  // ---- what the page looks at -----------------------------------------------------------------------------------------

  /** Goes to a page, or to the inbox with what is open there. */
  go(place: Place): void {
    if ('path' in place) this.place.value = place;
    else this.select(place.id);
  }

  /** Opens a conversation in the inbox, or none. */
  select(id: string | undefined): void {
    if (this.o.narrow()) this.details.value = false;
    this.place.value = { page: '', id };
    this.selected.value = id;
    this.live.value?.open(id);
  }

  /** The conversation `by` rows below the open one in the open list; from none, the first or the last. */
  step(by: 1 | -1): string | undefined {
    const rows = this.rows.value;
    const i = rows.findIndex((c) => c.id === this.selected.value);
    const next = rows[i < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, i + by))];
    if (next) this.select(next.id);
    return next?.id;
  }

  show(tab: Tab): void {
    this.tab.value = tab;
    if (tab === 'all') void this.list(this.all.value.filter);
  }

  /** Fetches the first page of the list of all. What is shown stays until the new page is here. */
  async list(filter: Filter): Promise<void> {
    const before = this.all.value;
    this.all.value = { ...(before.filter === filter ? before : { ids: [] }), filter, state: 'loading' };
    await this.page(filter, undefined);
  }

  async listMore(): Promise<void> {
    const { filter, next, state } = this.all.value;
    if (state === 'loading') return;
    this.all.value = { ...this.all.value, state: 'loading' };
    await this.page(filter, next);
  }

  private async page(filter: Filter, before: string | undefined): Promise<void> {
    const turn = this.turn;
    try {
      const got = await this.o.api.conversations({ ...(filter === 'any' ? {} : { phase: filter }), before, limit: PAGE });
      if (turn !== this.turn || this.all.value.filter !== filter) return;
      this.live.value?.learn(got.conversations);
      const had = before ? this.all.value.ids : [];
      const ids = [...new Set([...had, ...got.conversations.map((h) => h.id)])];
      this.all.value = { filter, state: 'ready', ids, next: got.next };
    } catch (e) {
      if (turn !== this.turn) return;
      if (codeOf(e) === 'unauthorized') return this.leave('expired');
      this.all.value = { ...this.all.value, state: 'failed' };
    }
  }

  private rowsOf(tab: Tab): readonly Chat[] {
    if (tab === 'mine') return this.mine.value;
    if (tab === 'waiting') return this.waiting.value;
    const { chats } = this.desk.value;
    return this.all.value.ids.flatMap((id) => chats[id] ?? []);
  }

  // ---- preferences and announcements ----------------------------------------------------------------------------------

  prefer(change: Partial<storage.Prefs>): void {
    this.prefs.value = { ...this.prefs.value, ...change };
    storage.savePrefs(this.o.storages, this.prefs.value);
    if (change.lang) lang.value = change.lang satisfies Lang;
  }

  /** Closes a dialog, unless another one is open by now: the browser tells of a closed one a moment later. */
  closeDialog(name: DialogName): void {
    if (this.dialog.value === name) this.dialog.value = undefined;
  }

  toggleDetails(): void {
    this.details.value = !this.details.value;
    if (!this.o.narrow()) this.prefer({ details: this.details.value });
  }

  say(text: string): void {
    this.spoken.value = { n: this.spoken.value.n + 1, text };
  }

  private news(kind: 'waiting' | 'assigned', head: Head): void {
    this.say(t(kind === 'waiting' ? 'announce.waiting' : 'announce.assigned', { name: visitorName(head) }));
  }

  private heard(chat: Chat, event: LogEvent): void {
    const name = visitorName(chat.head);
    const text = 'text' in event.body ? String(event.body.text).slice(0, 200) : '';
    this.say(chat.id === this.selected.value && text ? `${name}: ${text}` : t('announce.message', { name }));
  }
}

function meOf(a: Agent): Me {
  return { id: a.id, name: a.display || a.name, role: a.role, groups: a.groups };
}
