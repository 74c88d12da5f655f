import type { Body, LogEvent, SystemBody, Tombstone } from './wire.ts';

/**
 * The receiver's side of one conversation's log: each event once, in order, without a hole.
 *
 * An event names `prev`, the one before it that this receiver may see. If that is the last one held it is taken; one that
 * is held already is dropped; anything else means that something got lost on the way, and what is missing is asked for.
 */
export interface Log {
  /** Ascending, edits and recalls applied. */
  readonly events: readonly Logged[];
  /** seq of the newest event held; 0 with none. */
  readonly last: number;
  /** There is history before the first event held. */
  readonly older: boolean;
  /** Takes an event that was pushed. Returns it as logged, or undefined if it was dropped or has to wait. */
  push(event: LogEvent & { key?: string }): Logged | undefined;
  /** Takes the answer to `after` or `before`. Returns what is new at the end. */
  fill(events: LogEvent[]): Logged[];
  /** Starts over with what a `welcome` brings. */
  reset(events: readonly LogEvent[]): void;
  /** The log is known to reach seq; `again` asks even if it was asked before, for an answer may have been lost. */
  reach(seq: number, again?: boolean): void;
}

export interface Logged extends LogEvent {
  /** The entry of this page's outbox it came from. */
  key?: string;
  edited?: boolean;
}

/** Whether an event is something said, not something that happened; what was recalled is said no more. */
export const isSaid = ({ body }: Pick<LogEvent, 'body'>) => /^(text|image|file|options|form)$/.test(body.kind);

/** Whether it was a message that is gone, not one of the edits it had. */
export const isRecalled = ({ body }: Pick<LogEvent, 'body'>) => body.kind === 'tombstone' && !body.seq;

/** `ask` sends `{"type":"after","seq":after}`. */
export function createLog(ask: (after: number) => void): Log {
  let events: Logged[] = [];
  let last = 0;
  let head = 0;
  let asked = -1; // the `last` that was asked for: one question for each, or an empty answer would ask for ever
  const changes = new Map<number, { by: number; to: Body | Tombstone }>(); // by the seq they change

  const lookBehind = () => {
    if (head <= last || asked === last) return;
    asked = last;
    ask(last);
  };

  /** Edits and recalls are entries of the log too; they change how an earlier one reads, whenever that one arrives. */
  const amend = ({ seq: by, body }: Logged) => {
    const change = body as SystemBody;
    const to: Body | Tombstone | undefined =
      change.kind === 'edited' ? change.body : change.kind === 'recalled' ? { kind: 'tombstone' } : undefined;
    if (!to) return;
    const { seq } = change as { seq: number };
    if (by < (changes.get(seq)?.by ?? 0)) return; // history, which comes in backwards
    changes.set(seq, { by, to });
    events = events.map((e) => (e.seq === seq ? read(e) : e));
  };

  const read = (event: Logged): Logged => {
    const body = changes.get(event.seq)?.to;
    return body ? { ...event, body, edited: body.kind !== 'tombstone' } : event;
  };

  const add = (event: Logged): Logged => {
    amend(event);
    const logged = read(event);
    events = [...events, logged];
    last = event.seq;
    return logged;
  };

  return {
    get events() {
      return events;
    },
    get last() {
      return last;
    },
    get older() {
      return !!events[0]?.prev;
    },
    push(event) {
      head = Math.max(head, event.seq);
      if (event.seq > last && event.prev === last) return add(event);
      lookBehind();
      return undefined;
    },
    fill(got) {
      const first = events[0]?.seq ?? 0;
      const before = got.filter((e) => e.seq < first);
      before.forEach(amend);
      events = [...before.map(read), ...events];
      const fresh = got.filter((e) => e.seq > last).map(add);
      lookBehind();
      return fresh;
    },
    reset(got) {
      events = [];
      changes.clear();
      asked = -1;
      last = head = 0;
      got.forEach(add);
    },
    reach(seq, again) {
      head = Math.max(head, seq);
      if (again) asked = -1;
      lookBehind();
    },
  };
}
