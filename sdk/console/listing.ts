/**
 * The lists that the server makes: whom the assistant answers, and all conversations, page by page. What one holds and who
 * waits is known already (select.ts); they are only narrowed down here.
 *
 * A list keeps ids. The heads are in the desk, where pushes keep them up to date: one that has moved on leaves its list by
 * itself. What is shown stays until its successor is here.
 */
import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import { type Api, codeOf, type Said } from './api.ts';
import type { Chat, Desk, Head } from './model.ts';
import { visitorName } from './names.ts';
import { lastSaid } from './select.ts';
import { merged } from './shelf.ts';

/** The lists: what one holds, who waits, whom the assistant answers, everything. */
export type Tab = 'mine' | 'waiting' | 'bot' | 'all';
/** The tabs, in their order. */
export const tabs: readonly Tab[] = ['mine', 'waiting', 'bot', 'all'];
/** Which of all conversations are listed, by phase. */
export type Filter = 'any' | 'held' | 'snoozed' | 'closed';
/** The filters of the list of all. */
export const filters: readonly Filter[] = ['any', 'held', 'snoozed', 'closed'];

/** What narrows every list down; empty: nothing. Agent and site narrow down only the list of all. */
export interface Search {
  readonly text: string;
  readonly group: string;
  readonly agent: string;
  readonly site: string;
}

/** What a search of what was said has found so far. */
export interface Heard {
  readonly state: 'none' | 'loading' | 'ready' | 'failed';
  readonly found: readonly Said[];
  /** How many conversations were looked through, and since when; no time: all there are. */
  readonly looked: number;
  readonly since?: string | undefined;
  readonly next?: string | undefined;
}

/** A list that comes in pages. */
export interface Paged {
  readonly state: 'none' | 'loading' | 'ready' | 'failed';
  readonly ids: readonly string[];
  /** What to ask for the page after the last one; nothing: it was the last. */
  readonly next?: string | undefined;
}

/** What the lists need: the desk, the API, and whom to tell. */
export interface ListingOptions {
  readonly api: Pick<Api, 'conversations' | 'search'>;
  readonly desk: ReadonlySignal<Desk>;
  learn(heads: readonly Head[]): void;
  onUnauthorized(): void;
}

const FIRST = 50; // conversations of the first page, which somebody waits for
const PAGE = 200;
const none: Paged = { state: 'none', ids: [] };
const nothing: Search = { text: '', group: '', agent: '', site: '' };
const unheard: Heard = { state: 'none', found: [], looked: 0 };

/** The lists of one page. */
export class Listing {
  readonly tab = signal<Tab>('mine');
  readonly filter = signal<Filter>('any');
  readonly search = signal<Search>(nothing);
  /** What was found in what was said; forgotten when the search changes. */
  readonly heard = signal<Heard>(unheard);
  readonly paged = signal<Readonly<Record<'bot' | 'all', Paged>>>({ bot: none, all: none });

  // What a message changes in the desk, it does not change in these: so a list is made anew only when something moves in it.
  private readonly chats = computed(() => this.o.desk.value.chats);
  private readonly mine = computed(() => this.chats.value.mine);
  private readonly lines = computed(() => this.chats.value.lines);
  private readonly lineup = computed(() => this.chats.value.lineup);
  /** Grows with what may change which conversations a list has, and how high its rows are. */
  readonly shape = computed(() => this.chats.value.shape);
  /** The conversations of the open list, in its order. */
  readonly rows = unchanging(() => this.rowsOf(this.tab.value));

  private turn = 0; // of questions: an answer to an older one is dropped

  constructor(private readonly o: ListingOptions) {}

  /** Opens a list. */
  show(tab: Tab): void {
    this.tab.value = tab;
    void this.refresh();
  }

  /** Lists others of all. */
  choose(filter: Filter): Promise<void> {
    batch(() => {
      this.filter.value = filter;
      this.heard.value = unheard;
      this.set('all', none);
    });
    return this.ask('all', undefined);
  }

  /** Narrows down. */
  find(search: Partial<Search>): Promise<void> {
    batch(() => {
      this.search.value = { ...this.search.value, ...search };
      this.heard.value = unheard;
      this.paged.value = { bot: none, all: none };
    });
    return this.refresh();
  }

  /** Fetches the first page of the open list anew, if it is one that the server makes. */
  async refresh(): Promise<void> {
    const tab = this.tab.value;
    if (tab !== 'bot' && tab !== 'all') return;
    await this.ask(tab, undefined);
  }

  /** Fetches the next page. */
  async more(): Promise<void> {
    const tab = this.tab.value;
    if (tab !== 'bot' && tab !== 'all') return;
    const { next, state } = this.paged.value[tab];
    if (next && state !== 'loading') await this.ask(tab, next);
  }

