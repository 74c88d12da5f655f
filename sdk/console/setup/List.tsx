/** A list of the API, with a form to add one and a form behind each entry. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { codeOf } from '../api.ts';
import { useStore } from '../context.ts';
import { Both, type Take } from './Both.tsx';
import { type Collision, collisions, isMine, isTheirs, merged } from './changes.tsx';
import type { Spec, Value } from './form.tsx';
import { Asked, Form, type Item, Sure } from './parts.tsx';
import { own } from './settings.words.ts';
import { w } from './words.ts';

/** A list of the API with a form to add one, and where it is possible a form to change each. */
export interface ListOf {
  readonly title: string;
  /** What it is for. */
  readonly lead: string;
  /** What the button says that adds one. */
  readonly add: string;
  /** What stands where there is none: what one would be good for. */
  readonly empty: string;
  readonly path: string;
  readonly member: string;
  /** The member that names an entry in addresses: `id`, unless said. */
  readonly key?: string;
  readonly create?: readonly Spec[];
  change?(item: Item): readonly Spec[];
  readonly method?: 'PATCH' | 'PUT';
  readonly blank?: Value;
  readonly remove?: { readonly text: string; readonly question: (name: string) => string; readonly not?: (item: Item) => boolean };
  name(item: Item): string;
  about(item: Item): ComponentChildren;
  /** More buttons of an entry. */
  more?(item: Item, again: () => void): ComponentChildren;
  /** What is sent for what the form has. */
  body?(v: Value, item: Item | undefined): Value;
  /** What the form begins with. */
  begin?(item: Item): Value;
  /** What was made, when something of it must be shown once. */
  onMade?(made: Item, sent: Value): void;
}

/** Such a list. */
export function List({ of }: { of: ListOf }) {
  return (
    <section>
      <h2>{of.title}</h2>
      <p class="hint">{of.lead}</p>
      <Asked<Record<string, Item[]>> path={of.path}>
        {(found, again) => <Entries of={of} list={found[of.member] ?? []} again={again} />}
      </Asked>
    </section>
  );
}

function Entries({ of, list, again }: { of: ListOf; list: readonly Item[]; again: () => void }) {
  const { api } = useStore();
  const [open, setOpen] = useState<string>();
  const [said, say] = useState('');
  const idOf = (item: Item) => String(item[of.key ?? 'id']);
  const at = (item: Item) => `${of.path}/${encodeURIComponent(idOf(item))}`;
  const done = (text: string) => {
    setOpen(undefined);
    say(text);
    again();
  };
  const make = async (v: Value) => {
    const body = of.body ? of.body(v, undefined) : v;
    const made = await api.ask<Item>('POST', of.path, body);
    of.onMade?.(made, body);
    done(w('saved'));
  };
  return (
    <>
      <p class="done" role="status">
        {said}
      </p>
      {of.create &&
        (open === '' ? (
          <Form
            opens
            label={of.add}
            specs={of.create}
            value={of.blank ?? {}}
            submit={w('add')}
            onSubmit={make}
            onCancel={() => setOpen(undefined)}
          />
        ) : (
          <button type="button" class="button primary" onClick={() => setOpen('')}>
            {of.add}
          </button>
        ))}
      {!list.length && <p class="setup-empty">{of.empty}</p>}
      <ul class="setup-list" aria-label={of.title}>
        {list.map((item) => (
          <li key={idOf(item)}>
            <div class="setup-head">
              <div>
                <strong>{of.name(item)}</strong>
                <div class="hint">{of.about(item)}</div>
              </div>
              <div class="setup-actions">
                {of.change && (
                  <button
                    type="button"
                    class="button"
                    aria-label={`${w('edit')}: ${of.name(item)}`}
                    onClick={() => setOpen(idOf(item))}
                  >
                    {w('edit')}
                  </button>
                )}
                {of.more?.(item, again)}
                {of.remove && !of.remove.not?.(item) && (
                  <Sure
                    text={of.remove.text}
                    question={of.remove.question(of.name(item))}
                    onSure={async () => {
                      await api.ask('DELETE', at(item));
                      done(w('deleted'));
                    }}
                  />
                )}
              </div>
            </div>
            {open === idOf(item) && of.change && (
              <Edit
                of={of}
                item={item}
                at={at(item)}
                again={again}
                done={() => done(w('saved'))}
                cancel={() => setOpen(undefined)}
              />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

interface EditProps {
  readonly of: ListOf;
  readonly item: Item;
  /** Its address. */
  readonly at: string;
  again(): void;
  done(): void;
  cancel(): void;
}

/** Somebody else was faster. */
interface Clash {
  readonly theirs: Item;
  readonly mine: Value;
  readonly list: readonly Collision[];
}

/** The form of an entry; and both versions of it, where somebody else was faster. */
function Edit({ of, item, at, again, done, cancel }: EditProps) {
  const { api } = useStore();
  const begin = (x: Item) => (of.begin ? of.begin(x) : x);
  const [base, setBase] = useState(item);
  const [start, restart] = useState<Value>(() => begin(item));
  const [clash, setClash] = useState<Clash>();
  const specs = of.change?.(item) ?? [];

  /** Saves what was made of `from`. What differs in nothing that the form has, such as who signed out, is nobody's business. */
  const save = async (v: Value, from: Item): Promise<void> => {
    try {
      const body = of.body ? of.body(v, from) : v;
      await api.ask(of.method ?? 'PATCH', at, { ...(body as object), version: from.version });
    } catch (e) {
      if (codeOf(e) !== 'conflict') throw e;
      const now = await api.ask<Record<string, Item[]>>('GET', of.path);
      const theirs = now[of.member]?.find((x) => x.id === from.id);
      if (!theirs || theirs.version === from.version) throw e; // it is no newer version that is in the way
      const list = collisions(begin(from), begin(theirs), v);
      if (list.some(isMine)) return list.some(isTheirs) ? setClash({ theirs, mine: v, list }) : save(v, theirs);
    }
    done();
  };
  const settle = (value: Value) => {
    if (clash) setBase(clash.theirs);
    restart(value);
    setClash(undefined);
    again();
  };
  if (clash) {
    const chosen = (take: Take) => merged(begin(clash.theirs), clash.mine, take);
    return (
      <div class="setup-form" role="alert">
        <h3>{own('conflict')}</h3>
        <p>{own('conflictHint')}</p>
        <Both
          key={String(clash.theirs.version)}
          list={clash.list}
          specs={specs}
          submit={own('saveChosen')}
          save={(take) => save(chosen(take), clash.theirs)}
          edit={(take) => settle(chosen(take))}
          drop={() => settle(begin(clash.theirs))}
        />
      </div>
    );
  }
  return (
    <Form
      key={String(base.version)}
      opens
      label={`${w('edit')}: ${of.name(item)}`}
      specs={specs}
      value={start}
      submit={w('save')}
      onSubmit={(v) => save(v, base)}
      onCancel={cancel}
    />
  );
}
