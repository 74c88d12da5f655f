/** The canned replies that fit what is typed after a slash; the composer keeps the focus and moves in the list by its keys. */
import { useEffect, useState } from 'preact/hooks';
import type { Reply } from '../api.ts';
import { useStore } from '../context.ts';
import { t } from '../i18n.ts';
import type { Chat } from '../model.ts';
import { siteNames, visitorName } from '../names.ts';
import { askedFor, filledIn, matching } from '../replies.ts';

/** What the composer needs of the list. */
export interface Offer {
  readonly found: readonly Reply[];
  readonly at: number;
  /** True: the key was the list's. */
  key(e: KeyboardEvent): boolean;
  choose(reply: Reply): void;
}

/** The id of an option, for `aria-activedescendant`. */
export const optionId = (i: number) => `reply-${i}`;

/** The replies for a text, while it asks for some. `use` takes the one that is chosen. */
export function useReplies(chat: Chat, text: string, use: (text: string) => void): Offer | undefined {
  const store = useStore();
  const asked = askedFor(text);
  const [at, setAt] = useState(0);
  const [away, setAway] = useState<string>(); // the text for which the list was put away
  useEffect(() => setAt(0), [asked]);
  useEffect(() => {
    if (asked !== undefined) void store.fetchReplies();
  }, [asked !== undefined]);
  if (asked === undefined || away === text) return undefined;
  const found = matching(store.replies.value, asked);
  if (!found.length) return undefined;
  const choose = (reply: Reply) => use(filledIn(reply.text, valuesOf(chat, store.people.value.me.name)));
  return {
    found,
    at: Math.min(at, found.length - 1),
    choose,
    key(e) {
      const by = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
      if (by) setAt((at + by + found.length) % found.length);
      else if (e.key === 'Escape') setAway(text);
      else if ((e.key === 'Enter' && !e.shiftKey) || e.key === 'Tab') choose(found[Math.min(at, found.length - 1)] as Reply);
      else return false;
      e.preventDefault();
      e.stopPropagation();
      return true;
    },
  };
}

function valuesOf(chat: Chat, me: string): Record<string, string | undefined> {
  const { visitor, site } = chat.head;
  return {
    'visitor.name': visitor.name || visitorName(chat.head),
    'agent.name': me,
    'site.name': siteNames.value[site],
  };
}

/** The list. */
export function Replies({ offer }: { offer: Offer }) {
  return (
    <div class="replies" id="replies" role="listbox" aria-label={t('replies.label')}>
      {offer.found.map((r, i) => (
        <div
          key={r.id}
          id={optionId(i)}
          role="option"
          tabIndex={-1}
          class="canned"
          aria-selected={i === offer.at}
          onMouseDown={(e) => {
            e.preventDefault(); // the focus stays where one types
            offer.choose(r);
          }}
        >
          <span class="canned-head">
            <bdi>{r.title}</bdi>
            {r.shortcut && <kbd>/{r.shortcut.replace(/^\//, '')}</kbd>}
          </span>
          <span class="canned-text">{r.text}</span>
        </div>
      ))}
    </div>
  );
}
