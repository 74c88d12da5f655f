/** A field of groups: those there are, to tick. */
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { w } from './words.ts';

/**
 * Those that are ticked come first, in their order; one that is gone can still be taken out. With `inOrder` the first counts, and
 * another can be made it.
 */
export function Groups(props: {
  label: string;
  chosen: readonly string[];
  inOrder: boolean;
  below: string | undefined;
  onChange(v: string[]): void;
}) {
  const { label, chosen, inOrder, below, onChange } = props;
  const { api } = useStore();
  const [known, setKnown] = useState<readonly { readonly id: string; readonly name: string }[]>([]);
  useEffect(() => {
    api.groups().then(setKnown, () => undefined); // those that are ticked are shown all the same
  }, []);
  const ids = [...chosen, ...known.map((g) => g.id).filter((g) => !chosen.includes(g))];
  const without = (g: string) => chosen.filter((x) => x !== g);
  return (
    <fieldset class="setup-set" aria-describedby={below}>
      <legend>{label}</legend>
      {ids.map((g, i) => {
        const name = known.find((k) => k.id === g)?.name || g;
        const on = chosen.includes(g);
        return (
          <div class="setup-pick" key={g}>
            <label class="check">
              <input type="checkbox" checked={on} onChange={() => onChange(on ? without(g) : [...chosen, g])} />
              {name}
            </label>
            {inOrder && on && i === 0 && <span class="chip">{w('first')}</span>}
            {inOrder && on && i > 0 && (
              <button
                type="button"
                class="button"
                aria-label={`${w('makeFirst')}: ${name}`}
                onClick={() => onChange([g, ...without(g)])}
              >
                {w('makeFirst')}
              </button>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}
