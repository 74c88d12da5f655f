/** The form of one article or pair; and both versions of it, where somebody else was faster. */
import { useState } from 'preact/hooks';
import { ApiError, codeOf, type Fault } from '../api.ts';
import { useStore } from '../context.ts';
import type { Spec } from '../setup/form.tsx';
import { Form } from '../setup/parts.tsx';
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
interface Collision {
  readonly yours: Draft;
  readonly theirs: Article | undefined;
}

export function Editor({ site, article, pair, others, open, done, cancel }: EditorProps) {
  const { api } = useStore();
  const [base, setBase] = useState(article);
  const [start, restart] = useState<Draft>(draftOf(article));
  const [collision, collide] = useState<Collision>();
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
    try {
      await put(v, base);
    } catch (e) {
      const code = codeOf(e);
      if (!base || (code !== 'conflict' && code !== 'not_found')) throw e;
      const now = await api.ask<{ articles: Article[] }>('GET', `/knowledge?site=${encodeURIComponent(site)}`);
      collide({ yours: v, theirs: now.articles.find((a) => a.id === base.id) });
    }
  };
  const settle = (mine: boolean) => {
    if (!collision) return;
    const { yours, theirs } = collision;
    setBase(theirs);
    restart(mine || !theirs ? yours : draftOf(theirs));
    collide(undefined);
  };
  if (collision) return <Both {...collision} settle={settle} cancel={cancel} />;
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

/** The two versions beside each other. Nothing is saved by choosing: the form comes back with the chosen one. */
function Both({ yours, theirs, settle, cancel }: Collision & { settle: (mine: boolean) => void; cancel: () => void }) {
  return (
    <div class="setup-form" role="alert">
      <p>{own(theirs ? 'collision' : 'collisionGone')}</p>
      <div class="rec-both">
        {theirs && <Version title={own('theirs')} of={theirs} />}
        <Version title={own('yours')} of={yours} />
      </div>
      <div class="setup-actions">
        <button type="button" class="button primary" onClick={() => settle(true)}>
          {own('keepMine')}
        </button>
        {theirs && (
          <button type="button" class="button" onClick={() => settle(false)}>
            {own('takeTheirs')}
          </button>
        )}
        <button type="button" class="button" onClick={cancel}>
          {r('cancel')}
        </button>
      </div>
    </div>
  );
}

const Version = ({ title, of }: { title: string; of: Draft | Article }) => (
  <section class="rec-version">
    <h3>{title}</h3>
    <strong>{headingOf(of)}</strong>
    <p>{of.text}</p>
    {of.url && <p class="hint">{of.url}</p>}
  </section>
);
