import type { Client } from './client.ts';
import { h, icon } from './dom.ts';
import type { Translate } from './i18n.ts';
import { MAX_TEXT } from './wire.ts';
import type { Word } from './words.ts';

/** Where a message is written. What is not sent yet is kept as a draft. */
export interface Composer {
  readonly el: HTMLElement;
  readonly input: HTMLTextAreaElement;
}

export interface ComposerOptions {
  client: Pick<Client, 'draft' | 'keepDraft' | 'typing'>;
  t: Translate<Word>;
  say(text: string): void;
}

const PLANE = 'M21 3L10 14M21 3l-7 18-4-7-7-4z';

export function createComposer({ client, t, say }: ComposerOptions): Composer {
  const placeholder = t('placeholder');
  const input = h('textarea', { rows: 1, maxLength: MAX_TEXT, enterKeyHint: 'send', placeholder, 'aria-label': placeholder });
  const go = h('button', { 'aria-label': t('send'), disabled: true }, icon(PLANE));
  const el = h('form', {}, input, go);

  const grow = () => {
    go.disabled = !input.value.trim();
    input.style.height = '';
    if (input.scrollHeight > input.clientHeight) input.style.height = `${input.scrollHeight}px`;
  };
  const submit = (e: Event) => {
    e.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    say(text);
    input.value = '';
    client.keepDraft('');
    grow();
    input.focus();
  };

  el.onsubmit = submit;
  input.oninput = () => {
    grow();
    client.keepDraft(input.value);
    if (input.value) client.typing();
  };
  // Enter that ends a composition (pinyin, kana) chooses a word; some browsers say so only by the key code.
  input.onkeydown = (e) => {
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && e.keyCode !== 229) submit(e);
  };
  void client.draft().then((text) => {
    if (input.value) return;
    input.value = text;
    grow();
  });
  return { el, input };
}
