/** What the receptionist left to people, and what it learns of how they answered. */
import { useState } from 'preact/hooks';
import { ApiError } from '../api.ts';
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import { pathOf } from '../route.ts';
import type { Spec } from '../setup/form.tsx';
import { Asked as Fetched, Form, when } from '../setup/parts.tsx';
import { ask, reasonOf } from './ask.ts';
import { own } from './Questions.words.ts';
import type { PartProps } from './Receptionist.tsx';
import { of, r } from './words.ts';

/** As the API has it. */
interface Asked {
  readonly id: string;
  readonly question: string;
  readonly reason: string;
  readonly count: number;
  readonly at: string;
  readonly conversation: string;
  readonly proposal?: string;
}

const specs = (): readonly Spec[] => [
  { k: 'question', kind: 'long', label: r('question'), hint: r('questionHint') },
  { k: 'answer', kind: 'long', label: r('answer') },
];

const faulty = (field: string, message: string) =>
  new ApiError('invalid', message, undefined, [{ location: `body.${field}`, message }]);

export function Questions({ site }: PartProps) {
  const [said, say] = useState('');
  return (
    <>
      <p class="hint">{own('questionsAbout')}</p>
      <p class="done" role="status">
        {said}
      </p>
      <Fetched<{ questions: Asked[] }> path={`/assist/questions?site=${encodeURIComponent(site.id)}`}>
        {({ questions }, again) => (
          <>
            {!questions.length && (
              <div class="rec-empty">
                <strong>{own('noQuestions')}</strong>
                <p>{own('noQuestionsHint')}</p>
              </div>
            )}
            <ul class="setup-list" aria-label={r('questions')}>
              {questions.map((q) => (
                <One
                  key={q.id}
                  site={site.id}
                  asked={q}
                  done={(word) => {
                    say(word);
                    again();
                  }}
                />
              ))}
            </ul>
          </>
        )}
      </Fetched>
    </>
  );
}

function One({ site, asked, done }: { site: string; asked: Asked; done: (said: string) => void }) {
  const { api } = useStore();
  const [q, setQ] = useState(asked);
  const [state, set] = useState<{ busy?: 'propose' | 'reject'; trouble?: string }>({});
  const [turn, next] = useState(0); // of proposals: each makes the form anew
  const path = `/assist/questions/${encodeURIComponent(q.id)}`;
  const approve = async (v: unknown) => {
    const { question, answer } = v as { question: string; answer: string };
    if (!question.trim()) throw faulty('question', r('questionMissing'));
    if (!answer.trim()) throw faulty('answer', r('answerMissing'));
    await api.ask('POST', path, { site, question: question.trim(), answer: answer.trim() });
    done(own('approved', { q: question.trim() }));
  };
  const reject = () => {
    set({ busy: 'reject' });
    api.ask('POST', path, { site }).then(
      () => done(own('rejected', { q: q.question })),
      (e) => set({ trouble: reasonOf(e) }),
    );
  };
  const propose = () => {
    set({ busy: 'propose' });
    ask<Asked>(api, 'POST', `${path}/proposal?site=${encodeURIComponent(site)}`).then(
      (got) => {
        setQ(got);
        next(turn + 1);
        set({});
      },
      (e) => set({ trouble: reasonOf(e) }),
    );
  };
  return (
    <li>
      <div class="setup-head">
        <div>
          <strong>{q.question}</strong>
          <div class="hint">
            <span class="chip">{own('asked', { n: q.count })}</span> {of('reason', q.reason)} ·{' '}
            {own('lastAsked', { at: when(q.at) })}
          </div>
          {!q.proposal && <div class="hint">{own('noProposal')}</div>}
        </div>
        <div class="setup-actions">
          <a class="button" href={pathOf(q.conversation)} aria-label={`${own('conversation')}: ${q.question}`}>
            {own('conversation')}
          </a>
          <button
            type="button"
            class="button"
            disabled={!!state.busy}
            onClick={propose}
            aria-label={`${own('propose')}: ${q.question}`}
          >
            {own(state.busy === 'propose' ? 'proposing' : 'propose')}
          </button>
          <button
            type="button"
            class="button"
            disabled={!!state.busy}
            onClick={reject}
            aria-label={`${own('reject')}: ${q.question}`}
          >
            {own('reject')}
          </button>
        </div>
      </div>
      {state.trouble && <Trouble text={state.trouble} />}
      <Form
        key={turn}
        label={q.question}
        specs={specs()}
        value={{ question: q.question, answer: q.proposal ?? '' }}
        submit={own('approve')}
        onSubmit={approve}
      />
    </li>
  );
}
