/**
 * Two versions of something that two have changed at the same time: what each made of every field they differ in, and which of
 * them shall hold. What only one of them touched is theirs to begin with; what both did is mine, and says what it was.
 */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { type Collision, isMine, isTheirs } from './changes.tsx';
import type { Spec, Value } from './form.tsx';
import { reasonOf } from './parts.tsx';
import { placeName, specAt } from './places.ts';
import { own } from './settings.words.ts';
import { shown } from './shown.ts';

/** Says of a place whether mine shall hold there. */
export type Take = (path: string) => boolean;

interface Props {
  readonly list: readonly Collision[];
  /** Those of the form, where it is not one of the settings. */
  readonly specs?: readonly Spec[];
  /** What the button says that does what was chosen. */
  readonly submit: string;
  /** Does it. */
  save(take: Take): Promise<void>;
  /** Puts what was chosen into the form, and saves nothing. */
  edit(take: Take): void;
  /** Leaves it as they have made it. */
  drop(): void;
}

export function Both({ list, specs, submit, save, edit, drop }: Props) {
  const [mine, choose] = useState<ReadonlySet<string>>(() => new Set(list.filter(isMine).map((c) => c.path)));
  const [state, set] = useState<{ busy?: boolean; trouble?: string }>({});
  const take: Take = (path) => mine.has(path);
  const turn = (path: string, on: boolean) => {
    const next = new Set(mine);
    if (on) next.add(path);
    else next.delete(path);
    choose(next);
  };
  const go = () => {
    set({ busy: true });
    save(take).then(
      () => set({}),
      (e) => set({ trouble: reasonOf(e) }),
    );
  };
  const all = useRef<HTMLDivElement>(null);
  // The button that was pressed is gone with its form.
  useEffect(() => all.current?.querySelector<HTMLElement>('input:checked')?.focus(), []);
  return (
    <div ref={all} class="setup-within">
      {list.map((c) => (
        <Row key={c.path} of={c} specs={specs} mine={take(c.path)} turn={(on) => turn(c.path, on)} />
      ))}
      {state.trouble && <Trouble text={state.trouble} />}
      <div class="setup-actions">
        <button type="button" class="button primary" disabled={state.busy} onClick={go}>
          {submit}
        </button>
        <button type="button" class="button" onClick={() => edit(take)}>
          {own('goOn')}
        </button>
        <button type="button" class="button" onClick={drop}>
          {own('takeTheirs')}
        </button>
      </div>
    </div>
  );
}

interface RowProps {
  readonly of: Collision;
  readonly specs: readonly Spec[] | undefined;
  readonly mine: boolean;
  turn(mine: boolean): void;
}

function Row({ of: c, specs, mine, turn }: RowProps) {
  const name = useId();
  const spec = specAt(c.path, specs);
  const side = (whose: 'theirs' | 'mine', v: Value, changed: boolean) => (
    <label class={mine === (whose === 'mine') ? 'setup-side chosen' : 'setup-side'}>
      <input type="radio" name={name} checked={mine === (whose === 'mine')} onChange={() => turn(whose === 'mine')} />
      <span>
        <span class="hint">
          {own(whose)}
          {!changed && ` · ${own('untouched')}`}
        </span>
        <span class="setup-value">{shown(v, spec)}</span>
      </span>
    </label>
  );
  return (
    <fieldset class="setup-set setup-both">
      <legend>{placeName(c.path, undefined, specs)}</legend>
      {side('theirs', c.theirs, isTheirs(c))}
      {side('mine', c.mine, isMine(c))}
      {isMine(c) && isTheirs(c) && <p class="hint">{own('was', { what: shown(c.was, spec) })}</p>}
    </fieldset>
  );
}
