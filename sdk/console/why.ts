/** The record of an assignment, read with care: it is stored with the log and may be older or newer than this page. */
import type { AgentRef } from '../visitor/wire.ts';

/** Why an agent was chosen; the server's record, with nothing missing. */
export interface WhyRecord {
  /** Which rule decided: affinity, shard, group, taken, transfer. */
  readonly tier: string;
  /** What was hashed for the shard: the tag, or without one the visitor. */
  readonly key: string;
  /** Of the group: all, those of the shard, those nothing barred. */
  readonly members: number;
  readonly shard: number;
  readonly able: number;
  /** Who could have been chosen, best first; `load` is a share, 1 is full. At most eight are named. */
  readonly candidates: readonly { readonly agent: AgentRef; readonly shard: boolean; readonly load: number }[];
  /** Who could not: offline, away, full, passed. At most eight are named. */
  readonly removed: readonly { readonly agent: AgentRef; readonly bar: string }[];
}

const number = (x: unknown) => (typeof x === 'number' && Number.isFinite(x) ? x : 0);
const string = (x: unknown) => (typeof x === 'string' ? x : '');
const list = (x: unknown): Record<string, unknown>[] =>
  Array.isArray(x) ? x.filter((e) => e && typeof e === 'object' && typeof e.agent?.id === 'string') : [];

/** The record, or nothing if there is none. */
export function readWhy(raw: unknown): WhyRecord | undefined {
  if (!raw || typeof raw !== 'object') return undefined;
  const r = raw as Record<string, unknown>;
  if (typeof r.tier !== 'string') return undefined;
  return {
    tier: r.tier,
    key: string(r.key),
    members: number(r.members),
    shard: number(r.shard),
    able: number(r.able),
    candidates: list(r.candidates).map((c) => ({ agent: c.agent as AgentRef, shard: c.shard === true, load: number(c.load) })),
    removed: list(r.removed).map((x) => ({ agent: x.agent as AgentRef, bar: string(x.bar) })),
  };
}
