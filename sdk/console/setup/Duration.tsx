/** The field of a duration: a number and its unit; and off, or what else none at all means there. */
import { useId, useState } from 'preact/hooks';
import { lang } from '../i18n.ts';
import { Below } from './Below.tsx';
import { inWords, secondsOf, type Typed, typedOf, type Unit, units, wireOf } from './duration.ts';
import type { Spec, Value } from './form.tsx';
import { w } from './words.ts';

/** In seconds, whichever way the API has it. */
const secondsIn = (v: Value, { per }: Spec) =>
  typeof v === 'number' ? v * (per ?? 1) : typeof v === 'string' ? secondsOf(v) : undefined;

/** As the API takes it: a text, or where it counts in a unit of its own a number. */
function valueIn(typed: Typed, { per }: Spec): Value {
  if (!per) return wireOf(typed);
  return typed.n === '' ? undefined : (Number(typed.n) * units[typed.unit]) / per;
}

/** In words. */
export function durationText(v: Value, spec: Spec): string {
  const secs = secondsIn(v, spec);
  if (secs === 0 && spec.zero) return spec.zero;
  return secs === undefined ? String(v ?? '–') : inWords(lang.value, secs);
}

export function Duration({
  spec,
  value,
  said: wrong,
  onChange,
}: {
  spec: Spec;
  value: Value;
  said: string;
  onChange(v: Value): void;
}) {
  const id = useId();
  // What is typed stays as it is typed: 60 seconds do not become a minute under one's hands.
  const [typed, type] = useState<Typed>();
  const shown = typed && valueIn(typed, spec) === value ? typed : typedOf(secondsIn(value, spec));
  const none = !!spec.zero && secondsIn(value, spec) === 0 && !(typed === shown && typed.n !== '');
  const change = (next: Typed) => {
    type(next);
    onChange(valueIn(next, spec));
  };
  const choose = (unit: string) => {
    if (unit !== 'zero') return change({ n: none ? '1' : shown.n, unit: unit as Unit });
    type(undefined);
    onChange(spec.per ? 0 : '0s');
  };
  const common = {
    class: 'input',
    'aria-invalid': wrong ? ('true' as const) : undefined,
    'aria-describedby': spec.hint || wrong ? `${id}-below` : undefined,
  };
  return (
    <div class="field">
      <label for={none ? `${id}-unit` : id}>{spec.label}</label>
      <div class="setup-duration">
        {!none && (
          <input
            {...common}
            id={id}
            type="number"
            min="0"
            step="any"
            autocomplete="off"
            value={shown.n}
            onInput={(e) => change({ n: e.currentTarget.value, unit: shown.unit })}
          />
        )}
        <select
          {...(none ? common : { class: 'input' })}
          id={`${id}-unit`}
          aria-label={none ? undefined : `${w('unit')}: ${spec.label}`}
          value={none ? 'zero' : shown.unit}
          onChange={(e) => choose(e.currentTarget.value)}
        >
          {(Object.keys(units) as Unit[]).map((u) => (
            <option key={u} value={u}>
              {w(`unit.${u}`)}
            </option>
          ))}
          {spec.zero && <option value="zero">{spec.zero}</option>}
        </select>
      </div>
      <Below id={`${id}-below`} hint={spec.hint} said={wrong} />
    </div>
  );
}
