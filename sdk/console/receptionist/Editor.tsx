/** The form of one article or pair; and both versions of it, where somebody else was faster. */
import { useState } from 'preact/hooks';
import { ApiError, codeOf, type Fault } from '../api.ts';
import { useStore } from '../context.ts';
import { Both, type Take } from '../setup/Both.tsx';
import { collisions, merged } from '../setup/changes.tsx';
import type { Spec } from '../setup/form.tsx';
import { Form } from '../setup/parts.tsx';
import { own as setting } from '../setup/settings.words.ts';
import { type Article, headingOf } from './Knowledge.tsx';
import { own } from './Knowledge.words.ts';
import { r } from './words.ts';

/** What the form has. */
interface Draft {
  readonly title: string;
  readonly question: string;
  readonly text: string;
  readonly url: string;
}

interface EditorProps {
  readonly site: string;
  /** None: a new one. */
  readonly article: Article | undefined;
  readonly pair: boolean;
  readonly others: readonly Article[];
  open(id: string): void;
  done(saved: Article): void;
  cancel(): void;
}

function specsOf(pair: boolean): readonly Spec[] {
  const head: Spec = pair
    ? { k: 'question', kind: 'long', label: r('question'), hint: r('questionHint') }
    : { k: 'title', kind: 'text', label: own('articleTitle') };
  return [
    head,
    { k: 'text', kind: 'long', label: pair ? r('answer') : own('text'), hint: own('textHint') },
    { k: 'url', kind: 'text', label: own('link'), hint: own('linkHint') },
  ];
}

const draftOf = (a: Article | undefined): Draft => ({
  title: a?.title ?? '',
  question: a?.question ?? '',
  text: a?.text ?? '',
  url: a?.url ?? '',
});

const MOST = 64 << 10; // bytes of text

/** What the server would not take, said where it is. */
function faultsIn(v: Draft, pair: boolean): readonly Fault[] {
  const all: Fault[] = [];
  const wrong = (k: keyof Draft, message: string) => all.push({ location: `body.${k}`, message });
  if (pair && !v.question.trim()) wrong('question', r('questionMissing'));
  if (!pair && !v.title.trim()) wrong('title', own('titleMissing'));
  if ([...v.title].length > 200) wrong('title', own('titleLong'));
  if ([...v.question].length > 400) wrong('question', own('questionLong'));
  if (!v.text.trim()) wrong('text', pair ? r('answerMissing') : own('textMissing'));
  if (new TextEncoder().encode(v.text).length > MOST) wrong('text', own('textLong'));
  if (v.url.trim() && !/^https:\/\/[^/\s]+/.test(v.url.trim())) wrong('url', own('linkBad'));
  return all;
}

/** Somebody was faster; without `theirs` they have deleted it. */
interface Clash {
  readonly yours: Draft;
  readonly theirs: Article | undefined;
}

export function Editor({ site, article, pair, others, open, done, cancel }: EditorProps) {
  const { api } = useStore();
  const [base, setBase] = useState(article);
  const [start, restart] = useState<Draft>(draftOf(article));
  const [clash, setClash] = useState<Clash>();
  const [twin, setTwin] = useState<Article>();

  /** Of an `article` the version is the one that was read; without one it is new. */
  const put = async (v: Draft, of: Article | undefined) => {
    const body = { site, title: v.title.trim(), question: v.question.trim(), text: v.text, url: v.url.trim() };
    done(await api.ask<Article>('POST', '/knowledge', of ? { ...body, id: of.id, version: of.version } : body));
  };
  const save = async (given: unknown) => {
    const v = given as Draft;
    setTwin(undefined);
    const faults = faultsIn(v, pair);
    if (faults.length) throw new ApiError('invalid', own('faulty'), undefined, faults);
    // A new one takes the place of what has its title or question: nobody means that without knowing.
    const same = base ? undefined : others.find((o) => headingOf(o) === headingOf(v).trim());
    if (same) return setTwin(same);
    await change(v, base);
  };
  const change = async (v: Draft, from: Article | undefined): Promise<void> => {
    try {
      await put(v, from);
    } catch (e) {
      const code = codeOf(e);
      if (!from || (code !== 'conflict' && code !== 'not_found')) throw e;
      const now = await api.ask<{ articles: Article[] }>('GET', `/knowledge?site=${encodeURIComponent(site)}`);
      const theirs = now.articles.find((a) => a.id === from.id);
      setClash({ yours: v, theirs });
    }
  };
  const settle = (v: Draft) => {
    setBase(clash?.theirs);
    restart(v);
    setClash(undefined);
  };
  if (clash?.theirs) {
    const { theirs, yours } = clash;
    const chosen = (take: Take) => merged(draftOf(theirs), yours, take) as Draft;
    return (
      <div class="setup-form" role="alert">
        <h3>{setting('conflict')}</h3>
        <p>{setting('conflictHint')}</p>
        <Both
          key={theirs.version}
          list={collisions(draftOf(base), draftOf(theirs), yours)}
          specs={specsOf(pair)}
          submit={setting('saveChosen')}
          save={(take) => change(chosen(take), theirs)}
          edit={(take) => settle(chosen(take))}
          drop={() => settle(draftOf(theirs))}
        />
      </div>
    );
  }
  if (clash)
    return (
      <div class="setup-form" role="alert">
        <p>{own('collisionGone')}</p>
        <Version of={clash.yours} />
        <div class="setup-actions">
          <button type="button" class="button primary" onClick={() => settle(clash.yours)}>
            {own('keepMine')}
          </button>
          <button type="button" class="button" onClick={cancel}>
            {r('cancel')}
          </button>
        </div>
      </div>
    );
  return (
    <>
      <Form
        key={`${base?.version} ${start.text}`}
        label={own(pair ? 'pair' : 'write')}
        specs={specsOf(pair)}
        value={start}
        submit={r('save')}
        onSubmit={save}
        onCancel={cancel}
      />
      {twin && (
        <p class="rec-twin" role="alert">
          {own('exists')}{' '}
          <button type="button" class="text-button" onClick={() => open(twin.id)}>
            {own('openIt')}
          </button>
        </p>
      )}
    </>
  );
}

const Version = ({ of }: { of: Draft }) => (
  <section class="rec-version">
    <strong>{headingOf(of)}</strong>
    <p>{of.text}</p>
    {of.url && <p class="hint">{of.url}</p>}
  </section>
);
