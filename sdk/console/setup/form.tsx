/**
 * Forms made of a description. What the server has is an object; a {@link Spec} says which member of it is edited how. A fault
 * that the API names by its place (`sites[0].timeouts.agent`) is shown beside the field of that place.
 */
import { useId, useState } from 'preact/hooks';
import type { Fault } from '../api.ts';
import { lang } from '../i18n.ts';
import { Below } from './Below.tsx';
import { Duration } from './Duration.tsx';
import { Secret } from './Secret.tsx';
import { GroupTicks, Ticks } from './Ticks.tsx';
import { told } from './told.ts';
import { w } from './words.ts';

/** Any JSON. */
export type Value = unknown;

/** One field. `k` is its place in the object, with dots; texts are in the page's language. */
export interface Spec {
  readonly k: string;
  readonly label: string;
  readonly hint?: string;
  /**
   * `groups` is a list of ids of groups, `inOrder` one whose first counts, `ticks` a list of what `options` has; `texts` is an object
   * by language, `lines` a list of texts, `rows` a list of objects (`row` one of them), `textRows` a list of `texts`. A `secret` comes masked from the
   * server and is written anew or left alone. A `code` is the digits of an authenticator. A `time` is a duration.
   */
  readonly kind:
    | 'text'
    | 'long'
    | 'password'
    | 'secret'
    | 'number'
    | 'bool'
    | 'choice'
    | 'lines'
    | 'groups'
    | 'inOrder'
    | 'ticks'
    | 'texts'
    | 'textRows'
    | 'rows'
    | 'row'
    | 'date'
    | 'code'
    | 'time'
    | 'color';
  readonly options?: readonly (readonly [value: string, label: string])[];
  readonly of?: readonly Spec[];
  /** Of rows, what a new one begins with; of a colour, the one that is meant by none. */
  readonly blank?: Value;
  /** Buttons that add rows, instead of the one that adds a blank one. */
  readonly adds?: readonly { readonly text: string; readonly rows: readonly Value[] }[];
  /** What the button says that adds a blank row. */
  readonly add?: string;
  /** What is offered while one types. */
  readonly offers?: readonly string[];
  readonly step?: string;
  /** A number that people read in another unit than the server: how many of theirs one of the server's is. */
  readonly scale?: number;
  /** Of a duration that the server has as a number: how many seconds one of its is. */
  readonly per?: number;
  /** What a duration of none means, such as off; where it means nothing of its own it is not offered. */
  readonly zero?: string;
  /** The order of the rows counts. */
  readonly ordered?: boolean;
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

/** Puts the cursor into the first field that something is wrong with. */
export function focusFault(within: ParentNode): void {
  within.querySelector<HTMLElement>('.setup-fields [aria-invalid=true]')?.focus();
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
    .map((f) => told(lang.value, f.message))
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
  if (spec.kind === 'groups' || spec.kind === 'inOrder' || spec.kind === 'ticks') return <Chosen {...p} />;
  const wrong = faultsAt(faults, at, spec.kind === 'lines');
  if (spec.kind === 'bool') return <Check spec={spec} value={value} said={wrong} onChange={p.onChange} />;
  if (spec.kind === 'secret') return <Secret spec={spec} value={String(value ?? '')} said={wrong} onChange={p.onChange} />;
  if (spec.kind === 'time') return <Duration spec={spec} value={value} said={wrong} onChange={p.onChange} />;
  return <Line {...p} said={wrong} />;
}

function Check({ spec, value, said: wrong, onChange }: { spec: Spec; value: Value; said: string; onChange: (v: Value) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={value === true}
          aria-describedby={spec.hint || wrong ? id : undefined}
          onChange={(e) => onChange(e.currentTarget.checked)}
        />
        {spec.label}
      </label>
      <Below id={id} hint={spec.hint} said={wrong} />
    </div>
  );
}

function Chosen({ spec, value, at, faults, onChange }: One) {
  const id = useId();
  const wrong = faultsAt(faults, at, true);
  const common = {
    label: spec.label,
    chosen: (value ?? []) as readonly string[],
    below: spec.hint || wrong ? id : undefined,
    onChange,
  };
  return (
    <div class="field setup-wide">
      {spec.kind === 'ticks' ? (
        <Ticks {...common} of={spec.options ?? []} />
      ) : (
        <GroupTicks {...common} inOrder={spec.kind === 'inOrder'} />
      )}
      <Below id={id} hint={spec.hint} said={wrong} />
    </div>
  );
}

const inputs: Partial<Record<Spec['kind'], 'password' | 'number' | 'date' | 'color'>> = {
  password: 'password',
  number: 'number',
  date: 'date',
  color: 'color',
};

function Line({ spec, value, said: wrong, onChange }: One & { said: string }) {
  const id = useId();
  const common = {
    id,
    class: 'input',
    'aria-invalid': wrong ? ('true' as const) : undefined,
    'aria-describedby': spec.hint || wrong ? `${id}-below` : undefined,
  };
  return (
    <div class={spec.kind === 'long' || spec.kind === 'lines' ? 'field setup-wide' : 'field'}>
      <label for={id}>{spec.label}</label>
      {spec.kind === 'choice' ? (
        <select {...common} value={String(value ?? '')} onChange={(e) => onChange(e.currentTarget.value)}>
          {spec.options?.map(([v, label]) => (
            <option key={v} value={v}>
              {label}
            </option>
          ))}
        </select>
      ) : spec.kind === 'long' ? (
        <textarea {...common} rows={3} value={String(value ?? '')} onInput={(e) => onChange(e.currentTarget.value)} />
      ) : spec.kind === 'lines' ? (
        <Lines common={common} value={(value as string[] | undefined) ?? []} onChange={onChange} />
      ) : (
        <input
          {...common}
          {...typeOf(spec.kind)}
          step={spec.step}
          list={spec.offers && `${id}-offers`}
          autocomplete={spec.kind === 'password' ? 'new-password' : spec.kind === 'code' ? 'one-time-code' : 'off'}
          inputMode={spec.kind === 'code' ? 'numeric' : undefined}
          spellcheck={false}
          value={spec.scale ? shownOf(value, spec.scale) : String((spec.kind === 'color' && !value ? spec.blank : value) ?? '')}
          onInput={({ currentTarget: { value: s } }) => onChange(typedIn(spec, s))}
        />
      )}
      {spec.offers && (
        <datalist id={`${id}-offers`}>
          {spec.offers.map((o) => (
            <option key={o} value={o} />
          ))}
        </datalist>
      )}
      <Below id={`${id}-below`} hint={spec.hint} said={wrong} />
    </div>
  );
}

/** A text a line. What is typed stays as it is typed, the empty line that one is about to fill included. */
function Lines(p: { common: object; value: readonly string[]; onChange: (v: Value) => void }) {
  const [typed, type] = useState('');
  const all = p.value.join('\n');
  return (
    <textarea
      {...p.common}
      rows={3}
      value={linesOf(typed).join('\n') === all ? typed : all}
      onInput={(e) => {
        type(e.currentTarget.value);
        p.onChange(linesOf(e.currentTarget.value));
      }}
    />
  );
}

/** What a line of a field means; of a colour, the usual one is none. */
function typedIn(spec: Spec, s: string): Value {
  if (spec.kind === 'number') return numberOf(s, spec.scale);
  return spec.kind === 'color' && s === spec.blank ? '' : s;
}

const linesOf = (s: string) =>
  s
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean);

