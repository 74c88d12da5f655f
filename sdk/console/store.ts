/**
 * The state of the page and what can be done with it. Components read signals and call methods; nothing else does.
 *
 * Signing in opens a {@link Live} and the drafts of that account; signing out closes both. What the page looks at (tab,
 * conversation, dialog) is here; what the desk knows is in `live.desk`.
 */
import { computed, signal } from '@preact/signals';
import { type Agent, type Api, ApiError, codeOf, type Reply } from './api.ts';
import { emptyDesk } from './desk.ts';
import type { Drafts } from './drafts.ts';
import { type Lang, lang, t } from './i18n.ts';
import { Listing } from './listing.ts';
import type { Live, LiveOptions, Lost } from './live.ts';
import type { Chat, Desk, Head, LogEvent, Me } from './model.ts';
import { groupNames, siteNames, visitorName } from './names.ts';
import type { Place } from './route.ts';
import { unread } from './select.ts';
import type { Staging } from './staging.ts';
import * as storage from './storage.ts';

/** The dialogs there are; at most one is open. */
export type DialogName = 'transfer' | 'password' | 'help' | 'palette';

/** Why a sign-in failed: a code of the protocol, `offline`, and how many seconds to wait. */
export interface Refused {
  readonly code: string;
  readonly retry?: number | undefined;
  /** The password is right: a code of the second factor is wanted, or the one given is wrong. */
  readonly needsCode?: boolean;
}

/** What the page gives the store: main.tsx the real things, tests their own. */
export interface StoreOptions {
  readonly api: Api;
  readonly storages: storage.Storages;
  now(): number;
  /** Whether the pane of details lies over the thread instead of beside it. */
  narrow(): boolean;
  /** Something happened that the agent should hear of though they look elsewhere. */
  alert?(alert: { title: string; text: string; tag: string; open(): void }): void;
  /** Opens the live side and the drafts of an account. */
  open(
    me: Me,
    hooks: Pick<LiveOptions, 'token' | 'onNews' | 'onMessage' | 'onLost'>,
  ): Promise<{ live: Live; drafts: Drafts; staging: Staging }>;
}

const REPLIES = 60_000; // ms that canned replies count
const nobody: Desk = emptyDesk({ id: '', name: '', role: 'agent', groups: [] });

/** The one store of the page. */
export class Store {
  readonly session = signal<storage.Session | undefined>(undefined);
  readonly notice = signal<Lost | undefined>(undefined);
  readonly live = signal<Live | undefined>(undefined);
  readonly drafts = signal<Drafts | undefined>(undefined);
  readonly staging = signal<Staging | undefined>(undefined);
  /** One's own message that is being changed, instead of a new one being written. */
  readonly editing = signal<{ readonly id: string; readonly seq: number; readonly text: string } | undefined>(undefined);
  readonly prefs = signal<storage.Prefs>({});

  readonly selected = signal<string | undefined>(undefined);
  /** Where the page is; the inbox keeps its conversation while another page is open. */
  readonly place = signal<Place>({ page: '' });
  readonly dialog = signal<DialogName | undefined>(undefined);
  /** Whether the pane of details is open. */
  readonly details = signal(false);
  /** Whether somebody can be looking: the page is visible and has the focus. */
  readonly looking = signal(true);
  /** What is read aloud, each with a number of its own so that the same words can be said twice. */
  readonly spoken = signal({ n: 0, text: '' });
  /** Seconds matter where somebody waits; set by the page's clock. */
  readonly now = signal(0);

  readonly desk = computed(() => this.live.value?.desk.value ?? nobody);
  private readonly me = computed(() => this.desk.value.me);
  private readonly agents = computed(() => this.desk.value.agents);
  private readonly mine = computed(() => this.desk.value.chats.mine);
  /** The desk without its chats: who reads only names is not drawn again with every message. */
  readonly people = computed<Desk>(() => ({ ...nobody, me: this.me.value, agents: this.agents.value }));
  /** The row of the open list that is to be seen and focused; `n` grows each time. */
  readonly revealed = signal<{ readonly id: string; readonly n: number } | undefined>(undefined);
  readonly lists: Listing;
  readonly waitingCount = computed(() => Math.max(this.desk.value.chats.inLine, this.desk.value.waiting));
  readonly unread = computed(() => this.mine.value.reduce((n, c) => n + unread(c), 0));
  readonly chat = computed<Chat | undefined>(() => this.desk.value.chats.get(this.selected.value ?? ''));
  readonly connected = computed(() => this.live.value?.link.value.at === 'open');

  private turn = 0; // of signing in and out: what was opened for an older turn is closed again

