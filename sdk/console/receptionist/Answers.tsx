/** How it answers: models, limits, privacy. Models are tested as soon as they are saved. */
import { useState } from 'preact/hooks';
import type { Fault } from '../api.ts';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { Foot, WithSettings } from '../setup/Foot.tsx';
import { Fields, get, put, type Value } from '../setup/form.tsx';
import type { Draft } from '../setup/settings.tsx';
import { own } from './Answers.words.ts';
import { ask, reasonOf } from './ask.ts';
import type { PartProps, Site } from './Receptionist.tsx';
import { models, parts } from './specs.ts';
import { of } from './words.ts';

/** What is wrong with a model, as the test call says it. */
interface Ailment {
  readonly location: string;
  readonly kind?: string;
  readonly message: string;
}

type Tested = { readonly busy: true } | { readonly ailments: readonly Ailment[] } | { readonly trouble: string };

/** The test call of all models that are saved, and how it went. */
function useTest(): { tested: Tested | undefined; test(): void; forget(): void } {
  const { api } = useStore();
  const [tested, set] = useState<Tested>();
  return {
    tested,
    test() {
      set({ busy: true });
      ask<{ models: Ailment[] }>(api, 'POST', '/assist/test').then(
        ({ models: ailments }) => set({ ailments }),
        (e) => set({ trouble: reasonOf(e) }),
      );
    },
    forget: () => set(undefined),
  };
}

/** An ailment in the page's language, with whose it is. */
function wordsOf({ kind, message }: Ailment): string {
  const whose = /^[^\s:]+(?::\d+)? \([^)]*\)/.exec(message)?.[0];
  return kind ? [whose, of('fault', kind)].filter(Boolean).join(': ') : message;
}

export function Answers({ site }: PartProps) {
  const store = useStore();
  const { tested, test, forget } = useTest();
  const saved = (settings: Value) => {
    const all = get(settings, 'sites') as Site[];
    const live = store.live.value; // which the server tells with the next connection only
    if (live) live.assist.value = all.filter((s) => s.receptionist.providers.length).map((s) => s.id);
    test();
  };
  return (
    <WithSettings saved={saved}>
      {(draft) => {
        const sites = get(draft.value, 'sites') as { id: string }[];
        const i = sites.findIndex((s) => s.id === site.id);
        if (i < 0) return null; // somebody has just removed it
        return <OneSite draft={draft} at={`sites[${i}]`} index={i} tested={tested} test={test} forget={forget} />;
      }}
    </WithSettings>
  );
}

interface OneProps {
  readonly draft: Draft;
  readonly at: string;
  readonly index: number;
  readonly tested: Tested | undefined;
  test(): void;
  forget(): void;
}

function OneSite({ draft, at, index, tested, test, forget }: OneProps) {
  const sites = get(draft.value, 'sites') as Value[];
  const site = sites[index];
  const change = (v: Value) => {
    if (get(v, 'receptionist.providers') !== get(site, 'receptionist.providers')) forget(); // the places are others
    draft.set(
      put(
        draft.value,
        'sites',
        sites.map((s, k) => (k === index ? v : s)),
      ),
    );
  };
  const providers = (get(site, 'receptionist.providers') ?? []) as Value[];
  const ailing = tested && 'ailments' in tested ? tested.ailments.filter((a) => a.location.startsWith(`body.${at}.`)) : [];
  const faults: Fault[] = [...draft.faults, ...ailing.map((a) => ({ location: a.location, message: wordsOf(a) }))];
  return (
    <>
      <State on={get(site, 'assistant') === true} models={providers.length} />
      <div class="setup-part">
        <Fields specs={models()} value={site} at={at} faults={faults} onChange={change} />
        <Test tested={tested} ailing={ailing.length} any={providers.length > 0} test={test} />
      </div>
      {parts().map(({ title, specs }) => (
        <div class="setup-part" key={title}>
          <h3>{title}</h3>
          <Fields specs={specs} value={site} at={at} faults={draft.faults} onChange={change} />
        </div>
      ))}
      <Foot draft={{ ...draft, said: [draft.said, draft.said && outcome(tested, ailing.length)].filter(Boolean).join(' ') }} />
    </>
  );
}

/** How the test went, in a word. */
function outcome(tested: Tested | undefined, ailing: number): string {
  if (!tested || 'trouble' in tested) return '';
  return own('busy' in tested ? 'testing' : ailing ? 'fails' : 'works');
}

function State({ on, models: n }: { on: boolean; models: number }) {
  if (!n)
    return (
      <div class="rec-empty">
        <strong>{own('empty')}</strong>
        <p>{own('emptyHint')}</p>
      </div>
    );
  return <p class={on ? 'rec-state on' : 'rec-state'}>{own(on ? 'on' : 'off')}</p>;
}

function Test({ tested, ailing, any, test }: { tested: Tested | undefined; ailing: number; any: boolean; test(): void }) {
  const busy = !!tested && 'busy' in tested;
  if (!any && !tested) return null;
  return (
    <div class="rec-test">
      <button type="button" class="button" disabled={busy} onClick={test}>
        {own('test')}
      </button>
      {!tested && <p class="hint">{own('testFirst')}</p>}
      <div role="status">
        {tested && !('trouble' in tested) && (
          <p class={busy ? 'hint' : ailing ? 'setup-fault' : 'done'}>{outcome(tested, ailing)}</p>
        )}
        {tested && 'trouble' in tested && <Trouble text={tested.trouble} />}
      </div>
    </div>
  );
}
