/** A conversation in a list: who, how long they wait or what was said last, and in the queue a way to take it. */
import { useComputed } from '@preact/signals';
import { useStore } from '../context.ts';
import { duration, fullTime, shortTime } from '../format.ts';
import { lang, t } from '../i18n.ts';
import type { Tab } from '../listing.ts';
import type { Chat, Desk } from '../model.ts';
import { groupName, groupNames, visitorName, visitorShort } from '../names.ts';
import { preview } from '../preview.ts';
import { at, busyWith, lastAt, lastSaid, owing, stuckFor, tagsOf, unread } from '../select.ts';
import type { Store } from '../store.ts';
import { Avatar } from './Avatar.tsx';

// The heights of list.css, with the gap. What is in a row stays on its line, so they hold for every text.
const PLAIN = 70;
const TAGGED = 96;

function LastLine({ chat, store }: { chat: Chat; store: Store }) {
  const draft = useComputed(() => store.drafts.value?.all.value[chat.id]).value;
  const selected = useComputed(() => store.selected.value === chat.id).value;
  if (chat.typing && chat.typing.until > store.now.value)
    return (
      <span class="row-last">
        <span class="typing-text">{chat.typing.text ? `${chat.typing.text}…` : t('list.typing')}</span>
      </span>
    );
  if (draft && !selected && (draft.reply || draft.note))
    return (
      <span class="row-last">
        <em>{t('list.draft')}</em> {draft[draft.mode] || draft.reply || draft.note}
      </span>
    );
  const last = lastSaid(chat);
  return <span class="row-last">{last ? preview(last, chat.head, store.people.value) : t('list.nothing')}</span>;
}

/** How long somebody waits is what counts while they do; else when it last moved. */
function When({ chat, store }: { chat: Chat; store: Store }) {
  const since = chat.head.phase === 'waiting' ? at(chat.head.since) : chat.head.phase === 'held' ? owing(chat) : undefined;
  if (since) {
    const time = duration(lang.value, store.now.value - since);
    return (
      <span class="row-waited" title={t('list.waited', { time })}>
        {time}
        <span class="spoken"> {t('list.waited', { time })}</span>
      </span>
    );
  }
  const moved = lastAt(chat);
  if (!moved) return null;
  return (
    <time class="row-time" dateTime={new Date(moved).toISOString()} title={fullTime(lang.value, moved)}>
      {shortTime(lang.value, moved, store.now.value)}
    </time>
  );
}

interface Chip {
  readonly text: string;
  readonly kind?: string;
  readonly title?: string;
}

/** What stands under the last line. */
function chipsOf(chat: Chat, tab: Tab, people?: Desk): Chip[] {
  const { phase, group, queue, agent } = chat.head;
  const several = Object.keys(groupNames.value).length > 1;
  const chips: Chip[] = tagsOf(chat.head).map((text) => ({ text }));
  if (group && several && (tab === 'waiting' || tab === 'bot')) chips.push({ text: groupName(group) });
  if (tab === 'all' && phase === 'held' && agent) chips.push({ text: t('list.with', { name: agent.name }) });
  if (tab === 'all') chips.unshift({ text: t(`phase.${phase}`), kind: `phase-${phase}` });
  // Beside its place in line, so that it makes no row higher.
  const stuck = phase === 'waiting' && queue && people && stuckFor(people, group);
  if (stuck) chips.unshift({ text: t(`list.stuck.${stuck}`), kind: 'stuck', title: t('list.stuckTitle') });
  if (phase === 'waiting' && queue)
    chips.unshift({
      text: t('list.position', { n: queue.position }),
      kind: 'phase-waiting',
      title: t('list.positionLabel', { n: queue.position }),
    });
  return chips;
}

/** The height of a row, px, with the gap to the next one. */
export function rowHeight(chat: Chat, tab: Tab): number {
  return chipsOf(chat, tab).length ? TAGGED : PLAIN;
}

/**
 * One row: drawn anew when its own conversation changes, not with the others. In the queue it has a button of its own, beside the
 * one that opens it: buttons do not nest.
 */
export function Row({ id, ...props }: { id: string; tab: Tab; tabbable: boolean; place: number; of: number }) {
  const store = useStore();
  const chat = useComputed(() => store.desk.value.chats.get(id)).value;
  const current = useComputed(() => store.selected.value === id).value;
  return chat ? <Drawn {...props} chat={chat} current={current} store={store} /> : null;
}

interface RowProps {
  readonly chat: Chat;
  readonly tab: Tab;
  readonly current: boolean;
  readonly tabbable: boolean;
  readonly place: number;
  readonly of: number;
  readonly store: Store;
}

function Drawn({ chat, tab, current, tabbable, place, of, store }: RowProps) {
  const name = visitorName(chat.head);
  const n = chat.head.agent?.id === store.people.value.me.id ? unread(chat) : 0;
  const { online } = chat.head.visitor;
  const takeable = tab === 'waiting' || tab === 'bot';
  const chips = chipsOf(chat, tab, store.people.value);
  const kind = `${current ? ' current' : ''}${n ? ' unread' : ''}${takeable ? ' takeable' : ''}${chips.length ? ' tagged' : ''}`;
  return (
    <li class={`row${kind}`} aria-posinset={place} aria-setsize={of}>
      <button
        type="button"
        class="row-open"
        aria-current={current ? 'true' : undefined}
        data-id={chat.id}
        tabIndex={tabbable ? 0 : -1}
        onClick={() => store.select(chat.id)}
      >
        <Avatar
          id={chat.head.visitor.id}
          name={visitorShort(chat.head)}
          src={chat.head.visitor.avatar as string | undefined}
          online={!!online}
        />
        <span class="row-body">
          <span class="row-line">
            <bdi class="row-name">{name}</bdi>
            <span class="spoken">{t(online ? 'list.online' : 'list.offline')}</span>
            <When chat={chat} store={store} />
          </span>
          <span class="row-line">
            <LastLine chat={chat} store={store} />
            {n > 0 && (
              <span class="badge">
                {n > 99 ? '99+' : n}
                <span class="spoken"> {t('list.unread', { n })}</span>
              </span>
            )}
          </span>
          {chips.length > 0 && (
            <span class="row-tags">
              {chips.map(({ text, kind: look = '', title }) => (
                <bdi key={text} class={`chip ${look}`} title={title}>
                  {text}
                </bdi>
              ))}
            </span>
          )}
        </span>
      </button>
      {takeable && <TakeButton chat={chat} name={name} store={store} tabbable={tabbable} />}
    </li>
  );
}

function TakeButton({ chat, name, store, tabbable }: { chat: Chat; name: string; store: Store; tabbable: boolean }) {
  const take = () => {
    store.select(chat.id);
    void store.live.value?.act(chat.id, { type: 'take', session: chat.head.session });
  };
  return (
    <button
      type="button"
      class="button row-take"
      aria-label={t('action.takeLabel', { name })}
      disabled={!store.connected.value || !!busyWith(chat)}
      tabIndex={tabbable ? 0 : -1}
      onClick={take}
    >
      {t(busyWith(chat) === 'take' ? 'action.busy' : 'action.take')}
    </button>
  );
}
