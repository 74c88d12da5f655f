/**
 * Forms made of a description. What the server has is an object; a {@link Spec} says which member of it is edited how. A fault
 * that the API names by its place (`sites[0].timeouts.agent`) is shown beside the field of that place.
 */
import { useId, useState } from 'preact/hooks';
import type { Fault } from '../api.ts';
import { Groups } from './groups.tsx';
import { type Word, w } from './words.ts';

/** Any JSON. */
export type Value = unknown;

/** What stands at a field: a word of Set up, or a text in the page's language that a page brings along. */
export type Label = Word | { readonly text: string };

const said = (l: Label) => (typeof l === 'string' ? w(l) : l.text);

/** One field. `k` is its place in the object, with dots. */
export interface Spec {
  readonly k: string;
  readonly label: Label;
  readonly hint?: Label;
  /**
   * `groups` is a list of ids of groups, `inOrder` one whose first counts; `texts` is an object by language, `lines` a list of texts, `rows` a list of objects, `textRows` a list of `texts`. A `secret`
   * comes masked from the server and is written anew or left alone.
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
    | 'texts'
    | 'textRows'
    | 'rows'
    | 'date'
    | 'time';
  readonly options?: readonly (readonly [value: string, label: string])[];
  readonly of?: readonly Spec[];
  readonly blank?: Value;
  /** Buttons that add a row, instead of the one that adds a blank one. */
  readonly adds?: readonly { readonly text: string; readonly row: Value }[];
  readonly step?: string;
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
  if (spec.kind === 'groups' || spec.kind === 'inOrder') return <Chosen {...p} />;
  const wrong = faultsAt(faults, at, spec.kind === 'lines');
  if (spec.kind === 'bool') return <Check spec={spec} value={value} said={wrong} onChange={p.onChange} />;
  if (spec.kind === 'secret') return <Secret spec={spec} value={String(value ?? '')} said={wrong} onChange={p.onChange} />;
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
        {said(spec.label)}
      </label>
      <Below id={id} hint={spec.hint} said={wrong} />
    </div>
  );
}

function Chosen({ spec, value, at, faults, onChange }: One) {
  const id = useId();
  const wrong = faultsAt(faults, at, true);
  return (
    <div class="field setup-wide">
      <Groups
        label={said(spec.label)}
        chosen={(value ?? []) as readonly string[]}
        inOrder={spec.kind === 'inOrder'}
        below={spec.hint || wrong ? id : undefined}
        onChange={onChange}
      />
      <Below id={id} hint={spec.hint} said={wrong} />
    </div>
  );
}

function Below({ id, hint, said: wrong }: { id: string; hint?: Label | undefined; said: string }) {
  if (!hint && !wrong) return null;
  return (
    <p id={id} class={wrong ? 'hint setup-fault' : 'hint'}>
      {wrong || (hint && said(hint))}
    </p>
  );
}

/** How the server shows a secret that it keeps: four dots, and perhaps its end. */
const MASK = '\u2022'.repeat(4);

/**
 * A secret: what the server keeps is never in the field, only named beside it. An empty field leaves it as it is. What is no
 * secret, such as the name of a variable, can be read.
 */
function Secret(p: { spec: Spec; value: string; said: string; onChange: (v: Value) => void }) {
  const { spec, value, said: wrong, onChange } = p;
  const id = useId();
  const [kept, keep] = useState('');
  if (value.startsWith(MASK) && value !== kept) keep(value); // a row may have moved
  const masked = kept !== '' && value === kept;
  return (
    <div class="field">
      <label for={id}>{said(spec.label)}</label>
      <div class="setup-secret">
        <input
          id={id}
          class="input"
          {...typeOf(value.startsWith('env:') ? 'text' : 'password')}
          autocomplete="new-password"
          spellcheck={false}
          placeholder={kept ? w('kept', { end: kept }) : ''}
          aria-invalid={wrong ? 'true' : undefined}
          aria-describedby={`${id}-below`}
          value={masked ? '' : value}
          onInput={(e) => onChange(e.currentTarget.value || kept)}
        />
        {masked && (
          <button
            type="button"
            class="button"
            onClick={() => {
              keep('');
              onChange('');
            }}
          >
            {w('remove')}
            <span class="spoken">: {said(spec.label)}</span>
          </button>
        )}
      </div>
      <Below id={`${id}-below`} hint={spec.hint} said={wrong} />
    </div>
  );
}

const inputs: Partial<Record<Spec['kind'], 'password' | 'number' | 'date'>> = {
  password: 'password',
  number: 'number',
  date: 'date',
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
      <label for={id}>{said(spec.label)}</label>
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
          autocomplete={spec.kind === 'password' ? 'new-password' : 'off'}
          spellcheck={false}
          value={String(value ?? '')}
          onInput={(e) => onChange(spec.kind === 'number' ? numberOf(e.currentTarget.value) : e.currentTarget.value)}
        />
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
  const wrong = faultsAt(faults, at, true);
  const change = (lang: string, text: string) => {
    const { [lang]: _, ...rest } = texts;
    onChange(text ? { ...rest, [lang]: text } : rest);
  };
  const id = useId();
  return (
    <fieldset class="setup-wide setup-set" aria-describedby={wrong ? id : undefined}>
      <legend>{said(spec.label)}</legend>
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
      <legend>{said(spec.label)}</legend>
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
        {(spec.adds ?? [{ text: `${w('add')}: ${said(spec.label)}`, row: spec.blank ?? {} }]).map(({ text, row }) => (
          <button key={text} type="button" class="button" onClick={() => onChange([...list, structuredClone(row)])}>
            {text}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

/** With one entry a place earlier. */
const moved = (list: readonly Value[], i: number): Value[] => [...list.slice(0, i - 1), list[i], list[i - 1], ...list.slice(i + 1)];
