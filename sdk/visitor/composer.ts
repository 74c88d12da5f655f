import type { Client } from './client.ts';
import { h, icon } from './dom.ts';
import type { Translate } from './i18n.ts';
import { createTyping } from './typing.ts';
import { MAX_TEXT } from './wire.ts';
import type { Word } from './words.ts';

/** Where a message is written. What is not sent yet is kept as a draft. */
export interface Composer {
  readonly el: HTMLElement;
  readonly input: HTMLTextAreaElement;
  /** What the extras make of it: staged attachments, or the edit of a message. */
  use: {
    /** There is something to send besides the text. */
    more?: () => boolean;
    /** Takes what would be said. False: it is said as ever; true: the field is emptied; null: not now. */
    take?: ((text: string) => boolean | null) | undefined;
  };
  /** Puts text there as if it had been written. */
  write(text: string): void;
  /** Something of `use` is another. */
  refresh(): void;
  submit(): void;
}

export interface ComposerOptions {
  client: Pick<Client, 'store' | 'tell' | 'site'>;
  t: Translate<Word>;
  say(text: string): void;
}

const DRAFT = 'me/draft';
const PLANE = 'M21 3L10 14M21 3l-7 18-4-7-7-4z';

export function createComposer({ client, t, say }: ComposerOptions): Composer {
  const placeholder = t('placeholder');
  const input = h('textarea', { rows: 1, maxLength: MAX_TEXT, enterKeyHint: 'send', placeholder, 'aria-label': placeholder });
  const go = h('button', { 'aria-label': t('send'), disabled: true }, icon(PLANE));
  const el = h('form', { className: 'c' }, input, go);
  const typing = createTyping(client, () => input.value);
  const use: Composer['use'] = {};
  const keep = async () => (await client.store())?.write([[DRAFT, input.value || undefined]]);

  const refresh = () => {
    go.disabled = !input.value.trim() && !use.more?.();
    input.style.height = '';
    if (input.scrollHeight > input.clientHeight) input.style.height = `${input.scrollHeight}px`;
  };
  const write = (text: string) => {
    input.value = text;
    refresh();
    void keep();
    input.focus();
  };
  const submit = () => {
    const text = input.value.trim();
    if (go.disabled) return;
    const taken = use.take ? use.take(text) : false;
    if (taken === null) return;
    typing.sent();
    if (!taken) say(text);
    write('');
  };

  el.onsubmit = (e) => {
    e.preventDefault();
    submit();
  };
  input.oninput = () => {
    refresh();
    void keep();
    typing.changed();
  };
  // Enter that ends a composition (pinyin, kana) chooses a word; some browsers say so only by the key code.
  input.onkeydown = (e) => {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return;
    e.preventDefault();
    submit();
  };
  const restore = async () => {
    const [draft] = (await (await client.store())?.read<string>(DRAFT)) ?? [];
    if (!draft || input.value) return;
    input.value = draft[1];
    refresh();
  };
  void restore();
  return { el, input, use, write, refresh, submit };
}
