/** What a model does for an agent: fetched when a conversation of a site that has one is opened. */
import { Trouble } from '../components/Trouble.tsx';
import { useStore } from '../context.ts';
import type { Chat, Logged } from '../model.ts';
import { rightsOf } from '../select.ts';
import { dismiss, helpOf, memoryOf, suggest, sum, take, translate } from './state.ts';
import { a } from './words.ts';

/** The buttons above the box. */
export function Tools({ chat }: { chat: Chat }) {
  const store = useStore();
  const { busy } = helpOf(store, chat.id);
  const said = chat.log.some((e) => e.by.kind === 'visitor');
  const off = !!busy || !said;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn as one
    <div class="assist-tools" role="group" aria-label={a('tools')}>
      {rightsOf(store.people.value.me, chat.head).reply && (
        <button
          type="button"
          class="text-button"
          data-command="suggest"
          title={`${a('suggest')} (Alt+G)`}
          disabled={off}
          onClick={() => void suggest(store, chat)}
        >
          {a(busy === 'suggest' ? 'suggesting' : 'suggest')}
        </button>
      )}
      <button
        type="button"
        class="text-button"
        data-command="summary"
        title={`${a('summary')} (Alt+B)`}
        disabled={off}
        onClick={() => void sum(store, chat)}
      >
        {a(busy === 'summary' ? 'summing' : 'summary')}
      </button>
    </div>
  );
}

/** What the model wrote, above the box, until it is put away. */
export function Helped({ chat }: { chat: Chat }) {
  const store = useStore();
  const { suggestion, summary, noted, trouble } = helpOf(store, chat.id);
  const away = () => dismiss(store, chat.id);
  const reply = store.drafts.value?.all.value[chat.id]?.reply ?? '';
  // Of a suggestion that was sent or rewritten there is nothing more to say.
  const shown = suggestion && (!suggestion.placed || reply === suggestion.text) ? suggestion : undefined;
  return (
    <div role="status" class="assist-helped">
      {trouble && <Trouble text={trouble} onDismiss={away} />}
      {shown && (
        <div class="assist-card">
          <div class="assist-said">
            <strong>{a(shown.placed ? 'suggested' : 'instead')}</strong>
            {!shown.placed && <p dir="auto">{shown.text}</p>}
            <span class="hint">{shown.titles.length ? a('sources', { titles: shown.titles.join(' · ') }) : a('noSources')}</span>
          </div>
          <div class="assist-acts">
            {!shown.placed && (
              <button type="button" class="text-button" onClick={() => take(store, chat.id)}>
                {a('use')}
              </button>
            )}
            <button type="button" class="text-button" onClick={away}>
              {a(shown.placed ? 'undo' : 'dismiss')}
            </button>
          </div>
        </div>
      )}
      {(summary || noted) && (
        <div class="assist-card">
          <div class="assist-said">
            <strong>{a(noted ? 'noted' : 'summed')}</strong>
            {summary && <p dir="auto">{summary}</p>}
          </div>
          <button type="button" class="text-button" onClick={away}>
            {a('dismiss')}
          </button>
        </div>
      )}
    </div>
  );
}

/** Below a message of somebody else's: its translation, or the button that asks for one. */
export function Translated({ chat, event }: { chat: Chat; event: Logged }) {
  const store = useStore();
  if (event.body.kind !== 'text') return null;
  const { text } = event.body;
  const had = memoryOf(store).translations.value[`${chat.id}#${event.seq}`];
  const now = had?.of === text ? had : undefined;
  return (
    <div class={now ? 'assist-translation' : 'assist-translate'} role={now ? 'status' : undefined}>
      {now?.text ? (
        <>
          <span class="hint">{a('translation')}</span>
          <p dir="auto">{now.text}</p>
        </>
      ) : (
        <>
          {now?.trouble && <span class="hint">{now.trouble}</span>}
          <button
            type="button"
            class="text-button"
            data-command="translate"
            disabled={!!now?.busy}
            onClick={() => void translate(store, chat.id, event.seq, text)}
          >
            {a(now?.busy ? 'translating' : 'translate')}
          </button>
        </>
      )}
    </div>
  );
}
