/** Two versions of something: where they differ, shown, and one put on top of the other. */
import type { Value } from './form.tsx';
import { placeName } from './places.ts';
import { own } from './settings.words.ts';

/** One difference between two versions. */
export interface Change {
  readonly path: string;
  readonly before: Value;
  readonly after: Value;
}

/** A value as people read it. */
function shown(v: Value): string {
  if (v === null || v === undefined || v === '') return '–';
  if (v === true || v === 'true') return own('yes');
  if (v === false || v === 'false') return own('no');
  return typeof v === 'string' ? v : JSON.stringify(v);
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
            <td data-label={own('before')}>{shown(c.before)}</td>
            <td data-label={own('after')}>{shown(c.after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What of `mine` differs from `base`, put on `theirs`: member by member, lists as a whole. */
export function rebase(base: Value, mine: Value, theirs: Value): Value {
  const plain = (v: Value): v is Record<string, Value> => typeof v === 'object' && v !== null && !Array.isArray(v);
  if (JSON.stringify(base) === JSON.stringify(mine)) return theirs;
  if (plain(base) && plain(mine) && plain(theirs)) {
    const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
    return Object.fromEntries([...keys].map((k) => [k, rebase(base[k], mine[k], theirs[k])]).filter(([, v]) => v !== undefined));
  }
  if (byId(base) && byId(mine) && byId(theirs)) {
    const of = (list: Value, id: string) => (list as Named[]).find((x) => x.id === id);
    const ids = [...new Set([...(theirs as Named[]), ...(mine as Named[])].map((x) => x.id))];
    return ids.map((id) => rebase(of(base, id), of(mine, id), of(theirs, id))).filter((x) => x !== undefined);
  }
  return mine;
}

type Named = { id: string };
const byId = (v: Value) => Array.isArray(v) && v.every((x) => typeof x?.id === 'string');

/** Where two versions differ, by paths, as the server shows them. */
export function differences(a: Value, b: Value, at = ''): Change[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const plain = (v: Value): v is Record<string, Value> => typeof v === 'object' && v !== null && !Array.isArray(v);
  const join = (k: string) => (at ? `${at}.${k}` : k);
  if (plain(a) && plain(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((k) => at || !['version', 'at', 'by'].includes(k))
      .flatMap((k) => differences(a[k], b[k], join(k)));
  if (byId(a) && byId(b)) {
    const of = (list: Value, id: string) => (list as Named[]).find((x) => x.id === id);
    return [...new Set([...(a as Named[]), ...(b as Named[])].map((x) => x.id))].flatMap((id) =>
      differences(of(a, id), of(b, id), `${at}[${id}]`),
    );
  }
  return [{ path: at, before: a ?? null, after: b ?? null }];
}
