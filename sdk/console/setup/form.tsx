/**
 * Forms made of a description. What the server has is an object; a {@link Spec} says which member of it is edited how. A fault
 * that the API names by its place (`sites[0].timeouts.agent`) is shown beside the field of that place.
 */
import { useId } from 'preact/hooks';
import type { Fault } from '../api.ts';
import { type Word, w } from './words.ts';

/** Any JSON. */
export type Value = unknown;

/** One field. `k` is its place in the object, with dots. */
export interface Spec {
  readonly k: string;
  readonly label: Word;
  readonly hint?: Word;
  /** `texts` is an object by language, `lines` a list of texts, `rows` a list of objects, `textRows` a list of `texts`. */
  readonly kind:
    | 'text'
    | 'long'
    | 'password'
    | 'number'
    | 'bool'
    | 'choice'
    | 'lines'
    | 'texts'
    | 'textRows'
    | 'rows'
    | 'date'
    | 'time';
  readonly options?: readonly (readonly [value: string, label: string])[];
  readonly of?: readonly Spec[];
  readonly blank?: Value;
  readonly step?: string;
  /** Not shown unless so. */
  readonly when?: (whole: Value) => boolean;
}

/** The member at a place with dots. */
export function get(v: Value, k: string): Value {
  return k.split('.').reduce<Value>((o, part) => (o && typeof o === 'object' ? (o as Record<string, Value>)[part] : undefined), v);
}

/** A copy with another member at that place. */
export function put(v: Value, k: string, to: Value): Value {
  const [first = '', ...rest] = k.split('.');
  const o = (v ?? {}) as Record<string, Value>;
  return { ...o, [first]: rest.length ? put(o[first], rest.join('.'), to) : to };
}

interface Props {
  readonly specs: readonly Spec[];
  readonly value: Value;
  readonly at: string;
  readonly faults: readonly Fault[];
  onChange(v: Value): void;
}

/** What the API says about exactly this place, or about what is in a field that is one control. */
function faultsAt(faults: readonly Fault[], at: string, deep: boolean): string {
  const place = `body.${at}`;
  return faults
    .filter(({ location: l }) => l === place || (deep && (l.startsWith(`${place}.`) || l.startsWith(`${place}[`))))
    .map((f) => f.message)
    .join(' ');
}

/** All fields of a form, or of a part of one. */
export function Fields({ specs, value, at, faults, onChange }: Props) {
  return (
    <div class="setup-fields">
      {specs
        .filter((s) => !s.when || s.when(value))
        .map((s) => (
          <Field
            key={s.k}
            spec={s}
            value={get(value, s.k)}
            at={at ? `${at}.${s.k}` : s.k}
            faults={faults}
            onChange={(v) => onChange(put(value, s.k, v))}
          />
        ))}
    </div>
  );
}

interface One {
  readonly spec: Spec;
  readonly value: Value;
  readonly at: string;
  readonly faults: readonly Fault[];
  onChange(v: Value): void;
}

function Field(p: One) {
  const { spec, value, at, faults } = p;
  if (spec.kind === 'rows' || spec.kind === 'textRows') return <Rows {...p} />;
  if (spec.kind === 'texts') return <Texts {...p} />;
  const said = faultsAt(faults, at, spec.kind === 'lines');
  if (spec.kind === 'bool') return <Check spec={spec} value={value} said={said} onChange={p.onChange} />;
  return <Line {...p} said={said} />;
}

function Check({ spec, value, said, onChange }: { spec: Spec; value: Value; said: string; onChange: (v: Value) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={value === true}
          aria-describedby={spec.hint || said ? id : undefined}
          onChange={(e) => onChange(e.currentTarget.checked)}
        />
        {w(spec.label)}
      </label>
      <Below id={id} hint={spec.hint} said={said} />
    </div>
  );
}

function Below({ id, hint, said }: { id: string; hint?: Word | undefined; said: string }) {
  if (!hint && !said) return null;
  return (
    <p id={id} class={said ? 'hint setup-fault' : 'hint'}>
      {said || (hint && w(hint))}
    </p>
  );
}

const inputs: Partial<Record<Spec['kind'], 'password' | 'number' | 'date'>> = {
  password: 'password',
  number: 'number',
  date: 'date',
};

