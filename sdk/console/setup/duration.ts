/** How long something takes: as the API writes it (`90s`, `72h`, `1m30s`; or a number), and as people read it. */
import type { Lang } from '../i18n.ts';

/** The units there are to choose from, and how many seconds each has. */
export const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
export type Unit = keyof typeof units;
const bySize = ['d', 'h', 'm', 's'] as const;

/** What stands in the field: a number as it is typed, and its unit. */
export interface Typed {
  readonly n: string;
  readonly unit: Unit;
}

const parts = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;
const seconds = { ...units, ms: 0.001 };

/** In seconds; undefined of what is no duration. */
export function secondsOf(wire: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(wire)) return undefined;
  const sum = [...wire.matchAll(parts)].reduce((all, [, n, unit]) => all + Number(n) * seconds[unit as 'ms'], 0);
  return Number(sum.toPrecision(12));
}

/** In the largest unit that it is a whole number of. */
export function typedOf(secs: number | undefined): Typed {
  if (secs === undefined) return { n: '', unit: 'm' };
  const unit = bySize.find((u) => secs > 0 && secs % units[u] === 0) ?? 's';
  return { n: String(secs / units[unit]), unit };
}

/** As the API takes it. What is no number goes as it is: the server says at its field that it is none. */
export function wireOf({ n, unit }: Typed): string {
  if (n === '' || !Number.isFinite(Number(n))) return n;
  if (Number(n) === 0) return '0s';
  return unit === 'd' ? `${Number(n) * 24}h` : `${Number(n)}${unit}`;
}

const names = { s: 'second', m: 'minute', h: 'hour', d: 'day' } as const;

/** In words: `3 minutes`, `30 days`. */
export function inWords(l: Lang, secs: number): string {
  const { n, unit } = typedOf(secs);
  const unitDisplay = l === 'en' ? 'long' : 'short';
  return new Intl.NumberFormat(l, { style: 'unit', unit: names[unit], unitDisplay }).format(Number(n));
}

/** A sentence of the server with its durations in words. */
export function durationsIn(l: Lang, said: string): string {
  return said.replace(/(?<![\w."])(?:\d+(?:\.\d+)?(?:ms|h|m|s))+(?![\w."])/g, (wire) => {
    const secs = secondsOf(wire);
    return secs === undefined ? wire : inWords(l, secs);
  });
}