  constructor(private readonly o: StoreOptions) {
    this.lists = new Listing({
      api: o.api,
      desk: this.desk,
      learn: (heads) => this.live.value?.learn(heads),
      onUnauthorized: () => this.leave('expired'),
    });
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
  async signIn(name: string, password: string, stay: boolean, otp?: string): Promise<Refused | undefined> {
    try {
      const session = await this.o.api.login(name, password, otp);
      storage.saveSession(this.o.storages, session, stay);
      await this.enter(session);
      return undefined;
    } catch (e) {
      const needsCode = e instanceof ApiError && e.faults.some((f) => f.location === 'body.code');
      return { code: codeOf(e), retry: e instanceof ApiError ? e.retry : undefined, ...(needsCode ? { needsCode } : {}) };
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
    this.staging.value?.close();
    this.staging.value = undefined;
    this.live.value?.close();
    this.live.value = undefined;
  }

  private async enter(session: storage.Session): Promise<void> {
    const turn = ++this.turn;
    this.session.value = session;
    this.notice.value = undefined;
    const { live, drafts, staging } = await this.o.open(meOf(session.agent), {
      token: () => this.token() ?? session.token,
      onNews: (kind, head) => this.news(kind, head),
      onMessage: (chat, event) => this.heard(chat, event),
      onLost: (why) => turn === this.turn && this.leave(why),
    });
    if (turn !== this.turn) {
      staging.close();
      return live.close();
    }
    this.drafts.value = drafts;
    this.staging.value = staging;
    this.live.value = live;
    live.open(this.selected.value);
    live.start();
    void this.nameGroups();
  }

  /** The names of groups and sites are for people; a list without them still works. */
  private async nameGroups(): Promise<void> {
    const [groups, sites] = await Promise.all([this.o.api.groups().catch(() => []), this.o.api.sites().catch(() => [])]);
    groupNames.value = Object.fromEntries(groups.map((g) => [g.id, g.name]));
    siteNames.value = Object.fromEntries(sites.map((s) => [s.id, s.name]));
  }

  /** A new password ends every session made with the old one, so this one is begun anew. Rejects with an ApiError. */
  async changePassword(current: string, password: string): Promise<void> {
    const { agent } = this.session.value ?? {};
    if (!agent) return;
    await this.o.api.changePassword(agent.id, current, password);
    // With a second factor it takes a code to come in again: the form asks for it.
    const session = await this.o.api.login(agent.name, password).catch(() => undefined);
    if (!session) return this.leave('expired');
    storage.saveSession(this.o.storages, session, storage.stays(this.o.storages));
    this.session.value = session;
    this.live.value?.renew();
  }

  private leave(why: Lost | undefined): void {
    this.turn++;
    storage.clearSession(this.o.storages);
    this.live.value?.close();
    this.live.value = undefined;
    this.staging.value?.close();
    this.staging.value = undefined;
    this.editing.value = undefined;
    this.drafts.value = undefined;
    this.session.value = undefined;
    this.dialog.value = undefined;
    this.notice.value = why;
    this.lists.reset();
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
    if (this.editing.value?.id !== id) this.editing.value = undefined;
    this.selected.value = id;
    this.live.value?.open(id);
  }

  /** The conversation `by` rows below the open one in the open list; from none, the first or the last. */
  step(by: 1 | -1): string | undefined {
    const rows = this.lists.rows.value;
    const i = rows.indexOf(this.selected.value ?? '');
    const next = rows[i < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, i + by))];
    if (!next) return undefined;
    this.select(next);
    this.revealRow(next);
    return next;
  }

  /** Brings a row of the open list into view and into focus. */
  revealRow(id: string): void {
    this.revealed.value = { id, n: (this.revealed.value?.n ?? 0) + 1 };
  }

  /** The canned replies, fetched when they are first asked for and again after a minute. */
  readonly replies = signal<readonly Reply[]>([]);
  private repliesAt = Number.NEGATIVE_INFINITY;

  async fetchReplies(): Promise<void> {
    if (this.o.now() - this.repliesAt < REPLIES) return;
    this.repliesAt = this.o.now();
    // A server without any has none to offer.
    this.replies.value = await this.o.api.replies().catch(() => this.replies.value);
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
    const text = t(kind === 'waiting' ? 'announce.waiting' : 'announce.assigned', { name: visitorName(head) });
    this.say(text);
    this.alert(head.id, text, '');
  }

  private alert(id: string, title: string, text: string): void {
    this.o.alert?.({ title, text, tag: id, open: () => this.select(id) });
  }

  private heard(chat: Chat, event: LogEvent): void {
    const name = visitorName(chat.head);
    const text = 'text' in event.body ? String(event.body.text).slice(0, 200) : '';
    const seen = chat.id === this.selected.value && this.place.value.page === '';
    this.say(seen && text ? `${name}: ${text}` : t('announce.message', { name }));
    if (!seen || !this.looking.value) this.alert(chat.id, t('announce.message', { name }), text);
  }
}

function meOf(a: Agent): Me {
  return { id: a.id, name: a.display || a.name, role: a.role, groups: a.groups };
}