  /** Looks for the text in what was said, or further back than it looked before. */
  async listen(): Promise<void> {
    const { text, ...only } = this.search.value;
    const had = this.heard.value;
    if (had.state === 'loading') return;
    const loading: Heard = { ...had, state: 'loading' };
    this.heard.value = loading;
    try {
      const got = await this.o.api.search({ ...only, phase: this.phase(), q: text.trim(), before: had.next });
      if (this.heard.value !== loading) return; // it is another search by now
      batch(() => {
        this.o.learn(got.found.map((f) => f.conversation));
        this.heard.value = {
          state: 'ready',
          found: [...had.found, ...got.found],
          looked: had.looked + got.looked,
          since: got.since,
          next: got.next,
        };
      });
    } catch (e) {
      if (this.heard.value !== loading) return;
      if (codeOf(e) === 'unauthorized') return this.o.onUnauthorized();
      this.heard.value = { ...had, state: 'failed' };
    }
  }

  private phase(): string | undefined {
    return this.filter.value === 'any' ? undefined : this.filter.value;
  }

  /** Forgets everything: somebody else signs in. */
  reset(): void {
    this.turn++;
    batch(() => {
      this.filter.value = 'any';
      this.search.value = nothing;
      this.heard.value = unheard;
      this.paged.value = { bot: none, all: none };
    });
  }

  private async ask(tab: 'bot' | 'all', before: string | undefined): Promise<void> {
    const turn = ++this.turn;
    const { text, group, ...others } = this.search.value;
    const only = tab === 'all' ? others : {};
    const phase = tab === 'bot' ? 'bot' : this.phase();
    const had = this.paged.value[tab];
    // Asked again by the clock, it goes on as it is.
    if (before || had.state !== 'ready') this.set(tab, { ...had, state: 'loading' });
    try {
      const got = await this.o.api.conversations({ phase, group, ...only, q: text.trim(), before, limit: before ? PAGE : FIRST });
      if (turn !== this.turn) return;
      batch(() => {
        this.o.learn(got.conversations);
        this.set(tab, this.joined(this.paged.value[tab], got, !!before));
      });
    } catch (e) {
      if (turn !== this.turn) return;
      if (codeOf(e) === 'unauthorized') return this.o.onUnauthorized();
      this.set(tab, { ...this.paged.value[tab], state: 'failed' });
    }
  }

  // A first page that comes anew is put in front of what was here, so that a reader far down keeps their place.
  private joined(had: Paged, got: { conversations: readonly Head[]; next?: string }, behind: boolean): Paged {
    const ids = got.conversations.map((h) => h.id);
    if (behind) return { state: 'ready', ids: [...new Set([...had.ids, ...ids])], next: got.next };
    const known = had.ids.length > ids.length && ids.some((id) => had.ids.includes(id));
    if (!known || !got.next) return { state: 'ready', ids, next: got.next };
    return { state: 'ready', ids: [...new Set([...ids, ...had.ids])], next: had.next };
  }

  private set(tab: 'bot' | 'all', list: Paged): void {
    this.paged.value = { ...this.paged.value, [tab]: list };
  }

  private rowsOf(tab: Tab): readonly string[] {
    if (tab === 'mine') return this.narrowed(this.mine.value);
    if (tab === 'waiting') {
      // What is looked for may be in what was said; else only who stands where counts.
      void (this.search.value.text.trim() ? this.lines : this.lineup).value;
      return this.narrowed(merged(this.chats.peek().lines));
    }
    void this.shape.value;
    const chats = this.chats.peek();
    const phase = tab === 'bot' ? 'bot' : this.filter.value;
    return this.paged.value[tab].ids.filter((id) => {
      const at = chats.get(id)?.head.phase;
      return at && (phase === 'any' || at === phase);
    });
  }

  private narrowed(chats: readonly Chat[]): readonly string[] {
    const { text, group } = this.search.value;
    const wanted = text.trim().toLowerCase();
    const fits = (c: Chat) => (!group || c.head.group === group) && (!wanted || shown(c).includes(wanted));
    return (wanted || group ? chats.filter(fits) : chats).map((c) => c.id);
  }
}

/** A list that is the same one for as long as it has the same in it. */
function unchanging(make: () => readonly string[]): ReadonlySignal<readonly string[]> {
  let had: readonly string[] = [];
  return computed(() => {
    const next = make();
    if (next.length !== had.length || next.some((id, i) => id !== had[i])) had = next;
    return had;
  });
}

/** What a row shows, to look in. */
function shown(c: Chat): string {
  const { id, tag, visitor } = c.head;
  const said = lastSaid(c)?.body;
  const tags = Array.isArray(c.head.tags) ? c.head.tags : [];
  const text = said && 'text' in said ? said.text : '';
  return [visitorName(c.head), visitor.id, id, tag, ...tags, text].join('\n').toLowerCase();
}
