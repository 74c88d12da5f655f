/** What was typed and not sent, for each conversation: a reply and a note side by side. Survives the page. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { Kv } from '../visitor/kv.ts';

/** What one writes: to the visitor, or for colleagues only. */
export type Mode = 'reply' | 'note';

/** The unsent texts of one conversation, and which of them was last in hand. */
export interface Draft {
  readonly mode: Mode;
  readonly reply: string;
  readonly note: string;
}

/** The draft of a conversation that has none. */
export const emptyDraft: Draft = { mode: 'reply', reply: '', note: '' };

/** All drafts of one account. Reading `all` in a component follows them. */
export interface Drafts {
  readonly all: ReadonlySignal<Readonly<Record<string, Draft>>>;
  of(id: string): Draft;
  /** Changes a draft and writes it down. An empty one is forgotten. */
  set(id: string, change: Partial<Draft>): void;
}

const PREFIX = 'draft/';

/** Opens the drafts kept in `kv`, which is one account's. */
export async function openDrafts(kv: Kv): Promise<Drafts> {
  const found = await kv.read<Draft>(PREFIX);
  const all = signal<Readonly<Record<string, Draft>>>(Object.fromEntries(found.map(([key, d]) => [key.slice(PREFIX.length), d])));
  const of = (id: string) => all.value[id] ?? emptyDraft;
  return {
    all,
    of,
    set(id, change) {
      const next = { ...of(id), ...change };
      const kept = next.reply !== '' || next.note !== '' || next.mode !== 'reply';
      const { [id]: _, ...rest } = all.value;
      all.value = kept ? { ...rest, [id]: next } : rest;
      void kv.write([[PREFIX + id, kept ? next : undefined]]);
    },
  };
}
