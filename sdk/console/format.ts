/** How values become text: times, durations, sizes, links, initials. Pure; the language is an argument. */
import { type Lang, text } from './i18n.ts';

/** A piece of a message: plain text, or an address that may be opened. */
export type Piece = { readonly text: string; readonly href?: string };

const day = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** A format is dear to make and cheap to use: each is made once. */
function format(l: Lang, name: string, how: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${l} ${name}`;
  const found = formats.get(key) ?? new Intl.DateTimeFormat(l, how);
  formats.set(key, found);
  return found;
}

/** The clock time of a moment, `09:41` in both languages. */
export function clock(l: Lang, at: number): string {
  return format(l, 'clock', { hour: '2-digit', minute: '2-digit', hour12: false }).format(at);
}

/** A moment in full, for tooltips and screen readers. */
export function fullTime(l: Lang, at: number): string {
  return format(l, 'full', { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

/** The local calendar day of a moment as a number that grows by one a day. */
export function dayOf(at: number): number {
  const d = new Date(at);
  return Math.floor(Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / day);
}

/** The name of a day as a divider shows it: today, yesterday, or its date. */
export function dayName(l: Lang, at: number, now: number): string {
  const ago = dayOf(now) - dayOf(at);
  if (ago === 0) return text(l, 'thread.today');
  if (ago === 1) return text(l, 'thread.yesterday');
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric';
  return new Intl.DateTimeFormat(l, { year, month: 'long', day: 'numeric', weekday: 'long' }).format(at);
}

/** A moment as a list shows it: clock time today, the weekday this week, else the date. */
export function shortTime(l: Lang, at: number, now: number): string {
  const ago = dayOf(now) - dayOf(at);
  if (ago <= 0) return clock(l, at);
  if (ago === 1) return text(l, 'thread.yesterday');
  if (ago < 7) return format(l, 'weekday', { weekday: 'short' }).format(at);
  return format(l, 'date', { month: 'numeric', day: 'numeric' }).format(at);
}

/** A duration in milliseconds in at most two units; a negative one (clocks differ) counts as none. */
export function duration(l: Lang, ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return text(l, 'time.seconds', { n: s });
  const m = Math.floor(s / 60);
  if (m < 60) return text(l, 'time.minutes', { n: m });
  const h = Math.floor(m / 60);
  if (h < 48) return text(l, 'time.hours', { n: h, m: m % 60 });
  return text(l, 'time.days', { n: Math.floor(h / 24) });
}

/** A size in bytes with a unit of 1,000s. */
export function fileSize(l: Lang, bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  let i = 0;
  let n = bytes;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return new Intl.NumberFormat(l, {
    style: 'unit',
    unit: units[i] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: i === 0 ? 0 : 1,
  }).format(n);
}

/** The address if it is a web address; nothing for `javascript:`, `data:` and whatever else a sender may try. */
export function webAddress(raw: string): string | undefined {
  try {
    const u = new URL(raw);
    return u.protocol === 'https:' || u.protocol === 'http:' ? u.href : undefined;
  } catch {
    return undefined;
  }
}

/** The address if a browser may load it from a message: ours by path, or a web address. */
export function fileAddress(raw: string): string | undefined {
  return /^\/(?!\/)/.test(raw) ? raw : webAddress(raw);
}

// Chinese text runs into an address without a space, so an address ends at the first character that is not ASCII.
const address = /https?:\/\/[\x21-\x7e]+/gi;

/** Splits a text into plain pieces and addresses. Punctuation that ends a sentence is no part of an address. */
export function linkify(s: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const m of s.matchAll(address)) {
    const found = trimAddress(m[0]);
    const href = webAddress(found);
    if (!href) continue;
    if (m.index > from) pieces.push({ text: s.slice(from, m.index) });
    pieces.push({ text: found, href });
    from = m.index + found.length;
  }
  if (from < s.length) pieces.push({ text: s.slice(from) });
  return pieces;
}

/** One pass from the end: whoever sends 4,000 dots and brackets must not make the page think long about them. */
function trimAddress(raw: string): string {
  const quote = raw.search(/[<>"'`]/);
  const s = quote < 0 ? raw : raw.slice(0, quote);
  // A closing bracket belongs to the address only if it was opened inside it.
  let open = s.split('(').length - s.split(')').length;
  let end = s.length;
  for (; end > 0; end--) {
    const c = s.charAt(end - 1);
    if (c === ')' && open < 0) open++;
    else if (!'.,;:!?*'.includes(c)) break;
  }
  return s.slice(0, end);
}

/** One or two characters for an avatar: Chinese names show their last two, others their initials. */
export function initials(name: string): string {
  const chars = [...name.trim()];
  if (/[\u3400-\u9fff]/.test(name)) return chars.slice(-2).join('');
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  return words
    .slice(0, 2)
    .map((w) => [...w][0] ?? '')
    .join('')
    .toUpperCase();
}

/** One of eight avatar colours, always the same for the same id. */
export function tone(id: string): number {
  let h = 0;
  for (const c of id) h = (h * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
  return h % 8;
}

/** The number of characters as the server counts them: code points, not UTF-16 units. */
export function characters(s: string): number {
  let n = 0;
  for (const _ of s) n++;
  return n;
}
