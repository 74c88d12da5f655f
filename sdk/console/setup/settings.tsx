/** The settings: a draft of all of them, what it changes, and what to do when somebody else was faster. */

import { useEffect, useState } from 'preact/hooks';
import { codeOf, type Fault } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { get, put, type Value } from './form.tsx';
import { faultsOf, reasonOf } from './parts.tsx';
import { w } from './words.ts';

/** One difference between two versions. */
export interface Change {
  readonly path: string;
  readonly before: Value;
  readonly after: Value;
}

/** The draft of the settings. */
export interface Draft {
  readonly value: Value;
  readonly faults: readonly Fault[];
  readonly trouble: string | undefined;
  set(v: Value): void;
  /** Has the server check it, and asks for a last look. */
  review(): void;
  /** The dialog that is open, if one is. */
  readonly dialog: preact.ComponentChildren;
  readonly said: string;
}

interface State {
  base?: Value;
  value?: Value;
  faults: readonly Fault[];
  trouble?: string;
  changes?: readonly Change[];
  conflict?: { theirs: Value; yours: readonly Change[]; others: readonly Change[] };
  said: string;
}

const json = (v: Value) => (v === null || v === undefined ? '–' : typeof v === 'string' ? v : JSON.stringify(v));

/** Differences as a table; on a phone each is a card. */
export function Changes({ list }: { list: readonly Change[] }) {
  return (
    <table class="setup-table">
      <thead>
        <tr>
          <th scope="col">{w('path')}</th>
          <th scope="col">{w('before')}</th>
          <th scope="col">{w('after')}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((c) => (
          <tr key={c.path}>
            <th scope="row">{c.path}</th>
            <td data-label={w('before')}>{json(c.before)}</td>
            <td data-label={w('after')}>{json(c.after)}</td>
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

/** The draft, from the server's settings on. `saved` is told of new ones. */
export function useSettings(saved?: (settings: Value) => void): Draft | { trouble: string | undefined; again: () => void } {
  const { api } = useStore();
  const [s, set] = useState<State>({ faults: [], said: '' });
  const load = () =>
    api.ask<Value>('GET', '/settings').then(
      (base) => set({ base, value: base, faults: [], said: '' }),
      (e) => set((old) => ({ ...old, trouble: reasonOf(e) })),
    );
  useEffect(() => void load(), []);
  if (s.value === undefined) return { trouble: s.trouble, again: load };

  const failed = (e: unknown) => set((old) => ({ ...old, trouble: reasonOf(e), faults: faultsOf(e), said: '' }));
  const preview = async (v: Value) => (await api.ask<{ changes: Change[] }>('PUT', '/settings?preview=true', v)).changes;
  const review = async () => {
    set(({ trouble: _, ...old }) => ({ ...old, faults: [], said: '' }));
    try {
      const changes = await preview(s.value);
      if (changes.length) set((old) => ({ ...old, changes }));
      else set((old) => ({ ...old, said: w('nochange') }));
    } catch (e) {
      if (codeOf(e) === 'conflict') await collide(e);
      else failed(e);
    }
  };
  // A conflict is of the version, or of what the settings have no place for; the latter has no newer version.
  const collide = async (e: unknown) => {
    try {
      const theirs = await api.ask<Value>('GET', '/settings');
      if (get(theirs, 'version') === get(s.value, 'version')) return failed(e);
      const yours = differences(s.base, s.value);
      const others = differences(s.base, theirs);
      set(({ changes: _, ...old }) => ({ ...old, conflict: { theirs, yours, others } }));
    } catch (err) {
      failed(err);
    }
  };
  const save = async () => {
    try {
      // Warnings are of this change, no part of the settings.
      const { warnings: _, ...base } = await api.ask<Record<string, Value>>('PUT', '/settings', s.value);
      set({ base, value: base, faults: [], said: w('saved') });
      saved?.(base);
    } catch (e) {
      if (codeOf(e) === 'conflict') await collide(e);
      else failed(e);
    }
  };
  const settle = (value: Value) => s.conflict && set({ base: s.conflict.theirs, value, faults: [], said: '' });
  const close = () => set(({ changes: _, conflict: __, ...old }) => old);
  const dialog = s.conflict ? (
    <Dialog wide title={w('conflict')} onClose={close}>
      <h3>{w('theirs')}</h3>
      <Changes list={s.conflict.others} />
      <h3>{w('yours')}</h3>
      <Changes list={s.conflict.yours} />
      <div class="setup-actions">
        <button
          type="button"
          class="button primary"
          onClick={() => settle(put(rebase(s.base, s.value, s.conflict?.theirs), 'version', get(s.conflict?.theirs, 'version')))}
        >
          {w('keepMine')}
        </button>
        <button type="button" class="button" onClick={() => settle(s.conflict?.theirs)}>
          {w('takeTheirs')}
        </button>
      </div>
    </Dialog>
  ) : s.changes ? (
    <Dialog wide title={w('changes')} onClose={close}>
      <Changes list={s.changes} />
      {s.trouble && <Trouble text={s.trouble} />}
      <div class="setup-actions">
        <button type="button" class="button primary" onClick={save}>
          {w('save')}
        </button>
        <button type="button" class="button" onClick={close}>
          {w('cancel')}
        </button>
      </div>
    </Dialog>
  ) : null;
  return {
    value: s.value,
    faults: s.faults,
    trouble: s.trouble,
    said: s.said,
    set: (value) => set((old) => ({ ...old, value, said: '' })),
    review: () => void review(),
    dialog,
  };
}

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
