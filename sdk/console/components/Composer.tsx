/**
 * Where one writes: a reply to the visitor or a note for colleagues, each with a draft of its own.
 *
 * Enter sends, unless an input method is composing: `isComposing`, or key code 229, which some report for the Enter that
 * ends a composition. What may not be written is not offered, and the reason stands where the box would be.
 */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useStore } from '../context.ts';
import { emptyDraft, type Mode } from '../drafts.ts';
import { characters } from '../format.ts';
import { t } from '../i18n.ts';
import { type Chat, MAX_TEXT } from '../model.ts';
import { visitorName } from '../names.ts';
import { type Rights, rightsOf } from '../select.ts';
import { Icon } from './Icon.tsx';
import { Standing } from './Standing.tsx';

const WARN = 200; // characters from the limit at which the counter appears

/** Whether a key press is part of typing a character, not a command. */
export function composing(e: KeyboardEvent): boolean {
  return e.isComposing || e.keyCode === 229;
}

function Modes({ mode, rights, set }: { mode: Mode; rights: Rights; set: (m: Mode) => void }) {
  const modes: readonly Mode[] = ['reply', 'note'];
  const bar = useRef<HTMLDivElement>(null);
  const move = (e: KeyboardEvent) => {
    if (e.key !== 'ArrowRight' && e.key !== 'ArrowLeft') return;
    const next = mode === 'reply' ? 'note' : 'reply';
    if (!rights[next]) return;
    e.preventDefault();
    set(next);
    bar.current?.querySelector<HTMLElement>(`[data-mode=${next}]`)?.focus();
  };
  return (
    <div class="composer-modes" role="tablist" aria-label={t('composer.modes')} ref={bar} onKeyDown={move}>
      {modes.map((m) => (
        <button
          key={m}
          type="button"
          role="tab"
          data-mode={m}
          class={`composer-mode ${m}`}
          aria-selected={mode === m}
          aria-controls="composer-panel"
          tabIndex={mode === m ? 0 : -1}
          disabled={!rights[m]}
          onClick={() => set(m)}
        >
          {m === 'note' && <Icon name="lock" size={15} />}
          {t(`composer.${m}`)}
        </button>
      ))}
    </div>
  );
}

/** The composer of one conversation. Remount it (by key) for another one. */
export function Composer({ chat }: { chat: Chat }) {
  const store = useStore();
  const box = useRef<HTMLTextAreaElement>(null);
  const rights = rightsOf(store.desk.value.me, chat.head);
  const draft = store.drafts.value?.all.value[chat.id] ?? emptyDraft;
  const mode: Mode = rights[draft.mode] ? draft.mode : rights.reply ? 'reply' : 'note';
  const text = draft[mode];
  const left = MAX_TEXT - characters(text);
  useAutosize(box, text);

  if (!rights.reply && !rights.note) {
    return (
      <div class="composer">
        <Standing chat={chat} rights={rights} />
      </div>
    );
  }

  const write = (value: string) => {
    store.drafts.value?.set(chat.id, { mode, [mode]: value });
    if (mode === 'reply' && value) store.live.value?.typing(chat.id);
  };
  const ready = text.trim() !== '' && left >= 0;
  const send = () => {
    box.current?.focus();
    if (!ready) return;
    void store.live.value?.say(chat.id, text.trim(), mode === 'note');
    store.drafts.value?.set(chat.id, { mode, [mode]: '' });
  };
  const key = (e: KeyboardEvent) => {
    if (e.key !== 'Enter' || e.shiftKey || e.altKey || composing(e)) return;
    e.preventDefault();
    send();
  };
  const choose = (m: Mode) => {
    store.drafts.value?.set(chat.id, { mode: m });
  };

  return (
    <div class="composer">
      <Standing chat={chat} rights={rights} />
      <Modes mode={mode} rights={rights} set={choose} />
      <div id="composer-panel" role="tabpanel" aria-label={t(`composer.${mode}`)}>
        <form
          class={mode === 'note' ? 'composer-box note' : 'composer-box'}
          onSubmit={(e) => {
            e.preventDefault();
            send();
          }}
        >
          <textarea
            ref={box}
            id="composer-text"
            class="composer-text"
            rows={1}
            aria-label={t('composer.label')}
            aria-describedby="composer-foot"
            aria-invalid={left < 0}
            placeholder={
              mode === 'note' ? t('composer.placeholderNote') : t('composer.placeholder', { name: visitorName(chat.head) })
            }
            value={text}
            onInput={(e) => write(e.currentTarget.value)}
            onKeyDown={key}
          />
          <button type="submit" class={mode === 'note' ? 'button note' : 'button primary'} disabled={!ready}>
            <Icon name={mode === 'note' ? 'lock' : 'send'} size={18} />
            {t(mode === 'note' ? 'composer.addNote' : 'composer.send')}
          </button>
        </form>
        <div class="composer-foot" id="composer-foot">
          <span class="hint-keys">{t('composer.hint')}</span>
          {left <= WARN && (
            <span class={left < 0 ? 'composer-count over' : 'composer-count'} role="status">
              {left < 0 ? t('composer.over', { n: -left }) : t('composer.left', { n: left })}
            </span>
          )}
        </div>
      </div>
    </div>
  );
}

/** The box is as high as its text, up to what the style sheet allows. */
function useAutosize(box: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    el.style.height = 'auto';
    el.style.height = `${el.scrollHeight}px`;
  }, [text]);
}
