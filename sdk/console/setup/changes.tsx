/** Two versions of something: where they differ, shown, and what of each shall hold. */
import type { Value } from './form.tsx';
import { placeName, specAt } from './places.ts';
import { own } from './settings.words.ts';
import { shown } from './shown.ts';

/** One difference between two versions. */
export interface Change {
  readonly path: string;
  readonly before: Value;
  readonly after: Value;
}

/** A place in words, and as the API calls it. */
function Place({ path }: { path: string }) {
  const name = placeName(path);
  return (
    <>
      {name}
      {/[.[]/.test(path) && name !== path && <span class="setup-place">{path}</span>}
    </>
  );
}

/** Differences as a table; on a phone each is a card. */
export function Changes({ list }: { list: readonly Change[] }) {
  return (
    <table class="setup-table">
      <thead>
        <tr>
          <th scope="col">{own('path')}</th>
          <th scope="col">{own('before')}</th>
          <th scope="col">{own('after')}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((c) => (
          <tr key={c.path}>
            <th scope="row">
              <Place path={c.path} />
            </th>
            <td data-label={own('before')}>{shown(c.before, specAt(c.path))}</td>
            <td data-label={own('after')}>{shown(c.after, specAt(c.path))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A place where what two have made of something differs, and what it was before either. */
export interface Collision {
  readonly path: string;
  readonly was: Value;
  readonly theirs: Value;
  readonly mine: Value;
}

/** Whether I changed it; else only they did. */
export const isMine = (c: Collision): boolean => !same(c.was, c.mine);
/** Whether they changed it; else only I did. */
export const isTheirs = (c: Collision): boolean => !same(c.was, c.theirs);

/** Where two changes of the same thing differ. */
export function collisions(was: Value, theirs: Value, mine: Value, at = ''): Collision[] {
  if (same(theirs, mine)) return [];
  const parts = partsOf(theirs, mine);
  if (!parts) return [{ path: at, was, theirs, mine }];
  return parts
    .filter((p) => at || !['version', 'at', 'by'].includes(p.key))
    .flatMap((p) => collisions(memberOf(was, p.key), p.a, p.b, p.path(at)));
}

/** What is theirs, but mine at the places that `take` says. */
export function merged(theirs: Value, mine: Value, take: (path: string) => boolean, at = ''): Value {
  if (same(theirs, mine)) return theirs;
  const parts = partsOf(theirs, mine);
  if (!parts) return take(at) ? mine : theirs;
  const members = parts.map((p) => [p.key, merged(p.a, p.b, take, p.path(at))] as const).filter(([, v]) => v !== undefined);
  return Array.isArray(theirs) ? members.map(([, v]) => v) : Object.fromEntries(members);
}

/** Where two versions differ, by paths, as the server shows them. */
export function differences(a: Value, b: Value): Change[] {
  return collisions(a, a, b).map(({ path, theirs, mine }) => ({ path, before: theirs ?? null, after: mine ?? null }));
}

interface Part {
  readonly key: string;
  readonly a: Value;
  readonly b: Value;
  path(at: string): string;
}

const plain = (v: Value): v is Record<string, Value> => typeof v === 'object' && v !== null && !Array.isArray(v);
type Named = { readonly id: string };
const byId = (v: Value): v is Named[] => Array.isArray(v) && v.every((x) => typeof x?.id === 'string');
const memberOf = (v: Value, key: string) =>
  byId(v) ? v.find((x) => x.id === key) : plain(v) ? (v as Record<string, Value>)[key] : undefined;

/** What two have in common to be compared part by part: objects by member, lists by the ids of their entries; else nothing. */
function partsOf(a: Value, b: Value): Part[] | undefined {
  if (plain(a) && plain(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => ({
      key,
      a: a[key],
      b: b[key],
      path: (at) => (at ? `${at}.${key}` : key),
    }));
  if (!byId(a) || !byId(b) || !inOneOrder(a, b)) return undefined;
  return [...new Set([...a, ...b].map((x) => x.id))].map((key) => ({
    key,
    a: memberOf(a, key),
    b: memberOf(b, key),
    path: (at) => `${at}[${key}]`,
  }));
}

/** Whether what is in both stands in the same order; where it does not, the order is what differs. */
function inOneOrder(a: readonly Named[], b: readonly Named[]): boolean {
  const common = (list: readonly Named[], other: readonly Named[]) =>
    list.flatMap((x) => (other.some((o) => o.id === x.id) ? [x.id] : [])).join('\n');
  return common(a, b) === common(b, a);
}

/** Whether two are the same, in whatever order their members were written. */
export function same(a: Value, b: Value): boolean {
  return a === b || JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}
const sorted = (_: string, v: Value) => (plain(v) ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1))) : v);
