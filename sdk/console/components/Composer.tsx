/**
 * Where one writes: a reply to the visitor or a note for colleagues, each with a draft and files of its own; or a message
 * that was sent and is being changed.
 *
 * The key that sends does not while an input method is composing: `isComposing`, or key code 229, which some report for the
 * Enter that ends a composition. What may not be written is not offered, and the reason stands where the box would be.
 */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useStore } from '../context.ts';
import { emptyDraft, type Mode } from '../drafts.ts';
import { characters } from '../format.ts';
import { t } from '../i18n.ts';
import { type Chat, MAX_TEXT } from '../model.ts';
import { visitorName } from '../names.ts';
import { changeable, type Rights, rightsOf } from '../select.ts';
import { MAX_FILES } from '../staging.ts';
import type { Store } from '../store.ts';
import { useAssist } from './Assisted.tsx';
import { Icon } from './Icon.tsx';
import { optionId, Replies, useReplies } from './Replies.tsx';
import { StagedFiles } from './Staged.tsx';
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

/** What is being written, wherever it is kept. */
interface Writing {
  readonly mode: Mode;
  readonly text: string;
  readonly changes: boolean;
  write(text: string): void;
  send(): void;
}

function useWriting(store: Store, chat: Chat, rights: Rights): Writing {
  const draft = store.drafts.value?.all.value[chat.id] ?? emptyDraft;
  const editing = store.editing.value?.id === chat.id ? store.editing.value : undefined;
  const mode: Mode = rights[draft.mode] ? draft.mode : rights.reply ? 'reply' : 'note';
  if (editing)
    return {
      mode: chat.log.find((e) => e.seq === editing.seq)?.internal ? 'note' : 'reply',
      text: editing.text,
      changes: true,
      write(text) {
        store.editing.value = { ...editing, text };
      },
      send() {
        store.editing.value = undefined;
        const text = editing.text.trim();
        const { body } = chat.log.find((e) => e.seq === editing.seq) ?? {};
        if (text && body?.kind === 'text' && body.text !== text)
          void store.live.value?.act(chat.id, { type: 'edit', seq: editing.seq, body: { kind: 'text', text } });
      },
    };
  const text = draft[mode];
  return {
    mode,
    text,
    changes: false,
    write(value) {
      store.drafts.value?.set(chat.id, { mode, [mode]: value });
      if (value && !value.startsWith('/')) store.live.value?.typing(chat.id, mode === 'note' ? 'notes' : 'writes');
    },
    send() {
      const files = store.staging.value?.take(chat.id, mode) ?? [];
      for (const body of files) void store.live.value?.sendBody(chat.id, body, mode === 'note');
      if (text.trim()) void store.live.value?.say(chat.id, text.trim(), mode === 'note');
      store.drafts.value?.set(chat.id, { mode, [mode]: '' });
    },
  };
}

/** The composer of one conversation. Remount it (by key) for another one. */
export function Composer({ chat }: { chat: Chat }) {
  const store = useStore();
  const rights = rightsOf(store.people.value.me, chat.head);
  if (!rights.reply && !rights.note) {
    return (
      <div class="composer">
        <Standing chat={chat} rights={rights} />
      </div>
    );
  }
  return <Writable chat={chat} rights={rights} />;
}

