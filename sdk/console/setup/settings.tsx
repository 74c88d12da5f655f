/** The settings: a draft of all of them, what it changes, and what to do when somebody else was faster. */

import { useEffect, useState } from 'preact/hooks';
import { codeOf, type Fault } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import type { Store } from '../store.ts';
import { Both, type Take } from './Both.tsx';
import { type Change, Changes, type Collision, collisions, isMine, isTheirs, merged, same } from './changes.tsx';
import { get, put, type Value } from './form.tsx';
import { faultsOf, reasonOf } from './parts.tsx';
import { own } from './settings.words.ts';
import { w } from './words.ts';

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
  /** It has something that is not saved. */
  readonly changed: boolean;
  /** Takes what is saved instead. */
  drop(): void;
}

interface State {
  base?: Value;
  value?: Value;
  faults: readonly Fault[];
  trouble?: string;
  changes?: readonly Change[];
  conflict?: { theirs: Value; list: readonly Collision[] };
  said: string;
}

/** What is not saved when its page is left, by the page's store: it is there when one comes back. Of one account only. */
const left = new WeakMap<Store, { readonly of: string; readonly base: Value; readonly value: Value }>();

/** The state of the draft, which outlives the page as long as it has something that is not saved. */
function useKept(store: Store): [State, (next: State | ((old: State) => State)) => void] {
  const me = store.desk.peek().me.id;
  const [s, set] = useState<State>(() => {
    const kept = left.get(store);
    return kept?.of === me ? { base: kept.base, value: kept.value, faults: [], said: '' } : { faults: [], said: '' };
  });
  const keep = (next: State) => {
    if (same(next.base, next.value)) left.delete(store);
    else left.set(store, { of: me, base: next.base, value: next.value });
    return next;
  };
  return [s, (next) => set((old) => keep(typeof next === 'function' ? next(old) : next))];
}

/** The draft, from the server's settings on. `saved` is told of new ones. */
export function useSettings(saved?: (settings: Value) => void): Draft | { trouble: string | undefined; again: () => void } {
  const store = useStore();
  const { api } = store;
  const [s, set] = useKept(store);
  const load = () =>
    api.ask<Value>('GET', '/settings').then(
      (base) => set({ base, value: base, faults: [], said: '' }),
      (e) => set((old) => ({ ...old, trouble: reasonOf(e) })),
    );
  const changed = !same(s.base, s.value);
  useEffect(() => void (s.value === undefined && load()), []);
  useEffect(() => {
    if (!changed) return;
    const ask = (e: Event) => e.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [changed]);
  if (s.value === undefined) return { trouble: s.trouble, again: load };

  const failed = (e: unknown) => set((old) => ({ ...old, trouble: reasonOf(e), faults: faultsOf(e), said: '' }));
  const preview = async (v: Value) => (await api.ask<{ changes: Change[] }>('PUT', '/settings?preview=true', v)).changes;
  /** Of what is in the draft, or of what was just put into it. */
  const review = async (base: Value, value: Value) => {
    set({ base, value, faults: [], said: '' });
    try {
      const changes = await preview(value);
      if (changes.length) set((old) => ({ ...old, changes }));
      else set((old) => ({ ...old, said: own('nochange') }));
    } catch (e) {
      if (codeOf(e) === 'conflict') await collide(e, base, value);
      else failed(e);
    }
  };
  const under = (v: Value, theirs: Value) => put(v, 'version', get(theirs, 'version'));
  // A conflict is of the version, or of what the settings have no place for; the latter has no newer version. Who changed other
  // things than I is not in my way: the last look is at what I change of theirs.
  const collide = async (e: unknown, base: Value, value: Value): Promise<void> => {
    try {
      const theirs = await api.ask<Value>('GET', '/settings');
      if (get(theirs, 'version') === get(value, 'version')) return failed(e);
      const list = collisions(base, theirs, value);
      if (list.some(isMine) && list.some(isTheirs)) set(({ changes: _, ...old }) => ({ ...old, conflict: { theirs, list } }));
      else
        await review(
          theirs,
          list.some(isMine)
            ? under(
                merged(theirs, value, () => true),
                theirs,
              )
            : theirs,
        );
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
      if (codeOf(e) === 'conflict') await collide(e, s.base, s.value);
      else failed(e);
    }
  };
  const close = () => set(({ changes: _, conflict: __, ...old }) => old);
  const { theirs, list } = s.conflict ?? {};
  const chosen = (take: Take) => under(merged(theirs, s.value, take), theirs);
  const dialog = list ? (
    <Dialog wide title={own('conflict')} onClose={close}>
      <p>{own('conflictHint')}</p>
      <Both
        key={String(get(theirs, 'version'))}
        list={list}
        submit={own('review')}
        save={(take) => review(theirs, chosen(take))}
        edit={(take) => set({ base: theirs, value: chosen(take), faults: [], said: '' })}
        drop={() => set({ base: theirs, value: theirs, faults: [], said: '' })}
      />
    </Dialog>
  ) : s.changes ? (
    <Dialog wide title={own('changes')} onClose={close}>
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
    review: () => void review(s.base, s.value),
    dialog,
    changed,
    drop() {
      set((old) => ({ base: old.base, value: old.base, faults: [], said: '' }));
      void load();
    },
  };
}
