/** What agents call a conversation: chips that can be removed, and a field for another. */

import { useState } from 'preact/hooks';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { busyWith, rightsOf } from '../select.ts';
import { Icon } from './Icon.tsx';

/** The longest a tag may be, in characters; the server has the last word. */
const MAX_TAG = 40;

export function Tags({ chat }: { chat: Chat }) {
  const store = useStore();
  const [text, setText] = useState('');
  const tags = chat.head.tags ?? [];
  const may = rightsOf(store.people.value.me, chat.head).tag;
  const off = !may || !store.connected.value || !!busyWith(chat);
  const change = (what: { add?: string[]; remove?: string[] }) => void store.live.value?.act(chat.id, { type: 'tag', ...what });
  const add = (e: Event) => {
    e.preventDefault();
    const tag = text.trim();
    if (!tag || off) return;
    change({ add: [tag] });
    setText('');
  };
  return (
    <section class="tags">
      <h3>{t('tags.title')}</h3>
      {tags.length === 0 && <p class="hint">{t('tags.none')}</p>}
      <ul class="tag-list">
        {tags.map((tag) => (
          <li key={tag} class="chip">
            <bdi>{tag}</bdi>
            {may && (
              <button
                type="button"
                class="chip-remove"
                aria-label={t('tags.remove', { tag })}
                disabled={off}
                onClick={() => change({ remove: [tag] })}
              >
                <Icon name="close" size={12} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {may && (
        <form onSubmit={add}>
          <input
            class="input"
            value={text}
            maxLength={MAX_TAG}
            placeholder={t('tags.add')}
            aria-label={t('tags.add')}
            onInput={({ currentTarget: { value } }) => setText(value)}
          />
        </form>
      )}
    </section>
  );
}
