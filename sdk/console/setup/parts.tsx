/** What the pages of Set up share: asking, saving, saying what went wrong. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, codeOf, type Fault } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { lang } from '../i18n.ts';
import { codeText } from '../trouble.ts';
import { Fields, focusFault, get, type Spec, type Value } from './form.tsx';
import { told } from './told.ts';
import { w } from './words.ts';

/** What is wrong, in words. What the server says of a request is more use than our word for its code. */
export function reasonOf(e: unknown): string {
  const code = codeOf(e);
  const ours = ['invalid', 'conflict', 'forbidden', 'full', 'unsupported'].includes(code);
  return ours && e instanceof ApiError && e.message ? told(lang.value, e.message) : codeText(code);
}

export const faultsOf = (e: unknown): readonly Fault[] => (e instanceof ApiError ? e.faults : []);

/** A time as people here write it. */
export const when = (at: string | undefined) =>
  at ? new Date(at).toLocaleString(lang.value, { dateStyle: 'medium', timeStyle: 'short' }) : '';

/** What a path of the API has, asked when the component appears, and again on demand. */
export function useAsked<T>(path: string): { found: T | undefined; trouble: string | undefined; again: () => void } {
  const { api } = useStore();
  const [state, set] = useState<{ found?: T; trouble?: string }>({});
  const [turn, next] = useState(0);
  useEffect(() => {
    let left = false;
    api.ask<T>('GET', path).then(
      (found) => !left && set({ found }),
      (e) => !left && set({ trouble: reasonOf(e) }),
    );
    return () => {
      left = true;
    };
  }, [path, turn]);
  return { found: state.found, trouble: state.trouble, again: () => next(turn + 1) };
}

/** Shows what was asked for, or why it is not there. */
export function Asked<T>(props: { path: string; children: (found: T, again: () => void) => ComponentChildren }) {
  const { found, trouble, again } = useAsked<T>(props.path);
  if (found !== undefined) return <>{props.children(found, again)}</>;
  if (!trouble) return <p class="hint">{w('loading')}</p>;
  return (
    <>
      <Trouble text={trouble} />
      <button type="button" class="button" onClick={again}>
        {w('again')}
      </button>
    </>
  );
}

/** A form of a description, with its own copy of the value until it is saved. What is typed stays if that fails. */
export function Form(props: {
  specs: readonly Spec[];
  value: Value;
  submit: string;
  onSubmit(v: Value): Promise<void>;
  onCancel?(): void;
  label: string;
  /** It appears because somebody asked for it: they go on in its first field. */
  opens?: boolean;
}) {
  const [value, setValue] = useState(props.value);
  const [state, set] = useState<{ busy?: boolean; trouble?: string; faults: readonly Fault[] }>({ faults: [] });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (props.opens) form.current?.querySelector<HTMLElement>('input, textarea, select')?.focus();
  }, []);
  useEffect(() => {
    if (state.faults.length && form.current) focusFault(form.current);
  }, [state.faults]);
  const submit = async (e: Event) => {
    e.preventDefault();
    set({ busy: true, faults: [] });
    try {
      await props.onSubmit(value);
      set({ faults: [] });
    } catch (err) {
      set({ trouble: reasonOf(err), faults: faultsOf(err) });
    }
  };
  return (
    <form ref={form} class="setup-form" onSubmit={submit} noValidate aria-label={props.label}>
      <Fields specs={props.specs} value={value} at="" faults={state.faults} onChange={setValue} />
      {state.trouble && <Trouble text={state.trouble} />}
      <div class="setup-actions">
        <button type="submit" class="button primary" disabled={state.busy}>
          {props.submit}
        </button>
        {props.onCancel && (
          <button type="button" class="button" onClick={props.onCancel}>
            {w('cancel')}
          </button>
        )}
      </div>
    </form>
  );
}

/** A text to take along, with a button that copies it. */
export function Copied({ text }: { text: string }) {
  const [said, say] = useState('');
  const block = useRef<HTMLPreElement>(null);
  useEffect(() => say(''), [text]);
  // A page that came over plain HTTP has no clipboard; then the text is marked, and the keys that everybody knows do it.
  const mark = () => {
    if (block.current) getSelection()?.selectAllChildren(block.current);
    say(w('marked'));
  };
  const copy = () => (navigator.clipboard ? void navigator.clipboard.writeText(text).then(() => say(w('copied')), mark) : mark());
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre ref={block} class="setup-code" tabIndex={0}>
        {text}
      </pre>
      <div class="setup-actions">
        <button type="button" class="button" onClick={copy}>
          {w('copy')}
        </button>
        <span class="done" role="status">
          {said}
        </span>
      </div>
    </>
  );
}

/** A button that asks once more. */
export function Sure(props: { text: string; question: string; onSure(): Promise<void> }) {
  const [open, setOpen] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const act = () => {
    setTrouble(undefined);
    props.onSure().then(
      () => setOpen(false),
      (e) => setTrouble(reasonOf(e)),
    );
  };
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        {props.text}
      </button>
      {open && (
        <Dialog title={props.text} onClose={() => setOpen(false)}>
          <p>{props.question}</p>
          {trouble && <Trouble text={trouble} />}
          <div class="setup-actions">
            <button type="button" class="button primary" onClick={act}>
              {props.text}
            </button>
            <button type="button" class="button" onClick={() => setOpen(false)}>
              {w('cancel')}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** An entry of a list as the API has it. */
export type Item = Readonly<Record<string, Value>>;

/** Only the members of a value that a form has. */
export function only(v: Value, ...keys: string[]): Value {
  return Object.fromEntries(keys.map((k) => [k, get(v, k)]).filter(([, x]) => x !== undefined));
}

/** Without what was left empty. */
export const filled = (v: Value) => Object.fromEntries(Object.entries(v as object).filter(([, x]) => x !== '' && x !== undefined));

/** How entries that are no longer needed go. */
export const removable = () => ({ text: w('delete'), question: (name: string) => w('sure', { name }) });
