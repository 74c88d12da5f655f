import type { Hours } from '../wire.ts';

/** One line of the opening hours. */
export interface Opening {
  days: string;
  times: string;
}

const WEEK = [1, 2, 3, 4, 5, 6, 0];
const SUNDAY = Date.UTC(2023, 0, 1);

/** Opening hours as people write them: days in a row with the same times are one line. Days that are closed are left out. */
export function openings(hours: readonly Hours[], lang: string): Opening[] {
  const name = (day: number) => new Date(SUNDAY + day * 86_400_000).toLocaleDateString(lang, { weekday: 'short', timeZone: 'UTC' });
  const timesOf = (day: number) =>
    hours
      .filter((h) => h.day === day)
      .map(({ from, until }) => `${from}–${until}`)
      .sort()
      .join(', ');
  const lines: { first: number; last: number; times: string }[] = [];
  for (const day of WEEK) {
    const times = timesOf(day);
    const line = lines.at(-1);
    if (line?.times === times) line.last = day;
    else lines.push({ first: day, last: day, times });
  }
  return lines
    .filter(({ times }) => times)
    .map(({ first, last, times }) => ({ days: first === last ? name(first) : `${name(first)}–${name(last)}`, times }));
}

/** The zone, where a visitor lives in another. */
export const foreignZone = (zone = '') => (zone === Intl.DateTimeFormat().resolvedOptions().timeZone ? '' : zone);
