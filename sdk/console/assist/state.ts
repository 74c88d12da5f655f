/**
 * What a model wrote for an agent, by conversation and message, until the page goes. Nothing of it is sent by itself: a
 * suggestion goes into an empty box or is shown above a full one, a summary is for colleagues, a translation stands below the
 * original.
 */
import { type Signal, signal } from '@preact/signals';
import { ApiError, codeOf } from '../api.ts';
import { lang } from '../i18n.ts';
import type { Chat } from '../model.ts';
import type { Store } from '../store.ts';
import { whyNot } from './words.ts';

/** What the model is doing for a conversation, or did. */
export interface Help {
  readonly busy?: 'suggest' | 'summary';
  /** `placed`: it is in the box, as it came. */
  readonly suggestion?: { readonly text: string; readonly titles: readonly string[]; readonly placed: boolean };
  /** One that the log does not have. */
  readonly summary?: string;
  readonly noted?: boolean;
  readonly trouble?: string;
}

/** A translation of what a message said at that time. */
export interface Translation {
  readonly of: string;
  readonly busy?: boolean;
  readonly text?: string;
  readonly trouble?: string;
}

const PATIENCE = 45_000; // ms; a server gives a model less

interface Memory {
  readonly help: Signal<Readonly<Record<string, Help>>>;
  readonly translations: Signal<Readonly<Record<string, Translation>>>;
}

// By store, so that nothing of one account is left for the next.
const memories = new WeakMap<object, Memory>();

export function memoryOf(store: Store): Memory {
  const owner = store.live.value ?? store;
  const had = memories.get(owner);
  if (had) return had;
  const fresh: Memory = { help: signal({}), translations: signal({}) };
  memories.set(owner, fresh);
  return fresh;
}

export const helpOf = (store: Store, id: string): Help => memoryOf(store).help.value[id] ?? {};

function setHelp(store: Store, id: string, help: Help): void {
  const { help: all } = memoryOf(store);
  all.value = { ...all.value, [id]: help };
}

interface Written {
  readonly text: string;
  readonly sources?: readonly { readonly title: string }[];
}

/** Has the model write. One that writes nothing gave no answer. */
async function written(store: Store, path: string, body?: unknown): Promise<Written> {
  const got = await store.api.ask<Written>('POST', path, body, PATIENCE);
  if (!got.text.trim()) throw new ApiError('unavailable', 'the model wrote nothing');
  return got;
}

const at = (id: string, what: string) => `/conversations/${encodeURIComponent(id)}/${what}`;

/** Asks for a reply. What the agent has typed by the time it comes is left alone. */
export async function suggest(store: Store, { id }: Chat): Promise<void> {
  if (helpOf(store, id).busy) return;
  setHelp(store, id, { busy: 'suggest' });
  try {
    const got = await written(store, at(id, 'suggestion'));
    const titles = (got.sources ?? []).map((s) => s.title);
    const placed = !store.drafts.value?.of(id).reply.trim();
    if (placed) place(store, id, got.text);
    setHelp(store, id, { suggestion: { text: got.text, titles, placed } });
  } catch (e) {
    setHelp(store, id, { trouble: whyNot(codeOf(e)) });
  }
}

/** Puts a suggestion into the box, to be read and sent by the agent. */
export function place(store: Store, id: string, text: string): void {
  store.editing.value = undefined;
  store.drafts.value?.set(id, { mode: 'reply', reply: text });
  if (store.selected.value === id) requestAnimationFrame(() => document.getElementById('composer-text')?.focus());
}

/** Takes what was above the full box instead of what is in it. */
export function take(store: Store, id: string): void {
  const { suggestion } = helpOf(store, id);
  if (!suggestion) return;
  place(store, id, suggestion.text);
  setHelp(store, id, { suggestion: { ...suggestion, placed: true } });
}

/** Puts away what is shown; a suggestion that nobody touched leaves the box with it. */
export function dismiss(store: Store, id: string): void {
  const { suggestion } = helpOf(store, id);
  if (suggestion?.placed && store.drafts.value?.of(id).reply === suggestion.text) store.drafts.value.set(id, { reply: '' });
  setHelp(store, id, {});
}

/** Asks for a summary. The server notes it in the log of a session that waits or is held. */
export async function sum(store: Store, { id }: Chat): Promise<void> {
  if (helpOf(store, id).busy) return;
  setHelp(store, id, { busy: 'summary' });
  try {
    const { text } = await written(store, at(id, 'summary'));
    const phase = store.desk.value.chats.get(id)?.head.phase;
    setHelp(store, id, phase === 'waiting' || phase === 'held' ? { noted: true } : { summary: text });
  } catch (e) {
    setHelp(store, id, { trouble: whyNot(codeOf(e)) });
  }
}

/** Asks for a message in the language of the page. */
export async function translate(store: Store, id: string, seq: number, of: string): Promise<void> {
  const { translations: all } = memoryOf(store);
  const key = `${id}#${seq}`;
  const set = (t: Translation) => {
    all.value = { ...all.value, [key]: t };
  };
  const had = all.value[key];
  if (had?.of === of && (had.busy || had.text)) return;
  set({ of, busy: true });
  try {
    const to = lang.value === 'zh-CN' ? 'zh' : lang.value;
    const { text } = await written(store, at(id, 'translation'), { seq, to });
    set({ of, text });
  } catch (e) {
    set({ of, trouble: whyNot(codeOf(e)) });
  }
}
