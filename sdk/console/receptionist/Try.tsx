/** A talk with the receptionist that no visitor sees. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { codeOf } from '../api.ts';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { ask, reasonOf } from './ask.ts';
import { addressOf, type PartProps } from './Receptionist.tsx';
import { own } from './Try.words.ts';
import { of, r } from './words.ts';

interface Tried {
  readonly text: string;
  readonly sources: readonly { readonly id: string; readonly title: string; readonly url?: string }[];
  readonly hand?: string;
  readonly fault?: string;
  readonly kind?: string;
}

/** A line of the talk: what was typed, or what came back. */
type Line = { readonly said: string } | Tried;

/** What the API is told of the talk so far; the newest 40 lines are what it takes. */
const talkOf = (lines: readonly Line[]) =>
  lines
    .map((l) => ('said' in l ? { visitor: true, text: l.said } : { visitor: false, text: l.text }))
    .filter((l) => l.text)
    .slice(-40);

export function Try({ site }: PartProps) {
  const { api } = useStore();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<{ text: string; code: string }>();
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [lines, busy]);
  const say = async (e: Event) => {
    e.preventDefault();
    const said = text.trim();
    if (!said || busy) return;
    const asked = [...lines, { said }];
    setLines(asked);
    setText('');
    setTrouble(undefined);
    setBusy(true);
    try {
      const got = await ask<Tried>(api, 'POST', '/assist/try', { site: site.id, lines: talkOf(asked) });
      setLines([...asked, got]);
    } catch (err) {
      setLines(lines); // it was not said to anybody
      setText(said);
      setTrouble({ text: reasonOf(err), code: codeOf(err) });
    }
    setBusy(false);
  };
  if (!site.receptionist.providers.length) return <NoModel />;
  return (
    <div class="setup-part">
      <p class="hint">{own('tryAbout')}</p>
      <div class="rec-talk" role="log" aria-label={r('try')} aria-busy={busy}>
        {!lines.length && <p class="hint">{own('tryEmpty')}</p>}
        {lines.map((l, i) => ('said' in l ? <Mine key={i} text={l.said} /> : <Its key={i} said={l} />))}
        {busy && <p class="hint">{own('tryWaits')}</p>}
        <div ref={end} />
      </div>
      {trouble && <Trouble text={trouble.text} />}
      <form class="rec-say" onSubmit={say}>
        <div class="field">
          <label for="rec-say">{own('trySay')}</label>
          <textarea
            id="rec-say"
            class="input"
            rows={2}
            maxLength={4000}
            value={text}
            onInput={({ currentTarget: { value } }) => setText(value)}
            onKeyDown={(e) => e.key === 'Enter' && !e.shiftKey && !e.isComposing && e.keyCode !== 229 && void say(e)}
          />
        </div>
        <div class="setup-actions">
          <button type="submit" class="button primary" disabled={busy || !text.trim()}>
            {own('trySend')}
          </button>
          {lines.length > 0 && (
            <button type="button" class="button" disabled={busy} onClick={() => setLines([])}>
              {own('tryAgain')}
            </button>
          )}
        </div>
      </form>
    </div>
  );
}

const Mine = ({ text }: { text: string }) => (
  <div class="rec-line mine">
    <span class="hint">{own('you')}</span>
    <p dir="auto">{text}</p>
  </div>
);

function Its({ said }: { said: Tried }) {
  return (
    <div class="rec-line">
      <span class="hint">{own('it')}</span>
      {said.text && <p dir="auto">{said.text}</p>}
      {said.sources.length > 0 && (
        <p class="hint">
          {own('sources')}: {said.sources.map((s) => s.title).join(' · ')}
        </p>
      )}
      {said.hand && <p class="rec-hand">{own('handed', { why: of('reason', said.hand) })}</p>}
      {said.fault && <p class="setup-fault">{said.kind ? of('fault', said.kind) : said.fault}</p>}
    </div>
  );
}

/** Where nothing can be tried yet. */
function NoModel() {
  const admin = useStore().desk.value.me.role === 'admin';
  return (
    <div class="rec-empty">
      <strong>{own('noModel')}</strong>
      {admin && (
        <a class="button primary" href={addressOf('answers')}>
          {own('toAnswers')}
        </a>
      )}
    </div>
  );
}
