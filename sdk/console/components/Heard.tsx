/** What was said that has the text in it: asked for by a button, for it costs the server more than a list, with how far it looked. */
import { useStore } from '../context.ts';
import { fullTime } from '../format.ts';
import { lang, t } from '../i18n.ts';
import { visitorName } from '../names.ts';
import { preview } from '../preview.ts';
import { pathOf } from '../route.ts';
import { at } from '../select.ts';
import { Trouble } from './Trouble.tsx';

const LEAST = 2; // characters, as the server has it

export function Heard() {
  const { lists, people } = useStore();
  const { state, found, looked, since, next } = lists.heard.value;
  if (lists.search.value.text.trim().length < LEAST) return null;
  return (
    <section class="heard" aria-label={t('heard.title')} aria-busy={state === 'loading'}>
      {(state !== 'none' || looked > 0) && <h3>{t('heard.title')}</h3>}
      {found.map(({ conversation, event }) => (
        <a key={conversation.id} class="heard-hit" href={pathOf(conversation.id)}>
          <strong>{visitorName(conversation)}</strong> <time dateTime={event.at}>{fullTime(lang.value, at(event.at))}</time>
          <span>{preview(event, conversation, people.value)}</span>
        </a>
      ))}
      {(state === 'ready' || looked > 0) && (
        <p class="hint" role="status">
          {since
            ? t('heard.until', { n: looked, at: fullTime(lang.value, at(since)) })
            : t(found.length ? 'heard.all' : 'heard.none', { n: looked })}
        </p>
      )}
      {state === 'failed' && <Trouble text={t('list.all.failed')} />}
      {(state === 'none' || next || state === 'failed') && (
        <button type="button" class="button wide" disabled={state === 'loading'} onClick={() => void lists.listen()}>
          {t(state === 'none' ? 'heard.look' : 'list.all.further')}
        </button>
      )}
      {state === 'loading' && <p class="log-edge">{t('app.loading')}</p>}
    </section>
  );
}
