import { type Env, newId } from './env.ts';
import { weigh } from './link.ts';
import { type Counter, type Entry, openShelf, type ShelfOptions } from './shelf.ts';
import { type Ack, MAX_BATCH, MAX_BYTES, type NumberedFrame, type Refusal, type Sent } from './wire.ts';

/**
 * What was said and not yet acknowledged: never lost, never doubled, in order.
 *
 * Each frame gets (origin, n), n = 1, 2, 3 … within a conversation, and keeps it: it is written down before it is sent,
 * and sent again under the same n for as long as its outcome is unknown. One batch at a time is under way, so that an
 * answer without a conversation is never ambiguous. What is refused for good is set aside ("not sent, tap to retry"), the
 * origin is given up in that conversation, and what stood behind it is numbered from 1 under a fresh one: a late copy
 * under the old origin can then only meet `gap`.
 *
 * Each page (tab) has an outbox of its own, with origins of its own; shelf.ts keeps it in storage, and brings back what a
 * page that is gone left, to be sent under the numbers it has.
 */
export interface Outbox {
  /** The origin for `hello`: a visitor's is that of the one conversation. */
  origin(): string;
  /** After `replaced` (4503): someone else says hello with it, so what comes next gets a fresh one. What waits keeps its numbers. */
  renew(): void;
  /** Takes a frame. Resolves to its entry once it is stored; it is listed at once. Agents name the conversation. */
  send(frame: NumberedFrame, conversation?: string, id?: string): Promise<Entry>;
  /** Sends what was refused once more, as a new frame at the end. */
  retry(key: string): void;
  /** Forgets what was refused. */
  discard(key: string): void;
  /** What waits for its ack and what was refused, in order of time. */
  entries(conversation?: string): Entry[];
  /** After `welcome`: from here on batches leave. */
  up(epoch: string): void;
  /** The connection is gone: the outcome of what is under way is unknown. */
  down(): void;
  /**
   * What the server accepted last under the origin of this connection's hello: `welcome.n`, an agent's `conversation.n`.
   * Call it before `up`: what is known to be stored must not be numbered anew, whatever the epoch.
   */
  accepted(origin: string, n: number, conversation?: string): void;
  /**
   * The first half of `accepted`: the server knows more of an origin than was ever sent (this device has forgotten some), so
   * its numbers are not ours, and the origin is given up. Call it before events of one's own are taken for acks.
   */
  doubt(origin: string, n: number, conversation?: string): boolean;
  /** An ack, or an event of one's own. Returns the entry it ends, if there was one. */
  acknowledge(ack: Partial<Pick<Ack, 'origin' | 'n'>>, conversation?: string): Entry | undefined;
  /** An `error` with an n. */
  refuse(error: Refusal): void;
  /** Looks for outboxes that lost their page. */
  adopt(): Promise<void>;
  /** See Shelf. */
  ids(): Promise<Set<string>>;
  /** Gives the name back: the page goes away. */
  close(): void;
}

export type { Entry } from './shelf.ts';

export interface OutboxOptions extends ShelfOptions {
  env: Pick<Env, 'now' | 'random' | 'after'>;
  /** False: not now. */
  transmit(frames: Sent[]): boolean;
  /** An answer did not come in time: this connection can not be trusted. */
  onSilence(): void;
  /** The entries of a conversation changed. */
  onChange(conversation: string): void;
  /** Refused for good. */
  onRefused(entry: Entry, message: string): void;
}

/** The batch under way: `left` have no answer yet. */
interface Flight {
  left: Entry[];
  conversation: string;
  origin: string;
  rest: number; // ms to wait before the next batch of this conversation
  lost: boolean; // the server expects less than we have left
  stop: () => void;
}

const KEY = 9; // digits of time in a key, base 36
const ANSWER = 10_000;
const REST = 1_000;
const REST_MAX = 30_000;
const HOLDS = 200; // more may not wait: memory has bounds
const KEEPS = 48 * 3_600_000; // what is older was said in another situation: whoever said it decides
const unknown = /^(rate_limited|unavailable|internal)$/;

