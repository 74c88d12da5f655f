/** What the receptionist knows of a site: articles, and pairs of a question and its answer. */
import { useEffect, useState } from 'preact/hooks';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { lang } from '../i18n.ts';
import { agentName } from '../names.ts';
import { Asked, reasonOf, Sure, when } from '../setup/parts.tsx';
import { Editor } from './Editor.tsx';
import { Import } from './Import.tsx';
import { own } from './Knowledge.words.ts';
import type { PartProps } from './Receptionist.tsx';
import { r } from './words.ts';

/** As the API has it. With a question it is a pair. */
export interface Article {
  readonly id: string;
  readonly title: string;
  readonly question?: string;
  readonly text: string;
  readonly url?: string;
  readonly by: string;
  readonly at: string;
  readonly version: number;
}

interface Passage {
  readonly article: string;
  readonly title: string;
  readonly text: string;
}

/** What an article is called. */
export const headingOf = (a: Pick<Article, 'title' | 'question'>) => a.question || a.title;

const PAGE = 50;

/** Whether an article has all words somewhere. */
const has = (a: Article, words: readonly string[]) => {
  const all = `${a.title}\n${a.question ?? ''}\n${a.text}`.toLowerCase();
  return words.every((x) => all.includes(x));
};

export function Knowledge({ site }: PartProps) {
  return (
    <Asked<{ articles: Article[]; most: number }> path={`/knowledge?site=${encodeURIComponent(site.id)}`}>
      {(found, again) => <Shelf site={site.id} articles={found.articles} most={found.most} again={again} />}
    </Asked>
  );
}

/** What is open: nothing, a new one of a kind, or the article of that id. */
type Open = undefined | 'article' | 'pair' | { readonly id: string };

function Shelf(props: { site: string; articles: readonly Article[]; most: number; again: () => void }) {
  const { site, most, again } = props;
  const [ours, setOurs] = useState<readonly Article[]>([]); // what was saved since the list came
  useEffect(() => setOurs([]), [props.articles]);
  const articles = [...props.articles.filter((a) => !ours.some((o) => o.id === a.id)), ...ours];
  const [open, setOpen] = useState<Open>();
  const [text, setText] = useState('');
  const [shown, show] = useState(PAGE);
  const [said, say] = useState('');
  const done = (word: string) => {
    setOpen(undefined);
    say(word);
    again();
  };
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const list = [...articles].sort((a, b) => b.at.localeCompare(a.at)).filter((a) => has(a, words));
  const editor = (of: Article | undefined, pair: boolean) => (
    <Editor
      site={site}
      article={of}
      pair={pair}
      others={articles}
      open={(id) => setOpen({ id })}
      done={(saved) => {
        setOurs([...ours.filter((o) => o.id !== saved.id), saved]);
        done(own('saved'));
      }}
      cancel={() => setOpen(undefined)}
    />
  );
  return (
    <>
      <p class="done" role="status">
        {said}
      </p>
      {articles.length === 0 && (
        <div class="rec-empty">
          <strong>{own('knowsNothing')}</strong>
          <p>{own('knowsNothingHint')}</p>
        </div>
      )}
      <div class="setup-actions">
        {(['article', 'pair'] as const).map((kind) => (
          <button key={kind} type="button" class="button primary" aria-expanded={open === kind} onClick={() => setOpen(kind)}>
            {own(kind === 'pair' ? 'pair' : 'write')}
          </button>
        ))}
      </div>
      {(open === 'article' || open === 'pair') && editor(undefined, open === 'pair')}
      <Import site={site} done={again} />
      {articles.length > 0 && <Search site={site} text={text} onText={setText} />}
      {articles.length > 0 && <p class="hint">{own('knows', { n: articles.length, most: most.toLocaleString(lang.value) })}</p>}
      {articles.length > 0 && list.length === 0 && <p class="hint">{own('noMatch')}</p>}
      <ul class="setup-list" aria-label={r('knowledge')}>
        {list.slice(0, shown).map((a) => (
          <One key={a.id} site={site} article={a} change={() => setOpen({ id: a.id })} removed={() => done(own('removed'))}>
            {typeof open === 'object' && open.id === a.id && editor(a, !!a.question)}
          </One>
        ))}
      </ul>
      {list.length > shown && (
        <button type="button" class="button" onClick={() => show(shown + PAGE)}>
          {r('more')}
        </button>
      )}
    </>
  );
}

function One(props: {
  site: string;
  article: Article;
  change: () => void;
  removed: () => void;
  children: preact.ComponentChildren;
}) {
  const { api, desk } = useStore();
  const { site, article: a } = props;
  const name = headingOf(a);
  return (
    <li>
      <div class="setup-head">
        <div>
          <strong>{name}</strong>
          <div class="hint">{a.text.length > 160 ? `${a.text.slice(0, 160)}…` : a.text}</div>
          <div class="hint">{own('changed', { at: when(a.at), by: agentName(desk.value, { id: a.by }) })}</div>
        </div>
        <div class="setup-actions">
          <button type="button" class="button" aria-label={`${own('change')}: ${name}`} onClick={props.change}>
            {own('change')}
          </button>
          <Sure
            text={own('remove')}
            question={own('removeSure', { name })}
            onSure={async () => {
              await api.ask('DELETE', `/knowledge/${encodeURIComponent(a.id)}?site=${encodeURIComponent(site)}`);
              props.removed();
            }}
          />
        </div>
      </div>
      {props.children}
    </li>
  );
}

/** What is typed shrinks the list; what is asked is answered as the receptionist would find it. */
function Search({ site, text, onText }: { site: string; text: string; onText: (text: string) => void }) {
  const { api } = useStore();
  const [found, set] = useState<{ q: string; passages: readonly Passage[] }>();
  const [trouble, setTrouble] = useState<string>();
  const find = (e: Event) => {
    e.preventDefault();
    const q = text.trim();
    if (!q) return;
    setTrouble(undefined);
    api.ask<{ passages: Passage[] }>('GET', `/knowledge/search?${new URLSearchParams({ site, q })}`).then(
      ({ passages }) => set({ q, passages }),
      (err) => setTrouble(reasonOf(err)),
    );
  };
  return (
    <search>
      <form class="rec-search" onSubmit={find}>
        <div class="field">
          <label for="rec-search">{own('search')}</label>
          <div class="setup-secret">
            <input
              id="rec-search"
              class="input"
              type="search"
              maxLength={400}
              autocomplete="off"
              aria-describedby="rec-search-hint"
              value={text}
              onInput={({ currentTarget: { value } }) => {
                onText(value);
                set(undefined);
              }}
            />
            <button type="submit" class="button" disabled={!text.trim()}>
              {own('search')}
            </button>
          </div>
          <p class="hint" id="rec-search-hint">
            {own('searchHint')}
          </p>
        </div>
        {trouble && <Trouble text={trouble} />}
        <div role="status">
          {found && (
            <>
              <p>{own(found.passages.length ? 'finds' : 'findsNothing', { q: found.q })}</p>
              <ol class="rec-found">
                {found.passages.map((p) => (
                  <li key={p.article + p.text}>
                    <strong>{p.title}</strong>
                    <p class="hint">{p.text}</p>
                  </li>
                ))}
              </ol>
            </>
          )}
        </div>
      </form>
    </search>
  );
}