function Writable({ chat, rights }: { chat: Chat; rights: Rights }) {
  const store = useStore();
  const box = useRef<HTMLTextAreaElement>(null);
  const w = useWriting(store, chat, rights);
  const { mode, text, changes } = w;
  const assist = useAssist(chat);
  const left = MAX_TEXT - characters(text);
  const offer = useReplies(chat, changes ? '' : text, (value) => {
    w.write(value);
    box.current?.focus();
  });
  useAutosize(box, text);
  useEffect(() => {
    if (changes) box.current?.focus();
  }, [changes, store.editing.value?.seq]);

  const files = changes ? [] : (store.staging.value?.all.value[`${chat.id}/${mode}`] ?? []);
  const waits = files.some((f) => !f.body);
  const ready = left >= 0 && !waits && (text.trim() !== '' || files.length > 0);
  const send = () => {
    box.current?.focus();
    if (ready) w.send();
  };
  const key = (e: KeyboardEvent) => {
    if (composing(e) || offer?.key(e)) return;
    if (e.key === 'Escape' && changes) {
      store.editing.value = undefined;
      e.preventDefault();
      e.stopPropagation();
    } else if (e.key === 'ArrowUp' && !text && !changes) {
      if (editLast(store, chat)) e.preventDefault();
    } else if (sends(e, store.prefs.value.send === 'mod')) {
      e.preventDefault();
      send();
    }
  };
  const choose = (m: Mode) => {
    store.editing.value = undefined;
    store.drafts.value?.set(chat.id, { mode: m });
  };
  const stage = (found: FileList | readonly File[] | null | undefined) => {
    if (found?.length && !changes) store.staging.value?.add(chat.id, mode, [...found]);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a place to drop files on, besides the button that chooses them
    <div
      class="composer"
      onDragOver={(e) => e.dataTransfer?.types.includes('Files') && e.preventDefault()}
      onDrop={(e) => {
        if (!e.dataTransfer?.files.length) return;
        e.preventDefault();
        stage(e.dataTransfer.files);
      }}
    >
      <Standing chat={chat} rights={rights} />
      {changes ? (
        <Changing store={store} />
      ) : (
        <div class="composer-top">
          <Modes mode={mode} rights={rights} set={choose} />
          {assist && <assist.Tools chat={chat} />}
        </div>
      )}
      <div id="composer-panel" role="tabpanel" aria-label={t(`composer.${mode}`)}>
        {assist && !changes && <assist.Helped chat={chat} />}
        {offer && <Replies offer={offer} />}
        {!changes && <StagedFiles id={chat.id} mode={mode} />}
        <form
          class={mode === 'note' ? 'composer-box note' : 'composer-box'}
          onSubmit={(e) => {
            e.preventDefault();
            send();
          }}
        >
          {!changes && <Attach full={files.length >= MAX_FILES} stage={stage} />}
          <textarea
            ref={box}
            id="composer-text"
            class="composer-text"
            rows={1}
            dir="auto"
            aria-label={t('composer.label')}
            aria-describedby="composer-foot"
            aria-invalid={left < 0}
            aria-autocomplete="list"
            aria-controls={offer ? 'replies' : undefined}
            aria-activedescendant={offer ? optionId(offer.at) : undefined}
            placeholder={
              mode === 'note' ? t('composer.placeholderNote') : t('composer.placeholder', { name: visitorName(chat.head) })
            }
            value={text}
            onInput={(e) => w.write(e.currentTarget.value)}
            onPaste={(e) => {
              if (!e.clipboardData?.files.length) return;
              e.preventDefault();
              stage(e.clipboardData.files);
            }}
            onKeyDown={key}
          />
          <button
            type="submit"
            class={mode === 'note' ? 'button note send' : 'button primary send'}
            disabled={!ready}
            aria-label={sendLabel(mode, changes)}
          >
            <Icon name={changes ? 'check' : mode === 'note' ? 'lock' : 'send'} size={18} />
            <span class="button-text">{sendLabel(mode, changes)}</span>
          </button>
        </form>
        <div class="composer-foot" id="composer-foot">
          <span class="hint-keys">{t(store.prefs.value.send === 'mod' ? 'composer.hintMod' : 'composer.hint')}</span>
          {waits && <span role="status">{t('composer.waits')}</span>}
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

const sendLabel = (mode: Mode, changes: boolean) =>
  t(changes ? 'composer.save' : mode === 'note' ? 'composer.addNote' : 'composer.send');

/** Enter, or Ctrl or Cmd with it: whichever was not chosen starts a new line. */
function sends(e: KeyboardEvent, byMod: boolean): boolean {
  const mod = e.ctrlKey || e.metaKey;
  return e.key === 'Enter' && !e.shiftKey && !e.altKey && (mod || !byMod);
}

/** Takes up one's own last message, if it can still be changed. */
function editLast(store: Store, chat: Chat): boolean {
  const edit = store.live.value?.limits.value.edit ?? 0;
  const last = [...chat.log].reverse().find((e) => changeable(e, store.people.value.me, store.now.value, edit));
  if (last?.body.kind !== 'text') return false;
  store.editing.value = { id: chat.id, seq: last.seq, text: last.body.text };
  return true;
}

function Changing({ store }: { store: Store }) {
  return (
    <div class="composer-bar">
      <p>{t('composer.editing')}</p>
      <button
        type="button"
        class="text-button"
        onClick={() => {
          store.editing.value = undefined;
        }}
      >
        {t('app.cancel')}
      </button>
    </div>
  );
}

function Attach({ full, stage }: { full: boolean; stage: (files: FileList | null) => void }) {
  const store = useStore();
  const input = useRef<HTMLInputElement>(null);
  const { uploads } = store.live.value?.limits.value ?? {};
  if (!uploads) return null;
  return (
    <>
      <input
        ref={input}
        type="file"
        id="composer-files"
        class="spoken"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        accept={uploads.types.join(',')}
        onChange={(e) => {
          stage(e.currentTarget.files);
          e.currentTarget.value = ''; // the same file may be chosen again
        }}
      />
      <button
        type="button"
        class="icon-button"
        aria-label={t('composer.attach')}
        title={t('composer.attach')}
        disabled={full}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" />
      </button>
    </>
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