export async function openOutbox(o: OutboxOptions): Promise<Outbox> {
  const { env } = o;
  const { shelf, left } = await openShelf(o);
  const { tab } = shelf;
  let all: Entry[] = []; // in order of time; of each origin n ascends
  const unsaved = new Map<Entry, unknown>(); // to the write that has to end first
  const refusals = new Map<Entry, Refusal>(); // definite answers, acted upon when nothing before them is left
  const resting = new Set<string>(); // conversations that wait
  const tries = new Map<string, number>(); // by conversation, since it last got on
  let flight: Flight | undefined;
  let online = false;
  let lastKey = 0;

  const origin = () => tab.counters['']?.origin ?? shelf.name;

  const counterOf = (conversation: string): Counter => {
    tab.counters[conversation] ??= { origin: origin(), n: 0 };
    return tab.counters[conversation];
  };

  // Keys grow even when the clock does not, or goes back: two sends in one millisecond keep their order.
  const newKey = () => {
    lastKey = Math.max(lastKey + 1, env.now());
    return lastKey.toString(36).padStart(KEY, '0') + newId(env).slice(0, 6);
  };

  const place = (entries: Entry[]) => {
    for (const e of entries) lastKey = Math.max(lastKey, Number.parseInt(e.key.slice(0, KEY), 36));
    all.push(...entries);
    for (const e of entries) o.onChange(e.conversation);
  };

  const adopt = async () => {
    place(await shelf.adopt());
    pump();
  };

  /** Writes entries down; only then may they leave. */
  const save = async (entries: Entry[]) => {
    const write = {};
    for (const e of entries) unsaved.set(e, write);
    await shelf.save(entries);
    for (const e of entries) if (unsaved.get(e) === write) unsaved.delete(e);
    pump();
  };

  const remove = (gone: Entry[]) => {
    all = all.filter((e) => !gone.includes(e));
    for (const e of gone) refusals.delete(e);
    void shelf.remove(gone);
  };

  // ---- numbering ------------------------------------------------------------------------------------------------------

  /** What waits under an origin in a conversation. */
  const under = (conversation: string, origin: string) =>
    all.filter((e) => !e.failed && e.conversation === conversation && e.origin === origin);

  /** Gives an origin up in a conversation; what is left of it is numbered from 1 under a fresh one. */
  const renumber = (conversation: string, old: string) => {
    const counter: Counter = { origin: newId(env), n: 0 };
    const left = under(conversation, old);
    for (const e of left) {
      Object.assign(e, { origin: counter.origin, n: ++counter.n, epoch: tab.epoch });
      refusals.delete(e); // the answer was to a number that counts no more
    }
    if (counterOf(conversation).origin === old) tab.counters[conversation] = counter;
    void save(left);
  };

  const setAside = (entry: Entry, code: Refusal['code'] | 'expired', message: string) => {
    entry.failed = code;
    refusals.delete(entry);
    // A retry of what was said makes sense to whoever said it; a `take` that came too late does not.
    if (entry.frame.type === 'send') void shelf.save([entry]);
    else remove([entry]);
    o.onChange(entry.conversation);
    o.onRefused(entry, message);
  };

  const giveUp = (entry: Entry, { code, message }: Refusal) => {
    setAside(entry, code, message);
    renumber(entry.conversation, entry.origin);
  };

  /** What waited too long and is known not to be stored: the server has just said which n of this origin it has. */
  const expire = (conversation: string, origin: string) => {
    const old = under(conversation, origin).filter((e) => env.now() - e.at > KEEPS);
    for (const e of old) setAside(e, 'expired', '');
    if (old[0]) renumber(conversation, origin);
  };

  // ---- sending --------------------------------------------------------------------------------------------------------

  /** The frames to send next: the oldest conversation that is ready, from its head, of one origin, within the limits. */
  const nextBatch = (): Entry[] => {
    const batch: Entry[] = [];
    const passed = new Set(resting);
    let bytes = 2;
    for (const e of all) {
      const [head] = batch;
      if (e.failed || passed.has(e.conversation) || (head && head.conversation !== e.conversation)) continue;
      bytes += weigh(sent(e));
      const over = head && (head.origin !== e.origin || batch.length === MAX_BATCH || bytes > MAX_BYTES);
      if (!over && !unsaved.has(e) && !refusals.has(e)) batch.push(e);
      else if (head) break;
      else passed.add(e.conversation);
    }
    return batch;
  };

  const giveUpHeads = () => {
    for (const [entry, refusal] of refusals) if (under(entry.conversation, entry.origin)[0] === entry) giveUp(entry, refusal);
  };

  const pump = () => {
    if (flight) return;
    giveUpHeads();
    const left = online ? nextBatch() : [];
    const [head] = left;
    if (!head || !o.transmit(left.map(sent))) return;
    const { conversation, origin } = head;
    flight = { left, conversation, origin, rest: 0, lost: false, stop: env.after(ANSWER, o.onSilence) };
  };

  /** How long to wait before the next try. */
  const backOff = (conversation: string, seconds = 0) =>
    Math.max(seconds * 1000, (0.5 + env.random() / 2) * Math.min(REST_MAX, REST * 2 ** (tries.get(conversation) ?? 0)));

  const rest = (conversation: string, ms: number) => {
    tries.set(conversation, (tries.get(conversation) ?? 0) + 1);
    resting.add(conversation);
    env.after(ms, () => {
      resting.delete(conversation);
      pump();
    });
  };

  /** Acts once every frame of the batch has its answer. */
  const land = () => {
    if (!flight || flight.left.length) return;
    const { conversation, origin, lost, rest: ms, stop } = flight;
    stop();
    if (lost) renumber(conversation, origin);
    else if (ms) rest(conversation, ms);
    flight = undefined;
    pump();
  };

  /** Everything up to n under the origin is in the log. Returns the entry of n itself. */
  const accept = (conversation: string, origin: string, n: number): Entry | undefined => {
    const done = under(conversation, origin).filter((e) => e.n <= n);
    if (done.length) {
      remove(done);
      tries.delete(conversation);
      o.onChange(conversation);
    }
    if (flight) flight.left = flight.left.filter((e) => !done.includes(e));
    land();
    return done.find((e) => e.n === n);
  };

  const refuse = (error: Refusal) => {
    const { code, origin, n, conversation } = error;
    const entry = flight?.left.find((e) => e.origin === origin && e.n === n);
    if (!flight || !entry || (conversation && entry.conversation && conversation !== entry.conversation)) return;
    if (code === 'gap') {
      const expect = Math.min(error.expect ?? entry.n, entry.n);
      accept(entry.conversation, entry.origin, expect - 1);
      if (expect < under(entry.conversation, entry.origin)[0]!.n) flight.lost = true;
      else flight.rest ||= backOff(entry.conversation);
    } else if (unknown.test(code)) flight.rest = Math.max(flight.rest, backOff(entry.conversation, error.retry));
    else refusals.set(entry, error);
    flight.left = flight.left.filter((e) => e !== entry);
    land();
  };

  const doubt = (origin: string, n: number, conversation = '') => {
    const counter = counterOf(conversation);
    const strange = origin === counter.origin && n > counter.n;
    if (strange) renumber(conversation, origin);
    return strange;
  };

  const up = (epoch: string) => {
    const changed = tab.epoch && tab.epoch !== epoch;
    tab.epoch = epoch;
    for (const conversation in tab.counters) if (changed) renumber(conversation, counterOf(conversation).origin);
    for (const e of all) {
      if (!e.failed && e.epoch && e.epoch !== epoch) renumber(e.conversation, e.origin);
      e.epoch = epoch;
    }
    online = true;
    pump();
  };

  const down = () => {
    online = false;
    flight?.stop();
    flight = undefined;
  };

  const send = async (frame: NumberedFrame, conversation = '', id?: string) => {
    const counter = counterOf(conversation);
    const fits = all.filter((e) => !e.failed).length < HOLDS;
    const number = fits ? { origin: counter.origin, n: ++counter.n } : { origin: '', n: 0, failed: 'full' as const };
    const entry: Entry = { key: newKey(), conversation, ...number, frame, at: env.now(), epoch: tab.epoch, ...(id && { id }) };
    all.push(entry);
    o.onChange(conversation);
    await save([entry]);
    return entry;
  };

  const failed = (key: string) => all.filter((e) => e.key === key && e.failed);

  place(left);
  await adopt();
  return {
    origin,
    renew() {
      for (const conversation of ['', ...Object.keys(tab.counters)]) tab.counters[conversation] = { origin: newId(env), n: 0 };
    },
    send,
    retry(key) {
      const [entry] = failed(key);
      if (!entry) return;
      all = all.filter((e) => e !== entry);
      // Only once it is written down anew may the old one go.
      void send(entry.frame, entry.conversation).then(() => shelf.remove([entry]));
    },
    discard(key) {
      const gone = failed(key);
      remove(gone);
      for (const e of gone) o.onChange(e.conversation);
    },
    entries: (conversation = '') => all.filter((e) => e.conversation === conversation),
    up,
    down,
    doubt,
    accepted(origin, n, conversation = '') {
      if (doubt(origin, n, conversation)) return;
      accept(conversation, origin, n);
      expire(conversation, origin);
    },
    acknowledge: ({ origin = '', n = 0 }, conversation = '') => accept(conversation, origin, n),
    refuse,
    adopt,
    ids: shelf.ids,
    close() {
      down();
      shelf.close();
    },
  };
}

function sent({ origin, n, conversation, frame }: Entry): Sent {
  return conversation ? { ...frame, origin, n, conversation } : { ...frame, origin, n };
}
