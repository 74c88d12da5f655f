/**
 * What the console knows. All of it is immutable: a reducer (desk.ts) makes the next one from a frame, a selector
 * (select.ts) reads one, and whatever did not change keeps its identity, so that a list draws only rows that changed.
 */
import { isRecalled, type Logged } from '../visitor/log.ts';
import type { Entry } from '../visitor/outbox.ts';
import type { Agent as Colleague, Conversation, LogEvent } from '../visitor/wire.ts';
import type { Shelf } from './shelf.ts';

export type { Colleague, Entry, LogEvent, Logged };

/** A conversation without its log. `since` (RFC 3339): when its phase began; made up here where the server is silent. */
export type Head = Conversation & { readonly since?: string };

/** What an agent may do with a session; the frame types of the protocol. */
export type Action = 'take' | 'transfer' | 'end' | 'reopen' | 'edit' | 'recall' | 'tag' | 'snooze';

/** An action that was refused: shown where it was clicked, until dismissed or tried again. */
export interface Trouble {
  readonly action: Action;
  readonly code: string;
  /** Whom the conversation should have gone to. */
  readonly to?: string | undefined;
}

/** Somebody writes: gone after `until` (ms), or when their message arrives. */
export interface Typing {
  readonly name?: string | undefined;
  readonly text?: string | undefined;
  readonly until: number;
}

/** What a colleague does with a conversation: each until a time, ms. */
export interface Colleagues {
  readonly name: string;
  readonly views: number;
  readonly notes: number;
  readonly writes: number;
}

/** The assistant's answer while it is written; the newest run is the one that counts. */
export interface Answer {
  readonly run: number;
  readonly text: string;
}

/** Whether the newest page of the log is here. Only `ready` has a log to show. */
export type History = 'none' | 'loading' | 'ready' | 'failed' | 'missing';

/** One conversation as this page knows it. */
export interface Chat {
  readonly id: string;
  readonly head: Head;

  // The log, as far as it is here: ascending, without holes.
  readonly history: History;
  readonly log: readonly Logged[];
  readonly older: boolean;
  readonly paging: boolean;

  // One's own, on the way: not acknowledged or refused; and acknowledged, while events before them are still missing.
  readonly out: readonly Entry[];
  readonly ahead: readonly LogEvent[];

  readonly typing?: Typing | undefined;
  /** By the id of the agent. */
  readonly others: Readonly<Record<string, Colleagues>>;
  readonly answer?: Answer | undefined;
  readonly trouble?: Trouble | undefined;
}

const saidKinds = new Set(['text', 'image', 'file', 'options', 'form']);

/** Whether an event is something said, not something that happened. A recalled message was said; of its edits nothing was. */
export function isSaid(e: Pick<LogEvent, 'body'>): boolean {
  return saidKinds.has(e.body.kind) || isTombstone(e);
}

/** Whether recall or erasure has removed what was said. */
export const isTombstone = isRecalled;

/** Everything that came over the wire. */
export interface Desk {
  readonly me: Me;
  readonly agents: Readonly<Record<string, Colleague>>;
  readonly chats: Shelf;
  /** How many wait in one's groups, as the server counts: the list holds the first 50. */
  readonly waiting: number;
}

/** Who is signed in. */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly role: 'agent' | 'supervisor' | 'admin';
  readonly groups: readonly string[];
}

/** The longest text a message may have, in characters (code points). */
export { MAX_TEXT } from '../visitor/wire.ts';
