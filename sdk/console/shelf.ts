/**
 * The conversations that are known here, with what the lists need kept beside them: immutable, and cheap to change however many
 * there are. A change copies one bucket of 256 and puts the chat into its place in the lists it belongs to, found by halves;
 * everything else is shared with the shelf before, so that whoever reads a list sees by its identity that nothing moved in it.
 */
import type { Chat, Me } from './model.ts';
import { isMine, isWaiting, lastAt, owing, since } from './select.ts';

type Line = readonly Chat[];
type Bucket = ReadonlyMap<string, Chat>;
type Order = (a: Chat, b: Chat) => number;

const BUCKETS = 256;

/** What is kept beside the chats. */
interface Kept {
  readonly mine: Line;
  readonly lines: ReadonlyMap<string, Line>;
  readonly shape: number;
  readonly lineup: number;
}

/** All chats of a page, by id. */
export class Shelf implements Kept {
  /** What one holds: who waits for an answer first, the longest wait on top; then by what happened last. */
  readonly mine: Line;
  /** Who waits in one's groups: each group's line in its order. */
  readonly lines: ReadonlyMap<string, Line>;
  /** Grows whenever a chat comes, goes, or changes what it is listed as (its phase, whether it has tags), not with what is said. */
  readonly shape: number;
  /** Grows whenever somebody comes into a line, leaves it or moves in it, not with what they say. */
  readonly lineup: number;

  private constructor(
    private readonly me: Me,
    private readonly buckets: readonly (Bucket | undefined)[],
    kept: Kept,
  ) {
    this.mine = kept.mine;
    this.lines = kept.lines;
    this.shape = kept.shape;
    this.lineup = kept.lineup;
  }

  /** An empty one, of what `me` sees. */
  static of(me: Me): Shelf {
    return new Shelf(me, [], { mine: [], lines: new Map(), shape: 0, lineup: 0 });
  }

  /** What is to be kept, as `me` sees it from here on. */
  seenBy(me: Me, keep: (c: Chat) => boolean): Shelf {
    let next = new Shelf(me, [], { mine: [], lines: new Map(), shape: this.shape + 1, lineup: this.lineup + 1 });
    for (const c of this.values()) if (keep(c)) next = next.with(c);
    return next;
  }

  emptied(): Shelf {
    return this.seenBy(this.me, () => false);
  }

  /** How many wait in the lines that are known here. */
  get inLine(): number {
    return [...this.lines.values()].reduce((n, line) => n + line.length, 0);
  }

  get(id: string): Chat | undefined {
    return this.buckets[bucketOf(id)]?.get(id);
  }

  /** In no order. */
  *values(): Generator<Chat> {
    for (const bucket of this.buckets) if (bucket) yield* bucket.values();
  }

  /** Puts a chat in, or a changed one in its place. The same one gives the same shelf. */
  with(chat: Chat): Shelf {
    const before = this.get(chat.id);
    return before === chat ? this : this.changed(before, chat);
  }

  /** Takes one out. */
  without(id: string): Shelf {
    const before = this.get(id);
    return before ? this.changed(before, undefined) : this;
  }

  private changed(before: Chat | undefined, after: Chat | undefined): Shelf {
    const { id } = (after ?? before) as Chat;
    const buckets = [...this.buckets];
    const bucket = new Map(buckets[bucketOf(id)]);
    if (after) bucket.set(id, after);
    else bucket.delete(id);
    buckets[bucketOf(id)] = bucket;
    const mine = (c: Chat | undefined) => !!c && isMine(this.me, c.head);
    return new Shelf(this.me, buckets, {
      mine: moved(this.mine, mine(before) ? before : undefined, mine(after) ? after : undefined, byNeed),
      lines: this.relined(before, after),
      lineup: this.lineup + (this.standing(before) === this.standing(after) ? 0 : 1),
      shape: this.shape + (before && after && listed(before) === listed(after) ? 0 : 1),
    });
  }

  private relined(before: Chat | undefined, after: Chat | undefined): Kept['lines'] {
    const from = this.lineOf(before);
    const to = this.lineOf(after);
    if (from === undefined && to === undefined) return this.lines;
    const next = new Map(this.lines);
    if (from !== undefined && from !== to) next.set(from, moved(next.get(from), before, undefined, byPlace));
    if (to !== undefined) next.set(to, moved(next.get(to), from === to ? before : undefined, after, byPlace));
    return next;
  }

  private standing(c: Chat | undefined): string {
    return c && isWaiting(this.me, c.head) ? [c.head.group, place(c), since(c)].join() : '';
  }

  private lineOf(c: Chat | undefined): string | undefined {
    return c && isWaiting(this.me, c.head) ? (c.head.group ?? '') : undefined;
  }
}

function bucketOf(id: string): number {
  let h = 0;
  // Ids of one time begin alike.
  for (let i = Math.max(0, id.length - 12); i < id.length; i++) h = Math.imul(h, 31) + id.charCodeAt(i);
  return (h ^ (h >>> 8)) & (BUCKETS - 1);
}

function moved(line: Line = [], before: Chat | undefined, after: Chat | undefined, order: Order): Line {
  if (!before && !after) return line;
  const next = [...line];
  if (before) next.splice(placeIn(next, before, order), 1);
  if (after) next.splice(placeIn(next, after, order), 0, after);
  return next;
}

/** Where a chat stands in a line, or would stand. */
function placeIn(line: Line, chat: Chat, order: Order): number {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (order(line[mid] as Chat, chat) < 0) low = mid + 1;
    else high = mid;
  }
  return low;
}

const need = (c: Chat) => owing(c) ?? Number.POSITIVE_INFINITY;
const byNeed: Order = (a, b) => compare(need(a), need(b)) || compare(lastAt(b), lastAt(a)) || compare(a.id, b.id);

const place = (c: Chat) => c.head.queue?.position ?? Number.POSITIVE_INFINITY;
const byPlace: Order = (a, b) => compare(place(a), place(b)) || compare(since(a), since(b)) || compare(a.id, b.id);

// Infinity minus Infinity is no number, so no subtraction here.
function compare<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function listed({ head, trouble }: Chat): string {
  const { phase, tag, tags, group, queue, agent } = head;
  return [phase, !!(tag || tags?.length), group, !!queue, agent?.id, !!trouble].join();
}

/** The lines as one list: of those at the heads, who waited longest comes first. */
export function merged(lines: Kept['lines']): Chat[] {
  const rest = [...lines.values()].map((line) => ({ line, i: 0 }));
  const all: Chat[] = [];
  if (rest.length === 1) return [...(rest[0]?.line ?? [])];
  for (;;) {
    let first: (typeof rest)[number] | undefined;
    let from = 0;
    for (const r of rest) {
      const c = r.line[r.i];
      if (!c || (first && since(c) >= from)) continue;
      first = r;
      from = since(c);
    }
    if (!first) return all;
    all.push(first.line[first.i++] as Chat);
  }
}