/** A number in the unit that people read, and back in the server's. */
const shownOf = (v: Value, scale: number) => (typeof v === 'number' ? String(Number((v * scale).toPrecision(4))) : '');
function numberOf(s: string, scale?: number): number | undefined {
  if (s === '') return undefined;
  if (!scale) return Number(s);
  return scale < 1 ? Math.round(Number(s) / scale) : Number(s) / scale;
}

// Which types there are is a union in preact's types, one element each.
const typeOf = (kind: Spec['kind']) => ({ type: inputs[kind] ?? 'text' }) as { type: 'text' };

/** Two languages beside each other; others that there are stay. */
function Texts({ spec, value, at, faults, onChange }: One) {
  const texts = (value ?? {}) as Record<string, string>;
  const wrong = faultsAt(faults, at, true);
  const change = (lang: string, text: string) => {
    const { [lang]: _, ...rest } = texts;
    onChange(text ? { ...rest, [lang]: text } : rest);
  };
  const id = useId();
  return (
    <fieldset class="setup-wide setup-set" aria-describedby={wrong ? id : undefined}>
      <legend>{spec.label}</legend>
      <div class="setup-fields">
        {(['zh', 'en'] as const).map((lang) => (
          <div class="field" key={lang}>
            <label for={`${id}-${lang}`}>{w(lang)}</label>
            <textarea
              id={`${id}-${lang}`}
              class="input"
              rows={2}
              lang={lang}
              aria-invalid={wrong ? 'true' : undefined}
              value={texts[lang] ?? ''}
              onInput={(e) => change(lang, e.currentTarget.value)}
            />
          </div>
        ))}
      </div>
      <Below id={id} hint={spec.hint} said={wrong} />
    </fieldset>
  );
}

/** A list of objects, or of texts, one below the other. */
function Rows({ spec, value, at, faults, onChange }: One) {
  const list = (value ?? []) as Value[];
  const id = useId();
  const wrong = faultsAt(faults, at, false);
  const change = (i: number, v: Value) => onChange(list.map((old, k) => (k === i ? v : old)));
  return (
    <fieldset class="setup-wide setup-set" aria-describedby={spec.hint || wrong ? id : undefined}>
      <legend>{spec.label}</legend>
      <Below id={id} hint={spec.hint} said={wrong} />
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
            <div class="setup-actions">
              <button type="button" class="button" onClick={() => onChange(list.filter((_, k) => k !== i))}>
                {w('remove')} {i + 1}
              </button>
              {spec.ordered && i > 0 && (
                <button type="button" class="button" onClick={() => onChange(moved(list, i))}>
                  {w('earlier')} {i + 1}
                </button>
              )}
            </div>
          </div>
        );
      })}
      <div class="setup-actions">
        {(spec.adds ?? [{ text: spec.add ?? `${w('add')}: ${spec.label}`, rows: [spec.blank ?? {}] }]).map(({ text, rows }) => (
          <button key={text} type="button" class="button" onClick={() => onChange([...list, ...structuredClone(rows)])}>
            {text}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

/** With one entry a place earlier. */
const moved = (list: readonly Value[], i: number): Value[] => [...list.slice(0, i - 1), list[i], list[i - 1], ...list.slice(i + 1)];
