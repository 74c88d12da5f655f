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
  const el = h('form', {}, input, go);
  const typing = createTyping(client, () => input.value);
  const keep = async () => (await client.store())?.write([[DRAFT, input.value || undefined]]);

  const grow = () => {
    go.disabled = !input.value.trim();
    input.style.height = '';
    if (input.scrollHeight > input.clientHeight) input.style.height = `${input.scrollHeight}px`;
  };
  const submit = (e: Event) => {
    e.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    typing.sent();
    say(text);
    input.value = '';
    void keep();
    grow();
    input.focus();
  };

  el.onsubmit = submit;
  input.oninput = () => {
    grow();
    void keep();
    typing.changed();
  };
  // Enter that ends a composition (pinyin, kana) chooses a word; some browsers say so only by the key code.
  input.onkeydown = (e) => {
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && e.keyCode !== 229) submit(e);
  };
  const restore = async () => {
    const [draft] = (await (await client.store())?.read<string>(DRAFT)) ?? [];
    if (!draft || input.value) return;
    input.value = draft[1];
    grow();
  };
  void restore();
  return { el, input };
}