function Line({ spec, value, said, onChange }: One & { said: string }) {
  const id = useId();
  const common = {
    id,
    class: 'input',
    'aria-invalid': said ? ('true' as const) : undefined,
    'aria-describedby': spec.hint || said ? `${id}-below` : undefined,
  };
  return (
    <div class={spec.kind === 'long' || spec.kind === 'lines' ? 'field setup-wide' : 'field'}>
      <label for={id}>{w(spec.label)}</label>
      {spec.kind === 'choice' ? (
        <select {...common} value={String(value ?? '')} onChange={(e) => onChange(e.currentTarget.value)}>
          {spec.options?.map(([v, label]) => (
            <option key={v} value={v}>
              {label}
            </option>
          ))}
        </select>
      ) : spec.kind === 'long' || spec.kind === 'lines' ? (
        <textarea
          {...common}
          rows={3}
          value={spec.kind === 'lines' ? ((value as string[] | undefined) ?? []).join('\n') : String(value ?? '')}
          onChange={(e) => onChange(spec.kind === 'lines' ? linesOf(e.currentTarget.value) : e.currentTarget.value)}
        />
      ) : (
        <input
          {...common}
          {...typeOf(spec.kind)}
          step={spec.step}
          autocomplete={spec.kind === 'password' ? 'new-password' : 'off'}
          spellcheck={false}
          value={String(value ?? '')}
          onInput={(e) => onChange(spec.kind === 'number' ? numberOf(e.currentTarget.value) : e.currentTarget.value)}
        />
      )}
      <Below id={`${id}-below`} hint={spec.hint} said={said} />
    </div>
  );
}

const linesOf = (s: string) =>
  s
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean);
const numberOf = (s: string) => (s === '' ? undefined : Number(s));

// Which types there are is a union in preact's types, one element each.
const typeOf = (kind: Spec['kind']) => ({ type: inputs[kind] ?? 'text' }) as { type: 'text' };

/** Two languages beside each other; others that there are stay. */
function Texts({ spec, value, at, faults, onChange }: One) {
  const texts = (value ?? {}) as Record<string, string>;
  const said = faultsAt(faults, at, true);
  const change = (lang: string, text: string) => {
    const { [lang]: _, ...rest } = texts;
    onChange(text ? { ...rest, [lang]: text } : rest);
  };
  const id = useId();
  return (
    <fieldset class="setup-wide setup-set" aria-describedby={said ? id : undefined}>
      <legend>{w(spec.label)}</legend>
      <div class="setup-fields">
        {(['zh', 'en'] as const).map((lang) => (
          <div class="field" key={lang}>
            <label for={`${id}-${lang}`}>{w(lang)}</label>
            <textarea
              id={`${id}-${lang}`}
              class="input"
              rows={2}
              lang={lang}
              aria-invalid={said ? 'true' : undefined}
              value={texts[lang] ?? ''}
              onInput={(e) => change(lang, e.currentTarget.value)}
            />
          </div>
        ))}
      </div>
      <Below id={id} hint={spec.hint} said={said} />
    </fieldset>
  );
}

/** A list of objects, or of texts, one below the other. */
function Rows({ spec, value, at, faults, onChange }: One) {
  const list = (value ?? []) as Value[];
  const id = useId();
  const said = faultsAt(faults, at, false);
  const change = (i: number, v: Value) => onChange(list.map((old, k) => (k === i ? v : old)));
  return (
    <fieldset class="setup-wide setup-set" aria-describedby={spec.hint || said ? id : undefined}>
      <legend>{w(spec.label)}</legend>
      <Below id={id} hint={spec.hint} said={said} />
      {list.map((row, i) => {
        const here = `${at}[${i}]`;
        const own = faultsAt(faults, here, false);
        return (
          <div class="setup-row" key={i}>
            {spec.kind === 'textRows' ? (
              <Texts spec={{ ...spec, kind: 'texts' }} value={row} at={here} faults={faults} onChange={(v) => change(i, v)} />
            ) : (
              <Fields specs={spec.of ?? []} value={row} at={here} faults={faults} onChange={(v) => change(i, v)} />
            )}
            {own && <p class="hint setup-fault">{own}</p>}
            <button type="button" class="button" onClick={() => onChange(list.filter((_, k) => k !== i))}>
              {w('remove')} {i + 1}
            </button>
          </div>
        );
      })}
      <button type="button" class="button" onClick={() => onChange([...list, structuredClone(spec.blank ?? {})])}>
        {w('add')}: {w(spec.label)}
      </button>
    </fieldset>
  );
}
