/** A field of things there are, to tick. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { groupName } from '../names.ts';
import { w } from './words.ts';

interface Props {
  readonly label: string;
  readonly chosen: readonly string[];
  /** The id of what stands below. */
  readonly below: string | undefined;
  onChange(v: string[]): void;
}

/** What there is, by id, in its order; what is ticked and is gone can still be taken out. */
export function Ticks(props: Props & { of: readonly (readonly [id: string, name: string])[] }) {
  const { label, chosen, below, of, onChange } = props;
  const gone = chosen.filter((id) => !of.some(([known]) => known === id));
  return (
    <fieldset class="setup-set" aria-describedby={below}>
      <legend>{label}</legend>
      <div class="setup-ticks">
        {[...of, ...gone.map((id) => [id, id] as const)].map(([id, name]) => (
          <Tick
            key={id}
            name={name}
            on={chosen.includes(id)}
            turn={(on) => onChange(on ? [...chosen, id] : chosen.filter((x) => x !== id))}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** Groups. With `inOrder` the first counts: those that are ticked come first, and another can be made it. */
export function GroupTicks(props: Props & { inOrder: boolean }) {
  const { api } = useStore();
  const [known, setKnown] = useState<readonly { readonly id: string; readonly name: string }[]>([]);
  useEffect(() => {
    api.groups().then(setKnown, () => undefined); // those that are ticked are shown all the same
  }, []);
  const { label, chosen, below, inOrder, onChange } = props;
  // As elsewhere on the page; of one that is newer than the page, what the server has just said.
  const nameOf = (id: string) => (groupName(id) === id ? known.find((g) => g.id === id)?.name || id : groupName(id));
  if (!inOrder) return <Ticks {...props} of={known.map((g) => [g.id, nameOf(g.id)])} />;
  const ids = [...chosen, ...known.map((g) => g.id).filter((g) => !chosen.includes(g))];
  const without = (g: string) => chosen.filter((x) => x !== g);
  return (
    <fieldset class="setup-set" aria-describedby={below}>
      <legend>{label}</legend>
      {ids.map((g, i) => {
        const name = nameOf(g);
        const on = chosen.includes(g);
        return (
          <Tick key={g} name={name} on={on} turn={(now) => onChange(now ? [...chosen, g] : without(g))}>
            {on && i === 0 && <span class="chip">{w('first')}</span>}
            {on && i > 0 && (
              <button
                type="button"
                class="button"
                aria-label={`${w('makeFirst')}: ${name}`}
                onClick={() => onChange([g, ...without(g)])}
              >
                {w('makeFirst')}
              </button>
            )}
          </Tick>
        );
      })}
    </fieldset>
  );
}

function Tick(props: { name: string; on: boolean; turn: (on: boolean) => void; children?: ComponentChildren }) {
  return (
    <div class="setup-pick">
      <label class="check">
        <input type="checkbox" checked={props.on} onChange={(e) => props.turn(e.currentTarget.checked)} />
        {props.name}
      </label>
      {props.children}
    </div>
  );
}
